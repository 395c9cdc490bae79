import { CallError, type Caller, name, type Pid } from "hornbeam";
import { Supervisor, SupervisorError } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, mixed } from "./support.ts";

const { startChild, terminateChild, restartChild, deleteChild } = Supervisor;
const { whichChild, whichChildren, countChildren, getChildSpec } = Supervisor;

const refusal = (reason: string) => ({ name: "SupervisorError", reason });

describe("terminateChild", () => {
  test("stops the child, keeps its spec, and does not restart it", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      expect(await terminateChild(world.sim, top, "running")).toBeUndefined();
      expect(world.take()).toEqual(["down running#1 shutdown"]);
      expect(await world.children(top)).toEqual(["temporary#1", "stopped stopped", "running stopped"]);
    }));

  test("forgets a temporary child", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await terminateChild(world.sim, top, "temporary");
      expect(await world.children(top)).toEqual(["stopped stopped", "running#1"]);
    }));

  test("of a stopped child is done already", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      expect(await terminateChild(world.sim, top, "stopped")).toBeUndefined();
    }));

  test("never counts towards the intensity", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a")], maxRestarts: 0 });
      for (let round = 0; round < 10; round++) {
        await terminateChild(world.sim, top, "a");
        await restartChild(world.sim, top, "a");
      }
      expect(await world.children(top)).toEqual(["a#11"]);
    }));
});

describe("restartChild", () => {
  test("starts a stopped child again in its old place, and resolves to its pid", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      expect(await restartChild(world.sim, top, "stopped")).toBe(world.pid("stopped"));
      expect(await world.children(top)).toEqual(["temporary#1", "stopped#2", "running#1"]);
    }));

  test("of a child that runs rejects with running", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await expect(restartChild(world.sim, top, "running")).rejects.toMatchObject(refusal("running"));
      await expect(restartChild(world.sim, top, "temporary")).rejects.toMatchObject(refusal("running"));
    }));

  test("that fails rejects with the reason, and leaves the child stopped", () =>
    inWorld(async (world) => {
      const starts = [{}, { fail: "no disk" }, { ignore: true } as const];
      const top = await world.start({ children: [world.worker("a", { starts })] });
      await terminateChild(world.sim, top, "a");
      await expect(restartChild(world.sim, top, "a")).rejects.toMatchObject({ name: "StartError", reason: "no disk" });
      expect(await world.children(top)).toEqual(["a stopped"]);
      expect(await restartChild(world.sim, top, "a")).toBeUndefined();
      expect(await world.children(top)).toEqual(["a stopped"]);
      expect(await restartChild(world.sim, top, "a")).toBe(world.pid("a"));
    }));

  test("of a transient child that ended as normal starts it again", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { restart: "transient" })] });
      await world.end("a", "normal");
      await restartChild(world.sim, top, "a");
      await world.kill("a");
      expect(await world.children(top)).toEqual(["a#3"]);
    }));
});

describe("deleteChild", () => {
  test("forgets a stopped child, so that its id is free", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      expect(await deleteChild(world.sim, top, "stopped")).toBeUndefined();
      expect(await world.children(top)).toEqual(["temporary#1", "running#1"]);
      await startChild(world.sim, top, world.worker("stopped"));
      expect(await world.children(top)).toEqual(["stopped#2", "temporary#1", "running#1"]);
    }));

  test("of a child that runs rejects with running", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await expect(deleteChild(world.sim, top, "running")).rejects.toMatchObject(refusal("running"));
    }));
});

describe("every administrative call", () => {
  type Ask = (by: Caller, top: Pid, id: string) => Promise<unknown>;
  const byId: Record<string, Ask> = { terminateChild, restartChild, deleteChild, whichChild, getChildSpec };
  const all: Record<string, Ask> = { ...byId, whichChildren, countChildren };

  test.each(Object.entries(byId))("%s of an unknown id rejects with notFound, and says what was asked", (call, ask) =>
    inWorld(async (world) => {
      const top = await mixed(world);
      const asked = ask(world.sim, top, "nobody");
      await expect(asked).rejects.toThrow(SupervisorError);
      await expect(asked).rejects.toMatchObject({
        reason: "notFound",
        message: `${call} nobody: expected a child of this supervisor, got: one that it does not have`,
      });
    }),
  );

  test.each(Object.entries(all))("%s of a supervisor that is gone rejects with noproc", (_, ask) =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await world.kill("top");
      const asked = ask(world.sim, top, "running");
      await expect(asked).rejects.toThrow(CallError);
      await expect(asked).rejects.toMatchObject({ reason: "noproc" });
    }),
  );

  test.each(Object.entries(byId))("%s by a pid rejects with notFound: children have ids here", (_, ask) =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await expect(ask(world.sim, top, world.pid("running") as never)).rejects.toMatchObject({ reason: "notFound" });
      expect(world.sim.isAlive(world.pid("running"))).toBe(true);
    }),
  );

  test("waits as long as the supervisor needs", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [] });
      const slow = startChild(world.sim, top, world.worker("a", { starts: [{ after: 3_600_000 }] }));
      expect(await countChildren(world.sim.with({ timeout: 1 }), top)).toMatchObject({ active: 1 });
      expect(await slow).toBe(world.pid("a"));
      expect(world.sim.now()).toBe(3_600_000);
    }));

  test("reaches a supervisor by its name", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], options: { name: name("boss") } });
      expect(await whichChildren(world.sim, name("boss"))).toEqual([{ id: "a", pid: world.pid("a"), type: "worker" }]);
    }));
});

