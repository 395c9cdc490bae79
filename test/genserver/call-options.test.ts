import { CallError, name, noreply, ok, type Pid, reply, type Self, stop } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, puppet } from "../runtime/support.ts";
import { logOf, Scripted, WAYS, ways } from "./support.ts";

const never = (log: readonly unknown[]) => noreply(log);

/** Calls `to` and tells when it failed and why. */
const failure = async (sim: VirtualSystem, call: Promise<unknown>) => {
  try {
    return await call;
  } catch (error) {
    return [(error as CallError).reason, sim.now()];
  }
};

// ── deadlines ──

test("a call with a deadline fails with timeout at that moment, later than the default of 5 s, too", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    expect(await failure(sim, sim.with({ deadline: 100 }).call(pid, "act", never))).toEqual(["timeout", 100]);
    expect(await failure(sim, sim.with({ deadline: 60_000 }).call(pid, "act", never))).toEqual(["timeout", 60_000]);
  }));

test("of a deadline and a timeout the earlier counts", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const both = (timeout: number | "infinity", deadline: number) => sim.with({ timeout, deadline });
    expect(await failure(sim, both(50, 100).call(pid, "act", never))).toEqual(["timeout", 50]);
    expect(await failure(sim, both(100, 80).call(pid, "act", never))).toEqual(["timeout", 80]);
    expect(await failure(sim, both("infinity", 90).call(pid, "act", never))).toEqual(["timeout", 90]);
    expect(await failure(sim, both(10, Infinity).call(pid, "act", never))).toEqual(["timeout", 100]);
  }));

test("a call whose deadline has passed fails at once, and is not sent", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    await sim.advance(100);
    let handled = 0;
    const act = (log: readonly unknown[]) => {
      handled++;
      return reply(1, log);
    };
    for (const deadline of [100, 99, 0, -1]) {
      expect(await failure(sim, sim.with({ deadline }).call(pid, "act", act))).toEqual(["timeout", 100]);
    }
    await sim.idle();
    expect(handled).toBe(0);
  }));

test("a deadline that makes no sense is refused, and nothing is sent", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    for (const deadline of [Number.NaN, "soon", null, -Infinity] as any[]) {
      await expect(sim.with({ deadline }).call(pid, "act", never)).rejects.toThrow(/expected a deadline .*, got: /);
    }
    await sim.idle();
    expect(sim.processes()[0]).toMatchObject({ messages: 0 });
  }));

for (const way of WAYS) {
  test(`a deadline travels: what the server calls while it handles the request is limited by it, ${way}`, () =>
    inVirtualTime(async (sim) => {
      const [front, middle, back] = [
        await start(sim, Scripted, {}),
        await start(sim, Scripted, {}),
        await start(sim, Scripted, {}),
      ];
      const seen: unknown[] = [];
      /** Calls the next one with a time limit of its own, which is longer, and says when that failed. */
      const pass = (to: typeof front, act: any) => (log: readonly unknown[], self: Self) =>
        ways[way](() =>
          self
            .with({ timeout: 10_000 })
            .call(to, "act", act)
            .catch((error: CallError) => {
              seen.push([error.request, error.reason, self.now()]);
              return reply("late", log);
            }),
        );
      const call = sim.with({ deadline: 100 }).call(front, "act", pass(middle, pass(back, never)));
      expect(await failure(sim, call)).toEqual(["timeout", 100]);
      await sim.idle();
      expect(seen).toEqual([
        ["act", "timeout", 100],
        ["act", "timeout", 100],
      ]);
    }));
}

test("a plain timeout does not travel", () =>
  inVirtualTime(async (sim) => {
    const [front, back] = [await start(sim, Scripted, {}), await start(sim, Scripted, {})];
    let ended: unknown;
    const pass = async (log: readonly unknown[], self: Self) => {
      ended = await self.call(back, "act", never).catch(() => self.now());
      return reply(1, log);
    };
    expect(await failure(sim, sim.with({ timeout: 100 }).call(front, "act", pass))).toEqual(["timeout", 100]);
    await sim.advance(10_000);
    expect(ended).toBe(5000);
  }));

