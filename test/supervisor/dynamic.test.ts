import { AlreadyStarted, alreadyStarted, exit, name, type Pid, StartError } from "hornbeam";
import { type DynamicOptions, DynamicSupervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const { startChild, terminateChild, whichChildren, countChildren } = DynamicSupervisor;

const dynamic = (world: World, options?: DynamicOptions): Promise<Pid> =>
  world.sim.start(DynamicSupervisor.child(options));

describe("startChild", () => {
  test("starts the child and resolves to its pid", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      expect(await startChild(world.sim, top, world.worker("a"))).toBe(world.pid("a"));
      expect(await whichChildren(world.sim, top)).toEqual([{ id: undefined, pid: world.pid("a"), type: "worker" }]);
    }));

  test("takes as many children of one id as there are", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      for (let round = 0; round < 3; round++) await startChild(world.sim, top, world.worker("a"));
      expect(await countChildren(world.sim, top)).toEqual({ specs: 3, active: 3, supervisors: 0, workers: 3 });
    }));

  test("rejects with the start error of the child, bare, and keeps nothing", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const failing = startChild(world.sim, top, world.worker("a", { starts: [{ fail: "no disk" }] }));
      await expect(failing).rejects.toThrow(StartError);
      await expect(failing).rejects.toMatchObject({ reason: "no disk" });
      expect(await whichChildren(world.sim, top)).toEqual([]);
    }));

  test("rejects with the exception of a start function, and with an odd value in a StartError", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const boom = new Error("boom");
      const thrown = startChild(world.sim, top, { id: "a", start: () => Promise.reject(boom) });
      await expect(thrown).rejects.toBe(boom);
      const odd = startChild(world.sim, top, { id: "a", start: async () => "odd" as never });
      await expect(odd).rejects.toMatchObject({ name: "StartError", reason: "odd" });
      expect(await whichChildren(world.sim, top)).toEqual([]);
    }));

  test("rejects with the reason of an exit in a start function, and with NoCatch for another value that it throws", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const exits = startChild(world.sim, top, { id: "a", start: () => exit("oops") });
      await expect(exits).rejects.toMatchObject({ name: "StartError", reason: "oops" });
      const throws = startChild(world.sim, top, { id: "a", start: () => Promise.reject("oops") });
      await expect(throws).rejects.toMatchObject({ name: "StartError", reason: { name: "NoCatch", value: "oops" } });
      expect(await whichChildren(world.sim, top)).toEqual([]);
    }));

  test.each([0, 1, 5000, "infinity", "brutalKill"] as const)("takes a child whose shutdown is %s", (shutdown) =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      expect(await startChild(world.sim, top, world.worker("a", { shutdown }))).toBe(world.pid("a"));
    }),
  );

  test("rejects when the start is ignored, and keeps nothing, whatever the child's restart", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      for (const restart of ["permanent", "transient", "temporary"] as const) {
        const ignored = startChild(world.sim, top, world.worker(restart, { restart, starts: [{ ignore: true }] }));
        await expect(ignored).rejects.toMatchObject({ name: "StartError", reason: "ignore" });
      }
      expect(await whichChildren(world.sim, top)).toEqual([]);
    }));

  test("of a child whose name is held passes AlreadyStarted through, for a catch with alreadyStarted", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const room = () => startChild(world.sim, top, world.worker("room", { name: "lobby" }));
      const first = await room();
      await expect(room()).rejects.toThrow(AlreadyStarted);
      expect(await room().catch(alreadyStarted)).toBe(first);
      expect(await countChildren(world.sim, top)).toMatchObject({ active: 1 });
    }));

  test("reaches the supervisor by its name", () =>
    inWorld(async (world) => {
      await dynamic(world, { name: name("rooms") });
      await startChild(world.sim, name("rooms"), world.worker("a"));
      expect(await countChildren(world.sim, name("rooms"))).toMatchObject({ active: 1 });
    }));
});

