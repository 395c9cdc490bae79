import type { ChildSpec, Reason, Restart } from "hornbeam";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

/** A dynamic supervisor with these children, under `top`. Returns what stops it, and how long that took. */
async function stopping(world: World, children: readonly ChildSpec[]) {
  const top = await world.start({ children: [DynamicSupervisor.child({ id: "rooms" })] });
  const rooms = (await Supervisor.whichChildren(world.sim, top))[0]?.pid;
  for (const spec of children) await DynamicSupervisor.startChild(world.sim, rooms as never, spec);
  world.take();
  return async () => {
    const before = world.sim.now();
    await Supervisor.terminateChild(world.sim, top, "rooms");
    return world.sim.now() - before;
  };
}

describe("a dynamic supervisor that stops", () => {
  test("stops its children all at once: it takes as long as the slowest", () =>
    inWorld(async (world) => {
      const times = [3000, 1000, 2000];
      const children = times.map((stopTime) => world.worker(`w${stopTime}`, { trapExit: true, stopTime }));
      const stop = await stopping(world, children);
      expect(await stop()).toBe(3000);
      expect(world.take()).toEqual([
        "terminate w3000#1 shutdown",
        "terminate w1000#1 shutdown",
        "terminate w2000#1 shutdown",
        "down w1000#1 shutdown",
        "down w2000#1 shutdown",
        "down w3000#1 shutdown",
      ]);
    }));

  test("gives each child its own time, and kills those that do not keep it", () =>
    inWorld(async (world) => {
      const stubborn = { trapExit: true, stopTime: "forever" } as const;
      const stop = await stopping(world, [
        world.worker("a", { ...stubborn, shutdown: 400 }),
        world.worker("b", { ...stubborn, shutdown: 100 }),
        world.worker("c", { ...stubborn, shutdown: "brutalKill" }),
        world.worker("d", { trapExit: true, stopTime: 250, shutdown: "infinity" }),
      ]);
      expect(await stop()).toBe(400);
      expect(world.take().filter((line) => line.startsWith("down"))).toEqual([
        "down c#1 killed",
        "down b#1 killed",
        "down d#1 shutdown",
        "down a#1 killed",
      ]);
      expect(world.reports).toEqual(["shutdownError b killed", "shutdownError a killed"]);
    }));

  test("reports the children that crash on the way, and stops the others all the same", () =>
    inWorld(async (world) => {
      const clumsy = { trapExit: true, stopThrows: new Error("boom") };
      const stop = await stopping(world, [world.worker("a", clumsy), world.worker("b"), world.worker("c", clumsy)]);
      await stop();
      expect(world.take().filter((line) => line.startsWith("down"))).toHaveLength(3);
      expect(world.reports).toEqual(["shutdownError a boom", "shutdownError c boom"]);
    }));

  const shutdowns = ["infinity", 1000] as const;
  const ends: readonly { restart: Restart; reason: Reason; reported: boolean }[] = [
    { restart: "temporary", reason: { shutdown: "oops" }, reported: false },
    { restart: "transient", reason: { shutdown: "oops" }, reported: false },
    { restart: "permanent", reason: { shutdown: "oops" }, reported: true },
    { restart: "temporary", reason: "normal", reported: false },
    { restart: "permanent", reason: "normal", reported: true },
    { restart: "temporary", reason: "oops", reported: true },
  ];
  test.each(shutdowns.flatMap((shutdown) => ends.map((end) => ({ shutdown, ...end }))))(
    "with $shutdown takes it from $restart children that end with $reason: reported, each, $reported",
    ({ shutdown, restart, reason, reported }) =>
      inWorld(async (world) => {
        const options = { trapExit: true, stopExits: reason, shutdown, restart };
        const stop = await stopping(
          world,
          ["a", "b", "c"].map((id) => world.worker(id, options)),
        );
        expect(await stop()).toBe(0);
        const text = typeof reason === "string" ? reason : JSON.stringify(reason);
        expect(world.take().filter((line) => line.startsWith("down"))).toEqual(
          ["a", "b", "c"].map((id) => `down ${id}#1 ${text}`),
        );
        expect(world.reports).toEqual(reported ? ["a", "b", "c"].map((id) => `shutdownError ${id} ${text}`) : []);
      }),
  );

  test("has one timer for all children of one shutdown", () =>
    inWorld(async (world) => {
      const stubborn = { trapExit: true, stopTime: "forever" } as const;
      const times = [100, 200, 100, 200, 100, "brutalKill"] as const;
      const children = times.map((shutdown, n) => world.worker(`w${n}`, { ...stubborn, shutdown }));
      const patient = world.worker("patient", { trapExit: true, stopTime: 150, shutdown: 100 });
      const stop = await stopping(world, [...children, patient]);
      const stopped = stop();
      await world.sim.advance(50);
      // Of 100 ms, of 200 ms, and the patient one's own.
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual(["3 timers"]);
      expect(await stopped).toBe(200);
    }));

  test("does not wait for a child that is being restarted", () =>
    inWorld(async (world) => {
      const starts = [{}, ...Array(100).fill({ after: 100, fail: "not yet" })];
      const top = await world.start({ children: [DynamicSupervisor.child({ id: "rooms", maxRestarts: 1000 })] });
      const rooms = (await Supervisor.whichChildren(world.sim, top))[0]?.pid;
      await DynamicSupervisor.startChild(world.sim, rooms as never, world.worker("a", { starts }));
      await world.kill("a");
      await world.sim.advance(150);
      await Supervisor.terminateChild(world.sim, top, "rooms");
      expect(world.sim.now()).toBe(200);
    }));

  test("does not wait for a child that has unlinked itself and died", () =>
    inWorld(async (world) => {
      const stop = await stopping(world, [world.worker("a", { unlinks: true }), world.worker("b")]);
      await world.kill("a");
      expect(await stop()).toBe(0);
    }));

  test("without children stops at once", () =>
    inWorld(async (world) => {
      const stop = await stopping(world, []);
      expect(await stop()).toBe(0);
    }));
});
