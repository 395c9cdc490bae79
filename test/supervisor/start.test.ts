import { error, ignore, StartError } from "hornbeam";
import { Supervisor, supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";
import { inWorld, type World } from "./support.ts";

const failure = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => expect.unreachable("the start succeeded"),
    (reason) => reason,
  );

describe("a supervisor that starts", () => {
  test("starts its children in order, each after the one before is up", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{ after: 100 }] }), world.worker("b"), world.worker("c")];
      const top = world.sim.start(world.tree("top", { children }));
      await world.sim.advance(99);
      expect(world.take()).toEqual(["start top#1", "start a#1"]);
      await top;
      expect(world.take()).toEqual(["start b#1", "start c#1"]);
    }));

  test("is up when all its children are", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{ after: 70 }] }), world.worker("b", { starts: [{ after: 30 }] })];
      const top = await world.sim.start(world.tree("top", { children }));
      expect(world.sim.now()).toBe(100);
      expect(await world.children(top)).toEqual(["b#1", "a#1"]);
    }));

  test("stops what it had started, in reverse, when a child fails, and starts none after it", () =>
    inWorld(async (world) => {
      const children = [
        world.worker("a", { trapExit: true }),
        world.worker("b"),
        world.worker("c", { starts: [{ fail: "no disk" }] }),
        world.worker("d"),
      ];
      const failed = await failure(world.sim.start(world.tree("top", { children })));
      expect(failed).toBeInstanceOf(StartError);
      expect(failed.reason).toEqual({ shutdown: { failedToStartChild: "c", reason: "no disk" } });
      expect(world.take()).toEqual([
        "start top#1",
        "start a#1",
        "start b#1",
        "start c#1",
        "down c#1 no disk",
        "down b#1 shutdown",
        "terminate a#1 shutdown",
        "down a#1 shutdown",
        'down top#1 {"shutdown":{"failedToStartChild":"c","reason":"no disk"}}',
      ]);
    }));

  test("does not try a child again that failed in the first start", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{ fail: "not yet" }] })];
      await failure(world.sim.start(world.tree("top", { children })));
      expect(world.take().filter((line) => line.startsWith("start a"))).toEqual(["start a#1"]);
      expect(world.reports).toEqual(["startError a not yet"]);
    }));

  test("nests the reasons of supervisors in supervisors that failed to start", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [world.worker("a", { starts: [{ fail: "no disk" }] })] });
      const failed = await failure(world.sim.start(world.tree("top", { children: [inner] })));
      const reason = { shutdown: { failedToStartChild: "a", reason: "no disk" } };
      expect(failed.reason).toEqual({ shutdown: { failedToStartChild: "inner", reason } });
    }));

  test("takes an exception of a start function for a failed start", () =>
    inWorld(async (world) => {
      const boom = new Error("boom");
      const thrown = {
        id: "a",
        start: () => {
          throw boom;
        },
      };
      const failed = await failure(world.sim.start(world.tree("top", { children: [thrown] })));
      expect(failed.reason.shutdown).toEqual({ failedToStartChild: "a", reason: boom });
    }));

  test("takes an odd value of a start function for a failed start", () =>
    inWorld(async (world) => {
      const odd = { id: "a", start: async () => "odd" as never };
      const failed = await failure(world.sim.start(world.tree("top", { children: [odd] })));
      expect(failed.reason).toEqual({ shutdown: { failedToStartChild: "a", reason: "odd" } });
    }));

  test("keeps a child whose start was ignored, without a pid", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{ ignore: true }] }), world.worker("b")];
      const top = await world.start({ children });
      expect(await world.children(top)).toEqual(["b#1", "a stopped"]);
      expect(await Supervisor.countChildren(world.sim, top)).toEqual({
        specs: 2,
        active: 1,
        supervisors: 0,
        workers: 2,
      });
    }));

  test("drops a temporary child whose start was ignored", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { starts: [{ ignore: true }], restart: "temporary" }), world.worker("b")];
      const top = await world.start({ children });
      expect(await world.children(top)).toEqual(["b#1"]);
    }));
});

describe("the init of a supervisor", () => {
  test("calls the start off with ignore, and nobody crashes", () =>
    inWorld(async (world) => {
      const crashes: unknown[] = [];
      world.sim.telemetry.on("process.crash", (_, report) => crashes.push(report));
      const inner = supervisor({ init: () => ignore }, { id: "inner" });
      const top = await world.start({ children: [inner] });
      expect(await world.children(top)).toEqual(["inner stopped"]);
      expect(crashes).toEqual([]);
    }));

  test("fails the start with what it throws", () =>
    inWorld(async (world) => {
      const boom = new Error("boom");
      const thrown = supervisor({
        init: () => {
          throw boom;
        },
      });
      expect((await failure(world.sim.start(thrown))).reason).toBe(boom);
    }));

  test.each([
    ["nothing", undefined],
    ["a string", "oneForOne"],
    ["the result of a server", error("no config")],
  ])("fails the start with a BadReturnValue when it returns %s", (_, value) =>
    inWorld(async (world) => {
      const odd = supervisor({ init: () => value as never });
      expect((await failure(world.sim.start(odd))).reason).toMatchObject({ name: "BadReturnValue" });
    }),
  );
});

const failures: Readonly<Record<string, (world: World) => unknown>> = {
  "an ignore": () => ignore,
  "a value that is no list of children": () => "oneForOne",
  "a throw": () => {
    throw new Error("boom");
  },
  "a child that does not start": (world) => ({
    strategy: "oneForOne",
    children: [world.worker("a"), world.worker("b", { starts: [{ fail: "x" }] })],
  }),
};

test.each(Object.keys(failures))(
  "a starter that traps exits hears once, by the result, of a start that ends in %s, and nothing is left of it",
  (what) =>
    inWorld(async (world) => {
      const starter = puppet(world.sim, { trapExit: true });
      const told: unknown[] = [];
      await starter.does(async (self) => {
        const started = Supervisor.startLink(self, { init: () => failures[what]?.(world) as never });
        told.push((await failure(started)).name);
      });
      expect(told).toEqual(["StartError"]);
      expect(starter.inbox).toEqual([]);
      expect(world.sim.processes().map(({ pid, links, monitors }) => [pid, links, monitors])).toEqual([
        [starter.pid, [], []],
      ]);
    }),
);

test("a supervisor that is started with startLink is linked to its starter, and tells it of a failed start", () =>
  inWorld(async (world) => {
    const heard: unknown[] = [];
    const Bad = {
      init: () => ({ strategy: "oneForOne" as const, children: [world.worker("a", { starts: [{ fail: "x" }] })] }),
    };
    world.sim.spawn(
      async (self) => {
        heard.push((await failure(Supervisor.startLink(self, Bad))).reason);
        const Good = { init: () => ({ strategy: "oneForOne" as const, children: [world.worker("b")] }) };
        const pid = await Supervisor.startLink(self, Good);
        self.exit(pid, "shutdown");
        heard.push(await self.receive());
      },
      { trapExit: true },
    );
    await world.sim.idle();
    expect(heard).toMatchObject([
      { shutdown: { failedToStartChild: "a", reason: "x" } },
      { tag: "exit", reason: "shutdown" },
    ]);
  }));
