import { BadArgument, type ChildSpec, name, noreply, ok, type Reason, StartError } from "hornbeam";
import { child, type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, puppet } from "./support.ts";

const log: string[] = [];
/** Says when it ends and why, and takes its time for it. */
const Worker = {
  init: ({ takes }: { id: string; takes: number }, self) => {
    self.trapExit = true;
    return ok(takes);
  },
  handleCall: {},
  terminate: async (reason: Reason, takes: number, self) => {
    log.push(`${self.label} ${String(reason)} at ${self.now()}`);
    await self.sleep(takes);
  },
} satisfies GenServer<number>;

const worker = (id: string, takes = 0, options: Partial<ChildSpec> = {}) =>
  child(Worker, { id, takes }, { id, ...options });

function stopped(sim: VirtualSystem, ...args: [Reason?]): Promise<void> {
  log.length = 0;
  return sim.stop(...args);
}

test("stop ends the children one after the other, last first, each with its reason", () =>
  inVirtualTime(async (sim) => {
    for (const id of ["a", "b", "c"]) await sim.start(worker(id, 100));
    await stopped(sim);
    expect(log).toEqual(["c shutdown at 0", "b shutdown at 100", "a shutdown at 200"]);
    expect(sim.processes()).toEqual([]);
  }));

test("stop passes on another reason", () =>
  inVirtualTime(async (sim) => {
    await sim.start(worker("a"));
    await stopped(sim, { shutdown: "deploy" });
    expect(log).toEqual(["a [object Object] at 0"]);
  }));

test("a child that takes longer than its shutdown is killed, and the next one gets its turn", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const a = await sim.start(worker("a"));
    const b = await sim.start(worker("b", 10_000, { shutdown: 50 }));
    const c = await sim.start(worker("c", 10_000));
    await stopped(sim);
    expect(log).toEqual(["c shutdown at 0", "b shutdown at 5000", "a shutdown at 5050"]);
    expect([died.get(a), died.get(b), died.get(c)]).toEqual(["shutdown", "killed", "killed"]);
  }));

test("a child with shutdown brutalKill is killed, and one with infinity gets all the time it takes", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const slow = await sim.start(worker("slow", 1e9, { shutdown: "infinity" }));
    const brutal = await sim.start(worker("brutal", 0, { shutdown: "brutalKill" }));
    await stopped(sim);
    expect(log).toEqual(["slow shutdown at 0"]);
    expect([died.get(slow), died.get(brutal)]).toEqual(["shutdown", "killed"]);
    expect(sim.now()).toBe(1e9);
  }));

test("what still runs after the children is killed", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const orphan = puppet(sim, { trapExit: true });
    await sim.idle();
    await sim.stop();
    expect(died.get(orphan.pid)).toBe("killed");
  }));

test("stop twice is one stop", () =>
  inVirtualTime(async (sim) => {
    await sim.start(worker("a", 100));
    log.length = 0;
    await Promise.all([sim.stop(), sim.stop("other")]);
    expect(log).toEqual(["a shutdown at 0"]);
  }));

test("a child that has ended before is no obstacle", () =>
  inVirtualTime(async (sim) => {
    await sim.start(worker("a"));
    const b = await sim.start(worker("b"));
    sim.kill(b);
    await stopped(sim);
    expect(log).toEqual(["a shutdown at 0"]);
  }));

test("a system that stops starts nothing any more", () =>
  inVirtualTime(async (sim) => {
    const stopping = sim.stop();
    await expect(sim.start(worker("late"))).rejects.toThrow(BadArgument);
    await stopping;
    expect(sim.isAlive(sim.spawn(forever))).toBe(false);
  }));

test("start rejects when the child does not start, or is ignored", () =>
  inVirtualTime(async (sim) => {
    const failing: ChildSpec = { id: "x", start: () => Promise.reject(new StartError("oops")) };
    await expect(sim.start(failing)).rejects.toMatchObject({ name: "StartError", reason: "oops" });
    const ignored: ChildSpec = { id: "x", start: () => Promise.resolve("ignore") };
    await expect(sim.start(ignored)).rejects.toMatchObject({ name: "StartError", reason: "ignore" });
  }));

test("the end of a child does not end the system", () =>
  inVirtualTime(async (sim) => {
    const a = await sim.start(worker("a"));
    sim.kill(a);
    await sim.idle();
    expect(sim.isAlive(await sim.start(worker("b")))).toBe(true);
  }));

test("a call of the system to a server that its stop ends fails, and does not wait for ever", () =>
  inVirtualTime(async (sim) => {
    const Mute = {
      init: () => ok(0),
      handleCall: { ask: (_, n: number) => noreply(n) },
    } satisfies GenServer<number>;
    const server = await start(sim, Mute);
    let outcome: unknown = "pending";
    sim.call(server, "ask").catch((error) => {
      outcome = error.reason;
    });
    await sim.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toBe("killed");
  }));

test("two systems share nothing: names and processes are their own", () =>
  inVirtualTime((one) =>
    inVirtualTime(async (two) => {
      const lobby = name("lobby");
      const [a, b] = [one.spawn(forever, { name: lobby }), two.spawn(forever, { name: lobby })];
      expect([one.whereis(lobby), two.whereis(lobby)]).toEqual([a, b]);
      expect(one.processes().map(({ pid }) => pid)).toEqual([a]);
    }),
  ));

test("a call through a system that has stopped fails with noproc, and does not wait for ever", async () => {
  let stopped: VirtualSystem | undefined;
  const pid = await inVirtualTime((sim) => {
    stopped = sim;
    return sim.spawn(() => {});
  });
  await expect(stopped?.call(pid, "anything")).rejects.toMatchObject({ name: "CallError", reason: "noproc" });
});
