import { BadReturnValue, name, StartError, system } from "hornbeam";
import {
  Application,
  ApplicationError,
  ApplicationStartError,
  BadSpec,
  type SupervisorInit,
  supervisor,
  treeOf,
} from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { app, reported, running } from "./application-support.ts";
import { inWorld } from "./support.ts";

describe("an application that starts", () => {
  test("is up when its start resolves, under a master of its own that treeOf shows", () =>
    inWorld(async (world) => {
      const db = app(world, "db");
      await Application.start(world.sim, db);
      expect(world.take()).toEqual(["start db", "start db top#1", "start db worker#1"]);
      const [info] = await Application.whichApplications(world.sim);
      expect(info).toMatchObject({ name: "db", description: "", type: "temporary" });
      expect(await treeOf(world.sim, Application.controller)).toMatchObject({
        id: "applicationController",
        children: [
          {
            id: "db",
            pid: info?.pid,
            type: "supervisor",
            children: [{ id: "db top", pid: world.pid("db top"), children: [{ id: "db worker" }] }],
          },
        ],
      });
    }));

  test("fails with the reason, the application and its env when a child could not be started", () =>
    inWorld(async (world) => {
      const boom = new Error("boom");
      const reports = reported(world);
      const db = app(world, "db", { worker: { starts: [{ fail: boom }] } });
      const failure: unknown = await Application.start(world.sim, db).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ApplicationStartError);
      expect(failure).toBeInstanceOf(StartError);
      expect((failure as ApplicationStartError).reason).toEqual({
        reason: { shutdown: { failedToStartChild: "db worker", reason: boom } },
        start: { application: "db", env: {} },
      });
      expect((failure as Error).message).toBe(
        "start of application db, child db worker: expected a process that is up, got: Error: boom",
      );
      expect((failure as Error).cause).toBe(boom);
      expect(reports).toEqual(["startError db"]);
      expect(await running(world)).toEqual([]);
    }));

  test("tells the whole way down to the child that failed, through supervisors in supervisors", () =>
    inWorld(async (world) => {
      const inner = world.tree("inner", { children: [world.worker("leaf", { starts: [{ fail: "no leaf" }] })] });
      const db = { name: "db", start: () => world.tree("outer", { children: [inner] }) } satisfies Application;
      const failure = await Application.start(world.sim, db).catch((error) => error);
      const leaf = { shutdown: { failedToStartChild: "leaf", reason: "no leaf" } };
      expect(failure.reason.reason).toEqual({ shutdown: { failedToStartChild: "inner", reason: leaf } });
      expect(failure.message).toBe(
        "start of application db, child inner, child leaf: expected a process that is up, got: 'no leaf'",
      );
    }));

  test("fails with what start threw, returned as error, or returned and may not", () =>
    inWorld(async (world) => {
      const reasonFor = async (options: Parameters<typeof app>[2]) =>
        (await Application.start(world.sim, app(world, "db", options)).catch((error) => error)).reason.reason;
      const boom = new Error("boom");
      expect(await reasonFor({ startThrows: boom })).toBe(boom);
      expect(await reasonFor({ fails: "nope" })).toBe("nope");
      const odd = { name: "odd", start: () => 7 as never };
      const failure = await Application.start(world.sim, odd).catch((error) => error);
      expect(failure.reason.reason).toBeInstanceOf(BadReturnValue);
      expect(failure.message).toContain("expected a child spec, { top, state } or error, got: 7");
    }));

  test("fails when its top supervisor is ignored, or is no legal child spec", () =>
    inWorld(async (world) => {
      const ignored = { name: "ignored", start: () => world.worker("w", { starts: [{ ignore: true }] }) };
      await expect(Application.start(world.sim, ignored)).rejects.toThrow(/got: 'ignore'/);
      const odd = { name: "odd", start: () => ({ id: "", start: async () => "ignore" as const }) };
      await expect(Application.start(world.sim, odd)).rejects.toThrow("expected a child id (a string), got: ''");
    }));

  test("can be started again after its start has failed", () =>
    inWorld(async (world) => {
      const db = app(world, "db", { worker: { starts: [{ fail: "down" }] } });
      await expect(Application.start(world.sim, db)).rejects.toThrow(ApplicationStartError);
      await Application.start(world.sim, db);
      expect(await running(world)).toEqual(["db"]);
    }));

  test("rejects with alreadyStarted when it runs, and who comes while it starts waits for the same start", () =>
    inWorld(async (world) => {
      const db = app(world, "db", { worker: { starts: [{ after: 100 }] } });
      await Promise.all([Application.start(world.sim, db), Application.start(world.sim, db)]);
      expect(world.take().filter((line) => line === "start db")).toEqual(["start db"]);
      await expect(Application.start(world.sim, db)).rejects.toMatchObject({
        name: "ApplicationError",
        reason: "alreadyStarted",
        message: "start: expected an application that does not run, got: 'db', which runs already",
      });
    }));

  test("of a name that another application has is refused", () =>
    inWorld(async (world) => {
      await Application.start(world.sim, app(world, "db"));
      await expect(Application.start(world.sim, app(world, "db"))).rejects.toThrow(
        "expected application names to be different, got: two applications called 'db'",
      );
    }));

  test("may start others while it starts, and ask which run", () =>
    inWorld(async (world) => {
      const seen: unknown[] = [];
      const inner = app(world, "inner");
      const outer = {
        name: "outer",
        start: async (_, self) => {
          await Application.start(self, inner);
          seen.push((await Application.whichApplications(self)).map((each) => each.name));
          return world.tree("outer top", {});
        },
      } satisfies Application;
      await Application.start(world.sim, outer);
      expect(seen).toEqual([["inner"]]);
      expect(await running(world)).toEqual(["outer", "inner"]);
    }));

  test("without a start stands for those that it needs", () =>
    inWorld(async (world) => {
      const all = { name: "all", applications: [app(world, "db"), app(world, "web")] } satisfies Application;
      expect(await Application.ensureAllStarted(world.sim, all)).toEqual(["db", "web", "all"]);
      expect(await Application.whichApplications(world.sim)).toMatchObject([
        { name: "all", pid: undefined },
        { name: "web" },
        { name: "db" },
      ]);
      await Application.stop(world.sim, all);
      expect(await running(world)).toEqual(["web", "db"]);
    }));
});

