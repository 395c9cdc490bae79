import type { ChildSpec, Reason } from "hornbeam";
import { Supervisor, type SupervisorInit } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

type Mode = NonNullable<SupervisorInit["autoShutdown"]>;
const significant = { significant: true } as const;

/** Two significant children of a kind, and a bystander that is not. */
const children = (world: World, restart: "transient" | "temporary"): readonly ChildSpec[] => [
  world.worker("a", { ...significant, restart }),
  world.worker("b", { ...significant, restart }),
  world.worker("bystander", { restart }),
];

describe("autoShutdown", () => {
  const modes: readonly Mode[] = ["anySignificant", "allSignificant"];

  test("anySignificant stops the supervisor, as shutdown, when one significant child has ended by itself", () =>
    inWorld(async (world) => {
      await world.start({ autoShutdown: "anySignificant", children: children(world, "transient") });
      await world.end("a", "normal");
      expect(world.take()).toEqual([
        "terminate a#1 normal",
        "down a#1 normal",
        "down bystander#1 shutdown",
        "down b#1 shutdown",
        "down top#1 shutdown",
      ]);
    }));

  test("allSignificant stops the supervisor, as shutdown, when the last significant child has ended by itself", () =>
    inWorld(async (world) => {
      const top = await world.start({ autoShutdown: "allSignificant", children: children(world, "transient") });
      await world.end("b", "normal");
      expect(await world.children(top)).toEqual(["bystander#1", "b stopped", "a#1"]);
      world.take();
      await world.end("a", "shutdown");
      expect(world.take().slice(1)).toEqual(["down a#1 shutdown", "down bystander#1 shutdown", "down top#1 shutdown"]);
    }));

  test("never does nothing of the kind", () =>
    inWorld(async (world) => {
      const quiet = ["a", "b"].map((id) => world.worker(id, { restart: "transient" }));
      const top = await world.start({ children: quiet });
      await world.end("a", "normal");
      await world.end("b", "normal");
      expect(await world.children(top)).toEqual(["b stopped", "a stopped"]);
    }));

  const strangers = modes.flatMap((autoShutdown) =>
    (["permanent", "transient", "temporary"] as const).flatMap((restart) =>
      (["normal", "shutdown", "boom"] as const).map((reason) => ({ autoShutdown, restart, reason })),
    ),
  );
  test.each(strangers)(
    "$autoShutdown does not care for a $restart child that is not significant and ends with $reason",
    ({ autoShutdown, restart, reason }) =>
      inWorld(async (world) => {
        const [a, b] = children(world, "transient") as [ChildSpec, ChildSpec];
        for (const significant of [[], [a, b]]) {
          const spec = world.tree(`tree of ${significant.length}`, {
            autoShutdown,
            children: [...significant, world.worker("stranger", { restart })],
          });
          const top = await world.sim.start(spec);
          await world.end("stranger", reason);
          expect(world.sim.isAlive(top)).toBe(true);
        }
      }),
  );

  const terminated = modes.flatMap((autoShutdown) =>
    (["transient", "temporary"] as const).map((restart) => ({ autoShutdown, restart })),
  );
  test.each(terminated)(
    "$autoShutdown is not triggered by terminateChild of $restart children, even of all",
    ({ autoShutdown, restart }) =>
      inWorld(async (world) => {
        const top = await world.start({ autoShutdown, children: children(world, restart) });
        await Supervisor.terminateChild(world.sim, top, "a");
        await Supervisor.terminateChild(world.sim, top, "b");
        const gone = restart === "temporary" ? [] : ["b stopped", "a stopped"];
        expect(await world.children(top)).toEqual(["bystander#1", ...gone]);
      }),
  );

  const bystanders = modes.flatMap((autoShutdown) =>
    (["oneForAll", "restForOne"] as const).flatMap((strategy) =>
      (["temporary", "transient"] as const).map((restart) => ({ autoShutdown, strategy, restart })),
    ),
  );
  test.each(bystanders)(
    "$autoShutdown is not triggered by a $restart child that its sibling's restart takes along under $strategy",
    ({ autoShutdown, strategy, restart }) =>
      inWorld(async (world) => {
        const [a, b] = children(world, restart);
        const top = await world.start({
          autoShutdown,
          strategy,
          children: [world.worker("c"), a as ChildSpec, b as ChildSpec],
        });
        await world.kill("c");
        expect(await world.children(top)).toEqual(restart === "temporary" ? ["c#2"] : ["b#2", "a#2", "c#2"]);
      }),
  );

  test.each(modes)("%s is not triggered by a start that is ignored", (autoShutdown) =>
    inWorld(async (world) => {
      const absent = world.worker("a", { ...significant, restart: "transient", starts: [{ ignore: true }] });
      const top = await world.start({ autoShutdown, children: [absent] });
      expect(await world.children(top)).toEqual(["a stopped"]);
    }),
  );

  test("allSignificant counts a significant child that is being restarted as one that is there", () =>
    inWorld(async (world) => {
      const again = { ...significant, restart: "transient", starts: [{}, { fail: "not yet" }] } as const;
      const top = await world.start({
        autoShutdown: "allSignificant",
        children: [world.worker("a", again), world.worker("b", { ...significant, restart: "transient" })],
      });
      world.sim.kill(world.pid("a"));
      world.sim.exit(world.pid("b"), "shutdown");
      await world.sim.idle();
      expect(await world.children(top)).toEqual(["b stopped", "a#3"]);
    }));

  test("allSignificant does not count a significant child whose restart is ignored", () =>
    inWorld(async (world) => {
      const absent = {
        ...significant,
        restart: "transient",
        starts: [{}, { fail: "not yet" }, { ignore: true }],
      } as const;
      const top = await world.start({
        autoShutdown: "allSignificant",
        children: [world.worker("a", absent), world.worker("b", { ...significant, restart: "transient" })],
      });
      await world.kill("a");
      expect(await world.children(top)).toEqual(["b#1", "a stopped"]);
      await world.end("b", "normal");
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("allSignificant looks at dynamically added children, too", () =>
    inWorld(async (world) => {
      const first = world.worker("a", { ...significant, restart: "transient" });
      const top = await world.start({ autoShutdown: "allSignificant", children: [first] });
      await Supervisor.startChild(world.sim, top, world.worker("b", { ...significant, restart: "temporary" }));
      await world.end("a", "normal");
      expect(await world.children(top)).toEqual(["b#1", "a stopped"]);
      await world.kill("b");
      expect(world.sim.isAlive(top)).toBe(false);
    }));
});

describe("a significant child that ends by itself", () => {
  const cases: readonly { restart: "transient" | "temporary"; reason: Reason; ends: boolean }[] = [
    { restart: "transient", reason: "normal", ends: true },
    { restart: "transient", reason: "shutdown", ends: true },
    { restart: "transient", reason: { shutdown: "done" }, ends: true },
    { restart: "transient", reason: "boom", ends: false },
    { restart: "temporary", reason: "normal", ends: true },
    { restart: "temporary", reason: { shutdown: "done" }, ends: true },
    { restart: "temporary", reason: "boom", ends: true },
  ];

  test.each(cases)("$restart, with $reason: the supervisor ends: $ends", ({ restart, reason, ends }) =>
    inWorld(async (world) => {
      for (const autoShutdown of ["anySignificant", "allSignificant"] as const) {
        const only = world.worker("a", { ...significant, restart });
        const top = await world.sim.start(world.tree(autoShutdown, { autoShutdown, children: [only] }));
        await world.end("a", reason);
        expect(world.sim.isAlive(top)).toBe(!ends);
      }
    }),
  );
});

test("an automatic shutdown escalates when the supervisor is itself a significant child", () =>
  inWorld(async (world) => {
    const inner = world.tree("inner", {
      autoShutdown: "anySignificant",
      children: [world.worker("a", { ...significant, restart: "transient" })],
      options: { ...significant, restart: "transient" },
    });
    await world.start({ autoShutdown: "anySignificant", children: [world.worker("b"), inner] });
    await world.end("a", "normal");
    expect(world.take().slice(1)).toEqual([
      "down a#1 normal",
      "down inner#1 shutdown",
      "down b#1 shutdown",
      "down top#1 shutdown",
    ]);
  }));
