import { AlreadyStarted, alreadyStarted, StartError } from "hornbeam";
import { Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, mixed } from "./support.ts";

const { startChild, whichChildren } = Supervisor;

const refusal = (reason: string) => ({ name: "SupervisorError", reason });

describe("startChild", () => {
  test("starts the child, resolves to its pid, and makes it the last: the first to be stopped", () =>
    inWorld(async (world) => {
      const { top, parent } = await world.startUnder({ children: [world.worker("a")] });
      expect(await startChild(world.sim, top, world.worker("b"))).toBe(world.pid("b"));
      expect(await world.children(top)).toEqual(["b#1", "a#1"]);
      world.take();
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.idle();
      expect(world.take()).toEqual(["down b#1 shutdown", "down a#1 shutdown", "down top#1 shutdown"]);
    }));

  test("of an id that runs rejects with AlreadyStarted, which has the pid", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      const again = startChild(world.sim, top, world.worker("running"));
      await expect(again).rejects.toThrow(AlreadyStarted);
      await expect(again).rejects.toMatchObject({ pid: world.pid("running") });
      expect(world.take()).toEqual([]);
    }));

  test("of an id that is stopped rejects with alreadyPresent", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await expect(startChild(world.sim, top, world.worker("stopped"))).rejects.toMatchObject(
        refusal("alreadyPresent"),
      );
      expect(world.take()).toEqual([]);
    }));

  test("of a child that fails rejects with its reason, and keeps nothing", () =>
    inWorld(async (world) => {
      const top = await world.start({});
      const failing = startChild(world.sim, top, world.worker("a", { starts: [{ fail: "no disk" }] }));
      await expect(failing).rejects.toThrow(StartError);
      await expect(failing).rejects.toMatchObject({ reason: "no disk" });
      expect(await whichChildren(world.sim, top)).toEqual([]);
      expect(await startChild(world.sim, top, world.worker("a"))).toBe(world.pid("a"));
    }));

  test("of a child that is ignored resolves to undefined, and keeps the child, unless it is temporary", () =>
    inWorld(async (world) => {
      const top = await world.start({});
      const starts = [{ ignore: true }] as const;
      expect(await startChild(world.sim, top, world.worker("a", { starts }))).toBeUndefined();
      expect(await startChild(world.sim, top, world.worker("b", { starts, restart: "temporary" }))).toBeUndefined();
      expect(await world.children(top)).toEqual(["a stopped"]);
    }));

  test("of a child whose name is held elsewhere passes AlreadyStarted through, with the holder's pid", () =>
    inWorld(async (world) => {
      const top = await world.start({});
      const elsewhere = await world.sim.start(world.worker("elsewhere", { name: "printer" }));
      const second = startChild(world.sim, top, world.worker("a", { name: "printer" }));
      await expect(second).rejects.toThrow(AlreadyStarted);
      await expect(second).rejects.toMatchObject({ pid: elsewhere });
      expect(await whichChildren(world.sim, top)).toEqual([]);
    }));

  test("gives the pid that was there already to a catch with alreadyStarted, and other errors back", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      const start = (id: string) => startChild(world.sim, top, world.worker(id)).catch(alreadyStarted);
      expect(await start("running")).toBe(world.pid("running"));
      await expect(start("stopped")).rejects.toMatchObject(refusal("alreadyPresent"));
    }));
});
