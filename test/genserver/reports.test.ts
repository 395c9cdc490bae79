import { error, exit, ignore, name, ok, onReport, stop } from "hornbeam";
import { GenServer, start, sys } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, puppet } from "../runtime/support.ts";
import { type Act, Scripted, Terminating } from "./support.ts";

const oops = new Error("oops");
const launch = { init: () => ok(["state"]) };

test("the crash of a callback is told once, with the callback, the message, the client and the state", () =>
  inVirtualTime(async (sim) => {
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
    expect(crashes).toMatchObject([{ pid, label: `${pid} server`, reason: oops, parent: undefined, doing }]);
  }));

test.each<[string, Act]>([
  ["stop normal", (log) => stop("normal", log)],
  ["stop shutdown", (log) => stop("shutdown", log)],
  ["stop with a shutdown of its own", (log) => stop({ shutdown: "moved" }, log)],
  ["exit normal", () => exit("normal")],
])("%s is no crash", (_, act) =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", act);
    await sim.idle();
    expect(crashes).toEqual([]);
  }),
);

test("a stop with another reason is told, with the new state", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", (log) => stop("oops", [...log, "new"]));
    await sim.idle();
    expect(crashes).toMatchObject([{ reason: "oops", doing: { callback: "handleCast.act", state: ["state", "new"] } }]);
  }));

test("a crash of terminate is told as its own, in place of what came before", () =>
  inVirtualTime(async (sim) => {
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
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    await start(sim, Scripted, {
      init: () => {
        throw oops;
      },
    }).catch(() => {});
    expect(crashes).toMatchObject([{ reason: oops, doing: { callback: "init" } }]);
  }));

test.each<[string, object]>([
  ["ignore", ignore],
  ["error", error("oops")],
  ["stop normal", stop("normal", undefined)],
  ["stop shutdown", stop("shutdown", undefined)],
])("init that returns %s is no crash", (_, result) =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    await start(sim, Scripted, { init: () => result }).catch(() => {});
    expect(crashes).toEqual([]);
  }),
);

test("init that stops with a reason that is not clean is told, as any exit with such a reason", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    await start(sim, Scripted, { init: () => stop("oops", undefined) }).catch(() => {});
    expect(crashes).toMatchObject([{ reason: "oops" }]);
  }));

test("a server that is stopped from outside with a reason that is not clean is told", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Scripted, launch);
    await GenServer.stop(sim, pid, "oops");
    expect(crashes).toMatchObject([{ pid, reason: "oops", doing: { state: ["state"] } }]);
  }));

test("a start that fails says which server it was, by its name", () =>
  inVirtualTime(async (sim) => {
    const thrown = await start(sim, Scripted, { init: () => stop("oops", undefined) }, { name: name("lobby") }).catch(
      (error) => error,
    );
    expect(thrown.message).toMatch(/start of .* lobby: expected a process that is up, got: 'oops'/);
  }));

test("the client of a crash in a call is told with its label, and with its stack when the system records stacks", () =>
  inVirtualTime({ callStacks: true }, async (sim) => {
    const crashes = events(sim, "process.crash");
    const caller = puppet(sim, { label: "the client" });
    const act: Act = () => {
      throw oops;
    };
    const pid = await start(sim, Scripted, launch);
    await caller.does(async function askingForTrouble(self) {
      await self.call(pid, "act", act).catch(() => {});
      const other = await start(self, Scripted, launch);
      await GenServer.waitResponse(self, GenServer.sendRequest(self, other, "act", act));
    });
    const client = { pid: caller.pid, label: `${caller.pid} the client`, stack: expect.any(String) };
    expect(crashes).toMatchObject([{ doing: { client } }, { doing: { client } }]);
    for (const { doing } of crashes) {
      expect(doing?.client?.stack?.split("\n").slice(1, 3).join("\n")).toContain("askingForTrouble");
    }
  }));

test("stacks of calls are not recorded unless the system is told to", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Scripted, launch);
    await sim.call(pid, "act", () => exit("oops")).catch(() => {});
    expect(crashes[0]?.doing?.client).toEqual({ pid: expect.anything(), label: expect.any(String), stack: undefined });
  }));

test("a client that is dead when its request crashes the server is told as dead", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Scripted, launch);
    const caller = puppet(sim);
    const act: Act = async (_, self) => {
      await self.sleep(100);
      throw oops;
    };
    await caller.does((self) => void self.call(pid, "act", act).catch(() => {}));
    sim.kill(caller.pid);
    await sim.advance(100);
    expect(crashes[0]?.doing?.client).toEqual({ pid: caller.pid, label: undefined, stack: undefined });
  }));

test("a cast and a message have no client", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", () => exit("oops"));
    sim.send(await start(sim, Scripted, launch), () => exit("oops"));
    await sim.idle();
    expect(crashes.map(({ doing }) => doing && "client" in doing)).toEqual([false, false]);
  }));

test("the printed report shows the label, the callback, the last message, the state, the log, the reason and the client", () =>
  inVirtualTime({ callStacks: true }, async (sim) => {
    const texts: string[] = [];
    onReport(sim.telemetry, (_, text) => void texts.push(text));
    const pid = await start(sim, Scripted, launch, { label: "lobby" });
    await sys.log(sim, pid, true);
    sim.send(pid, "hello");
    const caller = puppet(sim, { label: "the client" });
    await caller.does((self) => self.call(pid, "act", () => exit("oops")).catch(() => {}));
    const [text = ""] = texts;
    const lines = text.split("\n");
    expect(lines.slice(0, 2)).toEqual([`process ${pid} lobby crashed: 'oops'`, "  in handleCall.act"]);
    expect(text).toContain(`last message: { call: 'act', payload: [Function (anonymous)], from: ${caller.pid} }`);
    expect(lines).toContain("  state: [ 'state', 'hello' ]");
    expect(lines).toContain("  log: { tag: 'in', message: 'hello' }");
    expect(lines).toContain(`  client ${caller.pid} the client, called`);
    expect(lines.at(lines.indexOf(`  client ${caller.pid} the client, called`) + 1)).toMatch(/^ {4}at /);
    expect(text).toContain("reports.test.ts");
  }));

test.each<[string, () => unknown]>([
  ["normal", () => exit("normal")],
  ["shutdown", () => exit("shutdown")],
  ["{ shutdown }", () => exit({ shutdown: "moved" })],
])("an exit with %s is silent", (_, act) =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", act as Act);
    await sim.idle();
    expect(crashes).toEqual([]);
  }),
);

test.each<[string, unknown]>([
  ["an Error called normal", new Error("normal")],
  ["an Error with a field called shutdown", Object.assign(new Error("oops"), { shutdown: true })],
  ["a value that is not clean", "oops"],
])("%s is always told, thrown or stopped with", (_, reason) =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    sim.cast(await start(sim, Scripted, launch), "act", (log) => stop(reason as Error, log));
    sim.cast(await start(sim, Scripted, launch), "act", () => {
      throw reason;
    });
    await sim.idle();
    expect(crashes).toHaveLength(2);
  }),
);
