import type { Backoff, Pid } from "hornbeam";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const backoff: Backoff = { first: 100, factor: 2, max: 1000 };
const fail = { fail: "not yet" };
const refused = (promise: Promise<unknown>) => promise.catch((error) => error.reason);

/** The moments at which `id` was started again, in a world where a child that runs is killed at once. */
async function moments(world: World, id: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    await world.kill(id);
    const starts = () => world.take().filter((line) => line.startsWith(`start ${id}`)).length;
    while (starts() === 0) await world.sim.advance(1);
    times.push(world.sim.now());
  }
  return times;
}

const gaps = (times: readonly number[]): number[] => times.map((time, n) => time - (times[n - 1] ?? 0));

describe("a back-off", () => {
  test("has each restart of a child wait longer than the one before, up to the longest wait", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], maxRestarts: 100, backoff });
      expect(gaps(await moments(world, "a", 6))).toEqual([100, 200, 400, 800, 1000, 1000]);
    }));

  test("is off unless it is asked for: a restart comes at once", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")] });
      await world.kill("a");
      expect(world.sim.now()).toBe(0);
      expect(world.take()).toEqual(["down a#1 killed", "start a#2"]);
    }));

  test("doubles up to 30 seconds unless said otherwise", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], maxRestarts: 100, backoff: { first: 8000 } });
      expect(gaps(await moments(world, "a", 4))).toEqual([8000, 16_000, 30_000, 30_000]);
    }));

  test("of one child does not concern the others: each has a count of its own", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a"), world.worker("b")], maxRestarts: 100, backoff });
      await moments(world, "a", 3);
      const before = world.sim.now();
      expect((await moments(world, "b", 1)).map((time) => time - before)).toEqual([100]);
    }));

  test("in a child's spec wins over its supervisor's", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { backoff: { first: 7, factor: 1 } })];
      await world.start({ children, maxRestarts: 100, backoff });
      expect(gaps(await moments(world, "a", 3))).toEqual([7, 7, 7]);
    }));

  test("in a child's spec needs none in its supervisor's", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { backoff: { first: 7 } }), world.worker("b")];
      await world.start({ children, maxRestarts: 100 });
      await world.kill("b");
      expect(world.sim.now()).toBe(0);
      expect(gaps(await moments(world, "a", 3))).toEqual([7, 14, 28]);
    }));

  test("has an attempt that failed wait, too", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { starts: [{}, fail, fail] })], backoff });
      await world.kill("a");
      await world.sim.advance(699);
      expect(world.take()).toEqual([
        "down a#1 killed",
        "start a#2",
        "down a#2 not yet",
        "start a#3",
        "down a#3 not yet",
      ]);
      await world.sim.advance(1);
      expect(await world.children(top)).toEqual(["a#4"]);
    }));

  test("begins anew when the child has run for a calm time, and not before", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], maxRestarts: 100, backoff: { ...backoff, calm: 5000 } });
      await moments(world, "a", 3);
      await world.sim.advance(4999);
      const [at = 0] = [world.sim.now()];
      expect(await moments(world, "a", 1)).toEqual([at + 800]);
      await world.sim.advance(5000);
      expect(await moments(world, "a", 1)).toEqual([at + 800 + 5000 + 100]);
    }));

  test("does not take the time of failing attempts for calm", () =>
    inWorld(async (world) => {
      const waits: number[] = [];
      world.sim.telemetry.on("supervisor.child.backoff", ({ delay }) => waits.push(delay));
      const starts = [{}, ...Array(5).fill(fail)];
      await world.start({ children: [world.worker("a", { starts })], maxRestarts: 100, backoff });
      await world.kill("a");
      await world.sim.advance(60_000);
      expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
    }));

  test("takes its longest wait for calm unless said otherwise", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], maxRestarts: 100, backoff });
      await moments(world, "a", 2);
      await world.sim.advance(1000);
      const at = world.sim.now();
      expect(await moments(world, "a", 1)).toEqual([at + 100]);
    }));

  test("takes a part of each wait off by the dice of the system, at most the jitter", () =>
    inWorld(async (world) => {
      const rolled: number[] = [];
      world.sim.telemetry.on("supervisor.child.backoff", ({ delay }) => rolled.push(delay));
      const jittery = { first: 1000, factor: 1, jitter: 0.25 };
      await world.start({ children: [world.worker("a", { backoff: jittery })], maxRestarts: 100 });
      for (let n = 0; n < 50; n++) {
        await world.kill("a");
        await world.sim.advance(1000);
      }
      expect(rolled).toHaveLength(50);
      expect(new Set(rolled).size).toBe(50);
      expect(Math.min(...rolled)).toBeGreaterThan(750);
      expect(Math.min(...rolled)).toBeLessThan(800);
      expect(Math.max(...rolled)).toBeGreaterThan(950);
      expect(Math.max(...rolled)).toBeLessThanOrEqual(1000);
    }));

  test("tells of each wait: how long, and which attempt comes after it", () =>
    inWorld(async (world) => {
      const waits: unknown[] = [];
      world.sim.telemetry.on("supervisor.child.backoff", ({ delay, attempt }, { id }) =>
        waits.push([id, delay, attempt]),
      );
      await world.start({ children: [world.worker("a")], maxRestarts: 100, backoff });
      await moments(world, "a", 3);
      expect(waits).toEqual([
        ["a", 100, 1],
        ["a", 200, 2],
        ["a", 400, 3],
      ]);
    }));
});

