import {
  answer,
  BadReturnValue,
  error,
  exit,
  ignore,
  name,
  noreply,
  ok,
  refuse,
  reply,
  stop,
  Undefined,
} from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events } from "../runtime/support.ts";
import { type Act, type Log, logOf, Scripted, WAYS, ways } from "./support.ts";

const server = (sim: VirtualSystem) => start(sim, Scripted, {});
const callbacks = ["call", "cast", "info", "continue"] as const;
type Callback = (typeof callbacks)[number];

/** Runs `act` in one of the callbacks. Resolves to the exit reason, or to the state if the server goes on. */
async function run(sim: VirtualSystem, callback: Callback, act: Act): Promise<{ ended?: unknown; state?: Log }> {
  const died = deaths(sim);
  const pid = await server(sim);
  if (callback === "call") sim.call(pid, "act", act).catch(() => {});
  else if (callback === "cast") sim.cast(pid, "act", act);
  else if (callback === "info") sim.send(pid, act);
  else sim.cast(pid, "act", (log) => noreply(log, { continue: act }));
  await sim.idle();
  return sim.isAlive(pid) ? { state: await logOf(sim, pid) } : { ended: died.get(pid) };
}

for (const way of WAYS) {
  test.each(callbacks)(`noreply from a %s, ${way}, sets the state`, (callback) =>
    inVirtualTime(async (sim) => {
      const act: Act = (log) => ways[way](() => noreply([...log, "new"]));
      expect(await run(sim, callback, act)).toEqual({ state: ["new"] });
    }),
  );

  test.each(callbacks)(`stop from a %s, ${way}, ends the server with its reason`, (callback) =>
    inVirtualTime(async (sim) => {
      const act: Act = (log) => ways[way](() => stop("done", log));
      expect(await run(sim, callback, act)).toEqual({ ended: "done" });
    }),
  );

  test.each(callbacks)(`an exit in a %s, ${way}, ends the server with its reason`, (callback) =>
    inVirtualTime(async (sim) => {
      const act: Act = () => ways[way](() => exit("left"));
      expect(await run(sim, callback, act)).toEqual({ ended: "left" });
    }),
  );

  test.each(callbacks)(`an Error thrown in a %s, ${way}, is the exit reason itself`, (callback) =>
    inVirtualTime(async (sim) => {
      const oops = new Error("oops");
      const act: Act = () =>
        ways[way](() => {
          throw oops;
        });
      expect((await run(sim, callback, act)).ended).toBe(oops);
    }),
  );

  test.each(callbacks)(`a result that is thrown in a %s, ${way}, counts as returned`, (callback) =>
    inVirtualTime(async (sim) => {
      const act: Act = (log) =>
        ways[way](() => {
          throw noreply([...log, "thrown"]);
        });
      expect(await run(sim, callback, act)).toEqual({ state: ["thrown"] });
    }),
  );

  test.each(callbacks)(`what may not be returned from a %s, ${way}, is a crash that names it`, async (callback) => {
    const bad = [undefined, null, 42, {}, { tag: "noreply", state: [] }, ok([]), error("x"), ignore, refuse(1, [])];
    const extra = callback === "call" ? [] : [reply(1, []), stop("done", [], "reply")];
    for (const value of [...bad, ...extra]) {
      await inVirtualTime(async (sim) => {
        const { ended } = await run(sim, callback, () => ways[way](() => value));
        expect(ended).toBeInstanceOf(BadReturnValue);
        expect((ended as BadReturnValue).value).toBe(value);
      });
    }
  });

  test.each(callbacks)(`a value that is no Error, thrown in a %s, ${way}, counts as a bad return`, (callback) =>
    inVirtualTime(async (sim) => {
      const { ended } = await run(sim, callback, () =>
        ways[way](() => {
          throw "oops";
        }),
      );
      expect(ended).toMatchObject({ name: "BadReturnValue", value: "oops" });
    }),
  );

  test(`reply from a call, ${way}, answers and sets the state`, () =>
    inVirtualTime(async (sim) => {
      const pid = await server(sim);
      const act: Act = (log) => ways[way](() => reply("answer", [...log, "new"]));
      expect(await sim.call(pid, "act", act)).toBe("answer");
      expect(await logOf(sim, pid)).toEqual(["new"]);
    }));

  test(`stop with a value, ${way}, answers the call`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const pid = await server(sim);
      expect(await sim.call(pid, "act", (log) => ways[way](() => stop("done", log, undefined)))).toBeUndefined();
      await sim.idle();
      expect(died.get(pid)).toBe("done");
    }));

  test(`a reply whose next step is invalid, ${way}, is not sent: the caller hears of the bad return`, () =>
    inVirtualTime(async (sim) => {
      const bad = [{ timeout: -1 }, { timeout: "soon" }, { timeout: Number.NaN }, {}, 5, null] as any[];
      for (const next of bad) {
        const pid = await server(sim);
        const call = sim.call(pid, "act", (log) => ways[way](() => reply("answer", log, next)));
        await expect(call).rejects.toMatchObject({ reason: { name: "BadReturnValue" } });
      }
    }));
}

