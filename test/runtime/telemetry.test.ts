import { exit } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, forever } from "./support.ts";

test("a handler hears every event of its kind until it is detached", () =>
  inVirtualTime(async (sim) => {
    let count = 0;
    const detach = sim.telemetry.on("process.start", () => void count++);
    sim.spawn(forever);
    sim.spawn(forever);
    detach();
    detach();
    sim.spawn(forever);
    expect(count).toBe(2);
  }));

test("a handler that throws is detached, that is told, and the process and other handlers go on", () =>
  inVirtualTime(async (sim) => {
    const failures = events(sim, "telemetry.failure");
    const error = new Error("bad handler");
    let calls = 0;
    sim.telemetry.on("process.exit", () => {
      calls++;
      throw error;
    });
    const ended = events(sim, "process.exit");
    for (let i = 0; i < 3; i++) sim.kill(sim.spawn(forever));
    expect([calls, ended.length]).toEqual([1, 3]);
    expect(failures).toEqual([{ event: "process.exit", error }]);
  }));

test("a handler of telemetry.failure that throws is detached, without end or noise", () =>
  inVirtualTime(async (sim) => {
    let calls = 0;
    sim.telemetry.on("telemetry.failure", () => {
      calls++;
      throw new Error("worse");
    });
    for (let i = 0; i < 2; i++) {
      sim.telemetry.on("process.start", () => {
        throw new Error("bad handler");
      });
    }
    sim.spawn(forever);
    expect(calls).toBe(1);
  }));

test("a handler may attach, detach, spawn and kill", () =>
  inVirtualTime(async (sim) => {
    const heard: string[] = [];
    const detach = sim.telemetry.on("process.exit", (_, { reason }) => {
      heard.push(String(reason));
      detach();
      sim.telemetry.on("process.exit", (_, { reason }) => void heard.push(`second ${reason}`));
      sim.kill(sim.spawn(forever));
    });
    sim.exit(sim.spawn(forever), "first");
    expect(heard).toEqual(["first", "second killed"]);
  }));

test("start and exit count the living", () =>
  inVirtualTime(async (sim) => {
    const counts: number[] = [];
    sim.telemetry.on("process.start", ({ count }) => void counts.push(count));
    sim.telemetry.on("process.exit", ({ count }) => void counts.push(count));
    const pid = sim.spawn(forever);
    sim.spawn(forever);
    sim.kill(pid);
    const [one, two, after] = counts as [number, number, number];
    expect([two - one, after - one]).toEqual([1, 0]);
  }));

test("a crash is told with its reason, a clean end is not", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const clean = ["normal", "shutdown", { shutdown: "moved" }];
    for (const reason of clean) sim.spawn(() => exit(reason));
    sim.kill(sim.spawn(forever));
    const error = new Error("oops");
    const pid = sim.spawn(() => {
      throw error;
    });
    await sim.idle();
    expect(crashes).toMatchObject([{ pid, reason: error, parent: undefined }]);
  }));

test("has says whether anybody listens", () =>
  inVirtualTime(async (sim) => {
    expect(sim.telemetry.has("process.zombie")).toBe(false);
    const detach = sim.telemetry.on("process.zombie", () => {});
    expect(sim.telemetry.has("process.zombie")).toBe(true);
    detach();
    expect(sim.telemetry.has("process.zombie")).toBe(false);
  }));
