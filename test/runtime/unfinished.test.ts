import { once } from "node:events";
import { noreply, ok, onReport, type Pid, reply, type Self, system, Task } from "hornbeam";
import { GenServer, start, startLink } from "hornbeam/genserver";
import { DynamicSupervisor, Registry, registry } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import type { LiveSystem } from "../../runtime/system.ts";
import { events, forever, REAL, runFixture } from "./support.ts";

const manual = { time: "manual" } as const;

/** Something outside the system that takes its time: no signal reaches it. */
class Outside {
  private readonly gate = Promise.withResolvers<void>();
  get answer(): Promise<void> {
    return this.gate.promise;
  }
  readonly give = (): void => this.gate.resolve();
  readonly fail = (): void => this.gate.reject(new Error("no answer"));
}

const Slow = {
  init: async ({ outside, at }: { outside: Outside; at?: "init" }) => {
    if (at === "init") await outside.answer;
    return ok(outside);
  },
  handleCall: {
    ask: async (_: number, outside: Outside) => {
      await outside.answer;
      return reply("answer", outside);
    },
    now: (_, outside: Outside) => reply("now", outside),
    mute: (_, outside: Outside) => noreply(outside),
  },
  terminate: async (_, outside: Outside) => {
    await outside.answer;
  },
} satisfies GenServer<Outside>;

describe("asynchronous code whose process has ended", () => {
  test("and that is still not over after 5000 ms is told of, with what the process was busy with", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const outside = new Outside();
      const server = await start(sim, Slow, { outside }, { label: "slow" });
      const starting = start(sim, Slow, { outside, at: "init" }, { label: "starts" }).catch(() => {});
      const plain = sim.spawn(() => outside.answer, { label: "plain" });
      sim.call(server, "ask", 7).catch(() => {});
      await sim.idle();
      for (const { pid } of sim.processes()) sim.exit(pid, "oops");
      await starting;
      await sim.advance(4999);
      expect(told).toEqual([]);
      await sim.advance(1);
      expect(told).toEqual([
        {
          pid: server,
          label: `${server} slow`,
          reason: "oops",
          busyWith: { message: expect.objectContaining({ request: "ask", payload: 7 }) },
        },
        { pid: expect.anything(), label: expect.stringContaining("starts"), reason: "oops", busyWith: "start" },
        { pid: plain, label: `${plain} plain`, reason: "oops", busyWith: "function" },
      ]);
      await sim.advance(60_000);
      expect(told).toHaveLength(3);
    }));

  test("is told of after the time that the system says, and never if that is infinity", async () => {
    for (const [unfinishedAfter, at] of [
      [0, 0],
      [30, 30],
      ["infinity", undefined],
    ] as const) {
      await inVirtualTime({ ...manual, unfinishedAfter }, async (sim) => {
        let told: unknown;
        sim.telemetry.on("process.unfinished", ({ after }) => {
          told = [after, sim.now()];
        });
        const pid = sim.spawn(() => new Outside().answer);
        await sim.idle();
        sim.kill(pid);
        await sim.advance(100_000);
        expect(told).toEqual(at === undefined ? undefined : [at, at]);
      });
    }
  });

  test.each(["give", "fail"] as const)(
    "is not told of when it comes to its end in time (%s), only that it went on",
    (end) =>
      inVirtualTime(manual, async (sim) => {
        const told = events(sim, "process.unfinished");
        const zombies = events(sim, "process.zombie");
        const outside = new Outside();
        const server = await start(sim, Slow, { outside });
        sim.call(server, "ask", 1).catch(() => {});
        const plain = sim.spawn(() => outside.answer);
        await sim.idle();
        sim.kill(server);
        sim.kill(plain);
        await sim.advance(4999);
        outside[end]();
        await sim.advance(10_000);
        expect(told).toEqual([]);
        expect(new Set(zombies.map(({ pid }) => pid))).toEqual(new Set([server, plain]));
      }),
  );

  test("and that a behaviour of its own kind has failed in is not told of, either", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const outside = new Outside();
      const behaviour = { kind: "odd", start: () => outside.answer, receive() {} };
      const { pid } = (sim as unknown as LiveSystem).kernel.spawn(null, behaviour, undefined, { link: false });
      await sim.idle();
      sim.kill(pid);
      outside.fail();
      await sim.advance(5000);
      expect(told).toEqual([]);
    }));

  test("and that stops because its signal was aborted is not told of", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const pid = sim.spawn((self) => once(self.signal, "abort"));
      await sim.idle();
      sim.kill(pid);
      await sim.advance(10_000);
      expect(told).toEqual([]);
    }));

  test("is told of when the process ended itself before its first await", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const Rash = {
        init: () => ok(0),
        handleInfo: (_: "go", n: number, self: Self) => {
          self.exit(self.pid, "kill");
          return new Outside().answer.then(() => noreply(n));
        },
      } satisfies GenServer<number>;
      const server = await start(sim, Rash);
      sim.send(server, "go");
      const plain = sim.spawn((self) => {
        self.exit(self.pid, "kill");
        return new Outside().answer;
      });
      await sim.advance(5000);
      expect(told.map(({ pid, busyWith }) => [pid, busyWith])).toEqual([
        [server, { message: "go" }],
        [plain, "function"],
      ]);
    }));

  test("is told of when it is a terminate that was cut short by a kill", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const supervisor = await sim.start(DynamicSupervisor.child({ id: "top" }));
      const child = await DynamicSupervisor.startChild(sim, supervisor, {
        ...GenServer.child(Slow, { outside: new Outside() }),
        start: (parent) =>
          startLink(
            parent,
            {
              ...Slow,
              init: (_: unknown, self: Self) => {
                self.trapExit = true;
                return ok(new Outside());
              },
            },
            undefined,
          ),
        shutdown: 100,
      });
      const done = DynamicSupervisor.terminateChild(sim, supervisor, child);
      await sim.advance(100);
      await done;
      await sim.advance(5000);
      expect(told).toMatchObject([{ pid: child, reason: "killed", busyWith: { message: { tag: "exit" } } }]);
    }));
});

