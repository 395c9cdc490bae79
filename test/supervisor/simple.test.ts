import { AlreadyStarted, name, type Pid, StartError } from "hornbeam";
import { Supervisor, type SupervisorInit, treeOf } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const {
  startChild,
  terminateChild,
  restartChild,
  deleteChild,
  whichChild,
  whichChildren,
  countChildren,
  getChildSpec,
} = Supervisor;

const refusal = (reason: string) => ({ name: "SupervisorError", reason });
const fail = { fail: "not yet" } as const;

/** Starts children of a template; the log is forgotten. */
async function start(world: World, top: Pid, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await startChild(world.sim, top, id);
  world.take();
}

const running = async (world: World, top: Pid): Promise<string[]> =>
  (await whichChildren(world.sim, top)).map(({ pid }) => (typeof pid === "object" ? world.nameOf(pid) : String(pid)));

describe("a simpleOneForOne supervisor", () => {
  test("starts nobody by itself; startChild gives the template's start its arguments, and resolves to the pid", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      expect(world.take()).toEqual([]);
      expect(await startChild(world.sim, top, "a")).toBe(world.pid("a"));
      expect(await startChild(world.sim, top, "b", { trapExit: true })).toBe(world.pid("b"));
      await terminateChild(world.sim, top, world.pid("b"));
      expect(world.take()).toEqual(["start a#1", "start b#1", "terminate b#1 shutdown", "down b#1 shutdown"]);
    }));

  test("lists its children without ids, and counts one spec", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      expect(await whichChildren(world.sim, top)).toEqual([]);
      await start(world, top, "a", "b", "b");
      const { specs, ...rest } = await countChildren(world.sim, top);
      expect(specs).toBe(1);
      expect(rest).toEqual({ active: 3, supervisors: 0, workers: 3 });
      expect(await whichChildren(world.sim, top)).toContainEqual({
        id: undefined,
        pid: world.pid("a"),
        type: "worker",
      });
      expect(await running(world, top)).toEqual(["a#1", "b#1", "b#2"]);
    }));

  test("counts supervisors as such", () =>
    inWorld(async (world) => {
      const top = await world.start({
        strategy: "simpleOneForOne",
        children: [{ ...world.tree("room", {}), start: (parent, id) => world.tree(id, {}).start(parent) }],
      });
      await start(world, top, "a", "b");
      expect(await countChildren(world.sim, top)).toEqual({ specs: 1, active: 2, supervisors: 2, workers: 0 });
    }));

  test("rejects with the start error of the child, bare, and keeps nothing", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      const failing = startChild(world.sim, top, "a", { starts: [{ fail: "no disk" }] });
      await expect(failing).rejects.toThrow(StartError);
      await expect(failing).rejects.toMatchObject({ reason: "no disk" });
      expect(await whichChildren(world.sim, top)).toEqual([]);
      expect(world.reports).toEqual([]);
    }));

  test("rejects with what a start function throws, and with an odd value in a StartError", () =>
    inWorld(async (world) => {
      const boom = new Error("boom");
      const template = {
        id: "odd",
        start: async (_: unknown, value: unknown) => {
          if (value instanceof Error) throw value;
          return value as Pid;
        },
      };
      const top = await world.start({ strategy: "simpleOneForOne", children: [template] });
      await expect(startChild(world.sim, top, boom)).rejects.toBe(boom);
      await expect(startChild(world.sim, top, "odd")).rejects.toMatchObject({ name: "StartError", reason: "odd" });
      expect(await whichChildren(world.sim, top)).toEqual([]);
    }));

  test("passes AlreadyStarted through, with the holder's pid", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple({ name: "printer" }));
      const first = await startChild(world.sim, top, "a");
      const second = startChild(world.sim, top, "b");
      await expect(second).rejects.toThrow(AlreadyStarted);
      await expect(second).rejects.toMatchObject({ pid: first });
    }));

  test.each(["permanent", "transient", "temporary"] as const)(
    "resolves to undefined when the start of a %s child is ignored, keeps nothing, and stops cleanly later",
    (restart) =>
      inWorld(async (world) => {
        const { top, parent } = await world.startUnder(world.simple({ restart }));
        expect(await startChild(world.sim, top, "a", { starts: [{ ignore: true }] })).toBeUndefined();
        expect(await countChildren(world.sim, top)).toMatchObject({ specs: 1, active: 0, workers: 0 });
        world.take();
        world.sim.send(parent, { end: "shutdown" });
        await world.sim.idle();
        expect(world.take()).toEqual(["down top#1 shutdown"]);
      }),
  );

  test("is drawn with its children in start order, under their labels", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await start(world, top, "b", "a");
      const { children } = await treeOf(world.sim, top);
      expect(children.map(({ id, pid }) => [id, world.nameOf(pid)])).toEqual([
        ["b", "b#1"],
        ["a", "a#1"],
      ]);
    }));

  test("is found by its name", () =>
    inWorld(async (world) => {
      await world.start({ ...world.simple(), options: { name: name("rooms") } });
      expect(await startChild(world.sim, name("rooms"), "a")).toBe(world.pid("a"));
    }));

  test("fails to start unless it has exactly one child spec", () =>
    inWorld(async (world) => {
      for (const children of [[], [world.template(), world.template()]]) {
        const started = world.sim.start(world.tree("top", { strategy: "simpleOneForOne", children } as never));
        await expect(started).rejects.toMatchObject({
          reason: { name: "BadSpec", why: { badStartSpec: children } },
        });
      }
    }));
});

