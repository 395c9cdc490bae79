import { name, noreply, ok, type Pid, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld } from "./support.ts";

describe("a supervisor that is killed", () => {
  test("leaves its children to the signal of the link: those that do not trap exits die as killed", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a"), world.worker("b")] });
      await world.kill("top");
      expect(world.take()).toEqual(["down top#1 killed", "down a#1 killed", "down b#1 killed"]);
    }));

  test("leaves its children to the signal of the link: those that trap exits take it for their parent's order", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a", { trapExit: true, stopTime: 100 })] });
      await world.kill("top");
      expect(world.take()).toEqual(["down top#1 killed", "terminate a#1 killed"]);
      await world.sim.advance(100);
      expect(world.take()).toEqual(["down a#1 killed"]);
    }));

  test("has supervisors below it stop their children as usual", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { trapExit: true }), world.worker("b")];
      await world.start({ children: [world.tree("inner", { children })] });
      await world.kill("top");
      expect(world.take()).toEqual([
        "down top#1 killed",
        "down b#1 shutdown",
        "terminate a#1 shutdown",
        "down a#1 shutdown",
        "down inner#1 killed",
      ]);
    }));

  test("is restarted with new children, which take the names of the old ones", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [world.worker("a", { name: "printer" })] });
      await world.start({ children: [inner] });
      await world.kill("inner");
      expect(world.take()).toEqual(["down inner#1 killed", "down a#1 killed", "start inner#2", "start a#2"]);
      expect(world.sim.whereis(name("printer"))).toBe(world.pid("a"));
    }));

  test("takes along the child that it was just starting", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{ after: 1000 }] }), world.worker("b")];
      const start = world.sim.start(world.tree("top", { children })).catch((error) => error.reason);
      await world.sim.advance(10);
      await world.kill("top");
      expect(await start).toBe("killed");
      expect(world.take()).toEqual(["start top#1", "start a#1", "down top#1 killed", "down a#1 killed"]);
      await world.sim.advance(5000);
      expect(world.take()).toEqual([]);
    }));

  test("stops nobody any more, if it was stopping its children: those that were told stop, the others get the signal", () =>
    inWorld(async (world) => {
      const slow = { trapExit: true, stopTime: 100 };
      const { parent } = await world.startUnder({ children: [world.worker("a", slow), world.worker("b", slow)] });
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(50);
      await world.kill("top");
      await world.sim.advance(1000);
      expect(world.take()).toEqual([
        "terminate b#1 shutdown",
        "down top#1 killed",
        "terminate a#1 killed",
        "down b#1 shutdown",
        "down a#1 killed",
      ]);
    }));
});

describe.each(["dynamic", "simpleOneForOne"] as const)("a child of a %s supervisor", (kind) => {
  /** Says that it has ended, though it goes on: an exit signal to its supervisor. */
  const Liar = {
    init: (parent: Pid) => ok(parent),
    handleCast: {
      lie: (_, parent, self) => {
        self.exit(parent, "lie");
        return noreply(parent);
      },
    },
  } satisfies GenServer<Pid>;

  test("that says it has ended is believed, and its real end later is not taken for another one", () =>
    inWorld(async (world) => {
      let starts = 0;
      const spec = {
        id: "liar",
        start: async (parent: Self) => {
          if (++starts === 1) return child(Liar, parent.pid).start(parent);
          return world.worker("a", { starts: [{ after: 100, fail: "not yet" }] }).start(parent);
        },
      };
      const top =
        kind === "dynamic"
          ? await world.sim.start(DynamicSupervisor.child())
          : await world.start({ strategy: "simpleOneForOne", children: [spec] });
      const liar = await (kind === "dynamic"
        ? DynamicSupervisor.startChild(world.sim, top, spec)
        : Supervisor.startChild(world.sim, top));
      world.sim.cast(liar as Pid, "lie");
      await world.sim.advance(50);
      world.sim.kill(liar as Pid); // heard of when the first attempt to restart it has failed
      await world.sim.advance(1000);
      expect(world.take()).toEqual(["start a#1", "down a#1 not yet", "start a#2"]);
      expect(world.reports).toEqual(["exit liar lie", "startError liar not yet"]);
    }));
});