describe("is over, and not told of, code that waited for", () => {
  const lobby = registry("lobby");

  const waits: { readonly [what: string]: (self: Self, server: Pid, sim: VirtualSystem) => Promise<unknown> } = {
    "a message": (self) => forever(self),
    "a sleep": (self) => self.sleep(1_000_000),
    "a reply": (self, server) => self.with({ timeout: "infinity" }).call(server, "mute"),
    "the answer to a request": (self, server) =>
      GenServer.waitResponse(self, GenServer.sendRequest(self, server, "mute")),
    "a start": (self) => start(self, { init: () => new Promise<never>(() => {}) }),
    "the end of a server": (self, server) => GenServer.stop(self, server),
    "the result of a task": (self) => Task.await(self, Task.async(self, forever), "infinity"),
    "the result of a stream": async (self) => {
      for await (const _ of Task.asyncStream(self, [1], (_, task) => forever(task), { timeout: "infinity" }));
    },
    "a lock": (self) => Registry.lock(self, lobby, "key", () => {}),
  };

  test.each(Object.keys(waits))("%s", (what) =>
    inVirtualTime({ ...manual, unfinishedAfter: 50 }, async (sim) => {
      await sim.start(Registry.child({ name: lobby, keys: "unique" }));
      const holder = sim.spawn((self) => Registry.lock(self, lobby, "key", () => forever(self)));
      const server = await start(sim, Slow, { outside: new Outside() });
      await sim.idle();
      const told = events(sim, "process.unfinished");
      const pid = sim.spawn((self) => waits[what]?.(self, server as Pid, sim));
      await sim.idle();
      expect(sim.isAlive(pid)).toBe(true);
      sim.kill(pid);
      await sim.advance(1000);
      expect(told).toEqual([]);
      sim.kill(holder);
    }),
  );

  test("and code that asks for something of the runtime only after the end is over then", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const outside = new Outside();
      const asks: ((self: Self) => Promise<unknown>)[] = [
        (self) => self.sleep(10),
        (self) => self.receive(),
        (self) => self.call(self.pid as Pid, "ask"),
        (self) => start(self, Slow, { outside }),
        (self) => GenServer.stop(self, self.pid),
      ];
      const pids = asks.map((ask) => sim.spawn((self) => outside.answer.then(() => ask(self))));
      await sim.idle();
      for (const pid of pids) sim.kill(pid);
      outside.give();
      await sim.advance(10_000);
      expect(told).toEqual([]);
    }));

  test("and so is code that ended its process, and then waited for the runtime, before its first turn was over", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const Rash = {
        init: () => ok(0),
        handleInfo: async (_: "go", n: number, self: Self) => {
          self.exit(self.pid, "kill");
          await self.sleep(10);
          return noreply(n);
        },
      } satisfies GenServer<number>;
      sim.send(await start(sim, Rash), "go");
      sim.spawn((self) => {
        self.exit(self.pid, "kill");
        return self.receive();
      });
      await sim.advance(10_000);
      expect(told).toEqual([]);
    }));

  test("but not code that has a task or the item of a stream in hand, and waits for something else", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const pids = [
        sim.spawn((self) => {
          Task.async(self, forever);
          return new Outside().answer;
        }),
        sim.spawn(async (self) => {
          for await (const _ of Task.asyncStream(self, [1, 2], (item, task) => item === 1 || forever(task))) {
            await new Outside().answer;
          }
        }),
      ];
      await sim.idle();
      for (const pid of pids) sim.kill(pid);
      await sim.advance(5000);
      expect(told.map(({ pid }) => pid)).toEqual(pids);
    }));

  test("but not code that has a timer, a monitor or a link besides, and waits for something else", () =>
    inVirtualTime(manual, async (sim) => {
      const told = events(sim, "process.unfinished");
      const peer = sim.spawn(forever);
      const pid = sim.spawn((self) => {
        self.sendAfter("tick", 1_000_000);
        self.monitor(peer);
        self.link(peer);
        return new Outside().answer;
      });
      await sim.idle();
      sim.kill(pid);
      await sim.advance(5000);
      expect(told).toMatchObject([{ pid, busyWith: "function" }]);
    }));
});