describe("the intensity under a back-off", () => {
  test("counts each attempt when it is decided: one too many gives up at once, without a wait", () =>
    inWorld(async (world) => {
      const starts = [{}, fail, fail];
      const top = await world.start({ children: [world.worker("a", { starts })], maxRestarts: 2, backoff });
      await world.kill("a");
      await world.sim.advance(100 + 200);
      expect(world.take().at(-1)).toBe("down top#1 shutdown");
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.reports).toEqual([
        "exit a killed",
        "startError a not yet",
        "startError a not yet",
        "giveUp a not yet",
      ]);
    }));

  test("of zero restarts does not wait for anything", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], maxRestarts: 0, backoff });
      await world.kill("a");
      expect(world.sim.now()).toBe(0);
      expect(world.take()).toEqual(["down a#1 killed", "down top#1 shutdown"]);
    }));

  test("is not exceeded by attempts that are far enough apart", () =>
    inWorld(async (world) => {
      const starts = [{}, ...Array(20).fill(fail)];
      const slow = { first: 2500, factor: 1 };
      const top = await world.start({ children: [world.worker("a", { starts })], maxRestarts: 3, backoff: slow });
      await world.kill("a");
      await world.sim.advance(21 * 2500);
      expect(await world.children(top)).toEqual(["a#22"]);
    }));
});

