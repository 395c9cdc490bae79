import type { Reason, Restart } from "hornbeam";
import { DynamicSupervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type Script, type World } from "./support.ts";

const { startChild, whichChildren } = DynamicSupervisor;

/** A dynamic supervisor with one child, `a`. */
async function withChild(world: World, script: Script & { restart?: Restart } = {}, maxRestarts = 3) {
  const top = await world.sim.start(DynamicSupervisor.child({ maxRestarts }));
  await startChild(world.sim, top, world.worker("a", script));
  world.take();
  return top;
}

describe("a child of a dynamic supervisor that ends", () => {
  const cases: readonly { restart: Restart; reason: Reason; again: boolean; reported: boolean }[] = [
    { restart: "permanent", reason: "normal", again: true, reported: true },
    { restart: "permanent", reason: "shutdown", again: true, reported: true },
    { restart: "permanent", reason: { shutdown: 1 }, again: true, reported: true },
    { restart: "permanent", reason: "boom", again: true, reported: true },
    { restart: "transient", reason: "normal", again: false, reported: false },
    { restart: "transient", reason: "shutdown", again: false, reported: false },
    { restart: "transient", reason: { shutdown: 1 }, again: false, reported: false },
    { restart: "transient", reason: "boom", again: true, reported: true },
    { restart: "temporary", reason: "normal", again: false, reported: false },
    { restart: "temporary", reason: "shutdown", again: false, reported: false },
    { restart: "temporary", reason: "boom", again: false, reported: true },
  ];

  test.each(cases)(
    "$restart, with $reason: restarted $again, reported $reported",
    ({ restart, reason, again, reported }) =>
      inWorld(async (world) => {
        const top = await withChild(world, { restart });
        await world.end("a", reason);
        const pids = (await whichChildren(world.sim, top)).map(({ pid }) => pid);
        expect(pids).toEqual(again ? [world.pid("a")] : []);
        expect(world.reports).toHaveLength(reported ? 1 : 0);
      }),
  );

  test("is restarted alone", () =>
    inWorld(async (world) => {
      const top = await withChild(world);
      const other = await startChild(world.sim, top, world.worker("b"));
      await world.kill("a");
      expect(world.take()).toEqual(["start b#1", "down a#1 killed", "start a#2"]);
      expect(world.sim.isAlive(other)).toBe(true);
    }));
});

describe("a restart under a dynamic supervisor", () => {
  const fail = { fail: "not yet" };

  test("that fails is tried again until it succeeds, and is reported each time", () =>
    inWorld(async (world) => {
      const top = await withChild(world, { starts: [{}, fail, fail] });
      await world.kill("a");
      expect(world.take()).toEqual([
        "down a#1 killed",
        "start a#2",
        "down a#2 not yet",
        "start a#3",
        "down a#3 not yet",
        "start a#4",
      ]);
      expect(world.reports).toEqual(["exit a killed", "startError a not yet", "startError a not yet"]);
      expect(await whichChildren(world.sim, top)).toMatchObject([{ pid: world.pid("a") }]);
    }));

  test("that is ignored removes the child", () =>
    inWorld(async (world) => {
      const top = await withChild(world, { starts: [{}, fail, { ignore: true }] });
      await world.kill("a");
      expect(await whichChildren(world.sim, top)).toEqual([]);
      expect(world.take().at(-1)).toBe("down a#3 normal");
    }));

  test("counts again with each attempt: one too many, and the supervisor gives up", () =>
    inWorld(async (world) => {
      const top = await withChild(world, { starts: [{}, fail, fail, fail] }, 2);
      const other = await startChild(world.sim, top, world.worker("b"));
      await world.kill("a");
      expect(world.reports.at(-1)).toBe("giveUp a not yet");
      expect([top, other].map((pid) => world.sim.isAlive(pid))).toEqual([false, false]);
      expect(world.take().at(-1)).toBe("down b#1 shutdown");
    }));

  test("counts those of all children together, and one too many ends the supervisor as shutdown", () =>
    inWorld(async (world) => {
      const ends: unknown[] = [];
      const top = await withChild(world, {}, 1);
      await startChild(world.sim, top, world.worker("b"));
      world.sim.telemetry.on("process.exit", (_, { pid, reason }) => pid === top && ends.push(reason));
      await world.kill("a", "b");
      expect(ends).toEqual(["shutdown"]);
    }));

  test("is the fourth in five seconds unless said otherwise, when it is one too many", () =>
    inWorld(async (world) => {
      const top = await world.sim.start(DynamicSupervisor.child());
      await startChild(world.sim, top, world.worker("a"));
      for (let crash = 0; crash < 3; crash++) await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(true);
      await world.sim.advance(6000);
      for (let crash = 0; crash < 3; crash++) await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(true);
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("waits its turn behind the messages that came before it", () =>
    inWorld(async (world) => {
      const top = await withChild(world, { starts: [{}, { after: 100, fail: "not yet" }] });
      await world.kill("a");
      await world.sim.advance(50);
      await startChild(world.sim, top, world.worker("b"));
      await world.sim.idle();
      expect(world.take()).toEqual(["down a#1 killed", "start a#2", "down a#2 not yet", "start b#1", "start a#3"]);
    }));
});
