import { Supervisor, SupervisorError } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

const fail = { fail: "not yet" } as const;
const slowFail = { after: 100, fail: "not yet" } as const;

/** Asks while the supervisor is busy with a start that fails: the answers come before the next attempt. */
const refused = (promise: Promise<unknown>) => promise.catch((error) => error.reason);

describe("a restart that fails", () => {
  test("is tried again until it succeeds, at once each time", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { starts: [{}, fail, fail] })] });
      await world.kill("a");
      expect(world.take()).toEqual([
        "down a#1 killed",
        "start a#2",
        "down a#2 not yet",
        "start a#3",
        "down a#3 not yet",
        "start a#4",
      ]);
      expect(await world.children(top)).toEqual(["a#4"]);
      expect(world.sim.now()).toBe(0);
      expect(world.reports).toEqual(["exit a killed", "startError a not yet", "startError a not yet"]);
    }));

  test("counts again with each attempt", () =>
    inWorld(async (world) => {
      const starts = [{}, fail, fail];
      const top = await world.start({ children: [world.worker("a", { starts })], maxRestarts: 2 });
      await world.kill("a");
      expect(world.take().filter((line) => line.startsWith("start"))).toEqual(["start a#2", "start a#3"]);
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.reports.at(-1)).toBe("giveUp a not yet");
    }));

  test("counts as a success when the start is ignored", () =>
    inWorld(async (world) => {
      const starts = [{}, fail, { ignore: true } as const];
      const top = await world.start({ children: [world.worker("a", { starts })] });
      await world.kill("a");
      expect(await world.children(top)).toEqual(["a stopped"]);
      await Supervisor.restartChild(world.sim, top, "a");
      expect(await world.children(top)).toEqual(["a#4"]);
    }));

  test("waits its turn behind the messages that came before it", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{}, slowFail] }), world.worker("b")];
      await world.start({ children });
      await world.kill("a");
      await world.sim.advance(50);
      await world.kill("b");
      expect(world.take()).toEqual(["down a#1 killed", "start a#2", "down b#1 killed"]);
      await world.sim.advance(50);
      expect(world.take()).toEqual(["down a#2 not yet", "start b#2", "start a#3"]);
    }));
});

describe("between two attempts", () => {
  /** A supervisor whose child `a` fails its second start and comes up with its third. */
  async function between(world: World) {
    const children = [world.worker("a", { starts: [{}, slowFail] }), world.worker("b")];
    const top = await world.start({ children });
    await world.kill("a");
    await world.sim.advance(50);
    return top;
  }

  test("the child is listed as restarting, and does not count as active", () =>
    inWorld(async (world) => {
      const top = await between(world);
      const [which, count] = await Promise.all([world.children(top), Supervisor.countChildren(world.sim, top)]);
      expect(which).toEqual(["b#1", "a restarting"]);
      expect(count).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 });
      expect(await world.children(top)).toEqual(["b#1", "a#3"]);
    }));

  test("the child can neither be started, nor restarted, nor deleted", () =>
    inWorld(async (world) => {
      const top = await between(world);
      const answers = await Promise.all([
        refused(Supervisor.startChild(world.sim, top, world.worker("a"))),
        refused(Supervisor.restartChild(world.sim, top, "a")),
        refused(Supervisor.deleteChild(world.sim, top, "a")),
      ]);
      expect(answers).toEqual(["alreadyPresent", "restarting", "restarting"]);
      expect(await world.children(top)).toEqual(["b#1", "a#3"]);
    }));

  test("the child's spec can be read", () =>
    inWorld(async (world) => {
      const top = await between(world);
      expect(await Supervisor.getChildSpec(world.sim, top, "a")).toMatchObject({ id: "a", restart: "permanent" });
    }));

  test("the child can be terminated: it is not tried again", () =>
    inWorld(async (world) => {
      const top = await between(world);
      await Supervisor.terminateChild(world.sim, top, "a");
      await world.sim.advance(60_000);
      expect(await world.children(top)).toEqual(["b#1", "a stopped"]);
      await Supervisor.deleteChild(world.sim, top, "a");
      await expect(Supervisor.terminateChild(world.sim, top, "a")).rejects.toThrow(SupervisorError);
    }));

  test("the supervisor can be told to stop, however long the child goes on failing", () =>
    inWorld(async (world) => {
      const starts = [{}, ...Array(1000).fill(slowFail)];
      const children = [world.worker("a", { starts }), world.worker("b")];
      const { top, parent } = await world.startUnder({ children, maxRestarts: 1_000_000 });
      await world.kill("a");
      await world.sim.advance(1050);
      expect(world.take().at(-1)).toBe("start a#12");
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(50);
      expect(world.take()).toEqual(["down a#12 not yet", "down b#1 shutdown", "down top#1 shutdown"]);
      expect(world.sim.isAlive(top)).toBe(false);
    }));
});