describe("applications that need each other", () => {
  test("are started in order, each once and after what it needs", () =>
    inWorld(async (world) => {
      const log = app(world, "log");
      const db = app(world, "db", { applications: [log] });
      const web = app(world, "web", { applications: [db, log] });
      expect(await Application.ensureAllStarted(world.sim, web)).toEqual(["log", "db", "web"]);
      expect(await Application.ensureAllStarted(world.sim, [web, db])).toEqual([]);
      expect(await running(world)).toEqual(["web", "db", "log"]);
    }));

  test("start alone starts nothing else: it rejects and names what is missing", () =>
    inWorld(async (world) => {
      const db = app(world, "db");
      const web = app(world, "web", { applications: [db] });
      const missing = (reason: string) => ({ name: "ApplicationError", reason, application: "db" });
      await expect(Application.start(world.sim, web)).rejects.toMatchObject(missing("notStarted"));
      await Application.start(world.sim, db);
      await world.kill("db top");
      await expect(Application.start(world.sim, web)).rejects.toMatchObject(missing("notRunning"));
      await Application.stop(world.sim, db);
      await expect(Application.start(world.sim, web)).rejects.toMatchObject(missing("notStarted"));
    }));

  test("that were started for one which fails are stopped again, in reverse order; those that ran before stay", () =>
    inWorld(async (world) => {
      const log = app(world, "log");
      const db = app(world, "db", { applications: [log] });
      const cache = app(world, "cache");
      const web = app(world, "web", { applications: [db, cache], fails: "no port" });
      await Application.start(world.sim, log);
      world.take();
      await expect(Application.ensureAllStarted(world.sim, web)).rejects.toThrow(
        "start of application web: expected a process that is up, got: 'no port'",
      );
      expect(world.take().filter((line) => /^(start|stop) \w+( \{|$)/.test(line))).toEqual([
        "start db",
        "start cache",
        "start web",
        'stop cache {"prepared":{"of":"cache"}}',
        'stop db {"prepared":{"of":"db"}}',
      ]);
      expect(await running(world)).toEqual(["log"]);
    }));

  test("in a circle are refused, and the error draws the circle", () =>
    inWorld(async (world) => {
      const a: Application = {
        name: "a",
        get applications() {
          return [b];
        },
      };
      const b: Application = { name: "b", applications: [{ name: "c", applications: [a] }] };
      const circle = "expected applications that do not need each other in a circle, got: 'a → b → c → a'";
      await expect(Application.ensureAllStarted(world.sim, a)).rejects.toThrow(circle);
      await expect(Application.start(world.sim, a)).rejects.toThrow(BadSpec);
      expect(() => Application.spec(a)).toThrow(circle);
    }));

  test("that are missing are refused, with a hint at modules that import each other", () => {
    const web = { name: "web", applications: [undefined as never] };
    expect(() => Application.spec(web)).toThrow(
      "expected applications[0] of application 'web' to be an application (modules that import each other find nothing there), got: undefined",
    );
  });
});

describe("an application that is stopped", () => {
  test("runs prepStop, then stops its tree, then runs stop with what prepStop returned", () =>
    inWorld(async (world) => {
      const reports = reported(world);
      const db = app(world, "db", { worker: { trapExit: true, stopTime: 100 } });
      await Application.start(world.sim, db);
      world.take();
      await Application.stop(world.sim, db);
      expect(world.take()).toEqual([
        'prepStop db {"of":"db"} top up',
        "terminate db worker#1 shutdown",
        "down db worker#1 shutdown",
        "down db top#1 shutdown",
        'stop db {"prepared":{"of":"db"}}',
      ]);
      expect(reports).toEqual(["start db", "stop db shutdown"]);
      expect(await running(world)).toEqual([]);
    }));

  test("with a prepStop that throws is stopped all the same: stop has the state that there was, and it is reported", () =>
    inWorld(async (world) => {
      const reports = reported(world);
      const options = { prepStopThrows: new Error("prep"), stopThrows: new Error("stop") };
      const db = app(world, "db", options);
      await Application.start(world.sim, db);
      await Application.stop(world.sim, db);
      expect(world.take().at(-1)).toBe('stop db {"of":"db"}');
      expect(reports).toEqual(["start db", "exception db", "exception db", "stop db shutdown"]);
    }));

  test("does not take down those that need it, nor the system, whatever its type is", () =>
    inWorld(async (world) => {
      const db = app(world, "db");
      const web = app(world, "web", { applications: [db] });
      await Application.ensureAllStarted(world.sim, web, { type: "permanent" });
      await Application.stop(world.sim, db);
      expect(await running(world)).toEqual(["web"]);
    }));

  test("that is not started is refused; one that has ended by itself is forgotten", () =>
    inWorld(async (world) => {
      const db = app(world, "db");
      const refused = { name: "ApplicationError", reason: "notStarted", application: "db" };
      await expect(Application.stop(world.sim, db)).rejects.toMatchObject(refused);
      await Application.start(world.sim, db);
      await world.kill("db top");
      await Application.stop(world.sim, db);
      await expect(Application.stop(world.sim, db)).rejects.toMatchObject(refused);
      await expect(Application.stop(world.sim, db)).rejects.toBeInstanceOf(ApplicationError);
    }));

  test("and is started meanwhile starts when it has stopped; who also stops it waits for the same end", () =>
    inWorld(async (world) => {
      const db = app(world, "db", { worker: { trapExit: true, stopTime: 100 } });
      await Application.start(world.sim, db);
      world.take();
      await Promise.all([
        Application.stop(world.sim, db),
        Application.stop(world.sim, db),
        Application.start(world.sim, db),
      ]);
      const lines = world.take();
      expect(lines.indexOf('stop db {"prepared":{"of":"db"}}')).toBeLessThan(lines.indexOf("start db"));
      expect(await running(world)).toEqual(["db"]);
    }));

  test("may ask the controller while it stops", () =>
    inWorld(async (world) => {
      const seen: unknown[] = [];
      const db = {
        name: "db",
        start: () => world.tree("top", {}),
        stop: async (_, self) => {
          seen.push(await Application.whichApplications(self));
        },
      } satisfies Application;
      await Application.start(world.sim, db);
      await Application.stop(world.sim, db);
      expect(seen).toEqual([[]]);
    }));

  test("whose tree does not stop in its shutdown has it killed, and says so", () =>
    inWorld(async (world) => {
      const db = {
        name: "db",
        start: () => world.worker("top", { trapExit: true, stopTime: "forever", shutdown: 500 }),
      } satisfies Application;
      await Application.start(world.sim, db);
      await Application.stop(world.sim, db);
      expect(world.reports).toEqual(["shutdownError top killed"]);
    }));
});

test("a system that stops stops its applications in reverse start order, each before the next", () =>
  inWorld(async (world) => {
    const slow = { trapExit: true, stopTime: 100 };
    const db = app(world, "db", { worker: slow });
    const web = app(world, "web", { applications: [db], worker: slow });
    const late = app(world, "late", { worker: { starts: [{ after: 1000 }], ...slow } });
    const starting = Application.start(world.sim, late).catch((error) => error);
    await Application.ensureAllStarted(world.sim, web);
    world.take();
    await world.sim.stop();
    expect((await starting).reason).toBe("shutdown");
    expect(world.take().filter((line) => /^(prepStop|stop) /.test(line))).toEqual([
      'prepStop late {"of":"late"} top up',
      'stop late {"prepared":{"of":"late"}}',
      'prepStop web {"of":"web"} top up',
      'stop web {"prepared":{"of":"web"}}',
      'prepStop db {"of":"db"} top up',
      'stop db {"prepared":{"of":"db"}}',
    ]);
  }));

test("each system has its own applications", async () => {
  const one = system({ reports: false });
  const other = system({ reports: false });
  const top = name("top");
  const init = (): SupervisorInit => ({ strategy: "oneForOne", children: [] });
  const db = { name: "db", start: () => supervisor({ init }, { name: top }) } satisfies Application;
  await Application.start(one, db);
  expect(await Application.whichApplications(other)).toEqual([]);
  await Application.start(other, db);
  await one.stop();
  expect(other.whereis(top)).toBeDefined();
  await other.stop();
});
