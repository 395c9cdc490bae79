import { noreply, ok, type Pid, type Reason, reply, StartError, stop, Undefined } from "hornbeam";
import { GenServer, start, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events } from "../runtime/support.ts";

// What a module does not have (OTP: the undef cases of gen_server_SUITE).

const Bare = { init: () => ok("state") } satisfies GenServer<string>;

const bare = async (sim: VirtualSystem) => ({ died: deaths(sim), pid: (await start(sim, Bare)) as Pid });

test("a call to a module without handleCall is a crash, and the caller hears of it", () =>
  inVirtualTime(async (sim) => {
    const { died, pid } = await bare(sim);
    await expect(sim.call(pid, "get")).rejects.toMatchObject({ reason: expect.any(Undefined) });
    expect(died.get(pid)).toMatchObject({
      message: expect.stringMatching(/handleCall of .* expected nothing, got: 'get'/),
    });
  }));

test("a cast to a module without handleCast is a crash", () =>
  inVirtualTime(async (sim) => {
    const { died, pid } = await bare(sim);
    sim.cast(pid, "put");
    await sim.idle();
    expect(died.get(pid)).toMatchObject({
      message: expect.stringMatching(/handleCast of .* expected nothing, got: 'put'/),
    });
  }));

test("a message to a module without handleInfo is told and dropped, and the server goes on", () =>
  inVirtualTime(async (sim) => {
    const { pid } = await bare(sim);
    const dropped = events(sim, "genserver.unhandled");
    sim.send(pid, "hello");
    expect(await sys.getState(sim, pid)).toBe("state");
    expect(dropped).toMatchObject([{ pid, message: "hello" }]);
  }));

test("a module without handleContinue that is to continue crashes, when its start is over", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await start(sim, { init: () => ok(0, { continue: "more" }) });
    await sim.idle();
    expect(died.get(pid)).toMatchObject({
      message: expect.stringMatching(
        /handleContinue of .*: expected a function, got: undefined \(told to continue with 'more'\)/,
      ),
    });
  }));

test("a module without init is refused, and nothing is started", () =>
  inVirtualTime(async (sim) => {
    await expect(start(sim, {} as typeof Bare)).rejects.toThrow(/expected a module with an init, got: \{\}/);
    expect(sim.processes()).toEqual([]);
  }));

test("a module without terminate ends with its reason, stopped or in a crash", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const Leaving = { ...Bare, handleCast: { leave: (reason: Reason, state: string) => stop(reason, state) } };
    const [stopped, left, crashed] = [await start(sim, Leaving), await start(sim, Leaving), await start(sim, Leaving)];
    await GenServer.stop(sim, stopped, "enough");
    sim.cast(left, "leave", { shutdown: 1 });
    sim.cast(crashed, "unknown" as "leave", "x");
    await sim.idle();
    expect([stopped, left, crashed].map((pid) => died.get(pid))).toEqual([
      "enough",
      { shutdown: 1 },
      expect.any(Undefined),
    ]);
  }));

/** Calls a function that is not there. */
const missing = () => (Bare as any).nowhere();

test("a function that is not there, called in an existing handleInfo, is a real crash", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const dropped = events(sim, "genserver.unhandled");
    const pid = await start(sim, { ...Bare, handleInfo: (_: unknown, state: string) => noreply(missing() ?? state) });
    sim.send(pid, "hello");
    await sim.idle();
    expect([died.get(pid), dropped]).toEqual([expect.any(TypeError), []]);
  }));

test("a function that is not there, called in terminate, is what the server ends with, and GenServer.stop says so", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await start(sim, { ...Bare, terminate: missing });
    await expect(GenServer.stop(sim, pid)).rejects.toMatchObject({ reason: expect.any(TypeError) });
    expect(died.get(pid)).toBeInstanceOf(TypeError);
  }));

test("a function that is not there, called in init, fails the start", () =>
  inVirtualTime(async (sim) => {
    const failed = await start(sim, { init: () => ok(missing()) }).catch((error) => error);
    expect(failed).toBeInstanceOf(StartError);
    expect(failed.reason).toBeInstanceOf(TypeError);
  }));

test("what a module does not have is no matter as long as nobody asks for it", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, { ...Bare, handleCall: { get: (_: unknown, state: string) => reply(state, state) } });
    expect(await sim.call(pid, "get")).toBe("state");
  }));
