import { type ChildSpec, ok, type Pid, StartError, type WithExtra } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

/** A worker whose start says how often it was started. */
function counting(world: World, id: string, options: Parameters<World["worker"]>[1] = {}) {
  const { start, ...spec } = world.worker(id, options);
  let starts = 0;
  return {
    ...spec,
    start: async (parent) => {
      const pid = await start(parent);
      return pid === "ignore" ? pid : { pid, extra: { starts: ++starts } };
    },
  } satisfies ChildSpec<any, WithExtra>;
}

describe("a start that gives extra information", () => {
  test("gives it to who asked with startChild, and it is not kept", () =>
    inWorld(async (world) => {
      const top = await world.start({});
      const started = await Supervisor.startChild(world.sim, top, counting(world, "a"));
      expect(started).toEqual({ pid: world.pid("a"), extra: { starts: 1 } });
      expect(await Supervisor.whichChildren(world.sim, top)).toEqual([
        { id: "a", pid: world.pid("a"), type: "worker" },
      ]);
    }));

  test("gives it to who asked with restartChild: the one of that start", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [counting(world, "a")] });
      await Supervisor.terminateChild(world.sim, top, "a");
      const again = await Supervisor.restartChild<WithExtra>(world.sim, top, "a");
      expect(again).toEqual({ pid: world.pid("a"), extra: { starts: 2 } });
    }));

  test("is one as any other in a list of children, and after a crash", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "oneForAll", children: [counting(world, "a"), world.worker("b")] });
      await world.kill("b");
      await world.kill("a");
      expect(await world.children(top)).toEqual(["b#3", "a#3"]);
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.take().at(-1)).toBe("down a#3 shutdown");
    }));

  test("gives it under a dynamic and a simpleOneForOne supervisor, too", () =>
    inWorld(async (world) => {
      const dynamic = await world.sim.start(DynamicSupervisor.child());
      const started = await DynamicSupervisor.startChild(world.sim, dynamic, counting(world, "a"));
      expect(started).toEqual({ pid: world.pid("a"), extra: { starts: 1 } });
      await world.kill("a");
      expect(await DynamicSupervisor.whichChildren(world.sim, dynamic)).toMatchObject([{ pid: world.pid("a") }]);

      const { start, ...spec } = counting(world, "b");
      const template = { ...spec, start: (parent: Parameters<typeof start>[0], _: number) => start(parent) };
      const simple = await world.start({ strategy: "simpleOneForOne", children: [template] });
      expect(await Supervisor.startChild(world.sim, simple, 7)).toEqual({ pid: world.pid("b"), extra: { starts: 1 } });
      await world.kill("b");
      expect(await Supervisor.countChildren(world.sim, simple)).toMatchObject({ active: 1 });
    }));

  test("is one as any other under the root of a system, which has no use for it", () =>
    inWorld(async (world) => {
      expect(await world.sim.start(counting(world, "a"))).toBe(world.pid("a"));
    }));

  test("may be ignored", () =>
    inWorld(async (world) => {
      const top = await world.start({});
      const ignored = counting(world, "a", { starts: [{ ignore: true }] });
      expect(await Supervisor.startChild(world.sim, top, ignored)).toBeUndefined();
      expect(await world.children(top)).toEqual(["a stopped"]);
    }));

  test("fails when what it gives has no pid", () =>
    inWorld(async (world) => {
      const top = await world.start({});
      const odd = { id: "odd", start: async () => ({ pid: "seven" as unknown as Pid, extra: 1 }) };
      const failed = Supervisor.startChild(world.sim, top, odd);
      await expect(failed).rejects.toThrow(StartError);
      await expect(failed).rejects.toMatchObject({ reason: { pid: "seven", extra: 1 } });
      expect(await world.children(top)).toEqual([]);
    }));

  test("may hand a client what its server has made", () =>
    inWorld(async (world) => {
      const Table = { init: (rows: Map<string, number>) => ok(rows) } satisfies GenServer<Map<string, number>>;
      const spec = (rows = new Map([["ada", 1]])) => ({
        id: "table",
        start: async (parent: Parameters<ChildSpec["start"]>[0]) => {
          const pid = await child(Table, rows).start(parent);
          return pid === "ignore" ? pid : { pid, extra: rows };
        },
      });
      const top = await world.start({});
      const table = await Supervisor.startChild(world.sim, top, spec());
      expect(table?.extra.get("ada")).toBe(1);
    }));
});
