import { noreply, ok, type Ref, reply, type Self, stop, type Timeout, timeout } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events } from "../runtime/support.ts";
import { type Act, type Log, logOf, Scripted, WAYS, ways } from "./support.ts";

const idleFor =
  (time: number): Act =>
  (log) =>
    noreply(log, { timeout: time });

for (const way of WAYS) {
  test(`a server that gets no message in time gets the timeout, ${way}`, () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const pid = await start(sim, Scripted, { init: () => ways[way](() => ok([], { timeout: 100 })) });
      await sim.advance(99);
      expect(sim.processes()[0]?.messages).toBe(0);
      await sim.advance(1);
      expect(await logOf(sim, pid)).toEqual([timeout]);
    }));

  test(`every kind of callback can set the timeout, ${way}`, () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const pid = await start(sim, Scripted, {});
      const act: Act = (log, _, from) =>
        ways[way](() => (from === undefined ? noreply(log, { timeout: 10 }) : reply(1, log, { timeout: 10 })));
      const rounds = [
        () => sim.call(pid, "act", act),
        () => sim.cast(pid, "act", act),
        () => sim.send(pid, act),
        () => sim.cast(pid, "act", (log) => noreply(log, { continue: act })),
      ];
      for (const [round, set] of rounds.entries()) {
        void set();
        await sim.advance(10);
        expect(await logOf(sim, pid)).toHaveLength(round + 1);
      }
    }));

  test(`a timeout of 0 comes at once when nothing waits, ${way}`, () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const pid = await start(sim, Scripted, {});
      sim.send(pid, (log: Log) => ways[way](() => noreply(log, { timeout: 0 })));
      await sim.idle();
      sim.send(pid, "after");
      expect(await logOf(sim, pid)).toEqual([timeout, "after"]);
    }));

  test(`a timeout of 0 does not happen when a message waits, ${way}`, () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const pid = await start(sim, Scripted, {});
      sim.send(pid, (log: Log) => ways[way](() => noreply(log, { timeout: 0 })));
      sim.send(pid, "waiting");
      await sim.idle();
      expect(await logOf(sim, pid)).toEqual(["waiting"]);
    }));
}

/** Lets a helper do something to the server while its timeout runs. */
const half = (act: (helper: Self, server: Ref<typeof Scripted>) => void) => (self: Self) =>
  self.spawn(async (helper) => {
    await helper.sleep(50);
    act(helper, self.pid as Ref<typeof Scripted>);
  });

test.each<[string, (self: Self) => unknown]>([
  ["a message", half((helper, server) => helper.send(server, "message"))],
  ["a cast", half((helper, server) => helper.cast(server, "act", (log) => noreply(log)))],
  ["a Down", (self) => self.spawnMonitor((child) => child.sleep(50))],
  ["an Exit", (self) => self.spawnLink((child) => child.sleep(50))],
  ["a timer", (self) => self.sendAfter("tick", 50)],
])("%s cancels the timeout, and it is not set again by itself", (_, disturb) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const init = (self: Self) => {
      self.trapExit = true;
      disturb(self);
      return ok([], { timeout: 100 });
    };
    const pid = await start(sim, Scripted, { init });
    await sim.advance(10_000);
    expect(await logOf(sim, pid)).not.toContain(timeout);
  }),
);

test("a call cancels the timeout", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 100 }) });
    await sim.advance(99);
    expect(await logOf(sim, pid)).toEqual([]);
    await sim.advance(1000);
    expect(await logOf(sim, pid)).toEqual([]);
  }));

test("a message that is handled when the time is up goes first, and the timeout does not happen", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const init = (self: Self) => {
      self.sendAfter("tick", 100);
      return ok([], { timeout: 100 });
    };
    const pid = await start(sim, Scripted, { init });
    await sim.advance(1000);
    expect(await logOf(sim, pid)).toEqual(["tick"]);
  }));

test("a timeout that is set again and again comes once, after the last", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, {});
    for (let i = 0; i < 5; i++) {
      sim.cast(pid, "act", idleFor(100));
      await sim.advance(60);
    }
    await sim.advance(39);
    expect(sim.leaks().filter((leak) => leak.includes("timer"))).toEqual(["1 timers"]);
    await sim.advance(1);
    expect(await logOf(sim, pid)).toEqual([timeout]);
  }));

test("a timeout of infinity never comes", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: "infinity" }) });
    await sim.advance(1e12);
    expect(await logOf(sim, pid)).toEqual([]);
  }));

test("the timer of a server goes with it", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 100 }) });
    sim.kill(pid);
    expect(sim.leaks()).toEqual([]);
  }));

test("a server can end when nobody has asked for long enough", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const died = deaths(sim);
    const Brief = {
      init: () => ok(0, { timeout: 5000 }),
      handleCall: { get: (_, n: number) => reply(n, n, { timeout: 5000 }) },
      handleInfo: (_: Timeout, n: number) => stop("shutdown", n),
    } satisfies GenServer<number>;
    const pid = await start(sim, Brief);
    await sim.advance(4000);
    await sim.call(pid, "get");
    await sim.advance(4999);
    expect(died.size).toBe(0);
    await sim.advance(1);
    expect(died.get(pid)).toBe("shutdown");
  }));

test("a timeout to a module without handleInfo is nothing", () =>
  inVirtualTime(async (sim) => {
    const dropped = events(sim, "genserver.unhandled");
    const Deaf = { init: () => ok(0, { timeout: 10 }) } satisfies GenServer<number>;
    const pid = await start(sim, Deaf);
    await sim.advance(100);
    expect([sim.isAlive(pid), dropped]).toEqual([true, []]);
  }));