describe("a child that waits", () => {
  /** `a` waits for 100 ms, `b` runs. */
  async function waiting(world: World) {
    const children = [world.worker("a"), world.worker("b")];
    const under = await world.startUnder({ children, maxRestarts: 100, backoff });
    await world.kill("a");
    world.take();
    return under;
  }

  test("is listed as restarting, does not count as active, and its supervisor answers meanwhile", () =>
    inWorld(async (world) => {
      const { top } = await waiting(world);
      expect(await world.children(top)).toEqual(["b#1", "a restarting"]);
      expect(await Supervisor.countChildren(world.sim, top)).toEqual({
        specs: 2,
        active: 1,
        supervisors: 0,
        workers: 2,
      });
      expect(await Supervisor.whichChild(world.sim, top, "a")).toMatchObject({ pid: "restarting" });
      expect(world.sim.now()).toBe(0);
    }));

  test("can neither be started, nor restarted, nor deleted", () =>
    inWorld(async (world) => {
      const { top } = await waiting(world);
      expect([
        await refused(Supervisor.startChild(world.sim, top, world.worker("a"))),
        await refused(Supervisor.restartChild(world.sim, top, "a")),
        await refused(Supervisor.deleteChild(world.sim, top, "a")),
      ]).toEqual(["alreadyPresent", "restarting", "restarting"]);
      await world.sim.advance(100);
      expect(await world.children(top)).toEqual(["b#1", "a#2"]);
    }));

  test("can be terminated: its timer is gone, and it stays stopped", () =>
    inWorld(async (world) => {
      const { top } = await waiting(world);
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
      await world.sim.advance(10_000);
      expect(await world.children(top)).toEqual(["b#1", "a stopped"]);
      await Supervisor.deleteChild(world.sim, top, "a");
    }));

  test("is not started by an old wait when it was terminated, restarted, and waits anew", () =>
    inWorld(async (world) => {
      const { top } = await waiting(world);
      await world.sim.advance(99);
      await Supervisor.terminateChild(world.sim, top, "a");
      await Supervisor.restartChild(world.sim, top, "a");
      await world.kill("a");
      world.take();
      await world.sim.advance(199);
      expect(world.take()).toEqual([]);
      await world.sim.advance(1);
      expect(world.take()).toEqual(["start a#3"]);
    }));

  test("waits its whole time again, when a sibling took it along and it failed, though its old time had come", () =>
    inWorld(async (world) => {
      const children = [world.worker("b"), world.worker("a", { starts: [{}, fail], backoff })];
      const top = await world.start({ strategy: "restForOne", children });
      await world.kill("a");
      await world.sim.advance(50);
      const busy = Supervisor.startChild(world.sim, top, world.worker("c", { starts: [{ after: 100 }] }));
      await world.sim.advance(10);
      await world.kill("b"); // heard of at 150 ms, before the order that a's timer gave at 100 ms
      await busy;
      await world.sim.idle();
      expect(world.sim.now()).toBe(150);
      expect(world.take().slice(-3)).toEqual(["start b#2", "start a#2", "down a#2 not yet"]);
      await world.sim.advance(199);
      expect(world.take()).toEqual([]);
      await world.sim.advance(1);
      expect(world.take()).toEqual(["start a#3", "start c#2"]);
    }));

  test("is waited for by nobody when the supervisor is told to stop", () =>
    inWorld(async (world) => {
      const { parent } = await waiting(world);
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.idle();
      expect(world.sim.now()).toBe(0);
      expect(world.take()).toEqual(["down b#1 shutdown", "down top#1 shutdown"]);
      await world.sim.advance(10_000);
      expect(world.take()).toEqual([]);
    }));

  test("leaves no timer behind when the supervisor is killed", () =>
    inWorld(async (world) => {
      await waiting(world);
      await world.kill("top");
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
    }));

  test("takes its siblings along as the strategy says: they stop at once, and start with it", () =>
    inWorld(async (world) => {
      const children = ["a", "b", "c"].map((id) => world.worker(id));
      await world.start({ strategy: "restForOne", children, backoff });
      await world.kill("b");
      expect(world.take()).toEqual(["down b#1 killed", "down c#1 shutdown"]);
      await world.sim.advance(100);
      expect(world.take()).toEqual(["start b#2", "start c#2"]);
    }));

  test("under oneForAll has all wait, also when a sibling fails to come back", () =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("b", { starts: [{}, fail] }), world.worker("c")];
      const top = await world.start({ strategy: "oneForAll", children, backoff });
      await world.kill("c");
      expect(world.take()).toEqual(["down c#1 killed", "down b#1 shutdown", "down a#1 shutdown"]);
      await world.sim.advance(100);
      expect(world.take()).toEqual(["start a#2", "start b#2", "down b#2 not yet", "down a#2 shutdown"]);
      expect(await world.children(top)).toEqual(["c stopped", "b restarting", "a stopped"]);
      await world.sim.advance(100);
      expect(world.take()).toEqual(["start a#3", "start b#3", "start c#2"]);
    }));

  test("counts as one that is there for allSignificant", () =>
    inWorld(async (world) => {
      const significant = { significant: true, restart: "transient" } as const;
      const children = [world.worker("a", significant), world.worker("b", significant)];
      const top = await world.start({ autoShutdown: "allSignificant", children, backoff });
      await world.kill("a");
      await world.end("b", "normal");
      expect(await world.children(top)).toEqual(["b stopped", "a restarting"]);
      await world.sim.advance(100);
      await world.end("a", "normal");
      expect(world.sim.isAlive(top)).toBe(false);
    }));
});

