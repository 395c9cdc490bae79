import { type Caller, exit, ok, type Pid, reply, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const { startChild, whichChildren, countChildren, terminateChild } = DynamicSupervisor;

describe("extraArguments", () => {
  const Store = {
    init: (given: readonly unknown[]) => ok(given),
    handleCall: { given: (_, given) => reply(given, given) },
  } satisfies GenServer<readonly unknown[]>;

  /** A child that knows what its start was given. */
  const store = (own: string) => ({
    id: "store",
    start: (parent: Self, ...extra: readonly unknown[]) => child(Store, [...extra, own]).start(parent),
  });
  const given = (by: Caller, pid: Pid): Promise<unknown> => by.call(pid, "given");

  test("are given to every child's start, before what the child brings itself", () =>
    inWorld(async (world) => {
      const db = { name: "db" };
      const top = await world.sim.start(DynamicSupervisor.child({ extraArguments: [db, 7] }));
      const first = await startChild(world.sim, top, store("first"));
      const second = await startChild(world.sim, top, store("second"));
      expect(await given(world.sim, first)).toEqual([db, 7, "first"]);
      expect(await given(world.sim, second)).toEqual([db, 7, "second"]);
    }));

  test("are given again at each restart", () =>
    inWorld(async (world) => {
      const top = await world.sim.start(DynamicSupervisor.child({ extraArguments: ["extra"] }));
      const before = await startChild(world.sim, top, store("own"));
      world.sim.kill(before);
      const [after] = await whichChildren(world.sim, top);
      expect(after?.pid).not.toBe(before);
      expect(await given(world.sim, after?.pid as Pid)).toEqual(["extra", "own"]);
    }));

  test("are none unless said otherwise", () =>
    inWorld(async (world) => {
      const top = await world.sim.start(DynamicSupervisor.child());
      expect(await given(world.sim, await startChild(world.sim, top, store("own")))).toEqual(["own"]);
    }));

  test("that are no array fail the start", () =>
    inWorld(async (world) => {
      const started = world.sim.start(DynamicSupervisor.child({ extraArguments: -1 as never }));
      await expect(started).rejects.toMatchObject({
        reason: {
          name: "BadSpec",
          message: "expected extraArguments to be an array, got: -1",
          why: { invalidExtraArguments: -1 },
        },
      });
    }));
});

/** What `exit(reason)` throws. */
function exitOf(reason: string): unknown {
  try {
    return exit(reason);
  } catch (signal) {
    return signal;
  }
}

describe("a child of a dynamic supervisor that is restarted with another outcome", () => {
  const start = (world: World, options = {}) =>
    world.sim.start(DynamicSupervisor.child({ maxRestarts: 100_000, ...options }));

  test("once up, then up with extra information, ignored, failing: kept, kept, removed, restarting", () =>
    inWorld(async (world) => {
      const top = await start(world);
      const count = () => countChildren(world.sim, top);
      const withExtra = world.worker("b");
      await startChild(world.sim, top, world.worker("a"));
      await startChild(world.sim, top, {
        ...withExtra,
        start: async (parent: Self) => {
          const pid = await withExtra.start(parent);
          return pid === "ignore" ? pid : { pid, extra: "more" };
        },
      });
      await startChild(world.sim, top, world.worker("c", { starts: [{}, { ignore: true }] }));
      const starts = [{}, ...Array(1000).fill({ after: 100, fail: "found" })];
      await startChild(world.sim, top, world.worker("d", { starts }));
      expect(await count()).toMatchObject({ active: 4, workers: 4 });
      await world.kill("a");
      expect(await count()).toMatchObject({ active: 4, workers: 4 });
      await world.kill("b");
      expect(await count()).toMatchObject({ active: 4, workers: 4 });
      await world.kill("c");
      expect(await count()).toMatchObject({ active: 3, workers: 3 });
      await world.kill("d");
      await world.sim.advance(50);
      expect(await count()).toMatchObject({ active: 2, workers: 3 });
      await terminateChild(world.sim, top, world.pid("a"));
      expect((await whichChildren(world.sim, top)).map(({ pid }) => pid)).toEqual([world.pid("b"), "restarting"]);
    }));

  test("an odd value counts as a failed restart", () =>
    inWorld(async (world) => {
      const good = world.worker("a");
      let starts = 0;
      const top = await start(world);
      await startChild(world.sim, top, {
        ...good,
        start: async (parent: Self) => (++starts === 2 ? ("unknown" as never) : good.start(parent)),
      });
      await world.kill("a");
      expect(world.reports).toEqual(["exit a killed", "startError a unknown"]);
      expect(starts).toBe(3);
    }));

  test.each([
    { what: "an Error", thrown: new Error("oops"), text: "oops" },
    { what: "an exit", thrown: exitOf("oops"), text: "oops" },
    { what: "another value", thrown: "oops", text: "expected an Error to be thrown, got: 'oops'" },
  ])("$what that its start throws counts as a failed restart", ({ thrown, text }) =>
    inWorld(async (world) => {
      const good = world.worker("a");
      let starts = 0;
      const top = await start(world);
      await startChild(world.sim, top, {
        ...good,
        start: (parent: Self) => {
          if (++starts === 2) throw thrown;
          return good.start(parent);
        },
      });
      await world.kill("a");
      expect(world.reports).toEqual(["exit a killed", `startError a ${text}`]);
      expect(await countChildren(world.sim, top)).toMatchObject({ active: 1 });
    }),
  );
});

describe("what is said of a dynamic supervisor itself", () => {
  test("is its id, and how its own supervisor treats it", () => {
    const options = { id: "rooms", restart: "temporary", shutdown: 100 } as const;
    expect(DynamicSupervisor.child({ ...options, maxChildren: 5 })).toMatchObject({ ...options, type: "supervisor" });
    expect(DynamicSupervisor.child()).toMatchObject({ id: "dynamicSupervisor", type: "supervisor" });
  });

  test("several are told apart by their names, or their ids", () =>
    inWorld(async (world) => {
      const children = [
        DynamicSupervisor.child({ name: { name: "one" } }),
        DynamicSupervisor.child({ name: { name: "two" } }),
        DynamicSupervisor.child({ id: "three" }),
      ];
      const top = await world.start({ children });
      const fourth = await Supervisor.startChild(world.sim, top, DynamicSupervisor.child());
      await startChild(world.sim, { name: "two" }, world.worker("a"));
      const active = async (sup: Pid | { name: string }) => (await countChildren(world.sim, sup)).active;
      expect([await active({ name: "one" }), await active({ name: "two" }), await active(fourth as Pid)]).toEqual([
        0, 1, 0,
      ]);
      const again = Supervisor.startChild(world.sim, top, DynamicSupervisor.child());
      await expect(again).rejects.toMatchObject({ name: "AlreadyStarted", pid: fourth });
    }));

  test("it is linked to who started it with startLink, and stops with it", () =>
    inWorld(async (world) => {
      const parent = world.sim.spawn(async (self) => {
        const rooms = await DynamicSupervisor.startLink(self, { name: { name: "rooms" }, maxChildren: 1 });
        await startChild(self, rooms, world.worker("a"));
        await self.receive();
      });
      await world.sim.idle();
      const more = startChild(world.sim, { name: "rooms" }, world.worker("b"));
      await expect(more).rejects.toMatchObject({ reason: "maxChildren" });
      world.sim.exit(parent, "shutdown");
      await world.sim.idle();
      expect(world.take()).toEqual(["start a#1", "down a#1 shutdown"]);
    }));
});
