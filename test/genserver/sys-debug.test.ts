import { noreply, reply, stop } from "hornbeam";
import { type SystemEvent, start, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, puppet } from "../runtime/support.ts";
import { type Act, logOf, Scripted } from "./support.ts";

const server = (sim: VirtualSystem) => start(sim, Scripted, {}, { label: "server" });
const answer: Act = (log) => reply("answer", log);
const quiet: Act = (log) => noreply(log);

test("a function that traces a server hears of each message and each reply, until it is told no more", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    const caller = puppet(sim);
    const seen: [SystemEvent, unknown][] = [];
    await sys.trace(sim, pid, (...event) => void seen.push(event));
    await caller.does((self) => self.call(pid, "act", answer));
    sim.cast(pid, "act", quiet);
    sim.send(pid, "info");
    await sys.getState(sim, pid);
    expect(seen).toEqual(
      [
        { tag: "in", message: { call: "act", payload: answer, from: caller.pid } },
        { tag: "out", value: "answer", to: caller.pid },
        { tag: "in", message: { cast: "act", payload: quiet } },
        { tag: "in", message: "info" },
      ].map((event) => [event, pid]),
    );
    await sys.trace(sim, pid, false);
    sim.send(pid, "info");
    await sim.idle();
    expect(seen).toHaveLength(4);
  }));

test("a reply of a stop is traced, too, and a continue and hibernation are no messages", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    const tags: unknown[] = [];
    await sys.trace(sim, pid, ({ tag }) => void tags.push(tag));
    sim.cast(pid, "act", (log) => noreply(log, { continue: (log: any) => noreply(log, { hibernate: true }) }));
    await sim.idle();
    await sim.call(pid, "act", (log) => stop("normal", log, 1));
    expect(tags).toEqual(["in", "in", "out"]);
  }));

test("trace with true emits sys.trace", () =>
  inVirtualTime(async (sim) => {
    const traced = events(sim, "sys.trace");
    const pid = await server(sim);
    await sys.trace(sim, pid, true);
    sim.send(pid, "info");
    await sim.idle();
    expect(traced).toEqual([{ pid, label: `${pid} server`, event: { tag: "in", message: "info" } }]);
  }));

test("a function that throws is removed and told of, and the server goes on", () =>
  inVirtualTime(async (sim) => {
    const failures = events(sim, "sys.trace.failure");
    const pid = await server(sim);
    const error = new Error("oops");
    let count = 0;
    await sys.trace(sim, pid, () => {
      count++;
      throw error;
    });
    for (const message of [1, 2]) sim.send(pid, message);
    expect(await logOf(sim, pid)).toEqual([1, 2]);
    expect([count, failures]).toEqual([1, [{ pid, label: `${pid} server`, error }]]);
  }));

test("a log keeps the last events, as many as it is told, and is gone when it is turned off", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    const messages = async () => (await sys.log(sim, pid, "get"))?.map((event) => (event as any).message);
    expect(await messages()).toBeUndefined();
    await sys.log(sim, pid, 3);
    for (let i = 1; i <= 5; i++) sim.send(pid, i);
    expect(await messages()).toEqual([3, 4, 5]);
    await sys.log(sim, pid, 2);
    expect(await messages()).toEqual([4, 5]);
    await sys.log(sim, pid, true);
    for (let i = 1; i <= 20; i++) sim.send(pid, i);
    expect(await messages()).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    await sys.log(sim, pid, false);
    expect(await messages()).toBeUndefined();
  }));

test("statistics count messages and replies from when they are turned on", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await server(sim);
    expect(await sys.statistics(sim, pid, "get")).toBeUndefined();
    await sim.advance(100);
    await sys.statistics(sim, pid, true);
    for (let i = 0; i < 3; i++) sim.send(pid, i);
    await sim.call(pid, "act", answer);
    await sim.advance(50);
    expect(await sys.statistics(sim, pid, "get")).toEqual({
      startTime: 100,
      currentTime: 150,
      messagesIn: 4,
      messagesOut: 1,
    });
    await sys.statistics(sim, pid, true);
    expect(await sys.statistics(sim, pid, "get")).toMatchObject({ startTime: 150, messagesIn: 0, messagesOut: 0 });
    await sys.statistics(sim, pid, false);
    expect(await sys.statistics(sim, pid, "get")).toBeUndefined();
  }));

test("each debug function can be turned off without the others, and all survive a suspension", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    const seen: unknown[] = [];
    await sys.trace(sim, pid, (event) => void seen.push(event));
    await sys.log(sim, pid, true);
    await sys.statistics(sim, pid, true);
    await sys.suspend(sim, pid);
    sim.send(pid, "info");
    await sim.idle();
    expect(seen).toEqual([]);
    await sys.resume(sim, pid);
    await sys.trace(sim, pid, false);
    await sys.log(sim, pid, false);
    expect(await sys.statistics(sim, pid, "get")).toMatchObject({ messagesIn: 1 });
    expect(seen).toEqual([{ tag: "in", message: "info" }]);
  }));

test("what a debug function is not given is refused, and the server does not hear of it", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    await expect(sys.trace(sim, pid, "yes" as any)).rejects.toThrow(/expected a function or a boolean, got: 'yes'/);
    for (const size of [-1, 1.5, "all"] as any[]) {
      await expect(sys.log(sim, pid, size)).rejects.toThrow(/expected how many events to keep, got: /);
    }
    expect(await sys.log(sim, pid, "get")).toBeUndefined();
  }));
