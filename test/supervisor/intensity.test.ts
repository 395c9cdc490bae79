import { describe, expect, test } from "vitest";
import { inWorld } from "./support.ts";

describe("the intensity", () => {
  test("is three restarts in five seconds unless said otherwise: the fourth is one too many", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a")] });
      for (let restart = 0; restart < 3; restart++) await world.kill("a");
      expect(await world.children(top)).toEqual(["a#4"]);
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("counts the restarts of all children together", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a"), world.worker("b")], maxRestarts: 1 });
      await world.kill("a");
      await world.kill("b");
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("of zero makes the first restart one too many", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a")], maxRestarts: 0 });
      await world.kill("a");
      expect(world.take()).toEqual(["down a#1 killed", "down top#1 shutdown"]);
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("is never exceeded by restarts that are far enough apart", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a")], maxRestarts: 1, maxSeconds: 1 });
      for (let restart = 0; restart < 50; restart++) {
        await world.kill("a");
        await world.sim.advance(2000);
      }
      expect(await world.children(top)).toEqual(["a#51"]);
    }));

  test("forgets a restart when maxSeconds, counted in whole seconds, have gone by", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a")], maxRestarts: 1, maxSeconds: 5 });
      await world.kill("a");
      await world.sim.advance(6000);
      await world.kill("a");
      expect(await world.children(top)).toEqual(["a#3"]);
      await world.sim.advance(5999);
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(false);
    }));
});

describe("a supervisor that gives up", () => {
  test("stops its children in reverse order, and ends with shutdown", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { trapExit: true }), world.worker("b"), world.worker("c")];
      await world.start({ children, maxRestarts: 0 });
      await world.kill("b");
      expect(world.take()).toEqual([
        "down b#1 killed",
        "down c#1 shutdown",
        "terminate a#1 shutdown",
        "down a#1 shutdown",
        "down top#1 shutdown",
      ]);
    }));

  test("says why: which child, with what reason, and the limits", () =>
    inWorld(async (world) => {
      const given: unknown[] = [];
      world.sim.telemetry.on("supervisor.giveUp", (measurements, { label, id, reason }) =>
        given.push({ ...measurements, label, id, reason }),
      );
      const top = await world.start({ children: [world.worker("a")], maxRestarts: 0, maxSeconds: 7 });
      await world.kill("a");
      const label = `${top} top`;
      expect(given).toEqual([{ maxRestarts: 0, maxSeconds: 7, label, id: "a", reason: "killed" }]);
    }));

  test("crashes nobody: its end is a clean one", () =>
    inWorld(async (world) => {
      const crashes: unknown[] = [];
      world.sim.telemetry.on("process.crash", (_, report) => crashes.push(report));
      await world.start({ children: [world.worker("a")], maxRestarts: 0 });
      await world.kill("a");
      expect(world.take().at(-1)).toBe("down top#1 shutdown");
      expect(crashes).toEqual([]);
    }));
});

test("a restarted supervisor starts with a clean history", () =>
  inWorld(async (world) => {
    const inner = world.tree("inner", { children: [world.worker("a")], maxRestarts: 1 });
    await world.start({ children: [inner] });
    await world.kill("a");
    await world.kill("inner");
    await world.kill("a");
    expect(world.take().slice(-2)).toEqual(["down a#3 killed", "start a#4"]);
    expect(world.nameOf(world.pid("inner"))).toBe("inner#2");
    await world.kill("a");
    expect(world.nameOf(world.pid("inner"))).toBe("inner#3");
  }));
