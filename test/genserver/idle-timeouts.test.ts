import { noreply, ok, type Self, timeout } from "hornbeam";
import { start, sys } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { type Act, type Log, logOf, Scripted } from "./support.ts";

// The forms of an idle timeout beyond a plain number.

const at0 = { timeout: 0, message: "mine" } as const;

test("a timeout with a message delivers that message, undefined too", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    for (const message of ["mine", undefined, timeout, { tag: "x" }]) {
      const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 100, message }) });
      await sim.advance(99);
      expect(await sys.getState(sim, pid)).toEqual([]);
      await sim.advance(1);
      expect(await logOf(sim, pid)).toEqual([message]);
    }
  }));

test("every kind of callback can set a timeout with a message", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, {});
    const act: Act = (log) => noreply(log, { timeout: 10, message: "mine" });
    for (const set of [
      () => sim.cast(pid, "act", act),
      () => sim.send(pid, act),
      () => sim.cast(pid, "act", (log) => noreply(log, { continue: act })),
    ]) {
      set();
      await sim.advance(10);
    }
    expect(await logOf(sim, pid)).toEqual(["mine", "mine", "mine"]);
  }));

test("any message cancels a timeout with a message, and it is not set again by itself", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 100, message: "mine" }) });
    await sim.advance(50);
    sim.send(pid, "other");
    await sim.advance(1000);
    expect(await logOf(sim, pid)).toEqual(["other"]);
  }));

test("a plain timeout of 0 lets a message that waits win, one with a message comes before it", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const plain = await start(sim, Scripted, {});
    sim.send(plain, (log: Log) => noreply(log, { timeout: 0 }));
    sim.send(plain, "waiting");
    expect(await logOf(sim, plain)).toEqual(["waiting"]);

    const ordered = await start(sim, Scripted, {});
    sim.send(ordered, (log: Log) => noreply(log, at0));
    sim.send(ordered, "waiting");
    expect(await logOf(sim, ordered)).toEqual(["mine", "waiting"]);
  }));

test("a timeout of 0 of init: a plain one lets a message win that came meanwhile, one with a message does not", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const init = (next: { timeout: 0 } | typeof at0) => async (self: Self) => {
      self.send(self.pid, "early");
      await self.sleep(0);
      return ok([], next);
    };
    const starting = [start(sim, Scripted, { init: init({ timeout: 0 }) }), start(sim, Scripted, { init: init(at0) })];
    await sim.advance(0);
    const [plain, ordered] = await Promise.all(starting);
    expect(await logOf(sim, plain as never)).toEqual(["early"]);
    expect(await logOf(sim, ordered as never)).toEqual(["mine", "early"]);
  }));

test("a timeout of 0 of init comes at once when nothing waits, plain or with a message", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const plain = await start(sim, Scripted, { init: () => ok([], { timeout: 0 }) });
    const ordered = await start(sim, Scripted, { init: () => ok([], at0) });
    expect(await logOf(sim, plain)).toEqual([timeout]);
    expect(await logOf(sim, ordered)).toEqual(["mine"]);
  }));

test("a timeout of 0 with a message that is asked for again and again lets the mailbox starve, as it says", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, {});
    let rounds = 0;
    const again = (log: Log): unknown =>
      ++rounds < 3 ? noreply([...log, rounds], { timeout: 0, message: again }) : noreply([...log, rounds]);
    sim.send(pid, again);
    sim.send(pid, "waiting");
    expect(await logOf(sim, pid)).toEqual([1, 2, 3, "waiting"]);
  }));

test("an absolute timeout comes at that moment; one that has passed counts as 0", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.advance(1000);
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 1100, abs: true }) });
    await sim.advance(99);
    expect(await sys.getState(sim, pid)).toEqual([]);
    await sim.advance(1);
    expect(await sys.getState(sim, pid)).toEqual([timeout]);

    const late = await start(sim, Scripted, { init: () => ok([], { timeout: 5, abs: true, message: "late" }) });
    const before = await start(sim, Scripted, { init: () => ok([], { timeout: -5, abs: true }) });
    await sim.idle();
    expect([await sys.getState(sim, late), await sys.getState(sim, before)]).toEqual([["late"], [timeout]]);
  }));

test("a system message cancels no timeout, whether it comes while it runs or waits when it is set", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const running = await start(sim, Scripted, { init: () => ok([], { timeout: 100 }) });
    for (let i = 0; i < 9; i++) {
      await sim.advance(10);
      expect(await sys.getState(sim, running)).toEqual([]);
    }
    await sim.advance(10);
    expect(await sys.getState(sim, running)).toEqual([timeout]);

    for (const next of [{ timeout: 100 }, { timeout: 0 }]) {
      const waiting = await start(sim, Scripted, {});
      sim.send(waiting, (log: Log) => noreply(log, next));
      const state = sys.getState(sim, waiting);
      await sim.advance(100);
      expect([await state, await sys.getState(sim, waiting)]).toEqual([[], [timeout]]);
    }
  }));

test("a system message that waits when the time is up does not stand for a message that came first", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 100 }) });
    const asker = sim.spawn(async (self) => {
      await self.sleep(100);
      await sys.getState(self, pid);
    });
    await sim.advance(100);
    expect([sim.isAlive(asker), await sys.getState(sim, pid)]).toEqual([false, [timeout]]);
  }));

test("a request after a system message cancels the timeout", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, { init: () => ok([], { timeout: 100 }) });
    await sys.getState(sim, pid);
    expect(await logOf(sim, pid)).toEqual([]);
    await sim.advance(1000);
    expect(await logOf(sim, pid)).toEqual([]);
  }));

test("what is no timeout is a bad return, and what is one is accepted", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const bad = [
      { timeout: -1, message: 1 },
      { timeout: Number.NaN, abs: true },
      { timeout: "soon", abs: true },
      { timeout: 5, abs: "yes" },
      { timeout: 5, hibernate: "yes" },
      { hibernate: false },
      { message: "mine" },
    ] as any[];
    for (const next of bad) {
      const started = start(sim, Scripted, { init: () => ok([], next) });
      await expect(started).rejects.toMatchObject({ reason: { name: "BadReturnValue" } });
    }
    const good = [
      { timeout: "infinity", message: 1 },
      { timeout: -5, abs: true },
      { timeout: 5, hibernate: true },
    ] as const;
    for (const next of good) {
      expect(sim.isAlive(await start(sim, Scripted, { init: () => ok([], next) }))).toBe(true);
    }
  }));
