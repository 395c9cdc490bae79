import { BadArgument, ok } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { BadSpec, DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld } from "./support.ts";

const { childSpec } = Supervisor;
const Counter = { init: (start: number) => ok(start) } satisfies GenServer<number>;

/** A module that knows how it wants to be supervised. */
const Stack = {
  childSpec: (items: readonly string[] = []) => ({
    ...child(Counter, items.length, { id: "stack" }),
    restart: "transient" as const,
  }),
};

describe("Supervisor.childSpec", () => {
  test("gives a spec back as it is", () => {
    const spec = child(Counter, 0, { id: "counter", shutdown: 10 });
    expect(childSpec(spec)).toEqual(spec);
  });

  test("replaces the fields that are given, and leaves the spec alone", () => {
    const spec = child(Counter, 0, { id: "counter", restart: "transient" });
    const start = async () => "ignore" as const;
    const overrides = { id: "other", start, shutdown: "infinity", type: "supervisor", significant: true } as const;
    expect(childSpec(spec, overrides)).toEqual({ ...overrides, restart: "transient" });
    expect(spec).toMatchObject({ id: "counter", restart: "transient" });
    expect(childSpec(spec, { restart: "temporary", backoff: { first: 5 } })).toMatchObject({
      id: "counter",
      restart: "temporary",
      backoff: { first: 5 },
    });
  });

  test("does not replace a field with nothing", () => {
    const spec = child(Counter, 0, { restart: "transient" });
    expect(childSpec(spec, { restart: undefined })).toEqual(spec);
  });

  test("takes a module that makes its own spec, alone and with an argument", () => {
    expect(childSpec(Stack)).toMatchObject({ id: "stack", restart: "transient" });
    expect(childSpec(Stack, { id: "mine" })).toMatchObject({ id: "mine", restart: "transient" });
    expect(childSpec([Stack, ["hello"]], { restart: "permanent" })).toMatchObject({
      id: "stack",
      restart: "permanent",
    });
  });

  test("has the module's spec start what its argument says", () =>
    inWorld(async (world) => {
      let given: unknown;
      const Module = {
        childSpec: (arg: string) => {
          given = arg;
          return world.worker("a");
        },
      };
      const top = await world.start({ children: [childSpec([Module, "argument"], { id: "b" })] });
      expect(given).toBe("argument");
      expect(await Supervisor.whichChildren(world.sim, top)).toEqual([
        { id: "b", pid: world.pid("a"), type: "worker" },
      ]);
    }));

  test("lets two children of one kind live under one supervisor", () =>
    inWorld(async (world) => {
      const room = world.worker("room");
      const top = await world.start({ children: [room, childSpec(room, { id: "second" })] });
      expect(await world.children(top)).toEqual(["room#2", "room#1"]);
    }));

  test("adapts supervisors, too", () => {
    const Top = { init: () => ({ strategy: "oneForOne" as const, children: [] }) };
    expect(childSpec(supervisor(Top), { id: "top", shutdown: 100 })).toMatchObject({ id: "top", shutdown: 100 });
    const rooms = DynamicSupervisor.child({ id: "rooms", backoff: { first: 1 } });
    expect(rooms).not.toHaveProperty("backoff");
    expect(childSpec(rooms, { backoff: { first: 9 } })).toMatchObject({ id: "rooms", backoff: { first: 9 } });
  });

  const LIFTED =
    "expected a child spec, as child(module, …) or supervisor(module, …) makes of a module, " +
    "or a module with a childSpec function, alone or as [module, arg], got: ";
  test.each([
    ["a string", "other", "'other'"],
    ["nothing", undefined, "undefined"],
    ["a number", 7, "7"],
    ["a pair of something else", ["other", 1], "[ 'other', 1 ]"],
    ["a server module, which does not say how", Counter, "{ init: [Function: init] }"],
  ])("says what it expected when it got %s", (_, what, shown) => {
    expect(() => childSpec(what as never)).toThrow(BadSpec);
    expect(() => childSpec(what as never)).toThrow(LIFTED + shown);
  });

  test("says which fields there are when it got another", () => {
    const overrides = { restrat: "temporary" } as never;
    expect(() => childSpec(child(Counter, 0), overrides)).toThrow(BadArgument);
    expect(() => childSpec(child(Counter, 0), overrides)).toThrow(
      "expected fields of a child spec (id, start, restart, shutdown, type, significant, backoff), got: 'restrat'",
    );
  });
});

test("a module where a child spec belongs is refused with that hint, and the supervisor lives", () =>
  inWorld(async (world) => {
    const top = await world.start({});
    const dynamic = await world.sim.start(DynamicSupervisor.child());
    const message =
      "expected a child spec, as child(module, …) or supervisor(module, …) makes of a module, got: { init: [Function: init] }";
    const why = { invalidChildSpec: Counter };
    const refused = { name: "BadSpec", message, why };
    await expect(Supervisor.startChild(world.sim, top, Counter as never)).rejects.toMatchObject(refused);
    await expect(DynamicSupervisor.startChild(world.sim, dynamic, Counter as never)).rejects.toMatchObject(refused);
    const failed = world.sim.start(world.tree("other", { children: [Counter as never] }));
    await expect(failed).rejects.toMatchObject({ reason: refused });
  }));

test("the life of a child: started, refused a second time, terminated, restarted, terminated, deleted", () =>
  inWorld(async (world) => {
    const { sim } = world;
    const top = await world.start({});
    expect(await Supervisor.whichChildren(sim, top)).toEqual([]);
    expect(await Supervisor.countChildren(sim, top)).toEqual({ specs: 0, active: 0, supervisors: 0, workers: 0 });
    const spec = childSpec(world.worker("a"), { id: "stack" });
    const pid = await Supervisor.startChild(sim, top, spec);
    expect(await Supervisor.whichChildren(sim, top)).toEqual([{ id: "stack", pid, type: "worker" }]);
    expect(await Supervisor.countChildren(sim, top)).toEqual({ specs: 1, active: 1, supervisors: 0, workers: 1 });
    await expect(Supervisor.startChild(sim, top, spec)).rejects.toMatchObject({ name: "AlreadyStarted", pid });
    await expect(Supervisor.deleteChild(sim, top, "stack")).rejects.toMatchObject({ reason: "running" });
    await Supervisor.terminateChild(sim, top, "stack");
    expect(sim.isAlive(world.pid("a"))).toBe(false);
    await Supervisor.restartChild(sim, top, "stack");
    expect(sim.isAlive(world.pid("a"))).toBe(true);
    await Supervisor.terminateChild(sim, top, "stack");
    await Supervisor.deleteChild(sim, top, "stack");
    expect(await Supervisor.whichChildren(sim, top)).toEqual([]);
  }));
