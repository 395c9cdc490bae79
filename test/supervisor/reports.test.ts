import { type Level, onReport, type Pid } from "hornbeam";
import { GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, type Failure, Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld, type World } from "./support.ts";

/** The reports of supervisors, each with its level; pids are written as the names that the world knows. */
function listen(world: World, from: Level = "info"): string[] {
  const heard: string[] = [];
  onReport(
    world.sim.telemetry,
    (level, text, event) => event.startsWith("supervisor.") && heard.push(`${level}: ${named(world, text)}`),
    from,
  );
  return heard;
}

/** Stacks are left out. */
const named = (world: World, text: string): string =>
  text
    .replaceAll(/\n {4}at .*/g, "")
    .replaceAll(/<0\.\d+>/g, (pid) => (world.known().find((each) => String(each) === pid) ? nameOf(world, pid) : pid));

const nameOf = (world: World, pid: string): string =>
  world.nameOf(world.known().find((each) => String(each) === pid) as Pid);

const fail = { fail: "no disk" };

describe("the report of a child that ended by itself", () => {
  test("names the supervisor, those above it, the child, and why; and says that it is started again", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [world.worker("a")] });
      await world.start({ children: [inner] });
      const heard = listen(world);
      await world.kill("a");
      expect(heard).toEqual([
        "warning: supervisor inner#1 inner (under top#1 top): child a a#1 ended ('killed') and is started again",
      ]);
    }));

  test("names the process that fell first, when a link took the child along", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a"), world.worker("b"), world.worker("c")] });
      world.sim.cast(world.pid("a"), "link", world.pid("b"));
      world.sim.cast(world.pid("b"), "link", world.pid("c"));
      await world.sim.idle();
      const heard = listen(world);
      await world.kill("a");
      expect(heard).toEqual([
        "warning: supervisor top#1 top: child a a#1 ended ('killed') and is started again",
        "warning: supervisor top#1 top: child b b#1 ended ('killed') and is started again\n" +
          "  it was linked to a#1 a, which ended first",
        "warning: supervisor top#1 top: child c c#1 ended ('killed') and is started again\n" +
          "  it was linked to a#1 a, which ended first",
      ]);
    }));

  test("says so when it is not, and an Error by its name and message", () =>
    inWorld(async (world) => {
      const top = world.tree("top", {
        children: [
          world.tree("middle", {
            children: [world.tree("low", { children: [world.worker("a", { restart: "temporary" })] })],
          }),
        ],
      });
      await world.sim.start(top);
      const heard = listen(world);
      world.sim.cast(world.pid("a"), "crash", new TypeError("boom"));
      await world.sim.idle();
      expect(heard).toEqual([
        "warning: supervisor low#1 low (under middle#1 middle, under top#1 top): " +
          "child a a#1 ended (TypeError: boom) and is not started again",
      ]);
    }));

  test("leaves out those above that it had, when they are gone", () =>
    inWorld(async (world) => {
      const ancestors: unknown[] = [];
      world.sim.telemetry.on("supervisor.child.exit", (_, metadata) => ancestors.push(metadata.ancestors));
      const orphan = world.sim.spawn(async (self) => {
        await world.tree("top", { children: [world.worker("a")] }).start(self);
        await self.receive();
      });
      await world.sim.idle();
      await world.kill("a");
      expect(ancestors).toEqual([[`${orphan} process`]]);
    }));
});

