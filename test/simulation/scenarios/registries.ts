import assert from "node:assert/strict";
import { isDown, name, ok, type Pid, reply, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { AlreadyRegistered, PartitionSupervisor, Registry, registry, via } from "hornbeam/supervisor";
import { forever, type Scenario, settled } from "../scenario.ts";

const unique: Scenario = {
  promise: "a key of a unique registry has one living holder, and is free when the end of the holder is heard of",
  async run(sim) {
    const rooms = registry<string, number>("rooms");
    await sim.start(Registry.child({ name: rooms, keys: "unique" }));
    sim.always("a holder lives", () => {
      const up = sim.whereis(rooms) !== undefined;
      return !up || Registry.lookup(sim, rooms, "lobby").every(({ pid }) => sim.isAlive(pid));
    });
    const order: number[] = [];
    const candidate = (no: number) => async (self: Self) => {
      for (;;) {
        try {
          Registry.register(self, rooms, "lobby", no);
          break;
        } catch (error) {
          assert.ok(error instanceof AlreadyRegistered);
          self.monitor(error.pid);
          await self.receive(isDown);
        }
      }
      order.push(no);
      assert.deepEqual(Registry.lookup(self, rooms, "lobby"), [{ pid: self.pid, value: no }]);
      await self.receive((message) => message === "end");
    };
    const candidates = [0, 1, 2].map((no) => sim.spawn(candidate(no)));
    for (let i = 0; i < 3; i++) {
      await sim.idle();
      const holder = sim.whereis(via(rooms, "lobby")) as Pid;
      assert.equal(holder, candidates[order.at(-1) as number]);
      if (i === 1) sim.kill(holder);
      else sim.send(holder, "end");
    }
    await sim.idle();
    assert.equal(Registry.count(sim, rooms), 0);
    assert.equal(order.length, 3);
    return order.join();
  },
};

const partitionEnds: Scenario = {
  promise:
    "who is registered falls with the process of the registry that it is linked to, and the registry is there again",
  async run(sim) {
    const topics = registry<string, number>("topics");
    const top = await sim.start(Registry.child({ name: topics, keys: "duplicate", partitions: 1 }));
    const linked: Pid[] = [];
    const fates: string[] = [];
    const registrants = [1, 2].map((no) =>
      sim.spawn(
        async (self) => {
          linked.push(Registry.register(self, topics, "news", no));
          await forever(self);
        },
        { label: `registrant ${no}` },
      ),
    );
    await sim.idle();
    const partition = linked[0] as Pid;
    sim.spawn((self) => self.exit(partition, "kill"));
    const late = sim.spawn(async function late(self) {
      try {
        linked.push(Registry.register(self, topics, "news", 3));
        fates.push("registered");
      } catch {
        fates.push("nobody there");
      }
      await forever(self);
    });
    await sim.idle();
    assert.ok(registrants.every((pid) => !sim.isAlive(pid)));
    const after = Registry.lookup(sim, topics, "news");
    assert.ok(after.every(({ pid }) => pid === late && sim.isAlive(pid)));
    assert.equal(after.length, sim.isAlive(late) && fates[0] === "registered" ? 1 : 0);
    assert.ok(sim.isAlive(top));
    return `${fates} ${after.length}`;
  },
};

const locked: Scenario = {
  promise: "under one key of the locks one runs at a time, and an end in the middle lets the next go on",
  async run(sim) {
    const rooms = registry<string, number>("rooms");
    await sim.start(Registry.child({ name: rooms, keys: "unique" }));
    let inside: string | undefined;
    const leave = (): void => {
      inside = undefined;
    };
    const order: string[] = [];
    const client = (id: string) =>
      sim.spawn(
        async (self) => {
          const result = await settled(
            Registry.lock(self, rooms, "key", async () => {
              assert.equal(inside, undefined, "two inside");
              inside = id;
              self.own({ [Symbol.dispose]: leave });
              order.push(id);
              await self.sleep(2);
              leave();
              return id;
            }),
          );
          assert.equal(result, id);
        },
        { label: id },
      );
    const [a, ...others] = ["a", "b", "c"].map(client);
    sim.spawn(async (self) => {
      await self.sleep(2);
      self.exit(a as Pid, "kill");
    });
    await sim.all([a as Pid, ...others]);
    assert.equal(inside, undefined);
    assert.ok(order.includes("b") && order.includes("c"));
    return order.join();
  },
};

const partitions: Scenario = {
  promise:
    "a partition is found by its key before and after it was restarted, and calls reach the one that runs, or nobody",
  async run(sim) {
    const Counter = {
      init: () => ok(0),
      handleCall: { add: (by: number, sum) => reply(sum + by, sum + by) },
    } satisfies GenServer<number>;
    const parts = name("parts");
    await sim.start(PartitionSupervisor.child({ name: parts, childSpec: child(Counter), partitions: 2 }));
    const target = PartitionSupervisor.name<typeof Counter>(parts, 1);
    const before = sim.whereis(target) as Pid;
    const results: unknown[] = [];
    const clients = [1, 2].map(() =>
      sim.spawn(async (self) => {
        for (let i = 0; i < 2; i++) results.push(await settled(self.call(target, "add", 1)));
      }),
    );
    sim.spawn((self) => self.exit(before, "kill"));
    await sim.all(clients);
    await sim.idle();
    const after = sim.whereis(target) as Pid;
    assert.notEqual(after, before);
    assert.ok(sim.isAlive(after));
    for (const result of results)
      assert.ok(typeof result === "number" || ["killed", "noproc"].includes(String(result)), String(result));
    const sum = await sim.call(target, "add", 0);
    // Each reply of the new one counts once.
    assert.ok(sum <= results.filter((result) => typeof result === "number").length);
    return `${results} ${sum}`;
  },
};

export const registries = {
  "registries: unique": unique,
  "registries: a partition ends": partitionEnds,
  "registries: locked": locked,
  "registries: partitions": partitions,
} satisfies Record<string, Scenario>;
