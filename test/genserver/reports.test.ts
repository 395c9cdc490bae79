import { exit, name, ok, stop } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { simulate } from "hornbeam/sim";
import { expect, test } from "vitest";
import { events, puppet } from "../runtime/support.ts";
import { type Act, Scripted, Terminating } from "./support.ts";

const oops = new Error("oops");
const launch = { init: () => ok(["state"]) };

test("the crash of a callback is told once, with the callback, the message, the client and the state", () =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Scripted, launch, { label: "server" });
    const act: Act = () => {
      throw oops;
    };
    const caller = puppet(sim);
    await caller.does((self) => self.call(pid, "act", act).catch(() => {}));
    const message = { call: "act", payload: act, from: caller.pid };
    const client = { pid: caller.pid, label: `${caller.pid} process`, stack: undefined };
    const doing = { callback: "handleCall.act", message, state: ["state"], client };
    expect(crashes).toEqual([{ pid, label: `${pid} server`, reason: oops, parent: undefined, doing }]);
  }));

test.each<[string, Act]>([
  ["stop normal", (log) => stop("normal", log)],
  ["stop shutdown", (log) => stop("shutdown", log)],
  ["stop with a shutdown of its own", (log) => stop({ shutdown: "moved" }, log)],
  ["exit normal", () => exit("normal")],
])("%s is no crash", (_, act) =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", act);
    await sim.idle();
    expect(crashes).toEqual([]);
  }),
);

test("a stop with another reason is told, with the new state", () =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", (log) => stop("oops", [...log, "new"]));
    await sim.idle();
    expect(crashes).toMatchObject([{ reason: "oops", doing: { callback: "handleCast.act", state: ["state", "new"] } }]);
  }));

test("a crash of terminate is told as its own, in place of what came before", () =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(
      sim,
      Terminating(() => {
        throw oops;
      }),
      launch,
    );
    sim.cast(pid, "act", (log) => stop("first", log));
    await sim.idle();
    expect(crashes).toMatchObject([{ reason: oops, doing: { callback: "terminate", message: "first" } }]);
  }));

test("a throw in init is told, with the callback", () =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    await start(sim, Scripted, {
      init: () => {
        throw oops;
      },
    }).catch(() => {});
    expect(crashes).toMatchObject([{ reason: oops, doing: { callback: "init" } }]);
  }));

test("init that stops with a reason that is not clean is told, as any exit with such a reason", () =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    await start(sim, Scripted, { init: () => stop("oops", undefined) }).catch(() => {});
    expect(crashes).toMatchObject([{ reason: "oops" }]);
  }));

test("a server that is stopped from outside with a reason that is not clean is told", () =>
  simulate(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Scripted, launch);
    await GenServer.stop(sim, pid, "oops");
    expect(crashes).toMatchObject([{ pid, reason: "oops", doing: { state: ["state"] } }]);
  }));

test("a start that fails says which server it was, by its name", () =>
  simulate(async (sim) => {
    const thrown = await start(sim, Scripted, { init: () => stop("oops", undefined) }, { name: name("lobby") }).catch(
      (error) => error,
    );
    expect(thrown.message).toMatch(/lobby did not start: 'oops'/);
  }));
