import { noreply, ok, reply, type Self } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { puppet, REAL, runFixture } from "./support.ts";

/** Never comes to rest: it handles one message by sending itself the next. */
const Flooder = {
  init: (fan: number, self) => {
    for (let i = 0; i < fan; i++) self.send(self.pid, "more");
    return ok(0);
  },
  handleCall: { count: (_, n: number) => reply(n, n) },
  handleInfo: (message: unknown, n: number, self) => {
    self.send(self.pid, message);
    return noreply(n + 1);
  },
} satisfies GenServer<number>;

const Counter = {
  init: () => ok(0),
  handleCall: { add: (by: number, n: number) => reply(n + by, n + by) },
} satisfies GenServer<number>;

test("a process that floods itself does not starve another", () =>
  inVirtualTime(async (sim) => {
    const flooder = await start(sim, Flooder, 1);
    const counter = await start(sim, Counter);
    for (let i = 1; i <= 100; i++) expect(await sim.call(counter, "add", 1)).toBe(i);
    sim.kill(flooder);
  }));

test("a flooded process answers after what was there before, and not after what came since", () =>
  inVirtualTime(async (sim) => {
    const flooder = await start(sim, Flooder, 1000);
    const before = await sim.call(flooder, "count");
    const after = await sim.call(flooder, "count");
    expect(after - before).toBeLessThanOrEqual(1001);
    sim.kill(flooder);
  }));

test("a process with a long mailbox gets no more turns than one with a short one", () =>
  inVirtualTime(async (sim) => {
    const turns = { short: 0, long: 0 };
    const flood = (who: keyof typeof turns, messages: number) => async (self: Self) => {
      for (let i = 0; i < messages; i++) self.send(self.pid, "more");
      for (;;) {
        self.send(self.pid, await self.receive());
        turns[who]++;
      }
    };
    const pids = [sim.spawn(flood("short", 1)), sim.spawn(flood("long", 10_000))];
    const counter = await start(sim, Counter);
    while (turns.long < 1000) await sim.call(counter, "add", 1);
    for (const pid of pids) sim.kill(pid);
    expect(turns.short / turns.long).toBeGreaterThan(0.5);
    expect(turns.short / turns.long).toBeLessThan(2);
  }));

test("a killed flooder is gone at once, whatever waits in its mailbox", () =>
  inVirtualTime(async (sim) => {
    const flooder = await start(sim, Flooder, 100_000);
    sim.kill(flooder);
    await sim.idle();
    expect(sim.processes()).toEqual([]);
  }));

test("a server in a long asynchronous callback holds up nobody else", () =>
  inVirtualTime(async (sim) => {
    const Slow = {
      init: () => ok(0),
      handleCall: {
        slow: async (_, n: number, self) => {
          await self.sleep(1000);
          return reply(self.now(), n);
        },
      },
    } satisfies GenServer<number>;
    const slow = await start(sim, Slow);
    const order: string[] = [];
    const caller = puppet(sim);
    await caller.does((self) => void self.call(slow, "slow").then((at) => order.push(`slow at ${at}`)));
    const counter = await start(sim, Counter);
    await sim.call(counter, "add", 1);
    order.push("counter");
    await sim.advance(1000);
    expect(order).toEqual(["counter", "slow at 1000"]);
  }));

test("ten thousand processes that wait all get their message", () =>
  inVirtualTime(async (sim) => {
    let heard = 0;
    const pids = Array.from({ length: 10_000 }, () => sim.spawn((self) => self.receive().then(() => void heard++)));
    await sim.idle();
    for (const pid of pids) sim.send(pid, "hello");
    await sim.idle();
    expect(heard).toBe(10_000);
  }));

test.each(["sync", "async", "tasks"])(
  "while %s processes never rest, I/O and timers get their turns",
  async (kind) => {
    const { code, out } = await runFixture("busy.ts", kind);
    expect({ code, out }).toEqual({ code: 0, out: "timer, immediate and file came through\n" });
  },
  REAL,
);