test("a deadline holds after an await, and an earlier one of its own is not moved", () =>
  inVirtualTime(async (sim) => {
    const [front, back] = [await start(sim, Scripted, {}), await start(sim, Scripted, {})];
    const seen: unknown[] = [];
    const pass = async (log: readonly unknown[], self: Self) => {
      await self.sleep(30);
      seen.push(
        await self
          .with({ deadline: 40 })
          .call(back, "act", never)
          .catch(() => self.now()),
      );
      seen.push(
        await self
          .with({ deadline: 5000 })
          .call(back, "act", never)
          .catch(() => self.now()),
      );
      seen.push(await self.call(back, "act", (log) => reply(1, log)).catch((error: CallError) => error.reason));
      return reply(1, log);
    };
    sim
      .with({ deadline: 100 })
      .call(front, "act", pass)
      .catch(() => {});
    await sim.advance(1000);
    expect(seen).toEqual([40, 100, "timeout"]);
  }));

test("the next message is not limited by the deadline of the one before, nor is a continue", () =>
  inVirtualTime(async (sim) => {
    const [front, back] = [await start(sim, Scripted, {}), await start(sim, Scripted, {})];
    const ended: unknown[] = [];
    const patient = async (log: readonly unknown[], self: Self) => {
      ended.push(
        await self
          .with({ timeout: 500 })
          .call(back, "act", never)
          .catch(() => self.now()),
      );
      return noreply(log);
    };
    for (const act of [
      (log: readonly unknown[]) => reply(1, log, { continue: patient }),
      async (log: readonly unknown[]) => reply(1, log, { continue: patient }),
    ]) {
      ended.length = 0;
      const begun = sim.now();
      await sim.with({ deadline: begun + 100 }).call(front, "act", act);
      sim.send(front, patient);
      await sim.advance(2000);
      expect(ended.map((at) => (at as number) - begun)).toEqual([500, 1000]);
    }
  }));

test("a request that is sent on while a deadline runs ends at the deadline, too", () =>
  inVirtualTime(async (sim) => {
    const [front, back] = [await start(sim, Scripted, {}), await start(sim, Scripted, {})];
    let outcome: unknown;
    const pass = async (log: readonly unknown[], self: Self) => {
      const request = GenServer.sendRequest(self, back, "act", never);
      outcome = [await GenServer.waitResponse(self, request), self.now()];
      return reply(1, log);
    };
    sim
      .with({ deadline: 100 })
      .call(front, "act", pass)
      .catch(() => {});
    await sim.advance(1000);
    expect(outcome).toMatchObject([{ tag: "error", error: { reason: "timeout" } }, 100]);
  }));

test("a deadline in terminate is that of the request which stops the server", () =>
  inVirtualTime(async (sim) => {
    const back = await start(sim, Scripted, {});
    let ended: unknown;
    const Leaving = {
      init: () => ok(0),
      handleCall: { leave: (_, n: number) => stop("normal", n, "left") },
      terminate: async (_: unknown, __: unknown, self: Self) => {
        ended = await self.call(back, "act", never).catch(() => self.now());
      },
    } satisfies GenServer<number>;
    const pid = await start(sim, Leaving);
    expect(await failure(sim, sim.with({ deadline: 100 }).call(pid, "leave"))).toEqual(["timeout", 100]);
    await sim.idle();
    expect(ended).toBe(100);
  }));

// ── signals ──

test("a call fails with aborted as soon as its signal is, with the reason of the abort as its cause", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const abort = new AbortController();
    const call = sim.with({ signal: abort.signal }).call(pid, "act", never);
    const cause = new Error("the visitor has gone");
    abort.abort(cause);
    await expect(call).rejects.toMatchObject({ name: "CallError", reason: "aborted", request: "act", cause });
    await expect(call).rejects.toThrow(/expected a reply, got: aborted \(by the signal that it was made with\)/);
  }));

