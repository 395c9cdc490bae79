// Whoever waits for a process hears of its end, whenever that comes, and nothing that its code does afterwards counts.
import { type Caller, noreply, ok, type Pid, reply, type Self, Task } from "hornbeam";
import {
  Agent,
  type CodeChange,
  GenServer,
  GenStatem,
  keepStateAndData,
  nextState,
  start,
  sys,
} from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { events, forever, inside } from "../runtime/support.ts";

const Slow = {
  init: () => ok(0),
  handleCall: {
    get: (_, n: number) => reply(n, n),
    slow: async (_, n: number, self) => {
      await self.sleep(50);
      return reply(n + 1, n + 1);
    },
  },
  handleCast: {
    slow: async (_, n: number, self) => {
      await self.sleep(50);
      return noreply(n + 1);
    },
  },
} satisfies GenServer<number>;

const asks: Record<string, (by: Caller, pid: Pid) => Promise<unknown>> = {
  call: (by, pid) => by.call(pid, "get"),
  "call of an asynchronous callback": (by, pid) => by.call(pid, "slow"),
  "call without a time limit": (by, pid) => by.with({ timeout: "infinity" }).call(pid, "get"),
  "call with a signal": (by, pid) => by.with({ signal: new AbortController().signal }).call(pid, "get"),
  "GenServer.stop": (by, pid) => GenServer.stop(by, pid, "done"),
  "GenServer.stop with a time limit": (by, pid) => GenServer.stop(by, pid, "done", 1000),
  "sys.getState": (by, pid) => sys.getState(by, pid),
  "sys.getStatus": (by, pid) => sys.getStatus(by, pid),
  "sys.replaceState, which takes its time": (by, pid) => sys.replaceState(by, pid, () => new Promise(() => {})),
  "sys.suspend": (by, pid) => sys.suspend(by, pid),
  "sys.log": (by, pid) => sys.log(by, pid, "get"),
  "sys.terminate": (by, pid) => sys.terminate(by, pid, "done"),
};

/** When the server is killed, while somebody asks it something. */
const moments: Record<string, (sim: VirtualSystem, pid: Pid, ask: () => Promise<unknown>) => Promise<unknown>> = {
  "before it is asked": (sim, pid, ask) => {
    sim.kill(pid);
    return ask();
  },
  "right after it was asked": (sim, pid, ask) => {
    const asked = ask();
    sim.kill(pid);
    return asked;
  },
  "while it does something else": async (sim, pid, ask) => {
    sim.cast(pid, "slow");
    await sim.idle();
    const asked = ask();
    asked.catch(() => {});
    await sim.advance(10);
    sim.kill(pid);
    return asked;
  },
  "while it is suspended": async (sim, pid, ask) => {
    await sys.suspend(sim, pid);
    const asked = ask();
    asked.catch(() => {});
    await sim.advance(10);
    if (sim.isAlive(pid)) sim.kill(pid);
    return asked;
  },
  "in the middle of a cascade": async (sim, pid, ask) => {
    const bomb = sim.spawn(forever);
    const between = sim.spawn(async (self) => {
      self.link(bomb);
      self.link(pid);
      await forever(self);
    });
    await sim.idle();
    const asked = ask();
    sim.exit(bomb, "boom");
    expect([sim.isAlive(between), sim.isAlive(pid)]).toEqual([false, false]);
    return asked;
  },
};

describe.each(Object.keys(moments))("a server that is killed %s", (moment) => {
  test.each(Object.keys(asks))("leaves nobody waiting: %s", (what) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const pid = await start(sim, Slow);
      const act = moments[moment] as (typeof moments)[string];
      const outcome = act(sim, pid, () => (asks[what] as (typeof asks)[string])(sim, pid)).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      let settled: unknown;
      void outcome.then((result) => {
        settled = result;
      });
      await sim.advance(100);
      expect(settled).toBeDefined();
      expect(sim.isAlive(pid)).toBe(false);
      expect(await Promise.race([outcome, sim.idle()])).toBe(settled);
      if ("error" in (settled as object)) expect(settled).toMatchObject({ error: { name: "CallError" } });
      else expect(moment).toBe("while it is suspended"); // it served that
    }),
  );
});

