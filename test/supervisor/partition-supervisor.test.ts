import { BadArgument, CallError, name, noreply, ok, type Pid, type Reason, reply, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import {
  DynamicSupervisor,
  type PartitionOptions,
  PartitionSupervisor,
  Registry,
  registry,
  via,
} from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { deaths, forever, puppet } from "../runtime/support.ts";
import { refuses } from "./registry-support.ts";

const Counter = {
  init: (start: number) => ok(start),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
  handleCast: { add: (by: number, count) => noreply(count + by) },
} satisfies GenServer<number>;

const counters = name("counters");
const counterOf = (key: unknown) => PartitionSupervisor.name<typeof Counter>(counters, key);

const withPartitions = (options: Partial<PartitionOptions>, test: (sim: VirtualSystem, top: Pid) => unknown) =>
  inVirtualTime(async (sim) => {
    const spec = { name: counters, childSpec: child(Counter, 0), partitions: 3, ...options };
    await test(sim, await sim.start(PartitionSupervisor.child(spec)));
  });

const pidsOf = (sim: VirtualSystem, count: number) =>
  Array.from({ length: count }, (_, i) => sim.whereis(counterOf(i)));

describe("the child spec", () => {
  test("has the name as its id, be it a name or a key, unless it is said otherwise", () => {
    const childSpec = child(Counter, 0);
    expect(PartitionSupervisor.child({ name: counters, childSpec })).toMatchObject({
      id: "counters",
      type: "supervisor",
    });
    expect(PartitionSupervisor.child({ name: via(registry("reg"), "key"), childSpec }).id).toBe("reg['key']");
    expect(PartitionSupervisor.child({ name: counters, childSpec, id: "other" }).id).toBe("other");
  });

  test("refuses options that are none before anything starts", () => {
    const spec = (options: object) => () =>
      PartitionSupervisor.child({ name: counters, childSpec: child(Counter, 0), ...options });
    refuses(spec({ name: undefined }), /expected a pid or a name/);
    refuses(spec({ childSpec: undefined }), /expected childSpec to be a child spec, or a function.*got: undefined/);
    refuses(spec({ childSpec: Counter }), /expected childSpec to be a child spec/);
    refuses(spec({ childSpec: () => 123 }), /expected childSpec to be a child spec, or a function.*got: 123/);
    for (const partitions of [0, -1, 2.5, Number.NaN, "3"]) {
      refuses(spec({ partitions }), /expected partitions to be a whole number from 1 up/);
    }
    refuses(spec({ autoShutdown: "anySignificant" }), /expected autoShutdown to be never, got: 'anySignificant'/);
    spec({ autoShutdown: "never" })();
  });
});

test("eight partitions start unless it is told another number", () =>
  inVirtualTime(async (sim) => {
    await sim.start(PartitionSupervisor.child({ name: counters, childSpec: child(Counter, 0) }));
    expect(PartitionSupervisor.partitions(sim, counters)).toBe(8);
    expect(new Set(pidsOf(sim, 8)).size).toBe(8);
  }));

test("children that are started by keys are spread over all partitions, and each is under the one of its key", () =>
  inVirtualTime(async (sim) => {
    const pools = name("pools");
    await sim.start(PartitionSupervisor.child({ name: pools, childSpec: DynamicSupervisor.child() }));
    const keys = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? { ref: i } : `key ${i}`));
    const started = new Map<unknown, Pid>();
    for (const key of keys) {
      const pid = await DynamicSupervisor.startChild(sim, PartitionSupervisor.name(pools, key), child(Counter, 0));
      started.set(key, pid);
    }
    const found: Pid[] = [];
    for (const { pid } of await PartitionSupervisor.whichChildren(sim, pools)) {
      const children = await DynamicSupervisor.whichChildren(sim, pid as Pid);
      expect(children.length).toBeGreaterThan(0);
      found.push(...children.map((info) => info.pid as Pid));
    }
    expect(new Set(found)).toEqual(new Set(started.values()));
    for (const [key, pid] of started) {
      const children = await DynamicSupervisor.whichChildren(sim, PartitionSupervisor.name(pools, key));
      expect(children.map((info) => info.pid)).toContain(pid);
    }
  }));

test("a function makes the spec of each partition from its number", () =>
  withPartitions({ childSpec: (partition) => child(Counter, partition * 10) }, async (sim) => {
    const found = [];
    for (const key of [0, 1, 2, 3, -1]) found.push(await sim.call(counterOf(key), "add", 0));
    expect(found).toEqual([0, 10, 20, 0, 10]);
  }));

