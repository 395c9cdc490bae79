import {
  BadReturnValue,
  type ChildSpec,
  error,
  exit,
  ignore,
  name,
  noreply,
  ok,
  type Reason,
  reply,
  type Self,
  stop,
  Task,
} from "hornbeam";
import { child, type GenServer, start, startLink } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, inside, puppet } from "../runtime/support.ts";
import { logOf, Scripted, type Setup, WAYS, ways } from "./support.ts";

const lobby = name<typeof Scripted>("lobby");
const oops = new Error("oops");
const fails: [string, NonNullable<Setup["init"]>, Reason][] = [
  ["ignore", () => ignore, "normal"],
  ["error", () => error("oops"), "normal"],
  ["stop normal", () => stop("normal", undefined), "normal"],
  ["stop", () => stop("oops", undefined), "oops"],
  ["exit", () => exit("oops"), "oops"],
  [
    "a throw",
    () => {
      throw oops;
    },
    oops,
  ],
  ["a bad value", () => 42, expect.any(BadReturnValue)],
  ["a bad next", () => ok([], { timeout: -1 }), expect.any(BadReturnValue)],
];
const told = (kind: string, reason: Reason): unknown => (({ error: "oops", ignore: "ignore" }) as any)[kind] ?? reason;
const failed = (sim: VirtualSystem | Self, init: NonNullable<Setup["init"]>) =>
  start(sim, Scripted, { init }, { name: lobby }).then(
    () => expect.unreachable(),
    (thrown) => thrown,
  );

test.each(WAYS)("a start resolves to the pid when init has returned ok %s", (way) =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ways[way](() => ok(["up"])) }, { name: lobby });
    expect(sim.whereis(lobby)).toBe(pid);
    expect(await logOf(sim, pid)).toEqual(["up"]);
  }),
);

test("a start waits for init, as long as it takes", () =>
  inVirtualTime(async (sim) => {
    const slow = async (self: Self) => {
      await self.sleep(1e9);
      return ok([]);
    };
    await start(sim, Scripted, { init: slow });
    expect(sim.now()).toBe(1e9);
  }));

for (const way of WAYS) {
  test.each(fails)(
    `init that ends in %s, ${way}, fails the start when the process is gone, and its name is free`,
    (kind, init, reason) =>
      inVirtualTime(async (sim) => {
        const died = deaths(sim);
        const thrown = await failed(sim, (self) => ways[way](() => init(self)));
        expect(thrown).toMatchObject({ name: "StartError" });
        expect(thrown.reason).toEqual(told(kind, reason));
        expect([...died.values()]).toEqual([reason]);
        expect(sim.whereis(lobby)).toBeUndefined();
        expect(sim.processes()).toEqual([]);
      }),
  );

  test.each(fails)(
    `a starter that does not trap exits and fails with %s, ${way}, dies only of a reason that kills`,
    (_, init, reason) =>
      inVirtualTime(async (sim) => {
        const died = deaths(sim);
        const starter = puppet(sim);
        await starter.does((self) =>
          startLink(self, Scripted, { init: (me: Self) => ways[way](() => init(me)) }).catch(() => {}),
        );
        expect(died.get(starter.pid)).toEqual(reason === "normal" ? undefined : reason);
      }),
  );

  test.each(fails)(`a starter that traps exits hears of %s, ${way}, once: by the result`, (kind, init, reason) =>
    inVirtualTime(async (sim) => {
      let thrown: any;
      const starter = puppet(sim, { trapExit: true });
      await starter.does((self) =>
        startLink(self, Scripted, { init: (me: Self) => ways[way](() => init(me)) }).catch((error) => {
          thrown = error;
        }),
      );
      expect(thrown.reason).toEqual(told(kind, reason));
      expect(starter.inbox).toEqual([]);
    }),
  );
}

test.each(WAYS)("a result that is thrown in init, %s, counts as returned", (way) =>
  inVirtualTime(async (sim) => {
    const thrown = (result: unknown) => ({
      init: () =>
        ways[way]((): never => {
          throw result;
        }),
    });
    expect(await logOf(sim, await start(sim, Scripted, thrown(ok(["thrown"]))))).toEqual(["thrown"]);
    await expect(start(sim, Scripted, thrown(ignore))).rejects.toMatchObject({ reason: "ignore" });
    await expect(start(sim, Scripted, thrown(error("oops")))).rejects.toMatchObject({ reason: "oops" });
  }),
);

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["a state", ["state"]],
  ["noreply", noreply([])],
  ["reply", reply(1, [])],
  ["stop with a reply", stop("normal", [], 1)],
  ["a table like ok", { tag: "ok", state: [] }],
])("init that returns %s fails the start, and says what was expected", (_, value) =>
  inVirtualTime(async (sim) => {
    const thrown = await failed(sim, () => value);
    expect(thrown.reason).toBeInstanceOf(BadReturnValue);
    expect(thrown.reason.value).toBe(value);
    expect(thrown.reason.message).toContain(
      "init returned a value that it may not return: expected ok, ignore, error or stop",
    );
  }),
);