describe("the report of a child that could not be started", () => {
  test("names the supervisor, the child and the reason, in the first start and in a restart", () =>
    inWorld(async (world) => {
      const heard = listen(world);
      const children = [world.worker("a", { starts: [fail] })];
      await world.sim.start(world.tree("top", { children })).catch(() => {});
      await world.start({ children: [world.worker("b", { starts: [{}, fail] })] });
      await world.kill("b");
      expect(heard).toEqual([
        "error: supervisor top#1 top: child a could not be started: 'no disk'",
        "warning: supervisor top#2 top: child b b#1 ended ('killed') and is started again",
        "error: supervisor top#2 top: child b could not be started: 'no disk'",
      ]);
    }));

  test("shows what is nested in the reason of a supervisor that could not start", () =>
    inWorld(async (world) => {
      const heard = listen(world);
      const inner = world.tree("inner", { children: [world.worker("a", { starts: [fail] })] });
      await world.sim.start(world.tree("top", { children: [inner] })).catch(() => {});
      expect(heard.at(-1)).toBe(
        "error: supervisor top#1 top: child inner could not be started: " +
          "{ shutdown: { failedToStartChild: 'a', reason: 'no disk' } }",
      );
    }));
});

describe("the report of a child that did not stop as it was told", () => {
  test("names the supervisor, the child, its shutdown, and how it ended", () =>
    inWorld(async (world) => {
      const stubborn = { trapExit: true, stopTime: "forever", shutdown: 300 } as const;
      const top = await world.start({ children: [world.worker("a", stubborn)] });
      const heard = listen(world);
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(heard).toEqual([
        "error: supervisor top#1 top: child a a#1 did not stop as told (shutdown: 300): 'killed'",
      ]);
    }));

  test("of a simpleOneForOne supervisor names up to five that ended for one reason, and counts the rest", () =>
    inWorld(async (world) => {
      const stubborn = { trapExit: true, stopTime: "forever", shutdown: 300 } as const;
      const top = await world.start({ children: [world.tree("rooms", world.simple(stubborn))] });
      for (const id of ["a", "b", "c", "d", "e", "f", "g"]) {
        await Supervisor.startChild(world.sim, world.pid("rooms"), id);
      }
      const heard = listen(world);
      await Supervisor.terminateChild(world.sim, top, "rooms");
      expect(heard).toEqual([
        "error: supervisor rooms#1 rooms (under top#1 top): children template a#1 b#1 c#1 d#1 e#1 and 2 more " +
          "did not stop as told (shutdown: 300): 'killed'",
      ]);
    }));

  test("of a child that had unlinked itself and died says that nothing is known of its end (OTP 26)", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { unlinks: true })] });
      await world.kill("a");
      const heard = listen(world);
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(heard).toEqual([
        "error: supervisor top#1 top: child a a#1 did not stop as told (shutdown: 5000): 'childProcessUnlinked'",
      ]);
    }));
});

