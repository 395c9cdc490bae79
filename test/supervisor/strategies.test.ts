import { name, ok, type Pid, reply } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const four = (world: World) => [
  world.worker("a", { trapExit: true }),
  world.worker("b", { restart: "temporary" }),
  world.worker("c", { restart: "transient" }),
  world.worker("d"),
];

describe("oneForOne", () => {
  test("restarts the child alone: the others keep their processes", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: four(world) });
      await world.kill("c");
      expect(world.take()).toEqual(["down c#1 killed", "start c#2"]);
      expect(await world.children(top)).toEqual(["d#1", "c#2", "b#1", "a#1"]);
    }));

  test("restarts the last child that it was given, in its place", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: four(world) });
      await Supervisor.startChild(world.sim, top, world.worker("e"));
      await world.kill("e");
      await world.kill("a");
      expect(await world.children(top)).toEqual(["e#2", "d#1", "c#1", "b#1", "a#2"]);
    }));
});

describe("oneForAll", () => {
  test("stops the others in reverse order, drops the temporary ones, and starts the rest in order", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "oneForAll", children: four(world) });
      await world.kill("c");
      expect(world.take()).toEqual([
        "down c#1 killed",
        "down d#1 shutdown",
        "down b#1 shutdown",
        "terminate a#1 shutdown",
        "down a#1 shutdown",
        "start a#2",
        "start c#2",
        "start d#2",
      ]);
      expect(await world.children(top)).toEqual(["d#2", "c#2", "a#2"]);
    }));

  test("waits for each sibling to stop before the next", () =>
    inWorld(async (world) => {
      const slow = { trapExit: true, stopTime: 1000 };
      const children = [world.worker("a"), world.worker("b", slow), world.worker("c", slow)];
      await world.start({ strategy: "oneForAll", children });
      await world.kill("a");
      await world.sim.advance(999);
      expect(world.take()).toEqual(["down a#1 killed", "terminate c#1 shutdown"]);
      await world.sim.advance(1);
      expect(world.take()).toEqual(["down c#1 shutdown", "terminate b#1 shutdown"]);
      await world.sim.advance(1000);
      expect(world.take()).toEqual(["down b#1 shutdown", "start a#2", "start b#2", "start c#2"]);
    }));

  test("starts those again that had ended or were stopped", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "oneForAll", children: four(world) });
      await world.end("c", "normal");
      await Supervisor.terminateChild(world.sim, top, "d");
      expect(await world.children(top)).toEqual(["d stopped", "c stopped", "b#1", "a#1"]);
      await world.kill("a");
      expect(await world.children(top)).toEqual(["d#2", "c#2", "a#2"]);
    }));

  test("leaves everybody alone when a child ends that is not restarted", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "oneForAll", children: four(world) });
      await world.kill("b");
      await world.end("c", "shutdown");
      expect(await world.children(top)).toEqual(["d#1", "c stopped", "a#1"]);
    }));
});

describe("restForOne", () => {
  test("restarts the child and those after it, and leaves those before it alone", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "restForOne", children: four(world) });
      await world.kill("c");
      expect(world.take()).toEqual(["down c#1 killed", "down d#1 shutdown", "start c#2", "start d#2"]);
      expect(await world.children(top)).toEqual(["d#2", "c#2", "b#1", "a#1"]);
    }));

  test("drops the temporary ones after the child", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "restForOne", children: four(world) });
      await world.kill("a");
      expect(world.take()).toEqual([
        "down a#1 killed",
        "down d#1 shutdown",
        "down c#1 shutdown",
        "down b#1 shutdown",
        "start a#2",
        "start c#2",
        "start d#2",
      ]);
      expect(await world.children(top)).toEqual(["d#2", "c#2", "a#2"]);
    }));

  test("restarts the last child alone", () =>
    inWorld(async (world) => {
      const top = await world.start({ strategy: "restForOne", children: four(world) });
      await world.kill("d");
      expect(await world.children(top)).toEqual(["d#2", "c#1", "b#1", "a#1"]);
    }));
});

describe("siblings that are taken along", () => {
  test("do not count as crashes of their own", () =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("b"), world.worker("c")];
      const top = await world.start({ strategy: "oneForAll", children, maxRestarts: 1 });
      await world.kill("a", "b", "c");
      expect(await world.children(top)).toEqual(["c#2", "b#2", "a#2"]);
      expect(world.reports).toEqual(["exit a killed", "shutdownError c killed", "shutdownError b killed"]);
    }));

  test("count as one crash each where nobody is taken along", () =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("b"), world.worker("c")];
      const top = await world.start({ strategy: "oneForOne", children, maxRestarts: 2 });
      await world.kill("a", "b", "c");
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.reports.at(-1)).toBe("giveUp c killed");
    }));

  test("are reported, and restarted all the same, when they crash on the way down", () =>
    inWorld(async (world) => {
      const clumsy = world.worker("b", { trapExit: true, stopThrows: new Error("boom") });
      const top = await world.start({ strategy: "oneForAll", children: [world.worker("a"), clumsy] });
      await world.kill("a");
      expect(await world.children(top)).toEqual(["b#2", "a#2"]);
      expect(world.reports).toEqual(["exit a killed", "shutdownError b boom"]);
    }));

  test("are killed when they do not stop in time", () =>
    inWorld(async (world) => {
      const stubborn = world.worker("b", { trapExit: true, stopTime: "forever", shutdown: 300 });
      await world.start({ strategy: "oneForAll", children: [world.worker("a"), stubborn] });
      await world.kill("a");
      await world.sim.advance(300);
      expect(world.take()).toEqual([
        "down a#1 killed",
        "terminate b#1 shutdown",
        "down b#1 killed",
        "start a#2",
        "start b#2",
      ]);
    }));
});

test("a restart starts the child with the argument of its spec, not with what it had become", () =>
  inWorld(async (world) => {
    const Counter = {
      init: (start: number) => ok(start),
      handleCall: { add: (by: number, count) => reply(count + by, count + by) },
    } satisfies GenServer<number>;
    const counter = name<typeof Counter>("counter");
    await world.start({ children: [child(Counter, 7, { name: counter })] });
    expect(await world.sim.call(counter, "add", 1)).toBe(8);
    world.sim.kill(world.sim.whereis(counter) as Pid);
    await world.sim.idle();
    expect(await world.sim.call(counter, "add", 0)).toBe(7);
  }));
