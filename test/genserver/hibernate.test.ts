import { noreply, ok, reply, type Self, stop, timeout } from "hornbeam";
import { type GenServer, type StartOptions, start, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths } from "../runtime/support.ts";
import { WAYS, ways } from "./support.ts";

type Next = NonNullable<Parameters<typeof noreply>[1]>;
interface State {
  readonly cache: readonly string[];
  /** How often it has hibernated. */
  readonly slept: number;
}

/** Caches what it is told, and lets go of it when it hibernates. */
const Cache = (hibernate = ({ slept }: State, _self: Self): any => noreply<State>({ cache: [], slept: slept + 1 })) =>
  ({
    init: (next: Next | undefined) => ok<State>({ cache: [], slept: 0 }, next),
    handleCall: {
      put: ({ key, next }: { key: string; next?: Next }, { cache, slept }) =>
        reply(key, { cache: [...cache, key], slept }, next),
    },
    handleCast: {
      put: ({ key, next }: { key: string; next?: Next }, { cache, slept }) =>
        noreply({ cache: [...cache, key], slept }, next),
    },
    handleInfo: (message: unknown, { cache, slept }: State) => noreply({ cache: [...cache, message as string], slept }),
    handleContinue: (next: Next, state) => noreply(state, next),
    hibernate,
  }) satisfies GenServer<State>;

const state = (sim: VirtualSystem, pid: any): Promise<State> => sys.getState(sim, pid);
const asleep = { hibernate: true } as const;

for (const way of WAYS) {
  test(`after a callback that returned hibernate the hook runs once, and its state is the state, ${way}`, () =>
    inVirtualTime(async (sim) => {
      const module = Cache(({ slept }) => ways[way](() => noreply({ cache: [], slept: slept + 1 })));
      const pid = await start(sim, module, undefined);
      await sim.call(pid, "put", { key: "a" });
      expect(await state(sim, pid)).toEqual({ cache: ["a"], slept: 0 });
      await sim.call(pid, "put", { key: "b", next: asleep });
      expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
      await sim.advance(1e9);
      expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
      await sim.call(pid, "put", { key: "c" });
      expect(await state(sim, pid)).toEqual({ cache: ["c"], slept: 1 });
    }));
}

test("init, a call, a cast, a message and a continue can hibernate", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Cache(), asleep);
    await sim.idle();
    await sim.call(pid, "put", { key: "a", next: asleep });
    await sim.idle();
    sim.cast(pid, "put", { key: "a", next: asleep });
    await sim.idle();
    sim.cast(pid, "put", { key: "a", next: { continue: asleep } });
    await sim.idle();
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 4 });
  }));

test("hibernate first looks into the mailbox: a message that waits, or comes before it, goes first, and nobody sleeps", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Cache(), undefined);
    sim.cast(pid, "put", { key: "a", next: asleep });
    sim.cast(pid, "put", { key: "b" });
    await sim.idle();
    expect(await state(sim, pid)).toEqual({ cache: ["a", "b"], slept: 0 });

    const called = sim.call(pid, "put", { key: "c", next: asleep }).then(() => sim.cast(pid, "put", { key: "d" }));
    await called;
    await sim.idle();
    expect(await state(sim, pid)).toEqual({ cache: ["a", "b", "c", "d"], slept: 0 });
  }));

test("the reply of a call that hibernates does not wait for the hook", () =>
  inVirtualTime(async (sim) => {
    let answered = false;
    const seen: boolean[] = [];
    const pid = await start(
      sim,
      Cache((old) => {
        seen.push(answered);
        return noreply(old);
      }),
      undefined,
    );
    await sim.call(pid, "put", { key: "a", next: asleep });
    answered = true;
    await sim.idle();
    expect(seen).toEqual([true]);
  }));

test("a module without the hook may return hibernate, and nothing happens", () =>
  inVirtualTime(async (sim) => {
    const Plain = {
      init: () => ok(1, asleep),
      handleCall: { get: (_, n) => reply(n, n, asleep) },
    } satisfies GenServer<number>;
    const pid = await start(sim, Plain);
    expect([await sim.call(pid, "get"), await sim.call(pid, "get")]).toEqual([1, 1]);
  }));

