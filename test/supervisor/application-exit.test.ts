import { type Exit, noreply, ok, type Pid, type Reason, reply, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { Application } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { app, reported, running } from "./application-support.ts";
import { inWorld, type World } from "./support.ts";

const TYPES = ["permanent", "transient", "temporary"] as const;

/** An application whose top is a worker, so that it can end with any reason. */
const single = (world: World, name: string): Application => ({ name, start: () => world.worker(`${name} top`) });

/** Whether the system has stopped. */
const gone = (world: World): boolean => world.sim.processes().length === 0;

describe("an application that ends by itself", () => {
  const ends: readonly (readonly [type: (typeof TYPES)[number], reason: Reason, stopsSystem: boolean])[] = [
    ["permanent", "normal", true],
    ["permanent", "shutdown", true],
    ["permanent", new Error("boom"), true],
    ["transient", "normal", false],
    ["transient", "shutdown", true],
    ["transient", { shutdown: "upgrade" }, true],
    ["transient", new Error("boom"), true],
    ["temporary", "normal", false],
    ["temporary", "shutdown", false],
    ["temporary", new Error("boom"), false],
  ];
  test.for(ends)("%s with %s stops the system: %s", ([type, reason, stopsSystem]) =>
    inWorld(async (world) => {
      const seen: object[] = [];
      world.sim.telemetry.on("application.exit", (_, { application, reason, system }) => {
        seen.push({ application, reason, system });
      });
      await Application.start(world.sim, single(world, "db"), { type });
      await Application.start(world.sim, app(world, "web"));
      world.take();
      await world.end("db top", reason);
      expect(seen).toEqual([{ application: "db", reason, system: stopsSystem }]);
      expect(gone(world)).toBe(stopsSystem);
      expect(world.take().filter((line) => line.startsWith("stop "))).toEqual(
        stopsSystem ? ['stop web {"prepared":{"of":"web"}}'] : [],
      );
    }),
  );

  test("because its supervisor gave up has ended with shutdown: transient does not survive that", () =>
    inWorld(async (world) => {
      const reports = reported(world);
      const db = app(world, "db", { maxRestarts: 0 });
      await Application.start(world.sim, db, { type: "transient" });
      await world.end("db worker", "boom");
      expect(reports).toEqual(["start db", "exit db shutdown system"]);
      expect(gone(world)).toBe(true);
    }));

  test("stops the others in reverse start order, each before the next", () =>
    inWorld(async (world) => {
      const slow = { trapExit: true, stopTime: 100 };
      const [a, b, c] = ["a", "b", "c"].map((name) => app(world, name, { worker: slow })) as [
        Application,
        Application,
        Application,
      ];
      await Application.start(world.sim, a);
      await Application.start(world.sim, b, { type: "permanent" });
      await Application.start(world.sim, c);
      world.take();
      await world.kill("b top");
      await world.sim.advance(200);
      expect(world.take().filter((line) => /^(prepStop|stop) [ac] /.test(line))).toEqual([
        'prepStop c {"of":"c"} top up',
        'stop c {"prepared":{"of":"c"}}',
        'prepStop a {"of":"a"} top up',
        'stop a {"prepared":{"of":"a"}}',
      ]);
    }));

  test("has its prepStop and stop called after its tree is gone", () =>
    inWorld(async (world) => {
      const reports = reported(world);
      await Application.start(world.sim, app(world, "db"));
      world.take();
      await world.kill("db top");
      expect(world.take()).toEqual([
        "down db top#1 killed",
        "down db worker#1 killed",
        'prepStop db {"of":"db"} top gone',
        'stop db {"prepared":{"of":"db"}}',
      ]);
      expect(reports).toEqual(["start db", "exit db killed"]);
      expect(await running(world)).toEqual([]);
    }));

  test("may be started again", () =>
    inWorld(async (world) => {
      const db = app(world, "db");
      await Application.start(world.sim, db);
      await world.kill("db top");
      await Application.start(world.sim, db);
      expect(await running(world)).toEqual(["db"]);
    }));

  test("as soon as it is up is not missed", () =>
    inWorld(async (world) => {
      const reports = reported(world);
      const Brief = {
        init: () => ok(0, { continue: "end" }),
        handleContinue: () => {
          throw new Error("brief");
        },
      } satisfies GenServer<number>;
      const db = { name: "db", start: () => child(Brief, { id: "brief" }) } satisfies Application;
      await Application.start(world.sim, db);
      await world.sim.idle();
      expect(reports).toEqual(["start db", "exit db"]);
      expect(await running(world)).toEqual([]);
    }));

  test("in the very moment in which it comes up is not missed: no moment leaves it as running", () =>
    inWorld(async (world) => {
      const outcomes = new Set<string>();
      for (let moments = 0; moments < 15; moments++) {
        const off = world.sim.telemetry.on("supervisor.child.start", async (_, { supervisor }) => {
          off();
          for (let moment = 0; moment < moments; moment++) await undefined;
          world.sim.kill(supervisor);
        });
        const db = single(world, "db");
        const outcome = await Application.start(world.sim, db).then(
          () => "started",
          () => "failed",
        );
        outcomes.add(outcome);
        await world.sim.idle();
        expect(await running(world)).toEqual([]);
        if (outcome === "started") await Application.stop(world.sim, db);
      }
      expect([...outcomes]).toEqual(["failed", "started"]);
    }));
});

describe("an application that could not be started", () => {
  test.for([
    ["permanent", true],
    ["transient", true],
    ["temporary", false],
  ] as const)("%s stops the system: %s", ([type, stopsSystem]) =>
    inWorld(async (world) => {
      const reports = reported(world);
      await Application.start(world.sim, app(world, "web"));
      const db = app(world, "db", { worker: { starts: [{ fail: "boom" }] } });
      await expect(Application.start(world.sim, db, { type })).rejects.toThrow(
        "child db worker: expected a process that is up, got: 'boom'",
      );
      await world.sim.idle();
      expect(gone(world)).toBe(stopsSystem);
      const rest = stopsSystem ? ["startError db system", "stop web shutdown"] : ["startError db"];
      expect(reports).toEqual(["start web", ...rest]);
    }),
  );

  test("transient, because its start ended as normal, leaves the system alone", () =>
    inWorld(async (world) => {
      const db = app(world, "db", { fails: "normal" });
      await expect(Application.start(world.sim, db, { type: "transient" })).rejects.toThrow("got: 'normal'");
      await world.sim.idle();
      expect(gone(world)).toBe(false);
    }));
});

describe("of an application", () => {
  test("the master that is killed takes its tree along, and is reported as killed", () =>
    inWorld(async (world) => {
      const reports = reported(world);
      await Application.start(world.sim, app(world, "db", { worker: { trapExit: true } }));
      const [info] = await Application.whichApplications(world.sim);
      world.take();
      world.sim.kill(info?.pid as Pid);
      await world.sim.idle();
      expect(world.take()).toEqual([
        "terminate db worker#1 shutdown",
        "down db worker#1 shutdown",
        "down db top#1 killed",
      ]);
      expect(reports).toEqual(["start db", "exit db killed"]);
    }));

  test("the controller that is killed takes the system along at once", () =>
    inWorld(async (world) => {
      await Application.start(world.sim, app(world, "db"));
      world.take();
      world.sim.kill(world.sim.whereis(Application.controller) as Pid);
      await world.sim.idle();
      expect(gone(world)).toBe(true);
      expect(world.take()).toEqual(["down db top#1 killed", "down db worker#1 killed"]);
    }));

  test("the type must be one of the three", () =>
    inWorld(async (world) => {
      await expect(Application.start(world.sim, app(world, "db"), { type: "forever" as never })).rejects.toThrow(
        "expected type to be permanent, transient or temporary, got: 'forever'",
      );
    }));

  test("a stranger's exit signal, a message and a process that it linked itself to leave the master as it is", () =>
    inWorld(async (world) => {
      const Top = {
        init: (_: undefined, self: Self) => ok(self.trapExit),
        handleInfo: (_: Exit, s) => noreply(s),
        handleCall: { get: (_, s) => reply(s, s) },
      } satisfies GenServer<boolean>;
      const db = {
        name: "db",
        start: (_, self) => {
          self.spawnLink(() => {
            throw new Error("helper");
          });
          return child(Top, undefined, { id: "top" });
        },
      } satisfies Application;
      await Application.start(world.sim, db);
      const [info] = await Application.whichApplications(world.sim);
      world.sim.send(info?.pid as Pid, "hello");
      world.sim.exit(info?.pid as Pid, "boom");
      await world.sim.idle();
      expect(await running(world)).toEqual(["db"]);
    }));
});
