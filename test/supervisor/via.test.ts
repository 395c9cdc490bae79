import {
  AlreadyStarted,
  alreadyStarted,
  BadArgument,
  CallError,
  type Down,
  error,
  exit,
  ignore,
  type Name,
  name,
  noreply,
  ok,
  reply,
  StartError,
  stop,
} from "hornbeam";
import { child, GenServer, GenStatem, keepStateAndData, nextState, start } from "hornbeam/genserver";
import { DynamicSupervisor, Registry, registry, treeOf, via } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { events, forever, puppet } from "../runtime/support.ts";
import { linksOf, refuses, thrown } from "./registry-support.ts";

// A key of a registry wherever a name is taken.

const Counter = {
  init: (start: number | "error" | "ignore" | "crash" | "stop" | "exit") => {
    if (start === "error") return error("refused");
    if (start === "ignore") return ignore;
    if (start === "stop") return stop("stopped", undefined);
    if (start === "exit") return exit("left");
    if (start === "crash") throw new Error("crashed");
    return ok(start);
  },
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
  handleCast: { add: (by: number, count) => noreply(count + by) },
  handleInfo: (by: number, count) => noreply(count + by),
} satisfies GenServer<number>;

const counters = registry<string, string | undefined, typeof Counter>("counters");
const visits = via(counters, "visits");

const withRegistry = (test: (sim: VirtualSystem) => unknown) =>
  inVirtualTime(async (sim) => {
    await sim.start(Registry.child({ name: counters, keys: "unique" }));
    await test(sim);
  });

const startError = (started: Promise<unknown>): Promise<StartError> =>
  started.then(
    () => expect.unreachable("it started"),
    (reason: StartError) => reason,
  );

test("a server that started under a key is called, cast, sent to, found and stopped by it", () =>
  withRegistry(async (sim) => {
    const counter = await start(sim, Counter, 40, { name: visits });
    expect(await sim.call(visits, "add", 2)).toBe(42);
    sim.cast(visits, "add", 1);
    sim.send(visits, 1);
    expect(await sim.call(visits, "add", 0)).toBe(44);
    expect(sim.whereis(visits)).toBe(counter);
    expect(Registry.lookup(sim, counters, "visits")).toEqual([{ pid: counter, value: undefined }]);
    await GenServer.stop(sim, visits);
    expect(sim.whereis(visits)).toBeUndefined();
  }));

test("a state machine that started under a key is called, started once, and stopped by it", () =>
  withRegistry(async (sim) => {
    const Door = {
      init: () => nextState("closed", 0),
      states: { closed: { handleCall: { state: () => keepStateAndData({ reply: "closed" }) } } },
    } satisfies GenStatem<"closed", number>;
    const door = via(registry<string, unknown, typeof Door>("counters"), "door");
    const pid = await GenStatem.start(sim, Door, { name: door });
    expect(await sim.call(door, "state")).toBe("closed");
    const refused = await startError(GenStatem.start(sim, Door, { name: door }));
    expect(alreadyStarted(refused)).toBe(pid);
    await GenStatem.stop(sim, door);
    expect([sim.isAlive(pid), sim.whereis(door)]).toEqual([false, undefined]);
    await expect(GenStatem.stop(sim, door)).rejects.toMatchObject({ reason: "noproc" });
    expect(await GenStatem.start(sim, Door, { name: door })).not.toBe(pid);
  }));

test("what is given beside the key is the value of the entry", () =>
  withRegistry(async (sim) => {
    const counter = await start(sim, Counter, 0, { name: via(counters, "visits", "a value") });
    expect(Registry.lookup(sim, counters, "visits")).toEqual([{ pid: counter, value: "a value" }]);
    expect(await sim.call(visits, "add", 1)).toBe(1);
  }));

test("a start under a key that is taken gives AlreadyStarted with the pid, and leaves no process", () =>
  withRegistry(async (sim) => {
    const counter = await start(sim, Counter, 0, { name: visits });
    const before = sim.processes().length;
    const refused = await startError(start(sim, Counter, 1, { name: visits }));
    expect(refused).toBeInstanceOf(AlreadyStarted);
    expect(alreadyStarted(refused)).toBe(counter);
    expect(refused.message).toContain("counters['visits']");
    expect(thrown(() => sim.spawn(forever, { name: visits }))).toBeInstanceOf(AlreadyStarted);
    expect(sim.processes()).toHaveLength(before);
    expect(Registry.count(sim, counters)).toBe(1);
  }));

