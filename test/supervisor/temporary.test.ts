import type { Pid } from "hornbeam";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

type Way = (world: World, top: Pid) => Promise<void>;

/** How the temporary child `t` comes to its end. */
const ways: Readonly<Record<string, Way>> = {
  "is killed": (world) => world.kill("t"),
  "ends as normal": (world) => world.end("t", "normal"),
  "ends with a failure": (world) => world.end("t", "boom"),
  "is terminated": (world, top) => Supervisor.terminateChild(world.sim, top, "t"),
};

const strategies = ["oneForOne", "oneForAll", "restForOne"] as const;
const cases = strategies.flatMap((strategy) => Object.entries(ways).map(([way, end]) => ({ strategy, way, end })));

describe("the spec of a temporary child is not kept", () => {
  test.each(cases)("under $strategy, when it $way", ({ strategy, end }) =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("t", { restart: "temporary" }), world.worker("b")];
      const top = await world.start({ strategy, children });
      await end(world, top);
      expect(await world.children(top)).toEqual(["b#1", "a#1"]);
      await expect(Supervisor.getChildSpec(world.sim, top, "t")).rejects.toMatchObject({ reason: "notFound" });
      await expect(Supervisor.restartChild(world.sim, top, "t")).rejects.toMatchObject({ reason: "notFound" });
      await Supervisor.startChild(world.sim, top, world.worker("t", { restart: "temporary" }));
      expect(await world.children(top)).toEqual(["t#2", "b#1", "a#1"]);
    }),
  );

  test.each(["oneForAll", "restForOne"] as const)("under %s, when its sibling's restart stops it", (strategy) =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("t", { restart: "temporary" }), world.worker("b")];
      const top = await world.start({ strategy, children });
      await world.kill("a");
      expect(await world.children(top)).toEqual(["b#2", "a#2"]);
    }),
  );
});

/** What a supervisor keeps of its children. Not public: a pid knows its process. */
function kept(supervisor: Pid): ReadonlySet<unknown> {
  const { process } = supervisor as unknown as { process: { state: { state: object } } };
  const seen = new Set<unknown>([process]);
  const queue: unknown[] = [process.state.state];
  for (const value of queue) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (typeof value !== "object" || value === null) continue;
    if (value instanceof Map) queue.push(...value.keys(), ...value.values());
    else if (value instanceof Set) queue.push(...value);
    // A child's pid leads to the child, which has its argument.
    else if (!("id" in value && "process" in value)) queue.push(...Object.values(value));
  }
  return seen;
}

const keeps = (supervisor: Pid, wanted: unknown): boolean => kept(supervisor).has(wanted);

/** Whether a pid leads to a child. The restarts that count lately are kept with their pids, too. */
const keys = (pid: Pid): boolean => (pid as unknown as { child: unknown }).child !== null;

describe("the pids that a child had before are not kept", () => {
  const kinds = {
    oneForOne: (world: World) => world.start({ children: [world.worker("a")], maxRestarts: 100 }),
    simpleOneForOne: async (world: World) => {
      const top = await world.start(world.simple({}, { maxRestarts: 100 }));
      await Supervisor.startChild(world.sim, top, "a");
      return top;
    },
    dynamic: async (world: World) => {
      const top = await world.sim.start(DynamicSupervisor.child({ maxRestarts: 100 }));
      await DynamicSupervisor.startChild(world.sim, top, world.worker("a"));
      return top;
    },
  };

  test.each(Object.entries(kinds))("under %s", (_, start) =>
    inWorld(async (world) => {
      await start(world);
      const before = world.pid("a");
      await world.sim.advance(10_000);
      for (let crash = 0; crash < 5; crash++) await world.kill("a");
      expect(keys(before)).toBe(false);
      expect(keys(world.pid("a"))).toBe(true);
    }),
  );
});

describe("what a temporary child was started with is not kept, for it is never started again", () => {
  test.each([
    { restart: "temporary", kept: false },
    { restart: "transient", kept: true },
    { restart: "permanent", kept: true },
  ] as const)("under simpleOneForOne, its arguments: $restart, kept $kept", ({ restart, kept }) =>
    inWorld(async (world) => {
      const top = await world.start(world.simple({ restart }));
      const script = { trapExit: true };
      await Supervisor.startChild(world.sim, top, "a", script);
      expect(keeps(top, script)).toBe(kept);
    }),
  );

  test.each([
    { restart: "temporary", kept: false },
    { restart: "transient", kept: true },
    { restart: "permanent", kept: true },
  ] as const)("under a dynamic supervisor, its start function: $restart, kept $kept", ({ restart, kept }) =>
    inWorld(async (world) => {
      const top = await world.sim.start(DynamicSupervisor.child());
      const spec = world.worker("a", { restart });
      await DynamicSupervisor.startChild(world.sim, top, spec);
      expect(keeps(top, spec.start)).toBe(kept);
    }),
  );
});