test("of two starts of one name at once one wins: the other has its pid, and its init does not run", () =>
  inVirtualTime(async (sim) => {
    const started: string[] = [];
    const setup = (who: string): Setup => ({
      init: async (self) => {
        started.push(who);
        await self.sleep(10);
        return ok([who]);
      },
    });
    const both = await Promise.allSettled(
      ["first", "second"].map((who) => start(sim, Scripted, setup(who), { name: lobby })),
    );
    const pid = sim.whereis(lobby);
    expect(both).toMatchObject([
      { status: "fulfilled", value: pid },
      { status: "rejected", reason: { name: "AlreadyStarted", pid } },
    ]);
    expect([started, sim.processes().length]).toEqual([["first"], 1]);
  }));

test("who monitors a server as soon as it has started hears of its end with its reason, however early that is", () =>
  inVirtualTime(async (sim) => {
    const watcher = puppet(sim);
    const init = () => ok([], { continue: (log: unknown) => stop("at once", log) });
    for (const run of [start, startLink]) {
      await watcher.does(async (self) => {
        self.trapExit = true;
        self.monitor(await run(self, Scripted, { init }));
      });
    }
    expect(watcher.inbox.filter(({ tag }) => tag === "down").map(({ reason }) => reason)).toEqual([
      "at once",
      "at once",
    ]);
  }));

test.each(fails)("after a start that failed with %s the name can be taken again at once, 100 times", (_, init) =>
  inVirtualTime(async (sim) => {
    for (let i = 0; i < 100; i++) await failed(sim, init);
    expect(sim.isAlive(await start(sim, Scripted, {}, { name: lobby }))).toBe(true);
  }),
);

test("init that takes too long is killed, and the start fails with timeout", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const init = (self: Self) => self.sleep(1000).then(() => ok([]));
    const thrown = await start(sim, Scripted, { init }, { name: lobby, timeout: 100 }).catch((error) => error);
    expect(thrown).toMatchObject({ name: "StartError", reason: "timeout" });
    expect([[...died.values()], sim.now(), sim.whereis(lobby)]).toEqual([["killed"], 100, undefined]);
  }));

test("a starter that is linked to a server which takes too long hears of it by the result, and does not die of it", () =>
  inVirtualTime(async (sim) => {
    const starter = puppet(sim);
    let reason: unknown;
    sim.send(starter.pid, (self: Self) =>
      startLink(self, Scripted, { init: (me) => me.sleep(1000).then(() => ok([])) }, { timeout: 100 }).catch(
        (error) => {
          reason = error.reason;
        },
      ),
    );
    await sim.advance(100);
    expect([reason, sim.isAlive(starter.pid)]).toEqual(["timeout", true]);
  }));

test("a time limit that makes no sense is refused, and nothing is started", () =>
  inVirtualTime(async (sim) => {
    const refused = start(sim, Scripted, {}, { name: lobby, timeout: Number.NaN });
    await expect(refused).rejects.toThrow(/expected a time of 0 ms or more, got: NaN/);
    expect([sim.processes(), sim.whereis(lobby)]).toEqual([[], undefined]);
  }));

test("a server that is up in time is not killed later", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {}, { timeout: 100 });
    await sim.advance(1000);
    expect(sim.isAlive(pid)).toBe(true);
  }));

test("a name that is taken fails the start with AlreadyStarted, and init does not run", () =>
  inVirtualTime(async (sim) => {
    const first = await start(sim, Scripted, {}, { name: lobby });
    const init = () => expect.unreachable("init ran");
    const thrown = await start(sim, Scripted, { init }, { name: lobby }).catch((error) => error);
    expect(thrown).toMatchObject({ name: "AlreadyStarted", pid: first });
    expect(thrown.message).toContain("lobby");
  }));

