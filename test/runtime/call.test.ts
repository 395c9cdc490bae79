import { answer, CallError, type From, name, noreply, ok, type Pid, type Reason, reply, stop } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, puppet } from "./support.ts";

/** Keeps who asked, and answers when it is told to. */
const Desk = {
  init: () => ok<readonly From[]>([]),
  handleCall: {
    now: (value: number, waiting) => reply(value * 2, waiting),
    later: (_: number, waiting, __, from) => noreply([...waiting, from]),
    leave: (reason: Reason, waiting) => stop(reason, waiting),
    visitors: (_, waiting) => reply(waiting, waiting),
  },
  handleCast: {
    answerAll: (value: string | number, waiting) => {
      for (const from of waiting) answer(from, value);
      return noreply(waiting);
    },
  },
} satisfies GenServer<readonly From[]>;

/** What became of a call that nobody has awaited yet. */
function outcome(call: Promise<unknown>): { state: string; value?: any } {
  const seen: { state: string; value?: any } = { state: "pending" };
  call.then(
    (value) => Object.assign(seen, { state: "replied", value }),
    (value) => Object.assign(seen, { state: "failed", value }),
  );
  return seen;
}

const failed = (reason: unknown, request: string) => ({
  state: "failed",
  value: { name: "CallError", reason, request },
});

test("a call resolves to its reply", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    expect(await sim.call(desk, "now", 21)).toBe(42);
  }));

test("a call can be answered later, and once: a second answer is nothing", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const call = outcome(sim.call(desk, "later", 1));
    await sim.idle();
    expect(call.state).toBe("pending");
    sim.cast(desk, "answerAll", "first");
    sim.cast(desk, "answerAll", "second");
    await sim.idle();
    expect(call).toEqual({ state: "replied", value: "first" });
  }));

test("any process may answer", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const call = outcome(sim.call(desk, "later", 1));
    const [from] = await sim.call(desk, "visitors");
    const helper = puppet(sim);
    await helper.does(() => answer(from as From, "from a helper"));
    expect(call).toEqual({ state: "replied", value: "from a helper" });
  }));

test("a reply goes past a full mailbox, and leaves nothing in it", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const caller = puppet(sim);
    let answered: unknown;
    let waiting: number | undefined;
    const flood = Array.from({ length: 100_000 }, (_, i) => i);
    await caller.does(async (self) => {
      for (const i of flood) self.send(self.pid, i);
      answered = await self.call(desk, "now", 1);
      waiting = sim.processes().find(({ pid }) => pid === self.pid)?.messages;
    });
    expect([answered, waiting]).toEqual([2, flood.length]);
    expect(caller.inbox).toEqual(flood);
  }));

test("a call fails after 5 s, or after the time it was given", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const desk = await start(sim, Desk);
    const call = outcome(sim.call(desk, "later", 1));
    const short = outcome(sim.with({ timeout: 100 }).call(desk, "later", 2));
    const endless = outcome(sim.with({ timeout: 1 }).with({ timeout: "infinity" }).call(desk, "later", 3));
    await sim.advance(100);
    expect(short).toMatchObject(failed("timeout", "later"));
    await sim.advance(4899);
    expect(call.state).toBe("pending");
    await sim.advance(1);
    expect(call).toMatchObject(failed("timeout", "later"));
    await sim.advance(1e9);
    expect(endless.state).toBe("pending");
  }));

test("after a timeout the server still does the work, and its late reply is dropped", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const desk = await start(sim, Desk);
    const caller = puppet(sim);
    let call: ReturnType<typeof outcome> | undefined;
    await caller.does((self) => {
      call = outcome(self.with({ timeout: 10 }).call(desk, "later", 1));
    });
    await sim.advance(10);
    sim.cast(desk, "answerAll", "late");
    await sim.idle();
    expect(call).toMatchObject(failed("timeout", "later"));
    expect(caller.inbox).toEqual([]);
    expect(await sim.call(desk, "visitors")).toHaveLength(1);
    expect(sim.leaks()).toHaveLength(2);
  }));

test.each([
  ["timeout", 10],
  ["reply", "infinity"],
] as const)("a call that ended with a %s leaves no timer and no monitor", (_, timeout) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const desk = await start(sim, Desk);
    const call = outcome(sim.with({ timeout }).call(desk, "later", 1));
    await sim.advance(10);
    if (timeout === "infinity") sim.cast(desk, "answerAll", 0);
    await sim.idle();
    expect(call.state).not.toBe("pending");
    expect(sim.leaks().filter((leak) => leak.includes("timer"))).toEqual([]);
    expect(sim.processInfo(desk)?.monitoredBy).toEqual([]);
  }),
);