describe.each(["dynamic", "simpleOneForOne"] as const)("a child of a %s supervisor that waits", (kind) => {
  async function waiting(world: World, starts: readonly object[] = [], maxRestarts = 100) {
    const options = { backoff, maxRestarts };
    const isDynamic = kind === "dynamic";
    const top = isDynamic
      ? await world.sim.start(DynamicSupervisor.child({ ...options, maxChildren: 1 }))
      : await world.start(world.simple({}, options));
    const { terminateChild, whichChildren, countChildren } = isDynamic ? DynamicSupervisor : Supervisor;
    if (isDynamic) await DynamicSupervisor.startChild(world.sim, top, world.worker("a", { starts }));
    else await Supervisor.startChild(world.sim, top, "a", { starts });
    const pid = world.pid("a");
    await world.kill("a");
    world.take();
    const ask = {
      which: () => whichChildren(world.sim, top),
      count: () => countChildren(world.sim, top),
      terminate: (child: Pid) => terminateChild(world.sim, top, child),
    };
    return { top, pid, ...ask };
  }

  test("is restarting meanwhile, and then runs", () =>
    inWorld(async (world) => {
      const { which, count } = await waiting(world);
      expect(await which()).toEqual([{ id: undefined, pid: "restarting", type: "worker" }]);
      expect(await count()).toMatchObject({ active: 0, workers: 1 });
      await world.sim.advance(99);
      expect(world.take()).toEqual([]);
      await world.sim.advance(1);
      expect(await which()).toMatchObject([{ pid: world.pid("a") }]);
      expect(world.take()).toEqual(["start a#2"]);
    }));

  test("waits longer after an attempt that failed", () =>
    inWorld(async (world) => {
      await waiting(world, [{}, fail]);
      await world.sim.advance(299);
      expect(world.take()).toEqual(["start a#2", "down a#2 not yet"]);
      await world.sim.advance(1);
      expect(world.take()).toEqual(["start a#3"]);
    }));

  test("ends its supervisor by the attempt that fails once too often, without another wait", () =>
    inWorld(async (world) => {
      const { top } = await waiting(world, [{}, fail, fail], 2);
      await world.sim.advance(100 + 200);
      expect(world.take().slice(0, 4)).toEqual(["start a#2", "down a#2 not yet", "start a#3", "down a#3 not yet"]);
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("can be terminated by the pid that it had", () =>
    inWorld(async (world) => {
      const { pid, terminate, which } = await waiting(world);
      await terminate(pid);
      expect(await which()).toEqual([]);
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
      await world.sim.advance(10_000);
      expect(world.take()).toEqual([]);
    }));

  test("is waited for by nobody when the supervisor stops", () =>
    inWorld(async (world) => {
      const { top } = await waiting(world);
      await world.sim.stop();
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.sim.now()).toBe(0);
    }));
});

test("a child that waits counts towards maxChildren", () =>
  inWorld(async (world) => {
    const top = await world.sim.start(DynamicSupervisor.child({ maxChildren: 1, backoff }));
    await DynamicSupervisor.startChild(world.sim, top, world.worker("a"));
    await world.kill("a");
    const more = DynamicSupervisor.startChild(world.sim, top, world.worker("b"));
    await expect(more).rejects.toMatchObject({ reason: "maxChildren" });
  }));

describe("a back-off that is not legal", () => {
  const illegal: readonly { backoff: unknown; message: string }[] = [
    { backoff: "slow", message: "{ first, factor, max, jitter, calm }, got: 'slow'" },
    { backoff: {}, message: "first: milliseconds above 0, got: {}" },
    { backoff: { first: 0 }, message: "first: milliseconds above 0, got: { first: 0 }" },
    { backoff: { first: Infinity }, message: "first: milliseconds above 0, got: { first: Infinity }" },
    { backoff: { first: 1, factor: 0.5 }, message: "factor: a number from 1 up" },
    { backoff: { first: 10, max: 9 }, message: "max: milliseconds, not below first" },
    { backoff: { first: 1, jitter: 1.1 }, message: "jitter: a number from 0 to 1" },
    { backoff: { first: 1, calm: -1 }, message: "calm: milliseconds" },
  ];

  test.each(illegal)("$backoff fails the start of a supervisor, and of a dynamic one", ({ backoff, message }) =>
    inWorld(async (world) => {
      const why = { invalidBackoff: backoff };
      const flags = { backoff } as never;
      for (const spec of [world.tree("top", flags), DynamicSupervisor.child(flags)]) {
        const { reason } = await world.sim.start(spec).catch((error) => error);
        expect(reason).toMatchObject({ name: "BadSpec", why });
        expect(reason.message).toContain(`expected backoff of the supervisor to have ${message}`);
      }
    }),
  );

  test.each(illegal)("$backoff in a child's spec is refused, and the supervisor lives", ({ backoff, message }) =>
    inWorld(async (world) => {
      const top = await world.start({});
      const started = Supervisor.startChild(world.sim, top, world.worker("a", { backoff } as never));
      await expect(started).rejects.toThrow(`expected backoff of child 'a' to have ${message}`);
      expect(world.sim.isAlive(top)).toBe(true);
    }),
  );
});