test("a callback that fails leaves the state as it was, for nobody: the server is gone", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    await expect(
      sim.call(pid, "act", () => {
        throw new Error("oops");
      }),
    ).rejects.toThrow(/got: Error: oops \(the server crashed\)/);
    await expect(logOf(sim, pid)).rejects.toMatchObject({ reason: "noproc" });
  }));

test.each(["unknown", "__proto__", "constructor", "toString", "hasOwnProperty", ""])(
  "a request called %o that the module does not have crashes the server, as a call and as a cast",
  (request) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const [called, told] = [await server(sim), await server(sim)];
      await expect(sim.call(called, request as "act", (log) => reply(log, log))).rejects.toMatchObject({
        reason: expect.any(Undefined),
      });
      sim.cast(told, request as "act", (log) => reply(log, log));
      await sim.idle();
      expect(died.get(called)).toMatchObject({ message: expect.stringContaining("expected act, got: ") });
      expect(died.get(told)).toBeInstanceOf(Undefined);
    }),
);

test("a module may have requests with the names that every object has", () =>
  inVirtualTime(async (sim) => {
    const Odd = {
      init: () => ok(0),
      handleCall: {
        ["__proto__"]: (_, n: number) => reply("proto", n),
        constructor: (_: unknown, n: number) => reply("constructor", n),
      },
    } satisfies GenServer<number>;
    const pid = await start(sim, Odd);
    expect([await sim.call(pid, "__proto__"), await sim.call(pid, "constructor")]).toEqual(["proto", "constructor"]);
  }));

test("a message to a module without handleInfo is dropped, and told", () =>
  inVirtualTime(async (sim) => {
    const dropped = events(sim, "genserver.unhandled");
    const Deaf = { init: () => ok(0), handleCall: { get: (_, n: number) => reply(n, n) } } satisfies GenServer<number>;
    const pid = await start(sim, Deaf, { label: "deaf" });
    sim.send(pid, "hello" as never);
    expect(await sim.call(pid, "get")).toBe(0);
    expect(dropped).toEqual([{ pid, label: `${pid} deaf`, message: "hello" }]);
  }));

test("a continue without handleContinue is a crash", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await start(sim, { init: () => ok(0, { continue: "more" }) });
    await sim.idle();
    expect(died.get(pid)).toBeInstanceOf(Undefined);
  }));

test("undefined, null and false are messages and replies like others", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    for (const message of [undefined, null, false]) sim.send(pid, message);
    expect(await logOf(sim, pid)).toEqual([undefined, null, false]);
    for (const value of [undefined, null, false]) {
      expect(await sim.call(pid, "act", (log) => reply(value, log))).toBe(value);
    }
  }));

test("a server that calls itself, by pid or by name, hears of it at once, and goes on", () =>
  inVirtualTime(async (sim) => {
    const me = name<typeof Scripted>("me");
    const pid = await start(sim, Scripted, {}, { name: me });
    for (const to of [pid, me]) {
      const reason = await sim.call(pid, "act", async (log, self) => {
        const call = self.call(to, "act", (log) => reply(1, log));
        return reply(await call.catch((error) => error.reason), log);
      });
      expect([reason, sim.now()]).toEqual(["callingSelf", 0]);
    }
  }));

test("a reply of 10 MB reaches the caller as the same object, now or later", () =>
  inVirtualTime(async (sim) => {
    const pid = await server(sim);
    const big = new Uint8Array(10_000_000);
    expect(await sim.call(pid, "act", (log) => reply(big, log))).toBe(big);
    const later = sim.call(pid, "act", (log, self, from) => {
      self.sendAfter((log: Log) => {
        answer(from, big);
        return noreply(log);
      }, 100);
      return noreply(log);
    });
    expect(await later).toBe(big);
  }));