describe("the report of a supervisor that gives up", () => {
  test("names the first failure of those that count, and the last: which child, when, and why", () =>
    inWorld(async (world) => {
      const children = [world.worker("db"), world.worker("api"), world.worker("web")];
      await world.start({ children, maxRestarts: 2 });
      const heard = listen(world, "error");
      world.sim.cast(world.pid("db"), "crash", new Error("no disk"));
      await world.sim.advance(700);
      await world.kill("api");
      await world.sim.advance(500);
      await world.kill("web");
      expect(heard).toEqual([
        "error: supervisor top#1 top gives up: more than 2 restarts in 5 s\n" +
          "  at first, child db db#1 ended (Error: no disk)\n" +
          "  1200 ms later, child web web#1 ended ('killed')",
      ]);
    }));

  test("does not name a failure that was too long ago to count", () =>
    inWorld(async (world) => {
      const firsts: Failure[] = [];
      world.sim.telemetry.on("supervisor.giveUp", (_, { first }) => firsts.push(first));
      const children = [world.worker("a"), world.worker("b")];
      await world.start({ children, maxRestarts: 1, maxSeconds: 5 });
      await world.kill("a");
      await world.sim.advance(10_000);
      await world.kill("b");
      await world.kill("b");
      expect(firsts).toEqual([{ id: "b", pid: expect.anything(), reason: "killed", at: 10_000, cause: undefined }]);
      expect(world.nameOf(firsts[0]?.pid as Pid)).toBe("b#1");
    }));

  test("names one failure when there was but one", () =>
    inWorld(async (world) => {
      await world.start({ children: [world.worker("a")], maxRestarts: 0 });
      const heard = listen(world, "error");
      await world.kill("a");
      expect(heard).toEqual([
        "error: supervisor top#1 top gives up: more than 0 restarts in 5 s\n  child a a#1 ended ('killed')",
      ]);
    }));

  test("tells an attempt that failed from an end", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { starts: [{}, fail] })], maxRestarts: 1 });
      const heard = listen(world, "error");
      await world.kill("a");
      expect(world.sim.isAlive(top)).toBe(false);
      expect(heard.at(-1)).toBe(
        "error: supervisor top#1 top gives up: more than 1 restarts in 5 s\n" +
          "  at first, child a a#1 ended ('killed')\n" +
          "  0 ms later, child a could not be started ('no disk')",
      );
    }));

  test("of a dynamic supervisor is the same", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [DynamicSupervisor.child({ id: "rooms", maxRestarts: 0 })] });
      const { pid } = await Supervisor.whichChild(world.sim, top, "rooms");
      await DynamicSupervisor.startChild(world.sim, pid as Pid, world.worker("room"));
      const heard = listen(world, "error");
      await world.kill("room");
      expect(heard).toEqual([
        `error: supervisor ${pid} rooms (under top#1 top) gives up: more than 0 restarts in 5 s\n` +
          "  child room room#1 ended ('killed')",
      ]);
    }));

  test("is followed by that of its parent, which hears only `shutdown`, and names the first failure too", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [world.worker("a"), world.worker("b")], maxRestarts: 1 });
      await world.start({ children: [inner] });
      await world.kill("a");
      const heard = listen(world, "warning");
      await world.kill("b");
      expect(heard.at(-1)).toBe(
        "warning: supervisor top#1 top: child inner inner#1 ended ('shutdown') and is started again\n" +
          "  it gave up; at first, child a a#1 ended ('killed')",
      );
    }));

  test("goes down to what began it, however many levels gave up", () =>
    inWorld(async (world) => {
      const low = world.tree("low", { children: [world.worker("a")], maxRestarts: 0 });
      const middle = world.tree("middle", { children: [low], maxRestarts: 0 });
      await world.start({ children: [middle], maxRestarts: 0 });
      const heard = listen(world, "error");
      await world.kill("a");
      expect(heard.at(-1)).toBe(
        "error: supervisor top#1 top gives up: more than 0 restarts in 5 s\n" +
          "  child middle middle#1 ended ('shutdown'), because it gave up: child low low#1 ended ('shutdown'), " +
          "because it gave up: child a a#1 ended ('killed')",
      );
    }));

  test("is not told of a supervisor that was shut down for another reason", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [world.worker("a")], maxRestarts: 0 });
      await world.start({ children: [inner] });
      await world.kill("a");
      const heard = listen(world, "warning");
      await GenServer.stop(world.sim, world.pid("inner"), "shutdown");
      await world.sim.idle();
      expect(heard).toEqual([
        "warning: supervisor top#1 top: child inner inner#2 ended ('shutdown') and is started again",
      ]);
    }));
});

test("the report of a wait says how long, and which attempt follows", () =>
  inWorld(async (world) => {
    await world.start({ children: [world.worker("a")], backoff: { first: 250 } });
    const heard = listen(world);
    await world.kill("a");
    expect(heard.at(-1)).toBe("info: supervisor top#1 top: child a waits 250 ms before attempt 1 to start it again");
  }));

test("nothing is built for a report that nobody listens to", () =>
  inWorld(async (world) => {
    let asked = 0;
    const label = () => `asked ${++asked} times`;
    const quiet = world.tree("top", { children: [world.worker("a")], options: { label } });
    const { inVirtualTime } = await import("hornbeam/test");
    await inVirtualTime(async (sim) => {
      const top = await sim.start(quiet);
      sim.kill((await Supervisor.whichChild(sim, top, "a")).pid as Pid);
      await sim.idle();
      expect(asked).toBe(0);
      expect((await Supervisor.whichChild(sim, top, "a")).pid).not.toBe("restarting");
    });
  }));
