import { type CallError, name, noreply, ok, reply, type Self, stop } from "hornbeam";
import { GenServer, start, startLink, sys } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, puppet } from "../runtime/support.ts";
import { type Log, logOf, Scripted, type Setup, Terminating, WAYS, ways } from "./support.ts";

const oops = new Error("oops");
const launch: Setup = { init: () => ok(["state"]) };

test("getState gives the state as it is, by pid and by name, without the module's help", () =>
  inVirtualTime(async (sim) => {
    const lobby = name("lobby");
    const state = { deep: ["state"] };
    const pid = await start(sim, { init: () => ok(state) }, { name: lobby });
    expect(await sys.getState(sim, pid)).toBe(state);
    expect(await sys.getState(sim, lobby)).toBe(state);
  }));

test("getState takes its turn: what came before it is handled first, what comes after is not", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, launch);
    sim.send(pid, "before");
    const state = sys.getState(sim, pid);
    sim.send(pid, "behind");
    expect(await state).toEqual(["state", "before"]);
    expect(await logOf(sim, pid)).toEqual(["state", "before", "behind"]);
  }));

test("getState waits for an asynchronous callback, and for init", () =>
  inVirtualTime(async (sim) => {
    const lobby = name<typeof Scripted>("lobby");
    const init = async (self: Self) => {
      await self.sleep(100);
      return ok(["up"]);
    };
    void start(sim, Scripted, { init }, { name: lobby });
    expect([await sys.getState(sim, lobby), sim.now()]).toEqual([["up"], 100]);
    sim.cast(lobby, "act", async (log, self) => {
      await self.sleep(100);
      return noreply([...log, "done"]);
    });
    expect([await sys.getState(sim, lobby), sim.now()]).toEqual([["up", "done"], 200]);
  }));

for (const way of WAYS) {
  test(`replaceState sets the state to what the function makes of it, and gives it, ${way}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, Scripted, launch);
      const replaced = await sys.replaceState(sim, pid, (log: Log) => ways[way](() => [...log, "new"]));
      expect([replaced, await logOf(sim, pid)]).toEqual([
        ["state", "new"],
        ["state", "new"],
      ]);
    }));

  test(`a function that throws in replaceState, ${way}, leaves the state, and its error is the asker's`, () =>
    inVirtualTime(async (sim) => {
      const crashes = events(sim, "process.crash");
      const pid = await start(sim, Scripted, launch);
      const fails = () =>
        ways[way]((): Log => {
          throw oops;
        });
      await expect(sys.replaceState(sim, pid, fails)).rejects.toBe(oops);
      expect([await logOf(sim, pid), crashes]).toEqual([["state"], []]);
    }));
}

test("a system request to what is not there, to oneself, or to what takes too long fails as a call does", () =>
  inVirtualTime(async (sim) => {
    const failed = (reason: string, request: string) => ({ name: "CallError", reason, request });
    await expect(sys.getState(sim, name("nobody"))).rejects.toMatchObject(failed("noproc", "sys.getState"));
    const pid = await start(sim, Scripted, launch);
    sim.cast(pid, "act", (log, self) => self.sleep(10_000).then(() => noreply(log)));
    await expect(sys.getStatus(sim, pid)).rejects.toMatchObject(failed("timeout", "sys.getStatus"));
    expect(sim.now()).toBe(5000);
    await expect(sys.suspend(sim.with({ timeout: 10 }), pid)).rejects.toMatchObject(failed("timeout", "sys.suspend"));
    expect(sim.now()).toBe(5010);
    const reasons: unknown[] = [];
    const own = await start(sim, Scripted, launch);
    await sim.call(own, "act", async (log, self) => {
      await sys.getState(self, self.pid).catch((error: CallError) => reasons.push(error.reason));
      return reply(1, log);
    });
    expect(reasons).toEqual(["callingSelf"]);
  }));

test("a process that serves no system messages is not asked: the asker hears it at once", () =>
  inVirtualTime(async (sim) => {
    const plain = puppet(sim);
    await expect(sys.getState(sim, plain.pid)).rejects.toThrow(/expected a process that serves system messages, got: /);
    expect(plain.inbox).toEqual([]);
  }));

test("what a server ends of while it is asked is the error of the asker", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, launch);
    sim.cast(pid, "act", (log) => stop("oops", log));
    await expect(sys.getState(sim, pid)).rejects.toMatchObject({ reason: "oops" });
  }));

test("getStatus names the process, its parent, whether it is suspended, and what waits", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, launch, { label: "lobby" });
    const status = { pid, label: `${pid} lobby`, kind: "genserver", parent: undefined, suspended: false, messages: 0 };
    expect(await sys.getStatus(sim, pid)).toEqual({ ...status, status: { state: ["state"] } });
    await sys.suspend(sim, pid);
    for (const message of [1, 2]) sim.send(pid, message);
    const asked = sys.getStatus(sim, pid);
    sim.send(pid, 3);
    expect(await asked).toEqual({ ...status, suspended: true, messages: 3, status: { state: ["state"] } });
    await sys.resume(sim, pid);

    const parent = puppet(sim);
    let child: any;
    await parent.does(async (self) => {
      child = await startLink(self, Scripted, launch);
    });
    expect(await sys.getStatus(sim, child)).toMatchObject({ parent: parent.pid });
  }));

// ── suspend and resume ──