describe("a key is free again before a start that failed is told of", () => {
  test.for(["error", "ignore", "crash", "stop", "exit"] as const)("%s", (outcome) =>
    withRegistry(async (sim) => {
      for (let i = 0; i < 5; i++) {
        const refused = await startError(start(sim, Counter, outcome, { name: visits }));
        expect(refused).toBeInstanceOf(StartError);
        expect(refused).not.toBeInstanceOf(AlreadyStarted);
        expect(Registry.count(sim, counters)).toBe(0);
      }
      await start(sim, Counter, 0, { name: visits });
    }),
  );
});

test("a monitor by a key reports the key, and the pid that held it", () =>
  withRegistry(async (sim) => {
    const counter = await start(sim, Counter, 0, { name: visits });
    const watcher = puppet(sim);
    await watcher.does((self) => self.monitor(visits));
    sim.exit(counter, "boom");
    await sim.idle();
    expect(watcher.inbox).toMatchObject([{ tag: "down", pid: counter, reason: "boom" }]);
    expect((watcher.inbox[0] as Down).name).toBe(visits);
    await watcher.does((self) => self.monitor(visits));
    await sim.idle();
    expect(watcher.inbox[1]).toMatchObject({ tag: "down", name: visits, reason: "noproc" });
  }));

test("nobody under a key is as nobody under a name: send throws, call rejects with noproc, cast does nothing", () =>
  withRegistry(async (sim) => {
    expect(() => sim.send(visits, 1)).toThrow(/expected a name that somebody holds, got: "counters\['visits'\]"/);
    await expect(sim.call(visits, "add", 1)).rejects.toMatchObject({ reason: "noproc" });
    await expect(GenServer.stop(sim, visits)).rejects.toBeInstanceOf(CallError);
    sim.cast(visits, "add", 1);
    expect(sim.whereis(visits)).toBeUndefined();
  }));

test("a timer finds who has the key when it fires, and does not mind when nobody has it, or no registry is there", () =>
  withRegistry(async (sim) => {
    const boss = puppet(sim);
    await boss.does((self) => {
      for (const delay of [100, 200, 300]) self.sendAfter(1, delay, visits);
    });
    await sim.advance(100);
    await start(sim, Counter, 0, { name: visits });
    await sim.advance(100);
    expect(await sim.call(visits, "add", 0)).toBe(1);
    sim.kill(sim.whereis(counters) as never);
    await sim.advance(100);
    expect(sim.isAlive(boss.pid)).toBe(true);
  }));

test("a key of a registry that does not run: lookups and starts throw, the others find nobody", () =>
  inVirtualTime(async (sim) => {
    const unknown = /expected a registry or a partition supervisor that runs, got: .counters./;
    refuses(() => sim.whereis(visits), unknown);
    refuses(() => sim.spawn(forever, { name: visits }), unknown);
    await expect(start(sim, Counter, 0, { name: visits })).rejects.toThrow(unknown);
    await expect(sim.call(visits, "add", 1)).rejects.toMatchObject({ reason: "noproc" });
    expect(() => sim.send(visits, 1)).toThrow(BadArgument);
    sim.cast(visits, "add", 1);
    expect(sim.processes()).toEqual([]);
  }));

test("a key of a duplicate registry is no name: lookups and starts throw, and nothing is left of the start", () =>
  inVirtualTime(async (sim) => {
    const topics = registry<string, string, typeof Counter>("topics");
    await sim.start(Registry.child({ name: topics, keys: "duplicate" }));
    const why = /a key as a name: expected a registry of unique keys, got: 'topics', whose keys are duplicate/;
    const before = sim.processes().length;
    const topic = via(topics, "news");
    refuses(() => sim.whereis(topic), why);
    await expect(start(sim, Counter, 0, { name: topic })).rejects.toThrow(why);
    const ada = puppet(sim);
    await ada.does((self) => refuses(() => self.register(topic), why));
    await ada.does((self) => Registry.register(self, topics, "news", "value"));
    await expect(sim.call(topic, "add", 1)).rejects.toMatchObject({ reason: "noproc" });
    expect(() => sim.send(topic, 1)).toThrow(BadArgument);
    expect(sim.processes()).toHaveLength(before + 1);
  }));