describe("the administration of a simpleOneForOne supervisor", () => {
  test("terminates a child by its pid, and forgets it", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await start(world, top, "a", "b");
      expect(await terminateChild(world.sim, top, world.pid("a"))).toBeUndefined();
      expect(world.take()).toEqual(["down a#1 shutdown"]);
      expect(await running(world, top)).toEqual(["b#1"]);
    }));

  test("takes it for done when the pid is dead already, whosever it was", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple({ restart: "temporary" }));
      await start(world, top, "a");
      const stranger = await world.sim.start(world.worker("stranger"));
      await world.kill("a", "stranger");
      for (const pid of [world.pid("a"), stranger]) {
        expect(await terminateChild(world.sim, top, pid)).toBeUndefined();
      }
    }));

  test("takes it for done when the pid is what a child had before it was restarted, and leaves the child alone", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await start(world, top, "a");
      const before = world.pid("a");
      await world.kill("a");
      expect(await terminateChild(world.sim, top, before)).toBeUndefined();
      expect(await running(world, top)).toEqual(["a#2"]);
    }));

  test("rejects with notFound for a stranger that lives, and leaves it alone", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      const stranger = await world.sim.start(world.worker("stranger"));
      await expect(terminateChild(world.sim, top, stranger)).rejects.toMatchObject(refusal("notFound"));
      await expect(getChildSpec(world.sim, top, stranger)).rejects.toMatchObject(refusal("notFound"));
      await expect(whichChild(world.sim, top, stranger)).rejects.toMatchObject(refusal("notFound"));
      expect(world.sim.isAlive(stranger)).toBe(true);
    }));

  test("rejects with simpleOneForOne what names a child by an id, and what has no sense", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await start(world, top, "a");
      for (const ask of [terminateChild, restartChild, deleteChild, whichChild]) {
        await expect(ask(world.sim, top, "template")).rejects.toMatchObject(refusal("simpleOneForOne"));
      }
      for (const ask of [restartChild, deleteChild]) {
        await expect(ask(world.sim, top, world.pid("a") as never)).rejects.toMatchObject(refusal("simpleOneForOne"));
      }
      expect(await running(world, top)).toEqual(["a#1"]);
    }));

  test("gives the template, with its defaults, by its id and by the pid of a child", () =>
    inWorld(async (world) => {
      const init = world.simple({ restart: "transient" });
      const top = await world.start(init);
      await start(world, top, "a");
      const spec = {
        id: "template",
        restart: "transient",
        shutdown: 5000,
        type: "worker",
        significant: false,
        start: init.children[0].start,
      };
      expect(await getChildSpec(world.sim, top, "template")).toEqual(spec);
      expect(await getChildSpec(world.sim, top, world.pid("a"))).toEqual(spec);
      await expect(getChildSpec(world.sim, top, "a")).rejects.toMatchObject(refusal("notFound"));
    }));

  test("gives one child by its pid", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await start(world, top, "a", "b");
      const info = { id: undefined, pid: world.pid("b"), type: "worker" };
      expect(await whichChild(world.sim, top, world.pid("b"))).toEqual(info);
      await terminateChild(world.sim, top, world.pid("b"));
      await expect(whichChild(world.sim, top, world.pid("b"))).rejects.toMatchObject(refusal("notFound"));
    }));
});

