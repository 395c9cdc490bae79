import assert from "node:assert/strict";
import { isDown, name, type Pid } from "hornbeam";
import { DynamicSupervisor, Registry, registry, SupervisorError } from "hornbeam/supervisor";
import { type Scenario, settled, watchedWorld } from "../../scenario.ts";

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

export const crowds = {
  "supervision: a crowd": crowd,
  "supervision: a dynamic child stopped meanwhile": dynamicStopped,
  "registries: locks": locks,
  "registries: unique keys": uniqueKeys,
} satisfies Record<string, Scenario>;