test("a start while the partition is being restarted fails, and leaves no process", () =>
  withRegistry(async (sim) => {
    const [partition] = linksOf(sim, sim.whereis(counters) as never).filter((pid) => pid.id > 2);
    const before = sim.processes().length;
    sim.kill(partition as never);
    refuses(() => sim.spawn(forever, { name: visits }), /got: 'counters', which is being restarted/);
    await sim.idle();
    expect(sim.processes()).toHaveLength(before);
    await start(sim, Counter, 0, { name: visits });
  }));

test("a process takes a key for itself only, any number of them, and gives it back", () =>
  withRegistry(async (sim) => {
    const ada = puppet(sim, { name: name("ada") });
    const bob = puppet(sim);
    await ada.does((self) => {
      self.register(visits);
      self.register(via(counters, "others", "value"));
      refuses(
        () => self.register(via(counters, "more"), bob.pid),
        /expected to give a key of a registry to oneself, got: /,
      );
      expect(() => self.register(visits)).toThrow(/expected a key that is free, got: 'visits', which/);
    });
    expect(Registry.keys(sim, counters, ada.pid)).toEqual(["visits", "others"]);
    expect([sim.whereis(visits), sim.whereis(name("ada"))]).toEqual([ada.pid, ada.pid]);
    await bob.does((self) => self.unregister(visits));
    expect(sim.whereis(visits)).toBe(ada.pid);
    await ada.does((self) => self.unregister(visits));
    expect(Registry.keys(sim, counters, ada.pid)).toEqual(["others"]);
  }));

test("a key is no name of the system's own, also where both read the same", () =>
  withRegistry(async (sim) => {
    const same = name(visits.name);
    const counter = await start(sim, Counter, 0, { name: visits });
    expect(sim.whereis(same)).toBeUndefined();
    const other = sim.spawn(forever, { name: same });
    sim.kill(counter);
    await sim.idle();
    expect(sim.whereis(same)).toBe(other);
  }));

test("reports and trees call a process by its key, unless it has a label", () =>
  withRegistry(async (sim) => {
    const crashes = events(sim, "process.crash");
    const counter = await start(sim, Counter, 0, { name: visits });
    const labelled = await start(sim, Counter, 0, { name: via(counters, "other"), label: "the other" });
    const labels = sim.processes().map(({ label }) => label);
    expect(labels).toContain(`${counter} counters['visits']`);
    expect(labels).toContain(`${labelled} the other`);
    sim.cast(visits as Name, "nothing");
    await sim.idle();
    expect(crashes).toMatchObject([{ label: `${counter} counters['visits']` }]);
    expect(child(Counter, 0, { name: visits }).id).toBe("counters['visits']");
  }));

test("a supervised process is found by its key after it was restarted", () =>
  withRegistry(async (sim) => {
    const pool = await sim.start(DynamicSupervisor.child({ name: via(registry("counters"), "pool") }));
    const spec = child(Counter, 1, { name: visits });
    const first = await DynamicSupervisor.startChild(sim, via(registry("counters"), "pool"), spec);
    await expect(DynamicSupervisor.startChild(sim, pool, spec)).rejects.toBeInstanceOf(AlreadyStarted);
    sim.kill(first);
    await sim.idle();
    expect(sim.whereis(visits)).not.toBe(first);
    expect(await sim.call(visits, "add", 1)).toBe(2);
    expect(await treeOf(sim, via(registry("counters"), "pool"))).toMatchObject({ pid: pool, id: "counters['pool']" });
  }));

test("a registry may itself be called by a key of another", () =>
  withRegistry(async (sim) => {
    const inner = via(registry("counters"), "inner");
    await sim.start(Registry.child({ name: inner, keys: "unique" }));
    const counter = await start(sim, Counter, 5, { name: via(inner, "deep") });
    expect(sim.whereis(via(inner, "deep"))).toBe(counter);
    expect(via(inner, "deep").name).toBe("counters['inner']['deep']");
    expect(Registry.count(sim, inner)).toBe(1);
  }));

test("via refuses what is no name of a registry", () => {
  for (const bad of [undefined, null, "counters", {}, { name: "" }]) {
    refuses(() => via(bad as any, "key"), /expected a pid or a name/);
  }
});