describe("the watch over unfinished code", () => {
  test("is kept only for processes that end in the middle of something, and only when somebody listens", () =>
    inVirtualTime(manual, async (sim) => {
      const { timers } = (sim as unknown as LiveSystem).kernel;
      const left = () => [...timers.owners()].length;
      const end = async (run: (self: Self) => unknown) => {
        const pid = sim.spawn(run);
        await sim.idle();
        sim.kill(pid);
        return left();
      };
      const outside = () => new Outside().answer;
      expect(await end(outside)).toBe(0);
      const off = sim.telemetry.on("process.unfinished", () => {});
      expect([await end(() => {}), await end(async () => {}), await end(forever)]).toEqual([0, 0, 0]);
      const idle = await start(sim, Slow, { outside: new Outside() });
      sim.kill(idle);
      expect(left()).toBe(0);
      expect(await end(outside)).toBe(1);
      off();
    }));

  test("is no leak, moves no simulated time by itself, and is gone with the system", async () => {
    const told: unknown[] = [];
    await inVirtualTime(async (sim) => {
      sim.telemetry.on("process.unfinished", () => told.push(sim.now()));
      const pid = sim.spawn(() => new Outside().answer);
      await sim.idle();
      sim.kill(pid);
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect([sim.now(), sim.leaks(), told]).toEqual([0, [], []]);
      await new Promise<void>((resolve) => void sim.spawn((self) => self.sleep(5000).then(resolve)));
      expect(told).toEqual([5000]);
      sim.kill(sim.spawn(() => new Outside().answer));
    });
    expect(told).toEqual([5000]);
  });

  test(
    "tells in the real world while others run, and not after a stop; it does not keep Node alive, nor let it go",
    async () => {
      const { code, out, err } = await runFixture("unfinished.ts");
      expect({ code, out, err }).toEqual({ code: 0, out: "busy: told\nbusy: woken\nnobody is left\n", err: "" });
    },
    REAL,
  );

  test("takes a time of 0 ms or more, or infinity", () => {
    for (const unfinishedAfter of [-1, Number.NaN, "never" as never]) {
      expect(() => system({ unfinishedAfter })).toThrow(/expected a time of 0 ms or more, got/);
    }
  });
});

test("the report says which process, why it ended, since when, and what is not done", () =>
  inVirtualTime(manual, async (sim) => {
    const seen: string[] = [];
    onReport(
      sim.telemetry,
      (level, text, event) => void (event === "process.unfinished" && seen.push(`${level}: ${text}`)),
    );
    const server = await start(sim, Slow, { outside: new Outside() }, { label: "slow" });
    sim.call(server, "ask", 7).catch(() => {});
    const plain = sim.spawn(() => new Outside().answer, { label: "plain" });
    await sim.idle();
    sim.kill(server);
    sim.exit(plain, "oops");
    await sim.advance(5000);
    expect(seen[0]).toContain(
      `warning: process ${server} slow is dead ('killed'), but after 5000 ms its code is not done with: `,
    );
    expect(seen[0]).toContain("'ask'");
    expect(seen[1]).toBe(
      `warning: process ${plain} plain is dead ('oops'), but after 5000 ms its code is not done with: its function`,
    );
  }));