describe.each(["oneForAll", "restForOne"] as const)("between two attempts under %s", (strategy) => {
  /** `a` is killed and fails to come back, again and again; `b` is stopped until it does. */
  async function between(world: World) {
    const starts = [{}, ...Array(1000).fill(slowFail)];
    const children = [world.worker("a", { starts }), world.worker("b")];
    const under = await world.startUnder({ strategy, children, maxRestarts: 1_000_000 });
    await world.kill("a");
    await world.sim.advance(1050);
    world.take();
    return under;
  }

  test("the child is restarting, and its siblings are stopped", () =>
    inWorld(async (world) => {
      const { top } = await between(world);
      expect(await world.children(top)).toEqual(["b stopped", "a restarting"]);
      expect(await Supervisor.whichChild(world.sim, top, "a")).toEqual({ id: "a", pid: "restarting", type: "worker" });
      expect(await Supervisor.countChildren(world.sim, top)).toMatchObject({ specs: 2, active: 0 });
    }));

  test("the child can neither be started, nor restarted, nor deleted, but terminated", () =>
    inWorld(async (world) => {
      const { top } = await between(world);
      const answers = await Promise.all([
        refused(Supervisor.startChild(world.sim, top, world.worker("a"))),
        refused(Supervisor.restartChild(world.sim, top, "a")),
        refused(Supervisor.deleteChild(world.sim, top, "a")),
        refused(Supervisor.terminateChild(world.sim, top, "a")),
      ]);
      expect(answers).toEqual(["alreadyPresent", "restarting", "restarting", undefined]);
      await world.sim.advance(60_000);
      expect(await world.children(top)).toEqual(["b stopped", "a stopped"]);
    }));

  test("the supervisor can be told to stop", () =>
    inWorld(async (world) => {
      const { parent } = await between(world);
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(50);
      expect(world.take()).toEqual(["down a#12 not yet", "down top#1 shutdown"]);
    }));
});

describe("when a sibling fails to come back", () => {
  test("oneForAll stops those again that had come back, and starts over", () =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("b", { starts: [{}, fail] }), world.worker("c")];
      const top = await world.start({ strategy: "oneForAll", children });
      await world.kill("c");
      expect(world.take()).toEqual([
        "down c#1 killed",
        "down b#1 shutdown",
        "down a#1 shutdown",
        "start a#2",
        "start b#2",
        "down b#2 not yet",
        "down a#2 shutdown",
        "start a#3",
        "start b#3",
        "start c#2",
      ]);
      expect(await world.children(top)).toEqual(["c#2", "b#3", "a#3"]);
    }));

  test("restForOne goes on from it, and leaves those that had come back alone", () =>
    inWorld(async (world) => {
      const starts = [{}, fail, fail];
      const children = [world.worker("a"), world.worker("b"), world.worker("c", { starts }), world.worker("d")];
      const top = await world.start({ strategy: "restForOne", children });
      await world.kill("b");
      expect(world.take()).toEqual([
        "down b#1 killed",
        "down d#1 shutdown",
        "down c#1 shutdown",
        "start b#2",
        "start c#2",
        "down c#2 not yet",
        "start c#3",
        "down c#3 not yet",
        "start c#4",
        "start d#2",
      ]);
      expect(await world.children(top)).toEqual(["d#2", "c#4", "b#2", "a#1"]);
    }));

  test("those behind it are stopped until then, and may be restarted by hand", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{}, slowFail] }), world.worker("b")];
      const top = await world.start({ strategy: "oneForAll", children });
      await world.kill("b");
      await world.sim.advance(50);
      const [which] = await Promise.all([world.children(top), Supervisor.restartChild(world.sim, top, "b")]);
      await world.sim.idle();
      expect(which).toEqual(["b stopped", "a restarting"]);
      expect(world.take().slice(-4)).toEqual(["start b#2", "down b#2 shutdown", "start a#3", "start b#3"]);
    }));

  test("each attempt counts towards the intensity", () =>
    inWorld(async (world) => {
      const children = [world.worker("a"), world.worker("b", { starts: [{}, fail, fail, fail] })];
      const top = await world.start({ strategy: "oneForAll", children, maxRestarts: 3 });
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(false);
      expect(world.take().slice(-3)).toEqual(["down b#4 not yet", "down a#4 shutdown", "down top#1 shutdown"]);
    }));
});