describe("a key belongs to one partition", () => {
  test("a whole number to the one of its absolute value modulo their number, however large it is", () =>
    withPartitions({}, (sim) => {
      const pids = pidsOf(sim, 3);
      for (const n of [0, -0, 1, -1, 2, 3, -4, 1_000_000, 2 ** 53]) {
        expect(sim.whereis(counterOf(n))).toBe(pids[Math.abs(n) % 3]);
      }
    }));

  test("any other value to the same one each time it is asked for", () =>
    withPartitions({}, (sim) => {
      const object = {};
      const keys = ["text", "", 1.5, Number.NaN, Infinity, 10n, true, null, undefined, Symbol("s"), object, forever];
      const first = keys.map((key) => sim.whereis(counterOf(key)));
      expect(first).not.toContain(undefined);
      for (const i of [1, 2, 3])
        expect(
          keys.map((key) => sim.whereis(counterOf(key))),
          `time ${i}`,
        ).toEqual(first);
      expect(new Set(first).size).toBe(3);
    }));

  test("texts are spread evenly, objects one after the other", () =>
    withPartitions({ partitions: 4 }, (sim) => {
      const pids = pidsOf(sim, 4);
      const texts = Array.from({ length: 1000 }, (_, i) => sim.whereis(counterOf(`user:${i}`)));
      for (const pid of pids) expect(texts.filter((one) => one === pid).length).toBeGreaterThan(150);
      const objects = [{}, {}, {}, {}, {}];
      expect(objects.map((key) => pids.indexOf(sim.whereis(counterOf(key))))).toEqual([0, 1, 2, 3, 0]);
    }));
});

test("a partition is called, cast, monitored and found by a key, and after a restart again", () =>
  withPartitions({}, async (sim) => {
    expect(await sim.call(counterOf("a"), "add", 2)).toBe(2);
    sim.cast(counterOf("a"), "add", 3);
    expect(await sim.call(counterOf("a"), "add", 0)).toBe(5);
    const watcher = puppet(sim);
    await watcher.does((self) => self.monitor(counterOf("a")));
    const first = sim.whereis(counterOf("a")) as Pid;
    sim.kill(first);
    await expect(sim.call(counterOf("a"), "add", 1)).rejects.toMatchObject({ reason: "noproc" });
    await sim.idle();
    expect(watcher.inbox).toMatchObject([{ tag: "down", pid: first, reason: "killed" }]);
    expect(watcher.inbox[0].name.name).toBe("counters['a']");
    expect(sim.whereis(counterOf("a"))).not.toBe(first);
    expect(await sim.call(counterOf("a"), "add", 1)).toBe(1);
  }));

test("a supervisor called by a key of a registry has partitions, too", () =>
  inVirtualTime(async (sim) => {
    await sim.start(Registry.child({ name: registry("reg"), keys: "unique" }));
    const top = via(registry("reg"), "counters");
    await sim.start(PartitionSupervisor.child({ name: top, childSpec: child(Counter, 7) }));
    expect(PartitionSupervisor.partitions(sim, top)).toBe(8);
    expect(await sim.call(PartitionSupervisor.name<typeof Counter>(top, "key"), "add", 0)).toBe(7);
    expect(PartitionSupervisor.name(top, 3).name).toBe("reg['counters'][3]");
  }));

test("a supervisor is found by its pid, too", () =>
  withPartitions({}, async (sim, top) => {
    expect(PartitionSupervisor.partitions(sim, top)).toBe(3);
    expect(await sim.call(PartitionSupervisor.name<typeof Counter>(top, 1), "add", 1)).toBe(1);
    expect(sim.whereis(PartitionSupervisor.name(top, 1))).toBe(sim.whereis(counterOf(1)));
  }));

