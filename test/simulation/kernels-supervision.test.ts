import type { Pid } from "hornbeam";
import { GenServer } from "hornbeam/genserver";
import type { Simulation } from "hornbeam/simulation";
import { Supervisor } from "hornbeam/supervisor";
import { expect, test } from "vitest";
import { World } from "../supervisor/support.ts";
import { explore } from "./explore.ts";
import { startInOrder } from "./scenario.ts";

/** Kills the latest process of an id, at any moment. */
const killer = (sim: Simulation, world: World, id: string): Pid =>
  sim.spawn((self) => self.exit(world.pid(id), "kill"), { label: `killer of ${id}` });

test("restart at the limit: so many failures as allowed are survived, one more is not, however they fall", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const top = await world.start({ maxRestarts: 2, children: [world.worker("a")] });
    for (let i = 0; i < 3; i++) killer(sim, world, "a");
    await sim.idle();
    const failures = world.take().filter((line) => line.startsWith("down a") && line.endsWith("killed")).length;
    return `${failures} failures, ${sim.isAlive(top) ? await world.children(top) : "gave up"}`;
  });
  expect(found).toEqual({
    complete: true,
    schedules: 120,
    outcomes: ["1 failures, a#2", "2 failures, a#3", "3 failures, gave up"],
  });
});

test("shutdown timeout: a child that is done at the limit stops or is killed, and terminate has run", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const edge = world.worker("edge", { trapExit: true, shutdown: 5, stopTime: 5 });
    const top = await world.start({ children: [edge, world.worker("b")] });
    sim.spawn(function stopper(self) {
      return GenServer.stop(self, top, "shutdown");
    });
    sim.spawn(function noise(self) {
      self.exit(world.pid("edge"), "noise");
    });
    await sim.advance(10);
    return world.take().join();
  });
  expect(found).toEqual({
    complete: true,
    schedules: 270,
    outcomes: [
      "down b#1 shutdown,heard edge#1 noise,terminate edge#1 shutdown,down edge#1 killed,down top#1 shutdown",
      "down b#1 shutdown,heard edge#1 noise,terminate edge#1 shutdown,down edge#1 shutdown,down top#1 shutdown",
      "down b#1 shutdown,terminate edge#1 shutdown,down edge#1 killed,down top#1 shutdown",
      "down b#1 shutdown,terminate edge#1 shutdown,down edge#1 shutdown,down top#1 shutdown",
      "heard edge#1 noise,down b#1 shutdown,terminate edge#1 shutdown,down edge#1 killed,down top#1 shutdown",
      "heard edge#1 noise,down b#1 shutdown,terminate edge#1 shutdown,down edge#1 shutdown,down top#1 shutdown",
    ],
  });
});

test("oneForAll during a restart: a failure while the others stop or start is part of it, or one more", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const ids = ["a", "b", "c"];
    const top = await world.start({ strategy: "oneForAll", children: ids.map((id) => world.worker(id)) });
    for (const id of ids) killer(sim, world, id);
    await sim.idle();
    startInOrder(world.take(), ids);
    return (await world.children(top)).join();
  });
  expect(found).toEqual({
    complete: true,
    schedules: 675,
    outcomes: ["c#2,b#2,a#2", "c#3,b#3,a#3", "c#4,b#4,a#4"],
  });
});

test("restForOne with a failing sibling: the restart is tried again, until all run or the limit is reached", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const ids = ["a", "b", "c"];
    const children = [world.worker("a"), world.worker("b", { starts: [{}, { fail: "no" }] }), world.worker("c")];
    const top = await world.start({ strategy: "restForOne", maxRestarts: 2, children });
    for (const id of ids) killer(sim, world, id);
    await sim.idle();
    startInOrder(world.take(), ids);
    return sim.isAlive(top) ? (await world.children(top)).join() : "gave up";
  });
  expect(found).toEqual({
    complete: true,
    schedules: 1388,
    outcomes: ["c#2,b#3,a#2", "gave up"],
  });
});

test("terminateChild and crash: the child is stopped and stays so, whichever comes first", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const top = await world.start({ children: [world.worker("a")] });
    const stopper = sim.spawn(async function stopper(self) {
      await Supervisor.terminateChild(self, top, "a");
    });
    killer(sim, world, "a");
    await sim.all([stopper]);
    await sim.idle();
    return `${world.take()}: ${await world.children(top)}`;
  });
  expect(found).toEqual({
    complete: true,
    schedules: 11,
    outcomes: [
      "down a#1 killed,start a#2,down a#2 shutdown: a stopped",
      "down a#1 killed: a stopped",
      "down a#1 shutdown: a stopped",
    ],
  });
});