describe("a child of a template that ends", () => {
  test("is restarted alone, with the arguments it was started with", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await start(world, top, "a");
      await startChild(world.sim, top, "b", { trapExit: true });
      await world.kill("b");
      await terminateChild(world.sim, top, world.pid("b"));
      expect(world.take()).toEqual([
        "start b#1",
        "down b#1 killed",
        "start b#2",
        "terminate b#2 shutdown",
        "down b#2 shutdown",
      ]);
      expect(await running(world, top)).toEqual(["a#1"]);
    }));

  const cases = [
    { restart: "permanent", reason: "normal", again: true },
    { restart: "permanent", reason: "boom", again: true },
    { restart: "transient", reason: "normal", again: false },
    { restart: "transient", reason: { shutdown: 1 }, again: false },
    { restart: "transient", reason: "boom", again: true },
    { restart: "temporary", reason: "shutdown", again: false },
    { restart: "temporary", reason: "boom", again: false },
  ] as const;

  test.each(cases)("$restart, with $reason: restarted $again, else forgotten", ({ restart, reason, again }) =>
    inWorld(async (world) => {
      const top = await world.start(world.simple({ restart }));
      await start(world, top, "a");
      await world.end("a", reason);
      expect(await running(world, top)).toEqual(again ? ["a#2"] : []);
    }),
  );

  test("uses up the restarts of its supervisor, which stops the others and ends with shutdown", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple({}, { maxRestarts: 1 }));
      await start(world, top, "a", "b");
      await world.kill("a");
      await world.kill("b");
      expect(world.take()).toEqual([
        "down a#1 killed",
        "start a#2",
        "down b#1 killed",
        "down a#2 shutdown",
        "down top#1 shutdown",
      ]);
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test("and never comes back, ends its supervisor: each attempt counts", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await startChild(world.sim, top, "a", { starts: [{}, fail, fail, fail, fail] });
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.take().filter((line) => line.startsWith("start"))).toEqual([
        "start a#1",
        "start a#2",
        "start a#3",
        "start a#4",
      ]);
      expect(world.reports.at(-1)).toBe("giveUp template not yet");
    }));

  test("is dropped when its restart is ignored (OTP 26), and the supervisor stops cleanly later", () =>
    inWorld(async (world) => {
      const { top, parent } = await world.startUnder(world.simple());
      await startChild(world.sim, top, "a", { starts: [{}, fail, { ignore: true }] });
      await start(world, top, "b");
      await world.kill("a");
      expect(await running(world, top)).toEqual(["b#1"]);
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.idle();
      expect(world.take().slice(-2)).toEqual(["down b#1 shutdown", "down top#1 shutdown"]);
    }));

  test("keeps its arguments over failed restarts", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple());
      await startChild(world.sim, top, "a", { starts: [{}, fail, fail] });
      await world.kill("a");
      expect(await running(world, top)).toEqual(["a#4"]);
    }));
});