describe("maxChildren", () => {
  test("is how many children may be there: one more is refused, unstarted", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxChildren: 2 });
      await startChild(world.sim, top, world.worker("a"));
      await startChild(world.sim, top, world.worker("b"));
      const third = startChild(world.sim, top, world.worker("c"));
      await expect(third).rejects.toMatchObject({ name: "SupervisorError", reason: "maxChildren" });
      expect(world.take()).toEqual(["start a#1", "start b#1"]);
    }));

  test("of 0 refuses all", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxChildren: 0 });
      await expect(startChild(world.sim, top, world.worker("a"))).rejects.toMatchObject({ reason: "maxChildren" });
    }));

  test("has room again when a child has ended, was terminated, or failed to start", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxChildren: 1 });
      await startChild(world.sim, top, world.worker("a", { restart: "temporary" }));
      await world.kill("a");
      const b = await startChild(world.sim, top, world.worker("b"));
      await terminateChild(world.sim, top, b);
      await startChild(world.sim, top, world.worker("c", { starts: [{ fail: "no" }] })).catch(() => {});
      await startChild(world.sim, top, world.worker("d"));
      expect(await countChildren(world.sim, top)).toMatchObject({ specs: 1, active: 1 });
    }));

  test("counts those that were restarted", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxChildren: 1 });
      await startChild(world.sim, top, world.worker("a"));
      await world.kill("a");
      await expect(startChild(world.sim, top, world.worker("b"))).rejects.toMatchObject({ reason: "maxChildren" });
      expect(await countChildren(world.sim, top)).toMatchObject({ workers: 1, active: 1 });
    }));

  test("counts those that are being restarted", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxChildren: 1 });
      const starts = [{}, { after: 100, fail: "not yet" }];
      await startChild(world.sim, top, world.worker("a", { starts }));
      await world.kill("a");
      await world.sim.advance(50);
      const [second, count] = await Promise.allSettled([
        startChild(world.sim, top, world.worker("b")),
        countChildren(world.sim, top),
      ]);
      expect(second).toMatchObject({ status: "rejected", reason: { reason: "maxChildren" } });
      expect(count).toMatchObject({ value: { specs: 1, active: 0, workers: 1 } });
    }));
});

describe("terminateChild", () => {
  test("stops the child by its own shutdown rule, and forgets it", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const gentle = await startChild(world.sim, top, world.worker("a", { trapExit: true, stopTime: 10 }));
      const brutal = await startChild(world.sim, top, world.worker("b", { shutdown: "brutalKill" }));
      world.take();
      expect(await terminateChild(world.sim, top, gentle)).toBeUndefined();
      await terminateChild(world.sim, top, brutal);
      expect(world.take()).toEqual(["terminate a#1 shutdown", "down a#1 shutdown", "down b#1 killed"]);
      expect(await whichChildren(world.sim, top)).toEqual([]);
      expect(world.reports).toEqual([]);
    }));

  test("rejects with notFound when the pid is not a child, or not any more", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const child = await startChild(world.sim, top, world.worker("a"));
      const stranger = await world.sim.start(world.worker("stranger"));
      await terminateChild(world.sim, top, child);
      for (const pid of [child, stranger]) {
        await expect(terminateChild(world.sim, top, pid)).rejects.toMatchObject({
          name: "SupervisorError",
          reason: "notFound",
        });
      }
      expect(world.sim.isAlive(stranger)).toBe(true);
    }));

  test("rejects with notFound for the pid that a child had before it was restarted, and leaves the child alone", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const before = await startChild(world.sim, top, world.worker("a"));
      await world.kill("a");
      await expect(terminateChild(world.sim, top, before)).rejects.toMatchObject({ reason: "notFound" });
      expect(world.sim.isAlive(world.pid("a"))).toBe(true);
    }));

  test("never counts towards the intensity", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxRestarts: 0 });
      await terminateChild(world.sim, top, await startChild(world.sim, top, world.worker("a")));
      expect(world.sim.isAlive(top)).toBe(true);
    }));

  test("of a child that is being restarted, by its last pid, ends the attempts", () =>
    inWorld(async (world) => {
      const top = await dynamic(world, { maxRestarts: 100_000 });
      const starts = [{}, ...Array(100).fill({ after: 100, fail: "not yet" })];
      const child = await startChild(world.sim, top, world.worker("a", { starts }));
      await world.kill("a");
      await world.sim.advance(50);
      await terminateChild(world.sim, top, child);
      expect(await countChildren(world.sim, top)).toEqual({ specs: 0, active: 0, supervisors: 0, workers: 0 });
      await world.sim.advance(1000);
      expect(world.take()).not.toContain("start a#3");
      await expect(terminateChild(world.sim, top, child)).rejects.toMatchObject({ reason: "notFound" });
    }));
});

describe("listings", () => {
  test("give the type of each child, and those that are being restarted without a pid", () =>
    inWorld(async (world) => {
      const top = await dynamic(world);
      const starts = [{}, { after: 100, fail: "not yet" }];
      await startChild(world.sim, top, world.tree("tree", {}));
      await startChild(world.sim, top, world.worker("a", { starts }));
      await world.kill("a");
      await world.sim.advance(50);
      const [which, count] = await Promise.all([whichChildren(world.sim, top), countChildren(world.sim, top)]);
      expect(which).toEqual([
        { id: undefined, pid: world.pid("tree"), type: "supervisor" },
        { id: undefined, pid: "restarting", type: "worker" },
      ]);
      expect(count).toEqual({ specs: 2, active: 1, supervisors: 1, workers: 1 });
    }));
});

test("an option that does not exist is refused, with those that do", () => {
  const refused = () => DynamicSupervisor.child({ maxChilden: 1 } as object);
  expect(refused).toThrow(/expected options \(.*maxChildren.*, name,.*\), got: 'maxChilden'/);
});