test("the name of a partition cannot be taken or given back", () =>
  withPartitions({}, async (sim) => {
    const ada = puppet(sim);
    await ada.does((self) => {
      refuses(() => self.register(counterOf(1)), /got: that of a partition, which is its supervisor's/);
      refuses(() => self.unregister(counterOf(1)), /got: that of a partition, which is its supervisor's/);
    });
    expect(sim.isAlive(sim.whereis(counterOf(1)) as Pid)).toBe(true);
  }));

test("the strategy and the limits of restarts are those of a supervisor", () =>
  withPartitions({ strategy: "oneForAll", maxRestarts: 1, maxSeconds: 10 }, async (sim, top) => {
    const before = pidsOf(sim, 3);
    sim.kill(before[0] as Pid);
    await sim.idle();
    const after = pidsOf(sim, 3);
    for (const pid of before) expect(after).not.toContain(pid);
    sim.kill(after[1] as Pid);
    await sim.idle();
    expect(sim.isAlive(top)).toBe(false);
  }));

test("a partition that cannot start fails the start of all, and those that ran are stopped", () =>
  inVirtualTime(async (sim) => {
    const Fails = {
      init: (partition: number) => {
        if (partition === 2) throw new Error("no third one");
        return ok(0);
      },
    } satisfies GenServer<number>;
    const childSpec = (partition: number) => child(Fails, partition);
    const failed = sim.start(PartitionSupervisor.child({ name: counters, childSpec }));
    await expect(failed).rejects.toMatchObject({ reason: { shutdown: { failedToStartChild: "2" } } });
    expect(sim.processes()).toEqual([]);
  }));

describe("resize", () => {
  test("stops the last partitions and starts them again, and says how many there were", () =>
    withPartitions({}, async (sim) => {
      const [first, second, third] = pidsOf(sim, 3);
      expect(await PartitionSupervisor.resize(sim, counters, 1)).toBe(3);
      expect(PartitionSupervisor.partitions(sim, counters)).toBe(1);
      expect([second, third].map((pid) => sim.isAlive(pid as Pid))).toEqual([false, false]);
      expect(pidsOf(sim, 3)).toEqual([first, first, first]);
      expect(await PartitionSupervisor.resize(sim, counters, 1)).toBe(1);
      expect(await PartitionSupervisor.resize(sim, counters, 3)).toBe(1);
      expect(new Set(pidsOf(sim, 3)).size).toBe(3);
      expect(sim.whereis(counterOf(0))).toBe(first);
      const counts = { specs: 3, active: 3, supervisors: 0, workers: 3 };
      expect(await PartitionSupervisor.countChildren(sim, counters)).toEqual(counts);
    }));

  test("leaves none when it is told 0: then a lookup throws, a call finds nobody, and a timer does not mind", () =>
    withPartitions({}, async (sim) => {
      const ada = puppet(sim);
      await ada.does((self) => self.sendAfter("late", 100, counterOf(0)));
      expect(await PartitionSupervisor.resize(sim, counters, 0)).toBe(3);
      expect(PartitionSupervisor.partitions(sim, counters)).toBe(0);
      refuses(() => sim.whereis(counterOf(0)), /got: one that was resized to 0/);
      refuses(() => sim.whereis(counterOf("key")), /got: one that was resized to 0/);
      await expect(sim.call(counterOf(0), "add", 1)).rejects.toMatchObject({ reason: "noproc" });
      expect(() => sim.send(counterOf(0), 1 as never)).toThrow(BadArgument);
      sim.cast(counterOf(0), "add", 1);
      await sim.advance(100);
      expect(await PartitionSupervisor.countChildren(sim, counters)).toMatchObject({ specs: 3, active: 0 });
      const pids = (await PartitionSupervisor.whichChildren(sim, counters)).map(({ pid }) => pid);
      expect(pids).toEqual([undefined, undefined, undefined]);
      expect(await PartitionSupervisor.resize(sim, counters, 3)).toBe(0);
      expect(await sim.call(counterOf(0), "add", 1)).toBe(1);
    }));

  test("refuses more than there were at the start, and what is no number of partitions", () =>
    withPartitions({}, async (sim) => {
      for (const size of [4, -1, 1.5, Number.NaN, "2" as never]) {
        await expect(PartitionSupervisor.resize(sim, counters, size)).rejects.toThrow(
          /resize: expected a whole number from 0 to 3, got:/,
        );
      }
      await PartitionSupervisor.resize(sim, counters, 1);
      await expect(PartitionSupervisor.resize(sim, counters, 4)).rejects.toThrow(BadArgument);
      expect(PartitionSupervisor.partitions(sim, counters)).toBe(1);
    }));

  test("one is done before the next, however many ask at once", () =>
    withPartitions({ partitions: 5 }, async (sim) => {
      const sizes = [1, 4, 0, 5, 2];
      const before = await Promise.all(sizes.map((size) => PartitionSupervisor.resize(sim, counters, size)));
      expect(before).toEqual([5, 1, 4, 0, 5]);
      expect(await PartitionSupervisor.countChildren(sim, counters)).toMatchObject({ active: 2 });
    }));

  test("a partition that does not come up again is the caller's error, and the size stays", () =>
    inVirtualTime(async (sim) => {
      let broken = false;
      const Breaks = {
        init: () => {
          if (broken) throw new Error("broken");
          return ok(0);
        },
      } satisfies GenServer<number>;
      await sim.start(PartitionSupervisor.child({ name: counters, childSpec: child(Breaks), partitions: 2 }));
      await PartitionSupervisor.resize(sim, counters, 1);
      broken = true;
      await expect(PartitionSupervisor.resize(sim, counters, 2)).rejects.toThrow(/broken/);
      expect(PartitionSupervisor.partitions(sim, counters)).toBe(1);
      broken = false;
      expect(await PartitionSupervisor.resize(sim, counters, 2)).toBe(1);
    }));

  test("goes on where one was left whose caller ended in the middle of it", () =>
    inVirtualTime(async (sim) => {
      let slow = false;
      const Slow = {
        init: (_: number, self: Self) => (slow ? self.sleep(100).then(() => ok(0)) : ok(0)),
      } satisfies GenServer<number>;
      await sim.start(PartitionSupervisor.child({ name: counters, childSpec: child(Slow, 0), partitions: 3 }));
      await PartitionSupervisor.resize(sim, counters, 0);
      slow = true;
      const caller = sim.spawn((self) => PartitionSupervisor.resize(self, counters, 3));
      await sim.advance(150);
      sim.kill(caller);
      expect(PartitionSupervisor.partitions(sim, counters)).toBe(0);
      expect(await PartitionSupervisor.resize(sim, counters, 3)).toBe(0);
      expect(await PartitionSupervisor.countChildren(sim, counters)).toMatchObject({ active: 3 });
    }));
});

describe("administration", () => {
  test("whichChildren tells the partitions in their order, by number", () =>
    withPartitions({ partitions: 12 }, async (sim) => {
      const children = await PartitionSupervisor.whichChildren(sim, counters);
      const expected = pidsOf(sim, 12).map((pid, partition) => ({ id: String(partition), pid, type: "worker" }));
      expect(children).toEqual(expected);
    }));

  test("countChildren counts workers, or supervisors", async () => {
    await withPartitions({}, async (sim) => {
      const counts = await PartitionSupervisor.countChildren(sim, counters);
      expect(counts).toEqual({ specs: 3, active: 3, supervisors: 0, workers: 3 });
    });
    await withPartitions({ childSpec: DynamicSupervisor.child() }, async (sim) => {
      const counts = await PartitionSupervisor.countChildren(sim, counters);
      expect(counts).toEqual({ specs: 3, active: 3, supervisors: 3, workers: 0 });
    });
  });

  test("stop is over when the supervisor and its partitions are", () =>
    withPartitions({}, async (sim, top) => {
      const pids = pidsOf(sim, 3) as Pid[];
      const reasons: ReadonlyMap<Pid, Reason> = deaths(sim);
      await PartitionSupervisor.stop(sim, counters);
      expect(sim.whereis(counters)).toBeUndefined();
      expect(sim.processes()).toEqual([]);
      expect([...pids, top].map((pid) => reasons.get(pid))).toEqual(["shutdown", "shutdown", "shutdown", "normal"]);
    }));

  test("one that does not run is noproc", () =>
    inVirtualTime(async (sim) => {
      await sim.start(Registry.child({ name: registry("reg"), keys: "unique" }));
      for (const nobody of [counters, via(registry("reg"), "unknown"), name("reg")]) {
        expect(() => PartitionSupervisor.partitions(sim, nobody)).toThrow(CallError);
        expect(() => PartitionSupervisor.partitions(sim, nobody)).toThrow(/noproc/);
        await expect(PartitionSupervisor.resize(sim, nobody, 1)).rejects.toMatchObject({ reason: "noproc" });
      }
      await expect(PartitionSupervisor.countChildren(sim, counters)).rejects.toMatchObject({ reason: "noproc" });
      await expect(PartitionSupervisor.whichChildren(sim, counters)).rejects.toMatchObject({ reason: "noproc" });
      await expect(PartitionSupervisor.stop(sim, counters)).rejects.toMatchObject({ reason: "noproc" });
      refuses(
        () => sim.whereis(counterOf(0)),
        /expected a registry or a partition supervisor that runs, got: .counters./,
      );
    }));
});