test("a call to a pid or a name that is not there fails with noproc", () =>
  inVirtualTime(async (sim) => {
    const gone: Pid = sim.spawn(() => {});
    await sim.idle();
    await expect(sim.call(gone, "get")).rejects.toMatchObject({ reason: "noproc", request: "get" });
    await expect(sim.call(name("nobody"), "get")).rejects.toThrow(new CallError("noproc", "get", "'nobody'").message);
  }));

test("a call to oneself fails at once, by pid and by name", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const me = name("me");
    const caller = puppet(sim, { name: me });
    const calls: ReturnType<typeof outcome>[] = [];
    await caller.does((self) => {
      for (const to of [self.pid, me]) calls.push(outcome(self.call(to as Pid, "get")));
    });
    expect(calls).toMatchObject([failed("callingSelf", "get"), failed("callingSelf", "get")]);
  }));

test.each(["normal", "shutdown", { shutdown: 1 }, "oops"])(
  "a call fails with the reason %o of a server that stops without an answer",
  (reason) =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await expect(sim.call(desk, "leave", reason)).rejects.toMatchObject({ name: "CallError", reason });
    }),
);

test("all calls that wait fail when their server is killed, also those not yet taken up", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const taken = outcome(sim.call(desk, "later", 1));
    await sim.idle();
    const queued = outcome(sim.call(desk, "now", 1));
    sim.kill(desk);
    await sim.idle();
    expect([taken, queued]).toMatchObject([failed("killed", "later"), failed("killed", "now")]);
  }));

test("the error of a call has the crash of its server as its cause", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const error = new Error("oops");
    const call = sim.call(desk, "leave", error);
    await expect(call).rejects.toMatchObject({ reason: error, cause: error });
    await expect(call).rejects.toThrow(
      /call 'leave' to <0\.\d+>: expected a reply, got: Error: oops \(the server crashed\)/,
    );
  }));

test("the request of a caller that is gone is still handled, and its answer is nothing", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const caller = puppet(sim);
    await caller.does((self) => void self.call(desk, "later", 1));
    sim.kill(caller.pid);
    sim.cast(desk, "answerAll", 1);
    await sim.idle();
    expect(await sim.call(desk, "visitors")).toHaveLength(1);
  }));

test("a process that is killed while it calls never hears of the reply", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    let went = false;
    const caller = puppet(sim);
    await caller.does((self) =>
      self.call(desk, "later", 1).finally(() => {
        went = true;
      }),
    );
    sim.kill(caller.pid);
    sim.cast(desk, "answerAll", 1);
    await sim.idle();
    expect(went).toBe(false);
  }));

test("a call does not end an innocent caller: an uncaught CallError ends only the process that does not catch it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const desk = await start(sim, Desk);
    const [careful, careless] = [puppet(sim), puppet(sim)];
    await careful.does((self) => self.call(desk, "leave", "oops").catch(() => {}));
    await careless.does((self) => self.call(desk, "now", 1));
    expect(died.has(careful.pid)).toBe(false);
    expect(died.get(careless.pid)).toMatchObject({ name: "CallError", reason: "noproc" });
  }));

test("calls and casts of one process arrive in the order in which they were made", () =>
  inVirtualTime(async (sim) => {
    const Log = {
      init: () => ok<readonly unknown[]>([]),
      handleCall: { add: (x: number, log) => reply([...log, x], [...log, x]) },
      handleCast: { add: (x: number, log) => noreply([...log, x]) },
      handleInfo: (x: number, log: readonly unknown[]) => noreply([...log, x]),
    } satisfies GenServer<readonly unknown[]>;
    const log = await start(sim, Log);
    sim.cast(log, "add", 1);
    sim.send(log, 2);
    expect(await sim.call(log, "add", 3)).toEqual([1, 2, 3]);
  }));

test("a time limit that makes no sense is refused", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const call = outcome(sim.with({ timeout: Number.NaN }).call(desk, "later", 1));
    await sim.idle();
    expect(call).toMatchObject({ state: "failed", value: { name: "BadArgument" } });
  }));
