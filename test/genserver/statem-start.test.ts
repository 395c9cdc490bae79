import { type CallError, error, exit, ignore, name, noreply, ok, type Pid, stop } from "hornbeam";
import { GenStatem, keepStateAndData, nextState } from "hornbeam/genserver";
import { type Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, puppet } from "../runtime/support.ts";
import { dataOf, MODES, scripted, stateOf } from "./statem-support.ts";

const oops = new Error("oops");
const start: (...args: any[]) => Promise<Pid> = GenStatem.start;
const startLink: (...args: any[]) => Promise<Pid> = GenStatem.startLink;

for (const mode of MODES) {
  test(`a machine starts in the state and with the data of init, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode, { init: () => nextState("b", ["data"]) }));
      expect([await stateOf(sim, pid), await dataOf(sim, pid)]).toEqual(["b", ["data"]]);
    }));

  test(`the actions of init are taken, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const init = () =>
        nextState("a", [], [{ nextEvent: { type: "internal", content: 1 } }, { stateTimeout: 10, content: 2 }]);
      const pid = await start(sim, scripted(mode, { init }));
      await sim.advance(10);
      expect(await dataOf(sim, pid)).toEqual(["internal 1", "stateTimeout 2"]);
    }));

  test(`an init that takes too long is killed, and the start fails with timeout, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const slow = scripted(mode, { init: (self) => self.sleep(1000) });
      await expect(start(sim, slow, undefined, { timeout: 5, label: "slow" })).rejects.toMatchObject({
        reason: "timeout",
      });
      expect([...died.values()]).toEqual(["killed"]);
    }));

  test(`an init that ignores makes the start fail with ignore, and a child specification be left out, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const module = scripted(mode, { init: () => ignore });
      await expect(start(sim, module)).rejects.toMatchObject({ reason: "ignore" });
      const parent = puppet(sim);
      let result: unknown;
      await parent.does(async (self) => {
        result = await GenStatem.child(module as any).start(self);
      });
      expect(result).toBe("ignore");
    }));

  test.for([
    ["stop", () => stop("stopped", undefined), "stopped", "stopped"],
    ["error", () => error("no"), "no", "normal"],
    [
      "a throw",
      () => {
        throw oops;
      },
      oops,
      oops,
    ],
    ["an exit", () => exit("left"), "left", "left"],
  ] as const)(`an init with %s makes the start fail, ${mode}`, ([, init, reason, died]) =>
    inVirtualTime(async (sim) => {
      const ends = deaths(sim);
      const failed = await start(sim, scripted(mode, { init: init as () => any })).catch((thrown) => thrown);
      expect(failed).toMatchObject({ name: "StartError", reason });
      expect([...ends.values()]).toEqual([died]);
    }),
  );

  test.for([
    ["a number", 42],
    ["ok", ok("a")],
    ["noreply", noreply("a")],
    ["keepStateAndData", keepStateAndData()],
  ] as const)(`an init that returns %s fails, and says what was expected, ${mode}`, ([, result]) =>
    inVirtualTime(async (sim) => {
      const failed = await start(sim, scripted(mode, { init: () => result })).catch((thrown) => thrown);
      expect(failed.reason).toMatchObject({ name: "BadReturnValue", value: result });
      expect(failed.message).toMatch(/init returned .* expected nextState, ignore, error or stop, got: /);
    }),
  );

  test(`a machine has a name, which one can have at a time, and which is free again when it has stopped, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const machine = name<any>("machine");
      const module = scripted(mode);
      const pid = await start(sim, module, undefined, { name: machine });
      await expect(start(sim, module, undefined, { name: machine })).rejects.toMatchObject({ pid });
      expect(await dataOf(sim, machine as any)).toEqual([]);
      await GenStatem.stop(sim, machine);
      const again = await start(sim, module, undefined, { name: machine });
      expect([sim.isAlive(pid), sim.isAlive(again)]).toEqual([false, true]);
    }));

  test(`a hundred failed starts leave neither name nor process, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const module = scripted(mode, { init: () => stop("no", undefined) });
      for (let i = 0; i < 100; i++) {
        await expect(start(sim, module, undefined, { name: name("machine") })).rejects.toMatchObject({ reason: "no" });
      }
      expect(sim.leaks()).toEqual([]);
    }));

  test(`a linked machine dies with its parent, and the parent of it, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const [parent, other] = [puppet(sim), puppet(sim)];
      const pids: Pid[] = [];
      for (const each of [parent, other]) {
        await each.does(async (self) => void pids.push(await startLink(self, scripted(mode))));
      }
      sim.exit(parent.pid, "first");
      sim.cast<any, string>(pids[1] as Pid, "act", () => stop("second", []));
      await sim.idle();
      expect([died.get(pids[0] as Pid), died.get(other.pid)]).toEqual(["first", "second"]);
    }));

  test(`a machine that traps exits ends with its parent's reason, by way of terminate, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const calls: unknown[] = [];
      const module = scripted(mode, {
        init: (self) => {
          self.trapExit = true;
          return nextState("b", ["data"]);
        },
        terminate: (...args) => void calls.push(args.slice(0, 3)),
      });
      const parent = puppet(sim);
      let pid: any;
      await parent.does(async (self) => {
        pid = await startLink(self, module);
      });
      sim.exit(parent.pid, "shutdown");
      await sim.idle();
      expect([calls, died.get(pid)]).toEqual([[["shutdown", "b", ["data"]]], "shutdown"]);
    }));

  test(`a machine without a link that traps exits ends with an exit that it sends to itself, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const init = (self: any) => {
        self.trapExit = true;
        return nextState("a", []);
      };
      const pid = await start(sim, scripted(mode, { init }));
      sim.cast<any, string>(pid, "act", ({ self }: any) => {
        self.exit(self.pid, "enough");
        return keepStateAndData();
      });
      await sim.idle();
      expect(died.get(pid)).toBe("enough");
    }));

  test(`the exit of another is an info to a machine that traps exits, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const init = (self: any) => {
        self.trapExit = true;
        return nextState("a", []);
      };
      const pid = await start(sim, scripted(mode, { init, other: ({ content }) => nextState("a", content) }));
      const other = puppet(sim);
      await other.does((self) => {
        self.link(pid);
        exit("bye");
      });
      expect(await dataOf(sim, pid)).toEqual({ tag: "exit", pid: other.pid, reason: "bye" });
    }));

  test(`stop ends a machine, by pid and by name, and waits for it; there is none to stop then, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      for (const reason of ["normal", "other"]) {
        const pid = await start(sim, scripted(mode), undefined, { name: name("machine") });
        await GenStatem.stop(sim, reason === "normal" ? pid : name("machine"), reason);
        expect([sim.isAlive(pid), died.get(pid)]).toEqual([false, reason]);
        await expect(GenStatem.stop(sim, pid)).rejects.toMatchObject({ reason: "noproc" });
        await expect(GenStatem.stop(sim, name("machine"))).rejects.toMatchObject({ reason: "noproc" });
      }
    }));

  test(`a stop with a timeout that is none does nothing, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      await expect(GenStatem.stop(sim, pid, "other", "soon" as any)).rejects.toThrow(/expected a time/);
      expect(sim.isAlive(pid)).toBe(true);
    }));

  test(`a stop that takes too long fails with timeout, and the machine still stops, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode, { terminate: (_, __, ___, self) => self.sleep(100) }));
      await expect(GenStatem.stop(sim, pid, "normal", 10)).rejects.toMatchObject({ reason: "timeout" });
      await sim.advance(100);
      expect(sim.isAlive(pid)).toBe(false);
    }));

  test(`the end with shutdown is told to nobody, and a later call finds nobody, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const crashes = events(sim, "process.crash");
      const pid = await start(sim, scripted(mode));
      const reason = { shutdown: "reason" };
      expect(await sim.call<any, string>(pid, "act", () => stop(reason, [], "stopped"))).toBe("stopped");
      const failed: CallError = await sim.call<any, string>(pid, "act", () => 1).catch((thrown) => thrown);
      expect([failed.reason, crashes]).toEqual(["noproc", []]);
    }));
}