describe("between two attempts to restart a child of a template", () => {
  const slowFail = { after: 100, fail: "not yet" };

  /** The second start of `a` fails at 100 ms; what is asked before is answered then. */
  async function between(world: World) {
    const under = await world.startUnder(world.simple({}, { maxRestarts: 1000 }));
    await startChild(world.sim, under.top, "a", { starts: [{}, ...Array(900).fill(slowFail)] });
    await start(world, under.top, "b");
    const pid = world.pid("a");
    await world.kill("a");
    await world.sim.advance(50);
    world.take();
    return { ...under, pid };
  }

  test("it is listed as restarting, and not active", () =>
    inWorld(async (world) => {
      const { top, pid } = await between(world);
      const answers = await Promise.all([
        running(world, top),
        countChildren(world.sim, top),
        whichChild(world.sim, top, pid),
      ]);
      expect(answers).toEqual([
        ["restarting", "b#1"],
        { specs: 1, active: 1, supervisors: 0, workers: 2 },
        { id: undefined, pid: "restarting", type: "worker" },
      ]);
    }));

  test("others are started and terminated", () =>
    inWorld(async (world) => {
      const { top } = await between(world);
      await Promise.all([startChild(world.sim, top, "c"), terminateChild(world.sim, top, world.pid("b"))]);
      expect(world.take()).toEqual(["down a#2 not yet", "start c#1", "down b#1 shutdown"]);
    }));

  test("it is terminated by the pid that it had, and not tried again", () =>
    inWorld(async (world) => {
      const { top, pid } = await between(world);
      await terminateChild(world.sim, top, pid);
      await world.sim.advance(60_000);
      expect(world.take()).toEqual(["down a#2 not yet"]);
      expect(await running(world, top)).toEqual(["b#1"]);
    }));

  test("the supervisor can be told to stop", () =>
    inWorld(async (world) => {
      const { parent } = await between(world);
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(50);
      expect(world.take()).toEqual(["down a#2 not yet", "down b#1 shutdown", "down top#1 shutdown"]);
    }));
});

describe("autoShutdown of a simpleOneForOne supervisor (as in OTP 25; OTP 27 refuses it)", () => {
  const significant = { restart: "temporary", significant: true } as const;

  test("anySignificant ends it with the first child that ends for good", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple(significant, { autoShutdown: "anySignificant" }));
      await start(world, top, "a", "b");
      await world.kill("a");
      expect(world.take()).toEqual(["down a#1 killed", "down b#1 shutdown", "down top#1 shutdown"]);
    }));

  test("allSignificant ends it with the last child that ends for good", () =>
    inWorld(async (world) => {
      const top = await world.start(world.simple(significant, { autoShutdown: "allSignificant" }));
      await start(world, top, "a", "b");
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(true);
      await world.kill("b");
      expect(world.sim.isAlive(top)).toBe(false);
    }));

  test.each(["anySignificant", "allSignificant"] as const)(
    "%s is not triggered by terminateChild, nor by a restart that is ignored",
    (autoShutdown) =>
      inWorld(async (world) => {
        const transient = { restart: "transient", significant: true } as const;
        const top = await world.start(world.simple(transient, { autoShutdown }));
        await start(world, top, "a");
        await terminateChild(world.sim, top, world.pid("a"));
        await startChild(world.sim, top, "b", { starts: [{}, { ignore: true }] });
        await world.kill("b");
        expect(world.sim.isAlive(top)).toBe(true);
      }),
  );

  test("needs the template to be significant, and not permanent", () =>
    inWorld(async (world) => {
      const failure = (spec: object, autoShutdown: SupervisorInit["autoShutdown"]) =>
        world.sim
          .start(world.tree("top", world.simple(spec, autoShutdown && { autoShutdown })))
          .catch(({ reason }) => reason.why);
      expect(await failure({ significant: true }, "anySignificant")).toEqual({
        badCombination: { restart: "permanent", significant: true },
      });
      expect(await failure(significant, undefined)).toEqual({
        badCombination: { autoShutdown: "never", significant: true },
      });
    }));
});