test("startLink links from the beginning; start does not", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const starter = puppet(sim);
    let [linked, free]: any[] = [];
    await starter.does(async (self) => {
      linked = await startLink(self, Scripted, {});
      free = await start(self, Scripted, {});
    });
    sim.exit(free, "free");
    await sim.idle();
    expect(died.has(starter.pid)).toBe(false);
    sim.exit(linked, "linked");
    await sim.idle();
    expect(died.get(starter.pid)).toBe("linked");
  }));

test("the end of the starter in the middle of init ends a linked server, and no other", () =>
  inVirtualTime(async (sim) => {
    const starter = puppet(sim);
    const init = (self: Self) => self.sleep(10).then(() => ok([]));
    await starter.does((self) => {
      void startLink(self, Scripted, { init }, { label: "linked" });
      void start(self, Scripted, { init }, { label: "free" });
    });
    sim.exit(starter.pid, "oops");
    await sim.advance(10);
    expect(sim.processes().map(({ label }) => label.replace(/^\S+ /, ""))).toEqual(["free"]);
  }));

test("what is sent during init is handled after it", () =>
  inVirtualTime(async (sim) => {
    const init = (self: Self) => self.sleep(10).then(() => ok(["up"]));
    const starting = start(sim, Scripted, { init }, { name: lobby });
    sim.send(lobby, "early");
    expect(await logOf(sim, await starting)).toEqual(["up", "early"]);
  }));

test("a child spec carries its options, and is called after its id, its name or its kind", () =>
  inVirtualTime(async (sim) => {
    const spec: ChildSpec = child(Scripted, {}, { name: lobby, restart: "transient", shutdown: 10, label: "x" });
    expect(spec).toEqual({ id: "lobby", restart: "transient", shutdown: 10, start: expect.any(Function) });
    expect([child(Scripted, {}, { id: "a", name: lobby }).id, child(Scripted, {}).id]).toEqual(["a", "genserver"]);
    expect(sim.whereis(lobby)).toBeUndefined();
    expect(await sim.start(spec)).toBe(sim.whereis(lobby));
  }));

test("a child spec resolves to ignore when init does", () =>
  inVirtualTime(async (sim) => {
    const results: unknown[] = [];
    const parent = puppet(sim, { trapExit: true });
    await parent.does(async (self) => results.push(await child(Scripted, { init: () => ignore }).start(self)));
    expect([results, parent.inbox]).toEqual([["ignore"], []]);
  }));

test("what is no module, and what is no option, is refused by name", () =>
  inVirtualTime(async (sim) => {
    const refused = (module: unknown, ...args: unknown[]) => (start as any)(sim, module, ...args);
    await expect(refused({})).rejects.toThrow(/expected a module with an init, got: \{\}/);
    await expect(refused({ init: () => ok(0), handleCall: { get: 1 } })).rejects.toThrow(
      /handleCall.get to be a function, got: 1/,
    );
    await expect(refused({ init: () => ok(0), terminate: 1 })).rejects.toThrow(/to be functions, got: 1/);
    await expect(refused(Scripted, {}, { nmae: lobby })).rejects.toThrow(/got: 'nmae'/);
    await expect(refused(Scripted, {}, 5)).rejects.toThrow(/expected start options, got: 5/);
    expect(sim.processes()).toEqual([]);
  }));

test("where init takes no argument, the options come right after the module", () =>
  inVirtualTime(async (sim) => {
    const Plain = { init: () => ok(0) } satisfies GenServer<number>;
    const pid = await start(sim, Plain, { name: lobby });
    expect(sim.whereis(lobby)).toBe(pid);
  }));

test.each(["start", "startLink"])(
  "%s of a server that is killed as it is made rejects, and does not wait for ever",
  (how) =>
    inVirtualTime(async (sim) => {
      let kill = false;
      sim.telemetry.on("process.start", (_, { pid }) => {
        if (kill) sim.kill(pid);
      });
      const outcome = await inside(sim, async (self) => {
        self.trapExit = true;
        kill = true;
        const started = how === "start" ? start(self, Scripted, {}) : startLink(self, Scripted, {});
        kill = false;
        return started.catch((error) => error);
      });
      expect(outcome).toMatchObject({ name: "StartError", reason: "killed" });
    }),
);

test("a task that is killed as it is made has ended", () =>
  inVirtualTime(async (sim) => {
    let kill = false;
    sim.telemetry.on("process.start", (_, { pid }) => {
      if (kill) sim.kill(pid);
    });
    const outcome = await inside(sim, async (self) => {
      self.trapExit = true;
      kill = true;
      const task = Task.async(self, () => 1);
      kill = false;
      return Task.yield(self, task);
    });
    expect(outcome).toEqual({ exit: "killed" });
  }));