test("the reply to a call that was aborted is dropped, and the server has done the work", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, Scripted, {});
    const abort = new AbortController();
    const caller = puppet(sim);
    let reason: unknown;
    await caller.does((self) => {
      const call = self.with({ signal: abort.signal }).call(pid, "act", async (log, server) => {
        await server.sleep(100);
        return reply("late", [...log, "done"]);
      });
      call.catch((error) => {
        reason = error.reason;
      });
    });
    abort.abort();
    await sim.advance(100);
    expect([reason, await logOf(sim, pid), caller.inbox]).toEqual(["aborted", ["done"], []]);
    expect(sim.leaks().filter((leak) => leak.includes("timer"))).toEqual([]);
  }));

test("a call whose signal is aborted already fails at once, and is not sent", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const call = sim.with({ signal: AbortSignal.abort("gone") }).call(pid, "act", never);
    await expect(call).rejects.toMatchObject({ reason: "aborted", cause: "gone" });
    expect(sim.processes()[0]).toMatchObject({ messages: 0 });
  }));

test.each<[string, (sim: VirtualSystem, pid: Pid, signal: AbortSignal) => Promise<unknown>]>([
  ["a reply", (sim, pid, signal) => sim.with({ signal }).call(pid, "act", (log: any) => reply(1, log))],
  ["a timeout", (sim, pid, signal) => sim.with({ signal, timeout: 10 }).call(pid, "act", never)],
  ["a server that is not there", (sim, _, signal) => sim.with({ signal }).call(name("nobody"), "act", never)],
  [
    "the end of the server",
    (sim, pid, signal) => sim.with({ signal }).call(pid, "act", (log: any) => stop("oops", log)),
  ],
  [
    "the end of the caller",
    async (sim, pid, signal) => {
      const caller = puppet(sim);
      await caller.does((self) => void self.with({ signal }).call(pid, "act", never));
      sim.kill(caller.pid);
    },
  ],
])("after %s nothing listens to the signal any more", (_, call) =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    let added = 0;
    const { addEventListener, removeEventListener } = signal;
    Object.assign(signal, {
      addEventListener(...args: Parameters<typeof addEventListener>) {
        added++;
        listeners.add(args[1]);
        addEventListener.apply(signal, args);
      },
      removeEventListener(...args: Parameters<typeof removeEventListener>) {
        listeners.delete(args[1]);
        removeEventListener.apply(signal, args);
      },
    });
    await call(sim, pid, signal).catch(() => {});
    await sim.idle();
    expect([added, listeners.size]).toEqual([1, 0]);
  }),
);

test("what is no signal is refused", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const call = sim.with({ signal: {} as any }).call(pid, "act", never);
    await expect(call).rejects.toThrow(/expected an AbortSignal, got: \{\}/);
  }));

test("an abort by a process that has ended resumes nobody who is dead", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const zombies = events(sim, "process.zombie");
    const pid = await start(sim, Scripted, {});
    let went = false;
    const caller = puppet(sim);
    await caller.does((self) =>
      self
        .with({ signal: self.signal })
        .call(pid, "act", never)
        .catch(() => {
          went = true;
        }),
    );
    sim.kill(caller.pid);
    await sim.idle();
    expect([died.get(caller.pid), went, zombies]).toEqual(["killed", false, []]);
  }));

test("options of with add up, the last one wins", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Scripted, {});
    const abort = new AbortController();
    const by = sim.with({ signal: abort.signal }).with({ timeout: 10 }).with({ timeout: 20 });
    expect(await failure(sim, by.call(pid, "act", never))).toEqual(["timeout", 20]);
    const call = by.call(pid, "act", never);
    abort.abort();
    await expect(call).rejects.toBeInstanceOf(CallError);
    expect(sim.now()).toBe(20);
  }));