describe("listings", () => {
  test("whichChildren gives the last started first, with id, pid and type", () =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.tree("b", {}), world.worker("c", { starts: [{ ignore: true }] })];
      const top = await world.start({ children });
      expect(await whichChildren(world.sim, top)).toEqual([
        { id: "c", pid: undefined, type: "worker" },
        { id: "b", pid: world.pid("b"), type: "supervisor" },
        { id: "a", pid: world.pid("a"), type: "worker" },
      ]);
    }));

  test("whichChild gives one of them: running, stopped, a supervisor", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await startChild(world.sim, top, world.tree("inner", {}));
      const { sim } = world;
      expect(await whichChild(sim, top, "running")).toEqual({
        id: "running",
        pid: world.pid("running"),
        type: "worker",
      });
      expect(await whichChild(sim, top, "stopped")).toEqual({ id: "stopped", pid: undefined, type: "worker" });
      expect(await whichChild(sim, top, "inner")).toEqual({ id: "inner", pid: world.pid("inner"), type: "supervisor" });
    }));

  test("countChildren counts thousands, workers and supervisors, and those that are terminated no more", () =>
    inWorld(async (world) => {
      const trees = Array.from({ length: 1000 }, (_, n) => world.tree(`tree${n}`, {}));
      const workers = Array.from({ length: 2000 }, (_, n) => world.worker(`worker${n}`));
      const top = await world.start({ children: [...trees, ...workers] });
      const counts = { specs: 3000, active: 3000, supervisors: 1000, workers: 2000 };
      expect(await countChildren(world.sim, top)).toEqual(counts);
      for (const { id } of workers) await terminateChild(world.sim, top, id);
      expect(await countChildren(world.sim, top)).toEqual({ ...counts, active: 1000 });
      for (const { id } of workers) await deleteChild(world.sim, top, id);
      expect(await countChildren(world.sim, top)).toEqual({ specs: 1000, active: 1000, supervisors: 1000, workers: 0 });
    }));

  test("countChildren counts specs, those that run, supervisors and workers, stopped ones included", () =>
    inWorld(async (world) => {
      const top = await mixed(world);
      await startChild(world.sim, top, world.tree("inner", {}));
      const count = await countChildren(world.sim, top);
      expect(count).toEqual({ specs: 4, active: 3, supervisors: 1, workers: 3 });
    }));

  test("countChildren does not count a dead child as active, even if the supervisor was not told", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { unlinks: true }), world.worker("b")] });
      await world.kill("a");
      const count = await countChildren(world.sim, top);
      expect(count).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 });
    }));

  test("getChildSpec gives the spec with its defaults filled in", () =>
    inWorld(async (world) => {
      const [worker, tree] = [world.worker("a"), world.tree("b", {})];
      const top = await world.start({ children: [worker, tree] });
      const defaults = { restart: "permanent", significant: false };
      expect(await getChildSpec(world.sim, top, "a")).toEqual({
        ...defaults,
        id: "a",
        start: worker.start,
        shutdown: 5000,
        type: "worker",
      });
      expect(await getChildSpec(world.sim, top, "b")).toEqual({
        ...defaults,
        id: "b",
        start: tree.start,
        shutdown: "infinity",
        type: "supervisor",
      });
    }));
});

test("a message that a supervisor does not know is reported and dropped", () =>
  inWorld(async (world) => {
    const unhandled: unknown[] = [];
    world.sim.telemetry.on("genserver.unhandled", (_, { message }) => unhandled.push(message));
    const top = await world.start({ children: [world.worker("a")] });
    world.sim.send(top, "hello");
    expect(await world.children(top)).toEqual(["a#1"]);
    expect(unhandled).toEqual(["hello"]);
  }));
