import type { Self } from "hornbeam";
import { start } from "hornbeam/genserver";
import { simulate, type Uncontrolled } from "hornbeam/simulation";
import { describe, expect, test } from "vitest";
import { failureOf, Store } from "./support.ts";

const USES: readonly (readonly [Uncontrolled, string, () => unknown])[] = [
  ["setTimeout", "self.sleep or self.sendAfter", () => setTimeout(() => {}, 1)],
  ["setInterval", "self.sendAfter", () => setInterval(() => {}, 1)],
  ["setImmediate", "self.send to itself", () => setImmediate(() => {})],
  ["Date", "self.now()", () => Date.now()],
  ["Date", "self.now()", () => new Date()],
  ["Date", "self.now()", () => Date()],
  ["performance.now", "self.now()", () => performance.now()],
  ["Math.random", "self.random()", () => Math.random()],
  ["fetch", "an adapter that the test replaces", () => fetch("http://localhost:1")],
];

describe.for(USES)("%s in a simulated process", ([what, instead, use]) => {
  const message = `naughty used ${what}, which the simulator does not control: expected ${instead} (or the option allow: ["${what}"])`;
  const using = (act: (self: Self) => unknown) => (sim: Parameters<typeof start>[0] & { spawn: any; all: any }) =>
    sim.all([sim.spawn(act, { label: "naughty" })]);

  test(`fails the test, and names what to use (${use})`, async () => {
    expect((await failureOf(using(() => void use()))).message).toContain(message);
  });

  test(`does so also when the process catches the error, and after an await (${use})`, async () => {
    const sly = async (self: Self) => {
      await self.sleep(1);
      try {
        use();
      } catch {}
    };
    expect((await failureOf(using(sly))).message).toContain(message);
  });
});

test("what is allowed is not refused", async () => {
  const allow: readonly Uncontrolled[] = ["Date", "Math.random", "performance.now"];
  await simulate({ allow, schedules: 1 }, (sim) =>
    sim.all([sim.spawn(() => void [Date.now(), new Date(), Date(), Math.random(), performance.now()])]),
  );
});

test("a given moment is no present: dates of it can be made", async () => {
  await simulate({ schedules: 3 }, (sim) =>
    sim.all([
      sim.spawn(() => {
        const date = new Date(0);
        expect(date).toBeInstanceOf(Date);
        expect([date.toISOString(), Date.parse("1970-01-01"), Date.UTC(1970)]).toEqual([
          "1970-01-01T00:00:00.000Z",
          0,
          0,
        ]);
      }),
    ]),
  );
});

test("the test itself may use them, and after it everything is as before", async () => {
  const before = [setTimeout, setInterval, setImmediate, Date, fetch, Math.random, performance.now];
  await simulate({ schedules: 1 }, async (sim) => {
    expect(Date.now()).toBeGreaterThan(0);
    const store = await start(sim, Store, 0);
    expect(await sim.call(store, "get")).toBe(0);
    expect(Math.random()).toBeLessThan(1);
  });
  expect([setTimeout, setInterval, setImmediate, Date, fetch, Math.random, performance.now]).toEqual(before);
});

test("two simulations at once keep the guards until both are over", async () => {
  const random = Math.random;
  const bad = () => failureOf((sim) => sim.all([sim.spawn(() => void Math.random(), { label: "naughty" })]));
  const good = () => simulate({ schedules: 3 }, (sim) => sim.advance(1));
  const failures = await Promise.all([good(), bad(), good(), bad()]);
  for (const failure of [failures[1], failures[3]])
    expect(failure).toMatchObject({ message: expect.stringContaining("naughty used Math.random") });
  expect(Math.random).toBe(random);
});
