import assert from "node:assert/strict";
import { Supervisor } from "hornbeam/supervisor";
import { type Scenario, settled, watchedWorld } from "../../scenario.ts";

const temporary: Scenario = {
  promise: "a temporary child goes with the others of its group, and does not come back with them",
  async run(sim) {
    const world = watchedWorld(sim);
    const children = [world.worker("a"), world.worker("t", { restart: "temporary" }), world.worker("b")];
    const top = await world.start({ strategy: "oneForAll", children });
    for (const id of ["a", "b"]) sim.spawn((self) => self.exit(world.pid(id), "kill"));
    await sim.idle();
    const left = await world.children(top);
    assert.deepEqual(
      left.map((child) => child.slice(0, 1)),
      ["b", "a"],
    );
    assert.ok(!sim.isAlive(world.pid("t")));
    return world.take().join();
  },
};

const whileOthersStop: Scenario = {
  promise: "a child that ends by itself while others are stopped before it is started once with them",
  async run(sim) {
    const world = watchedWorld(sim);
    const children = ["a", "b", "c", "d"].map((id) => world.worker(id, { trapExit: true, stopTime: 2 }));
    const top = await world.start({ strategy: "oneForAll", maxRestarts: 9, children });
    sim.kill(world.pid("d"), "kill");
    for (const id of ["a", "b"]) {
      sim.spawn(async (self) => {
        await self.sleep(1);
        self.exit(world.pid(id), "kill");
      });
    }
    await sim.advance(50);
    assert.deepEqual(await world.children(top), ["d#2", "c#2", "b#2", "a#2"]);
    return world.take().join();
  },
};

const exactWaits: Scenario = {
  promise: "attempts wait first × factor ** (n - 1), at most max, and are counted anew after a calm time",
  async run(sim) {
    const world = watchedWorld(sim);
    const backoff = { first: 10, factor: 3, max: 50, calm: 1000 };
    const top = await world.start({ maxRestarts: 99, backoff, children: [world.worker("a")] });
    for (const [delay, pause] of [
      [10, 1],
      [30, 1],
      [50, 1],
      [50, 999],
      [50, 1000],
      [10, 1],
    ] as const) {
      sim.kill(world.pid("a"), "boom");
      await sim.idle();
      await sim.advance(delay - 0.5);
      assert.deepEqual(await world.children(top), ["a restarting"]);
      await sim.advance(0.5);
      assert.ok(sim.isAlive(world.pid("a")), `not up after ${delay}`);
      await sim.advance(pause);
    }
  },
};

const stoppedMeanwhile: Scenario = {
  promise: "a child that is stopped by request while it waits, or while a restart of it fails, stays stopped",
  async run(sim) {
    const world = watchedWorld(sim);
    const children = [
      world.worker("a", { backoff: { first: 100, factor: 2 } }),
      world.worker("b", { starts: [{}, { fail: "no" }, { fail: "no" }] }),
    ];
    const top = await world.start({ maxRestarts: 9, children });
    sim.kill(world.pid("a"), "boom");
    await sim.advance(10);
    await Supervisor.terminateChild(sim, top, "a");
    const broken = sim.spawn(async (self) => {
      self.exit(world.pid("b"), "boom");
      await Supervisor.terminateChild(self, top, "b");
      const { pid } = await Supervisor.whichChild(self, top, "b");
      assert.equal(pid, undefined);
    });
    await sim.all([broken]);
    await sim.advance(20);
    const stays = await Supervisor.whichChild(sim, top, "b");
    assert.equal(stays.pid, undefined);
    await Supervisor.restartChild(sim, top, "a");
    await sim.idle();
    sim.kill(world.pid("a"), "boom");
    const since = sim.now();
    await sim.advance(199);
    assert.ok(!sim.isAlive(world.pid("a")), "up too early");
    await sim.advance(1);
    assert.ok(sim.isAlive(world.pid("a")), `not up ${sim.now() - since} ms later`);
    return world.take().join();
  },
};

const upAtLast: Scenario = {
  promise: "a child that comes up after failed attempts is one that runs",
  async run(sim) {
    const world = watchedWorld(sim);
    const starts = [{}, { fail: "no" }, { after: 1, fail: "no" }];
    const top = await world.start({ maxRestarts: 9, children: [world.worker("a", { starts }), world.worker("b")] });
    for (const id of ["a", "b"]) sim.spawn((self) => self.exit(world.pid(id), "kill"));
    await sim.advance(10);
    assert.deepEqual(await world.children(top), ["b#2", "a#4"]);
    assert.equal((await Supervisor.countChildren(sim, top)).active, 2);
    return world.take().join();
  },
};

const groupWaits: Scenario = {
  promise: "with a back-off the whole group is stopped while one of it waits, and starts with it",
  async run(sim) {
    const world = watchedWorld(sim);
    const ids = ["a", "b", "c"];
    const children = ids.map((id) => world.worker(id, { trapExit: id === "b" }));
    await world.start({ strategy: "restForOne", backoff: { first: 10 }, children });
    sim.kill(world.pid("b"), "kill");
    await sim.advance(5);
    assert.deepEqual(
      ids.map((id) => sim.isAlive(world.pid(id))),
      [true, false, false],
    );
    await sim.advance(5);
    assert.deepEqual(
      ids.map((id) => world.nameOf(world.pid(id))),
      ["a#1", "b#2", "c#2"],
    );
    assert.ok(sim.isAlive(world.pid("c")));
  },
};

const ownReasons: Scenario = {
  promise:
    "who falls with a sibling before it is stopped is reported with its own reason; a failed start waits for all",
  async run(sim) {
    const world = watchedWorld(sim);
    const children = [world.worker("a"), world.worker("b"), world.worker("c")];
    await world.start({ strategy: "oneForAll", maxRestarts: 9, children });
    for (const id of ["a", "b", "c"]) sim.spawn((self) => self.exit(world.pid(id), `end of ${id}`));
    await sim.idle();
    for (const report of world.reports) {
      const [, id, reason] = /^\w+ (\w) (.*)$/.exec(report) ?? [];
      assert.ok(reason === `end of ${id}` || reason === "shutdown", report);
    }
    const failing = world.tree("failing", {
      children: [world.worker("x", { trapExit: true, stopTime: 3 }), world.worker("y", { starts: [{ fail: "no" }] })],
    });
    const starter = sim.spawn(async (self) => {
      self.trapExit = true;
      await settled(failing.start(self));
      assert.ok(!self.isAlive(world.pid("x")), "told before the child had ended");
    });
    await sim.all([starter]);
    assert.ok(world.take().includes("terminate x#1 shutdown"));
    return world.reports.join();
  },
};

export const supervisors = {
  "supervision: a temporary sibling": temporary,
  "supervision: while others stop": whileOthersStop,
  "supervision: exact waits": exactWaits,
  "supervision: stopped meanwhile": stoppedMeanwhile,
  "supervision: up at last": upAtLast,
  "supervision: a group waits": groupWaits,
  "supervision: reasons of their own": ownReasons,
} satisfies Record<string, Scenario>;
