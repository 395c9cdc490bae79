import { name, type Pid } from "hornbeam";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const rooms = name("rooms");

/** Three levels: `top` over `x` and `mid`, `mid` over `y`, `low` and the dynamic `rooms`, `low` over `z`. */
const threeLevels = (world: World) => {
  const low = world.tree("low", { children: [world.worker("z", { trapExit: true })] });
  const middle = [world.worker("y"), low, DynamicSupervisor.child({ name: rooms })];
  return [world.worker("x"), world.tree("mid", { children: middle, maxRestarts: 1 })];
};

const dynamicChildren = async (world: World) =>
  (await DynamicSupervisor.whichChildren(world.sim, rooms)).map(({ pid }) => world.nameOf(pid as Pid));

describe("a tree of three levels", () => {
  test("starts depth first, each supervisor up before its next sibling", () =>
    inWorld(async (world) => {
      await world.sim.start(world.tree("top", { children: threeLevels(world) }));
      expect(world.take()).toEqual([
        "start top#1",
        "start x#1",
        "start mid#1",
        "start y#1",
        "start low#1",
        "start z#1",
      ]);
    }));

  test("stops in the exact reverse", () =>
    inWorld(async (world) => {
      const { parent } = await world.startUnder({ children: threeLevels(world) });
      await DynamicSupervisor.startChild(world.sim, rooms, world.worker("room"));
      world.take();
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.idle();
      expect(world.take()).toEqual([
        "down room#1 shutdown",
        "terminate z#1 shutdown",
        "down z#1 shutdown",
        "down low#1 shutdown",
        "down y#1 shutdown",
        "down mid#1 shutdown",
        "down x#1 shutdown",
        "down top#1 shutdown",
      ]);
    }));

  test("heals a crash at its own level: nobody above or beside it notices", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: threeLevels(world) });
      await world.kill("z");
      expect(world.take()).toEqual(["down z#1 killed", "start z#2"]);
      expect(await world.children(top)).toEqual(["mid#1", "x#1"]);
      expect(world.reports).toEqual(["exit z killed"]);
    }));

  test("comes back whole below a supervisor that is restarted", () =>
    inWorld(async (world) => {
      await world.start({ children: threeLevels(world) });
      await world.kill("y");
      await world.kill("y");
      expect(world.take()).toEqual([
        "down y#1 killed",
        "start y#2",
        "down y#2 killed",
        "terminate z#1 shutdown",
        "down z#1 shutdown",
        "down low#1 shutdown",
        "down mid#1 shutdown",
        "start mid#2",
        "start y#3",
        "start low#2",
        "start z#2",
      ]);
    }));
});

describe("what was added later", () => {
  test("is lost when its supervisor restarts: only the children of init come back", () =>
    inWorld(async (world) => {
      await world.start({ children: threeLevels(world) });
      await Supervisor.startChild(world.sim, world.pid("mid"), world.worker("added"));
      await Supervisor.terminateChild(world.sim, world.pid("mid"), "low");
      expect(await world.children(world.pid("mid"))).toMatchObject([
        "added#1",
        expect.anything(),
        "low stopped",
        "y#1",
      ]);
      await world.kill("mid");
      expect(await world.children(world.pid("mid"))).toMatchObject([expect.anything(), "low#2", "y#2"]);
    }));

  test("is lost when its dynamic supervisor restarts", () =>
    inWorld(async (world) => {
      await world.start({ children: threeLevels(world) });
      await DynamicSupervisor.startChild(world.sim, rooms, world.worker("room"));
      expect(await dynamicChildren(world)).toEqual(["room#1"]);
      world.sim.kill(world.sim.whereis(rooms) as Pid);
      await world.sim.idle();
      expect(await dynamicChildren(world)).toEqual([]);
      expect(world.take()).toEqual(["start room#1", "down room#1 killed"]);
    }));

  test("outlives the restarts of its siblings", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: threeLevels(world) });
      await Supervisor.startChild(world.sim, top, world.worker("added"));
      await world.kill("x");
      expect(await world.children(top)).toEqual(["added#1", "mid#1", "x#2"]);
    }));
});

test("a name always stands for the process that holds it now, across restarts", () =>
  inWorld(async (world) => {
    await world.start({ children: [world.worker("a", { name: "printer" })] });
    const before = world.sim.whereis(name("printer"));
    await world.kill("a");
    expect(world.sim.whereis(name("printer"))).toBe(world.pid("a"));
    expect(world.sim.whereis(name("printer"))).not.toBe(before);
  }));
