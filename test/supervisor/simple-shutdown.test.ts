import type { Pid, Reason } from "hornbeam";
import { Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type Script, type World } from "./support.ts";

const { startChild } = Supervisor;

type Options = Parameters<World["simple"]>[0];

/** A simpleOneForOne supervisor with these children. Returns what stops it, and how long that took. */
async function stopping(world: World, options: Options, scripts: Readonly<Record<string, Script>>) {
  const { top, parent } = await world.startUnder(world.simple(options));
  for (const [id, script] of Object.entries(scripts)) await startChild(world.sim, top, id, script);
  world.take();
  return async () => {
    const before = world.sim.now();
    const down = new Promise<void>((resolve) => {
      world.sim.telemetry.on("process.exit", (_, { pid }) => pid === top && resolve());
    });
    world.sim.send(parent, { end: "shutdown" });
    await down;
    return world.sim.now() - before;
  };
}

const downs = (world: World): string[] => world.take().filter((line) => line.startsWith("down"));
const slow = (stopTime: number): Script => ({ trapExit: true, stopTime });
const stubborn: Script = { trapExit: true, stopTime: "forever" };

describe("a simpleOneForOne supervisor that stops", () => {
  test("stops its children all at once: it takes as long as the slowest", () =>
    inWorld(async (world) => {
      const stop = await stopping(world, {}, { a: slow(3000), b: slow(1000), c: {} });
      expect(await stop()).toBe(3000);
      expect(world.take()).toEqual([
        "down c#1 shutdown",
        "terminate a#1 shutdown",
        "terminate b#1 shutdown",
        "down b#1 shutdown",
        "down a#1 shutdown",
        "down top#1 shutdown",
      ]);
      expect(world.reports).toEqual([]);
    }));

  test("has one timer for all, and kills those that still run when it fires", () =>
    inWorld(async (world) => {
      const scripts = { a: stubborn, b: slow(99), c: stubborn };
      const stop = await stopping(world, { shutdown: 100 }, scripts);
      const stopped = stop();
      await world.sim.advance(50);
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual(["2 timers"]); // it, and b's own
      expect(await stopped).toBe(100);
      expect(downs(world)).toEqual(["down b#1 shutdown", "down a#1 killed", "down c#1 killed", "down top#1 shutdown"]);
    }));

  test("does not wait for its timer when all are down", () =>
    inWorld(async (world) => {
      const stop = await stopping(world, { shutdown: 60_000 }, { a: slow(10), b: {} });
      expect(await stop()).toBe(10);
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
    }));

  test("with infinity waits as long as it takes", () =>
    inWorld(async (world) => {
      const stop = await stopping(world, { shutdown: "infinity" }, { a: slow(7_200_000), b: {} });
      expect(await stop()).toBe(7_200_000);
    }));

  test("with brutalKill kills all at once, without a terminate, and that is no error", () =>
    inWorld(async (world) => {
      const stop = await stopping(world, { shutdown: "brutalKill", trapExit: true }, { a: {}, b: {} });
      await stop();
      expect(world.take()).toEqual(["down a#1 killed", "down b#1 killed", "down top#1 shutdown"]);
      expect(world.reports).toEqual([]);
    }));

  test("does not wait for a child that has unlinked itself and died, nor for one that is being restarted", () =>
    inWorld(async (world) => {
      const starts = [{}, ...Array(100).fill({ after: 10, fail: "not yet" })];
      const { top, parent } = await world.startUnder(world.simple({}, { maxRestarts: 1000 }));
      await startChild(world.sim, top, "a", { unlinks: true });
      await startChild(world.sim, top, "b", { starts });
      await world.kill("a", "b");
      await world.sim.advance(25);
      world.take();
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(5);
      expect(world.take()).toEqual(["down b#4 not yet", "down top#1 shutdown"]);
    }));

  test("when killed leaves its children to the signal of the link", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await startChild(world.sim, top, "a");
      await startChild(world.sim, top, "b", { trapExit: true });
      world.take();
      await world.kill("top");
      expect(world.take()).toEqual(["down top#1 killed", "down a#1 killed", "terminate b#1 killed", "down b#1 killed"]);
    }));
});

describe("the shutdown errors of a simpleOneForOne supervisor", () => {
  /** Each report: the reason, and which children it is about. */
  const listen = (world: World): unknown[] => {
    const heard: unknown[] = [];
    world.sim.telemetry.on("supervisor.child.shutdownError", (_, { id, pid, pids, reason }) => {
      expect(pid).toBe(pids[0]);
      heard.push([id, reason instanceof Error ? reason.message : reason, pids.map((each: Pid) => world.nameOf(each))]);
    });
    return heard;
  };
  const throws = (message: string): Script => ({ trapExit: true, stopThrows: new Error(message) });

  test("are one report for each reason, with all that ended so", () =>
    inWorld(async (world) => {
      const heard = listen(world);
      const scripts = { a: throws("boom"), b: stubborn, c: throws("bang"), d: throws("boom"), e: stubborn, f: {} };
      const stop = await stopping(world, { shutdown: 100 }, scripts);
      expect(await stop()).toBe(100);
      expect(heard).toEqual([
        ["template", "boom", ["a#1", "d#1"]],
        ["template", "bang", ["c#1"]],
        ["template", "killed", ["b#1", "e#1"]],
      ]);
    }));

  const own: readonly { restart: "permanent" | "transient" | "temporary"; reason: Reason; reported: boolean }[] = [
    { restart: "permanent", reason: "normal", reported: true },
    { restart: "permanent", reason: { shutdown: 1 }, reported: true },
    { restart: "transient", reason: "normal", reported: false },
    { restart: "transient", reason: { shutdown: 1 }, reported: false },
    { restart: "temporary", reason: "normal", reported: false },
    { restart: "temporary", reason: "boom", reported: true },
  ];

  test.each(own)(
    "name children that ended by themselves meanwhile, as $restart with $reason: $reported",
    ({ restart, reason, reported }) =>
      inWorld(async (world) => {
        const heard = listen(world);
        const { top, parent } = await world.startUnder(world.simple({ restart }));
        for (const id of ["a", "b"]) await startChild(world.sim, top, id);
        // The order of the parent is in the mailbox first, the ends are there when it is obeyed.
        world.sim.send(parent, { end: "shutdown" });
        for (const id of ["a", "b"]) world.sim.cast(world.pid(id), "end", reason);
        await world.sim.idle();
        expect(world.take().at(-1)).toBe("down top#1 shutdown");
        expect(heard).toEqual(reported ? [["template", reason, ["a#1", "b#1"]]] : []);
      }),
  );
});
