import { answer, noreply, ok, reply, type Self } from "hornbeam";
import { type From, GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths } from "../runtime/support.ts";
import { type Act, type Log, logOf, Scripted, Terminating } from "./support.ts";

/** Notes when it begins and when it ends, and takes its time. */
const slow =
  (label: string, order: string[], delay = 10): Act =>
  async (log, self, from) => {
    order.push(`${label} begins`);
    await self.sleep(delay);
    order.push(`${label} ends`);
    return from === undefined ? noreply([...log, label]) : reply(label, [...log, label]);
  };

test("a server handles one message at a time, however long its callback waits", () =>
  inVirtualTime(async (sim) => {
    const order: string[] = [];
    const pid = await start(sim, Scripted, {});
    sim.cast(pid, "act", slow("cast", order, 30));
    sim.send(pid, slow("info", order, 20));
    const called = sim.call(pid, "act", slow("call", order, 10));
    sim.send(pid, "plain");
    expect(await called).toBe("call");
    expect(order).toEqual(["cast begins", "cast ends", "info begins", "info ends", "call begins", "call ends"]);
    expect(await logOf(sim, pid)).toEqual(["cast", "info", "call", "plain"]);
  }));

test("a callback that returns at once after one that waited still waits its turn", () =>
  inVirtualTime(async (sim) => {
    const order: string[] = [];
    const pid = await start(sim, Scripted, {});
    for (let i = 0; i < 3; i++) {
      sim.send(pid, slow(`slow ${i}`, order));
      sim.send(pid, `quick ${i}`);
    }
    await sim.advance(30);
    expect(await logOf(sim, pid)).toEqual(["slow 0", "quick 0", "slow 1", "quick 1", "slow 2", "quick 2"]);
  }));

test("an exit signal ends a server in the middle of a callback, without terminate", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    let terminated = false;
    const order: string[] = [];
    const pid = await start(
      sim,
      Terminating(() => {
        terminated = true;
      }),
      {},
    );
    const call = sim.call(pid, "act", slow("call", order, 1000));
    await sim.idle();
    sim.exit(pid, "oops");
    expect(died.get(pid)).toBe("oops");
    await expect(call).rejects.toMatchObject({ reason: "oops" });
    await sim.advance(2000);
    expect([order, terminated]).toEqual([["call begins"], false]);
  }));

test("an exit that is trapped waits until the callback is done", () =>
  inVirtualTime(async (sim) => {
    const init = (self: Self) => {
      self.trapExit = true;
      return ok([]);
    };
    const pid = await start(sim, Scripted, { init });
    sim.cast(pid, "act", slow("cast", []));
    await sim.idle();
    sim.exit(pid, "oops");
    expect(await logOf(sim, pid)).toMatchObject(["cast", { tag: "exit", reason: "oops" }]);
  }));

test("two servers may call each other in asynchronous callbacks, one after the other", () =>
  inVirtualTime(async (sim) => {
    const [a, b] = [await start(sim, Scripted, {}), await start(sim, Scripted, {})];
    const relay: Act = async (log, self) => reply(await self.call(b, "act", (log) => reply("from b", log)), log);
    expect(await sim.call(a, "act", relay)).toBe("from b");
    const circle: Act = async (log, self) => {
      const back: Act = async (log, other) => reply(await other.with({ timeout: 50 }).call(a, "act", relay), log);
      return reply(await self.call(b, "act", back).catch((error) => error.reason.reason), log);
    };
    expect(await sim.call(a, "act", circle)).toBe("timeout");
  }));

test("a call that fails in a callback ends the server, if nobody catches it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const [a, b] = [await start(sim, Scripted, {}), await start(sim, Scripted, {})];
    sim.kill(b);
    sim.cast(a, "act", async (log, self) => noreply([...log, await self.call(b, "act", () => expect.unreachable())]));
    await sim.idle();
    expect(died.get(a)).toMatchObject({ name: "CallError", reason: "noproc" });
  }));

test("a reply can be put off: the caller waits while the server goes on", () =>
  inVirtualTime(async (sim) => {
    const waiting: From[] = [];
    const later: Act = (log, _, from) => {
      waiting.push(from);
      return noreply(log);
    };
    const pid = await start(sim, Scripted, {});
    const calls = [1, 2, 3].map(() => sim.call(pid, "act", later));
    sim.send(pid, "meanwhile");
    expect(await logOf(sim, pid)).toEqual(["meanwhile"]);
    for (const [i, from] of waiting.entries()) GenServer.reply(from, i);
    expect(await Promise.all(calls)).toEqual([0, 1, 2]);
  }));

test("a reply before the callback is done reaches the caller at once, and what is returned after it is too much", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const act: Act = async (log, self, from) => {
      answer(from, "early");
      await self.sleep(1000);
      return reply("late", [...log, "done"]);
    };
    expect(await sim.call(pid, "act", act)).toBe("early");
    expect(sim.now()).toBe(0);
    expect(await logOf(sim, pid)).toEqual(["done"]);
  }));

test("a promise of another library counts as a promise", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const method = "then"; // under its own name the linter takes it for a mistake
    const thenable = (log: Log) => ({
      [method]: (resolve: (result: unknown) => void) => resolve(reply("answer", log)),
    });
    expect(await sim.call(pid, "act", thenable as unknown as Act)).toBe("answer");
  }));
