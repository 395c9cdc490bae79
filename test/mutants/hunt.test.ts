import { expect, test } from "vitest";
import type { Scenario } from "../simulation/scenario.ts";
import { hunt } from "./hunt.ts";

/** Two processes send to a third, which must hear the one that was started first. */
const race: Scenario = {
  promise: "the first is heard first",
  async run(sim) {
    const heard: string[] = [];
    const listener = sim.spawn(async (self) => void heard.push(await self.receive(), await self.receive()));
    sim.spawn((self) => {
      self.send(listener, "first");
      self.spawn((other) => other.send(listener, "second"));
    });
    await sim.all([listener]);
    if (heard[0] !== "first") throw new Error(`expected first, got: ${heard[0]}`);
  },
};

const fine: Scenario = { promise: "nothing is wrong", run: (sim) => sim.idle() };

const broken: Scenario = {
  promise: "nothing is right",
  async run(sim) {
    await sim.idle();
    throw new Error("broken");
  },
};

test("a failure is found, shrunk and replayed; what counts is every schedule of every scenario until then", async () => {
  const hunted = await hunt({ fine, race, other: fine }, 64);
  expect(hunted).toMatchObject({ scenario: "race", orders: 1, replayed: 100 });
  // The order of production shows nothing, so that it took at least one more of each.
  expect(hunted.schedules).toBeGreaterThan(3);
});

test("what fails in the order of production needs no order, and the first schedule", async () => {
  expect(await hunt({ fine, broken }, 64)).toMatchObject({
    scenario: "broken",
    schedules: 2,
    orders: 0,
    replayed: 100,
  });
});

test("what is not found is said to have been tried so many times", async () => {
  expect(await hunt({ fine, other: fine }, 16)).toEqual({ schedules: 32 });
});