test("a supervisor starts a machine again that has crashed", () =>
  inVirtualTime(async (sim) => {
    const module = scripted("by states");
    const machine = name<any>("machine");
    const App = {
      init: () => ({
        strategy: "oneForOne",
        children: [(GenStatem.child as any)(module, undefined, { name: machine })],
      }),
    } satisfies Supervisor;
    await sim.start(supervisor(App));
    const first = sim.whereis(machine);
    await sim.call(machine, "act", () => exit("oops")).catch(() => {});
    await sim.idle();
    expect(sim.whereis(machine)).not.toBe(first);
    expect(await stateOf(sim, machine as any)).toBe("a");
  }));

test.each<[string, object, RegExp]>([
  ["neither states nor handleEvent", { init: () => ignore }, /either states or handleEvent/],
  ["both", { init: () => ignore, states: {}, handleEvent: () => 1 }, /either states or handleEvent/],
  ["states that are no table", { init: () => ignore, states: 5 }, /expected states to be a table of states, got: 5/],
  ["a state that is no table", { init: () => ignore, states: { a: 5 } }, /expected the state 'a' to be a table/],
  [
    "a callback that is none",
    { init: () => ignore, states: { a: { handleInfo: 5 } } },
    /a\.handleInfo to be a function/,
  ],
  [
    "a request that is no callback",
    { init: () => ignore, states: { a: { handleCall: { b: 5 } } } },
    /a\.handleCall\.b to be a function/,
  ],
  [
    "a handleEnter beside its states",
    { init: () => ignore, states: { a: {} }, handleEnter: () => 1 },
    /handleEnter in the states that want it/,
  ],
])("a module with %s is refused", (_, module, message) =>
  inVirtualTime(async (sim) => {
    await expect(start(sim, module)).rejects.toThrow(message);
  }),
);

test("what starts is a child with the options and defaults of any child", () => {
  const module = scripted("by states");
  const child: (...args: any[]) => object = GenStatem.child;
  expect(child(module, undefined, { restart: "transient", name: name("m") })).toMatchObject({
    id: "m",
    restart: "transient",
  });
  expect(child(module)).toMatchObject({ id: "genstatem" });
  expect(() => child(module, undefined, { nmae: 1 })).toThrow(/expected start options .* got: 'nmae'/);
});