const after = (hibernateAfter: StartOptions["hibernateAfter"] & {}) => ({ hibernateAfter });

test("with hibernateAfter a server hibernates once when no message has come for so long", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Cache(), undefined, after(100));
    await sim.advance(60);
    await sim.call(pid, "put", { key: "a" });
    await sim.advance(99);
    expect(await state(sim, pid)).toEqual({ cache: ["a"], slept: 0 });
    await sim.advance(1);
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
    await sim.advance(10_000);
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
    sim.send(pid, "woken");
    await sim.advance(99);
    expect(await state(sim, pid)).toEqual({ cache: ["woken"], slept: 1 });
    await sim.advance(1);
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 2 });
  }));

test("with hibernateAfter a server hibernates after init, a cast and a continue, too, and after the infinity timeout", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Cache(), { timeout: "infinity" }, after(10));
    await sim.advance(10);
    for (const next of [undefined, { continue: { timeout: "infinity" } }] as const) {
      sim.cast(pid, "put", { key: "a", ...(next && { next }) });
      await sim.advance(10);
    }
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 3 });
  }));

test("while an idle timeout runs a server does not hibernate by itself", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Cache(), { timeout: 100 }, after(10));
    await sim.advance(99);
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 0 });
    await sim.advance(1);
    expect(await state(sim, pid)).toEqual({ cache: [timeout], slept: 0 });
    await sim.advance(10);
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
  }));

test("a timeout may hibernate meanwhile: the hook runs at once, and the timeout comes in time", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Cache(), undefined);
    sim.cast(pid, "put", { key: "a", next: { timeout: 100, message: "mine", hibernate: true } });
    await sim.idle();
    expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
    await sim.advance(100);
    expect(await state(sim, pid)).toEqual({ cache: ["mine"], slept: 1 });
  }));

test("the hook may set a timeout, and does not hibernate again by asking for it", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    let rounds = 0;
    const pid = await start(
      sim,
      Cache((old) => noreply(old, ++rounds === 1 ? asleep : { timeout: 10 })),
      asleep,
      after(50),
    );
    await sim.advance(1000);
    expect(rounds).toBe(1);
    await sim.call(pid, "put", { key: "a", next: asleep });
    await sim.advance(10);
    expect([rounds, (await state(sim, pid)).cache]).toEqual([2, ["a", timeout]]);
  }));

test("a server may stop instead of sleeping, and a throw in the hook is a crash", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const oops = new Error("oops");
    const stopped = await start(
      sim,
      Cache((old) => stop("shutdown", old)),
      asleep,
    );
    const crashed = await start(
      sim,
      Cache(() => {
        throw oops;
      }),
      asleep,
    );
    const bad = await start(
      sim,
      Cache(() => 5),
      asleep,
    );
    await sim.idle();
    expect([died.get(stopped), died.get(crashed)]).toEqual(["shutdown", oops]);
    expect(died.get(bad)).toMatchObject({
      name: "BadReturnValue",
      message: expect.stringMatching(/^hibernate returned/),
    });
  }));

test("system messages are served while a server sleeps, and do not wake it", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Cache(), undefined, after(10));
    await sim.advance(10);
    for (let i = 0; i < 5; i++) {
      expect(await state(sim, pid)).toEqual({ cache: [], slept: 1 });
      await sim.advance(1000);
    }
  }));

test("the timer of hibernateAfter goes with the server, and infinity sets none", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const timers = () => sim.leaks().filter((leak) => leak.includes("timer"));
    const pid = await start(sim, Cache(), undefined, after(100));
    expect(timers()).toEqual(["1 timers"]);
    sim.kill(pid);
    expect(timers()).toEqual([]);
    await start(sim, Cache(), undefined, after("infinity"));
    expect(timers()).toEqual([]);
  }));

test("a hibernateAfter that makes no sense is refused, and nothing is started", () =>
  inVirtualTime(async (sim) => {
    await expect(start(sim, Cache(), undefined, after(-1))).rejects.toThrow(/expected a time of 0 ms or more, got: -1/);
    expect(sim.processes()).toEqual([]);
  }));