test("a deadline is gone with the call that came with it, also when its callback was asynchronous or failed a call", () =>
  inVirtualTime(async (sim) => {
    const Relay = {
      init: () => ok(0),
      handleCall: {
        relay: async (to: Pid, n: number, self: Self) => {
          const failed = await (self as Caller).call(to, "slow").catch((error) => error.reason);
          return reply(failed, n);
        },
      },
    } satisfies GenServer<number>;
    const slow = await start(sim, Slow);
    const relay = await start(sim, Relay);
    const within = (deadline: number) => sim.with({ deadline: sim.now() + deadline });
    await expect(within(10).call(relay, "relay", slow)).rejects.toMatchObject({ reason: "timeout" });
    await sim.advance(200);
    expect(await sim.call(relay, "relay", slow)).toBe(2);
  }));

test("codeChange that comes to its end after its server's death changes nothing, and is told", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const zombies = events(sim, "process.zombie");
    const gate = Promise.withResolvers<void>();
    const server = await start(sim, Slow);
    const Next = {
      ...Slow,
      codeChange: async (_: CodeChange, state: number) => {
        await gate.promise;
        return ok(state);
      },
    } satisfies GenServer<number>;
    await sys.suspend(sim, server);
    const changed = sys.changeCode(sim, server, Next).catch((error) => error.reason);
    await sim.idle();
    sim.kill(server);
    expect(await changed).toBe("killed");
    gate.resolve();
    await sim.idle();
    expect(zombies.map(({ operation }) => operation)).toEqual(["codeChange"]);
  }));

test("a state machine that is killed in the middle of an asynchronous event leaves no timeout and no postponed call", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const Machine = {
      init: () => nextState("idle", 0, { stateTimeout: 1000 }),
      states: {
        idle: {
          handleCall: {
            later: () => keepStateAndData({ postpone: true }),
            slow: async (_: unknown, __: number, self: Self) => {
              await self.sleep(50);
              return keepStateAndData({ reply: 1 });
            },
          },
        },
      },
    } satisfies GenStatem<"idle", number>;
    const machine: Pid = await GenStatem.start(sim, Machine);
    const failed = [sim.call(machine, "later"), sim.call(machine, "slow")].map((call) =>
      call.catch((error) => error.reason),
    );
    await sim.advance(10);
    sim.kill(machine);
    expect(await Promise.all(failed)).toEqual(["killed", "killed"]);
    expect(sim.leaks()).toEqual([]);
  }));

test("an agent that is killed by its own function answers nobody; what the function goes on to do does not count", () =>
  inVirtualTime(async (sim) => {
    const agent = await Agent.start(sim, () => 0);
    const failed = Agent.update(sim, agent, async (_, self) => {
      self.exit(self.pid, "kill");
      await undefined;
      self.spawn(forever);
      return 1;
    }).catch((error) => error.reason);
    expect(await failed).toBe("killed");
    await sim.idle();
    expect(sim.processes()).toEqual([]);
  }));

test("who waits for a task is not woken when both are killed at once, in whichever order", () =>
  inVirtualTime(async (sim) => {
    for (const first of ["owner", "task"]) {
      const woken: unknown[] = [];
      let task: Task | undefined;
      const owner = sim.spawn(async (self) => {
        self.trapExit = true;
        task = Task.async(self, forever);
        woken.push(await Task.yield(self, task));
      });
      await sim.idle();
      const pids = [owner, (task as unknown as Task).pid as Pid];
      for (const pid of first === "owner" ? pids : pids.toReversed()) sim.kill(pid);
      await sim.idle();
      expect(woken).toEqual([]);
    }
    await inside(sim, () => {});
  }));
