import assert from "node:assert/strict";
import { isDown, name, type Pid } from "hornbeam";
import { DynamicSupervisor, Registry, registry, Supervisor, SupervisorError } from "hornbeam/supervisor";
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

const crowd: Scenario = {
  promise: "a dynamic supervisor takes as many as it may, knows who runs, and ends all that hang in one time",
  async run(sim) {
    const world = watchedWorld(sim);
    const rooms = name("rooms");
    const dynamic = await sim.start(DynamicSupervisor.child({ name: rooms, maxChildren: 3, maxRestarts: 9 }));
    const hangs = { trapExit: true, stopTime: "forever", shutdown: 20 } as const;
    const results: string[] = [];
    const starters = ["a", "b", "c", "d"].map((id) =>
      sim.spawn(async (self) => {
        const starting = DynamicSupervisor.startChild(self, rooms, world.worker(id, hangs));
        results.push(
          await starting.then(
            () => "up",
            (error) => {
              assert.ok(error instanceof SupervisorError);
              return String(error.reason);
            },
          ),
        );
      }),
    );
    await sim.all(starters);
    assert.deepEqual(results.sort(), ["maxChildren", "up", "up", "up"]);
    const [, victim] = (await DynamicSupervisor.whichChildren(sim, rooms)).map(({ pid }) => pid as Pid);
    sim.kill(victim as Pid);
    await sim.idle();
    const pids = (await DynamicSupervisor.whichChildren(sim, rooms)).map(({ pid }) => pid as Pid);
    assert.equal(pids.length, 3);
    await DynamicSupervisor.terminateChild(sim, rooms, pids[1] as Pid);
    assert.deepEqual(await DynamicSupervisor.countChildren(sim, rooms), {
      specs: 2,
      active: 2,
      supervisors: 0,
      workers: 2,
    });
    await DynamicSupervisor.startChild(sim, rooms, world.worker("e", hangs));
    const before = sim.now();
    sim.exit(dynamic, "shutdown");
    const watcher = sim.spawn(async (self) => {
      self.monitor(dynamic);
      await self.receive(isDown);
    });
    sim.kill(dynamic, "shutdown");
    await sim.all([watcher]);
    assert.ok(sim.now() - before <= 20);
    assert.ok(world.known().every((pid) => !sim.isAlive(pid)));
  },
};

const dynamicStopped: Scenario = {
  promise: "a dynamic child that is stopped while a restart of it fails stays stopped; otherwise it comes up at last",
  async run(sim) {
    const world = watchedWorld(sim);
    const rooms = name("rooms");
    await sim.start(DynamicSupervisor.child({ name: rooms, maxRestarts: 9 }));
    const pid = await DynamicSupervisor.startChild(
      sim,
      rooms,
      world.worker("a", { starts: [{}, { fail: "no" }, { fail: "no" }, { fail: "no" }] }),
    );
    let stopped = false;
    const breaker = sim.spawn(async (self) => {
      self.exit(pid, "boom");
      stopped = (await settled(DynamicSupervisor.terminateChild(self, rooms, pid).then(() => "stopped"))) === "stopped";
      if (stopped) assert.deepEqual(await DynamicSupervisor.whichChildren(self, rooms), []);
    });
    await sim.all([breaker]);
    await sim.advance(10);
    const left = await DynamicSupervisor.countChildren(sim, rooms);
    assert.equal(left.active, stopped ? 0 : 1);
    assert.equal(sim.isAlive(world.pid("a")), !stopped);
    return `${stopped} ${world.take()}`;
  },
};

const locks: Scenario = {
  promise: "a lock has one holder at a time, in the order in which they asked; who ends makes room",
  async run(sim) {
    const keys = registry<string, number>("keys");
    await sim.start(Registry.child({ name: keys, keys: "unique" }));
    let inside: Pid | undefined;
    const asked: number[] = [];
    const entered: number[] = [];
    const clients = [0, 1, 2, 3].map((no) =>
      sim.spawn(
        async (self) => {
          asked.push(no);
          await Registry.lock(self, keys, "door", async () => {
            assert.ok(inside === undefined || !self.isAlive(inside), "two inside");
            inside = self.pid;
            entered.push(no);
            await self.sleep(3);
            inside = undefined;
          });
        },
        { label: `client ${no}` },
      ),
    );
    const killer = sim.spawn(async (self) => {
      await self.sleep(2);
      self.exit(clients[asked[0] as number] as Pid, "kill");
    });
    await sim.all([killer]);
    await sim.advance(50);
    assert.deepEqual(entered, asked);
    assert.ok(clients.every((pid) => !sim.isAlive(pid)));
    return asked.join();
  },
};

const uniqueKeys: Scenario = {
  promise: "a unique key has one holder; who has no entry left has nothing to do with the registry any more",
  async run(sim) {
    const keys = registry<string, number>("keys");
    await sim.start(Registry.child({ name: keys, keys: "unique" }));
    const results: string[] = [];
    const partitions = new Set<Pid>();
    const candidates = [1, 2, 3].map((no) =>
      sim.spawn(async (self) => {
        try {
          partitions.add(Registry.register(self, keys, "leader", no));
          results.push("got it");
          assert.equal(Registry.whereisName(self, keys, "leader"), self.pid);
          Registry.register(self, keys, `seat ${no}`, no);
          await self.receive(undefined, 10);
          Registry.unregister(self, keys, "leader");
          Registry.unregister(self, keys, `seat ${no}`);
        } catch (error) {
          results.push((error as Error).name);
        }
        await self.receive();
      }),
    );
    await sim.advance(5);
    assert.deepEqual([...results].sort(), ["AlreadyRegistered", "AlreadyRegistered", "got it"]);
    await sim.advance(20);
    assert.equal(Registry.count(sim, keys), 0);
    for (const pid of partitions) sim.kill(pid);
    await sim.idle();
    assert.ok(candidates.every((pid) => sim.isAlive(pid)));
    for (const pid of candidates) sim.kill(pid);
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
  "supervision: a crowd": crowd,
  "supervision: a dynamic child stopped meanwhile": dynamicStopped,
  "registries: locks": locks,
  "registries: unique keys": uniqueKeys,
} satisfies Record<string, Scenario>;
