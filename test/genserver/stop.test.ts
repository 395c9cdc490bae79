import { name, ok, reply, type Self, stop } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, puppet } from "../runtime/support.ts";
import { Scripted, Terminating } from "./support.ts";

test.each(["normal", "shutdown", { shutdown: 1 }, "oops"])(
  "GenServer.stop ends a server with %o, and resolves when it is gone",
  (reason) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const seen: unknown[] = [];
      const pid = await start(
        sim,
        Terminating((why) => void seen.push(why)),
        {},
      );
      await GenServer.stop(sim, pid, reason);
      expect([sim.isAlive(pid), died.get(pid), seen]).toEqual([false, reason, [reason]]);
    }),
);

test("GenServer.stop takes a name, and stops with normal when nothing is said", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const lobby = name("lobby");
    const pid = await start(sim, Scripted, {}, { name: lobby });
    await GenServer.stop(sim, lobby);
    expect([died.get(pid), sim.whereis(lobby)]).toEqual(["normal", undefined]);
  }));

test("GenServer.stop runs terminate whether the server traps exits or not", () =>
  inVirtualTime(async (sim) => {
    let count = 0;
    const module = Terminating(() => void count++);
    for (const trapExit of [true, false]) {
      const pid = await start(sim, module, {
        init: (self: Self) => {
          self.trapExit = trapExit;
          return ok([]);
        },
      });
      await GenServer.stop(sim, pid);
    }
    expect(count).toBe(2);
  }));

test("GenServer.stop waits for what the server was asked before", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const call = sim.call(pid, "act", async (log, self) => {
      await self.sleep(100);
      return reply("answer", log);
    });
    await GenServer.stop(sim, pid);
    expect(await call).toBe("answer");
  }));

test("GenServer.stop of what is not there fails with noproc", () =>
  inVirtualTime(async (sim) => {
    const gone = sim.spawn(() => {});
    await sim.idle();
    await expect(GenServer.stop(sim, gone)).rejects.toMatchObject({ name: "CallError", reason: "noproc" });
    await expect(GenServer.stop(sim, name("nobody"))).rejects.toMatchObject({ reason: "noproc" });
  }));

test("GenServer.stop gives up after its time; the server still stops", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await start(
      sim,
      Terminating((_, __, self) => self.sleep(1000)),
      {},
    );
    await expect(GenServer.stop(sim, pid, "normal", 100)).rejects.toMatchObject({ reason: "timeout" });
    expect([sim.now(), sim.isAlive(pid)]).toEqual([100, true]);
    await sim.advance(900);
    expect(died.get(pid)).toBe("normal");
  }));

test("GenServer.stop fails with the reason the server really ended with", () =>
  inVirtualTime(async (sim) => {
    const oops = new Error("oops");
    const crashing = await start(
      sim,
      Terminating(() => {
        throw oops;
      }),
      {},
    );
    await expect(GenServer.stop(sim, crashing)).rejects.toMatchObject({ reason: oops });
    const leaving = await start(sim, Scripted, {});
    sim.cast(leaving, "act", (log) => stop("left before", log));
    await expect(GenServer.stop(sim, leaving)).rejects.toMatchObject({ reason: "left before" });
  }));

test("a server cannot wait for its own stop", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const reason = await sim.call(pid, "act", async (log, self) => {
      const thrown = await GenServer.stop(self, self.pid).catch((error) => error);
      return reply(thrown.reason, log);
    });
    expect(reason).toBe("callingSelf");
  }));

test("a time limit that makes no sense is refused, and the server goes on", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    await expect(GenServer.stop(sim, pid, "normal", Number.NaN)).rejects.toThrow(/expected a time/);
    await sim.idle();
    expect(sim.isAlive(pid)).toBe(true);
  }));

test("several may stop a server at once", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const stopper = puppet(sim);
    let done = false;
    const first = GenServer.stop(sim, pid);
    await stopper.does(async (self) => {
      await GenServer.stop(self, pid).catch(() => {});
      done = true;
    });
    await first;
    expect(done).toBe(true);
  }));

test("GenServer.stop fails when the server ended before it obeyed, were it with the same reason", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const stopped = GenServer.stop(sim, pid, "oops");
    sim.exit(pid, "oops");
    await expect(stopped).rejects.toMatchObject({ reason: "oops", request: "stop" });
  }));

test("GenServer.stop of a process that takes no such order is refused, and does not wait for ever", () =>
  inVirtualTime(async (sim) => {
    const inbox: unknown[] = [];
    const plain = sim.spawn(async (self) => {
      for (;;) inbox.push(await self.receive());
    });
    await sim.idle();
    await expect(GenServer.stop(sim, plain)).rejects.toThrow(
      `expected a process that serves system messages, got: ${plain} process`,
    );
    await sim.idle();
    expect([sim.isAlive(plain), inbox]).toEqual([true, []]);
  }));

test("who gives up waiting for a stop leaves no monitor behind, though the server never ends", () =>
  inVirtualTime(async (sim) => {
    const Stubborn = Terminating((_, __, self) => self.sleep(1_000_000).then(() => {}));
    const pid = await start(sim, Stubborn, {});
    for (let i = 0; i < 100; i++) {
      await expect(GenServer.stop(sim, pid, "normal", 1)).rejects.toMatchObject({ reason: "timeout" });
    }
    expect(sim.processInfo(pid)?.monitoredBy).toEqual([]);
    sim.kill(pid);
  }));
