import type { Restart } from "hornbeam";
import type { SupervisorInit } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const broken = (world: World, id: string) => world.worker(id, { starts: [{}, ...Array(50).fill({ fail: "broken" })] });

/** `top` over `inner`, which gives up at the first crash of `a`. */
const fragile = (world: World, restart: Restart) =>
  world.tree("inner", { children: [world.worker("a")], maxRestarts: 0, options: { restart } });

describe("a supervisor that has given up", () => {
  test("is restarted by its own supervisor when it is permanent", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [fragile(world, "permanent")] });
      await world.kill("a");
      expect(world.take()).toEqual(["down a#1 killed", "down inner#1 shutdown", "start inner#2", "start a#2"]);
      expect(await world.children(top)).toEqual(["inner#2"]);
    }));

  test("is not restarted when it is transient: shutdown is a clean end", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [fragile(world, "transient")] });
      await world.kill("a");
      expect(world.take()).toEqual(["down a#1 killed", "down inner#1 shutdown"]);
      expect(await world.children(top)).toEqual(["inner stopped"]);
    }));

  test("is forgotten when it is temporary", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [fragile(world, "temporary")] });
      await world.kill("a");
      expect(await world.children(top)).toEqual([]);
    }));

  test("takes its siblings along as its supervisor's strategy says", () =>
    inWorld(async (world) => {
      const children = [world.worker("b"), fragile(world, "permanent"), world.worker("c")];
      const top = await world.start({ strategy: "restForOne", children });
      await world.kill("a");
      expect(await world.children(top)).toEqual(["c#2", "inner#2", "b#1"]);
    }));
});

describe("a child that never comes back", () => {
  const strategies: readonly SupervisorInit["strategy"][] = ["oneForOne", "oneForAll", "restForOne"];

  test.each(strategies)("under %s uses up the restarts of its supervisor, which gives up", (strategy) =>
    inWorld(async (world) => {
      const top = await world.start({ strategy, children: [world.worker("a"), broken(world, "b"), world.worker("c")] });
      await world.kill("b");
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.take().filter((line) => line.startsWith("start b"))).toEqual([
        "start b#2",
        "start b#3",
        "start b#4",
      ]);
      expect(world.reports.at(-1)).toBe("giveUp b broken");
    }),
  );

  test("takes the tree down level by level, and a supervisor that cannot start counts as a failed restart", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [broken(world, "b")], maxRestarts: 1 });
      await world.start({ children: [world.worker("a"), inner], maxRestarts: 2 });
      await world.kill("b");
      expect(world.take()).toEqual([
        "down b#1 killed",
        "start b#2",
        "down b#2 broken",
        "down inner#1 shutdown",
        "start inner#2",
        "start b#3",
        "down b#3 broken",
        'down inner#2 {"shutdown":{"failedToStartChild":"b","reason":"broken"}}',
        "start inner#3",
        "start b#4",
        "down b#4 broken",
        'down inner#3 {"shutdown":{"failedToStartChild":"b","reason":"broken"}}',
        "down a#1 shutdown",
        "down top#1 shutdown",
      ]);
    }));
});