test("a suspended server handles nothing until it is resumed, and then everything in its order", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, launch);
    sim.send(pid, "before");
    await sys.suspend(sim, pid);
    sim.send(pid, 1);
    const call = sim.call(pid, "act", (log) => reply("answer", [...log, 2]));
    sim.cast(pid, "act", (log) => noreply([...log, 3]));
    await sim.idle();
    expect(await sys.getState(sim, pid)).toEqual(["state", "before"]);
    const resumed = sys.resume(sim, pid);
    sim.send(pid, 4);
    await resumed;
    sim.send(pid, 5);
    expect([await call, await logOf(sim, pid)]).toEqual(["answer", ["state", "before", 1, 2, 3, 4, 5]]);
  }));

test("a call to a suspended server fails in its time, and is handled at the resume all the same", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, launch);
    await sys.suspend(sim, pid);
    const call = sim.with({ timeout: 100 }).call(pid, "act", (log) => reply(1, [...log, "late"]));
    await expect(call).rejects.toMatchObject({ reason: "timeout" });
    await sys.resume(sim, pid);
    expect(await logOf(sim, pid)).toEqual(["state", "late"]);
  }));

test("a server that is suspended or resumed twice is so once", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, launch);
    await sys.resume(sim, pid);
    await sys.suspend(sim, pid);
    await sys.suspend(sim, pid);
    sim.send(pid, 1);
    await sys.resume(sim, pid);
    await sys.resume(sim, pid);
    expect(await logOf(sim, pid)).toEqual(["state", 1]);
  }));

test("a suspended server can be asked, changed, stopped and killed", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const seen: unknown[] = [];
    const module = Terminating((reason, log) => void seen.push(reason, log));
    const [stopped, killed] = [await start(sim, module, launch), await start(sim, module, launch)];
    for (const pid of [stopped, killed]) {
      await sys.suspend(sim, pid);
      sim.send(pid, "never handled");
      await sys.replaceState(sim, pid, () => ["replaced"]);
    }
    await GenServer.stop(sim, stopped, "enough");
    sim.kill(killed);
    await sim.idle();
    expect([died.get(stopped), died.get(killed), seen]).toEqual(["enough", "killed", ["enough", ["replaced"]]]);
  }));

test("the exit of its parent ends a suspended server that traps exits, any other exit waits", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const seen: unknown[] = [];
    const parent = puppet(sim, { trapExit: true });
    let pid: any;
    await parent.does(async (self) => {
      const init = (me: Self) => {
        me.trapExit = true;
        return ok([]);
      };
      pid = await startLink(
        self,
        Terminating((reason) => void seen.push(reason)),
        { init },
      );
    });
    await sys.suspend(sim, pid);
    sim.exit(pid, "other");
    await sim.idle();
    expect(died.has(pid)).toBe(false);
    await parent.does((self) => self.exit(pid, "shutdown"));
    expect([died.get(pid), seen]).toEqual(["shutdown", ["shutdown"]]);
  }));

test("a Down that a suspended server keeps is flushed with its monitor", () =>
  inVirtualTime(async (sim) => {
    let cancel: (() => boolean) | undefined;
    const gone = sim.spawn((self) => self.sleep(10));
    const init = (self: Self) => {
      const monitor = self.monitor(gone);
      cancel = () => monitor.cancel({ flush: true });
      return ok([]);
    };
    const pid = await start(sim, Scripted, { init });
    await sys.suspend(sim, pid);
    await sim.advance(10);
    sim.send(pid, "other");
    await sim.idle();
    expect(cancel?.()).toBe(false);
    await sys.resume(sim, pid);
    expect(await logOf(sim, pid)).toEqual(["other"]);
  }));

test("an idle timeout that is up while a server is suspended comes at the resume, if nothing came before it", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const init = () => ok([], { timeout: 100, message: "timeout" });
    const [quiet, busy] = [await start(sim, Scripted, { init }), await start(sim, Scripted, { init })];
    for (const pid of [quiet, busy]) await sys.suspend(sim, pid);
    sim.send(busy, "first");
    await sim.advance(100);
    expect([await sys.getState(sim, quiet), await sys.getState(sim, busy)]).toEqual([[], []]);
    for (const pid of [quiet, busy]) await sys.resume(sim, pid);
    expect([await logOf(sim, quiet), await logOf(sim, busy)]).toEqual([["timeout"], ["first"]]);
  }));

test("100,000 messages that came while a server was suspended are handled in their order", () =>
  inVirtualTime(async (sim) => {
    const Last = {
      init: () => ok({ count: 0, sorted: true }),
      handleInfo: (n: number, { count, sorted }: { count: number; sorted: boolean }) =>
        noreply({ count: count + 1, sorted: sorted && n === count }),
    };
    const pid = await start(sim, Last);
    await sys.suspend(sim, pid);
    for (let i = 0; i < 50_000; i++) sim.send(pid, i);
    await sim.idle();
    const resumed = sys.resume(sim, pid);
    for (let i = 50_000; i < 100_000; i++) sim.send(pid, i);
    await resumed;
    expect(await sys.getState(sim, pid)).toEqual({ count: 100_000, sorted: true });
  }));

test("sys.terminate stops a server at once, suspended or not, and terminate runs", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const seen: unknown[] = [];
    for (const suspended of [false, true]) {
      const pid = await start(
        sim,
        Terminating((reason, log) => void seen.push(reason, log)),
        launch,
      );
      if (suspended) await sys.suspend(sim, pid);
      const told = sys.terminate(sim, pid, { shutdown: "moved" });
      sim.send(pid, "never handled");
      await told;
      await sim.idle();
      expect(died.get(pid)).toEqual({ shutdown: "moved" });
    }
    expect(seen).toEqual([{ shutdown: "moved" }, ["state"], { shutdown: "moved" }, ["state"]]);
  }));
