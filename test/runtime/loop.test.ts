import {
  CallError,
  type Down,
  type Exit,
  type Loop,
  loop,
  name,
  noreply,
  ok,
  type Pid,
  type Reason,
  reply,
  type Self,
  stop,
  system,
} from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { deaths, events } from "./support.ts";

type Act = (self: Self) => void;

/** A process that keeps what it gets. */
function collect(sim: VirtualSystem): { readonly pid: Pid; readonly inbox: unknown[] } {
  const inbox: unknown[] = [];
  return { pid: sim.spawn(loop(inbox, (message: unknown, kept) => void kept.push(message))), inbox };
}

describe("loop", () => {
  test("handles the messages one after the other, in order, with the state that the last one left", async () => {
    await inVirtualTime(async (sim) => {
      const seen: string[] = [];
      const pid = sim.spawn(
        loop(0, (message: string, count) => {
          seen.push(`${message}${count}`);
          return noreply(count + 1);
        }),
      );
      for (const message of ["a", "b", "c"]) sim.send(pid, message);
      await sim.idle();
      expect(seen).toEqual(["a0", "b1", "c2"]);
    });
  });

  test("goes on with the state it has when nothing is returned", async () => {
    await inVirtualTime(async (sim) => {
      const { pid, inbox } = collect(sim);
      for (const message of [1, undefined, null]) sim.send(pid, message);
      await sim.idle();
      expect(inbox).toEqual([1, undefined, null]);
    });
  });

  test("one loop is any number of processes, each with a state of its own", async () => {
    await inVirtualTime(async (sim) => {
      const { pid, inbox } = collect(sim);
      const counter = loop(0, (message: "add" | "tell", count, self) => {
        if (message === "add") return noreply(count + 1);
        self.send(pid, count);
      });
      const [one, other] = [sim.spawn(counter), sim.spawn(counter)];
      sim.send(one, "add");
      sim.send(one, "add");
      sim.send(other, "add");
      for (const each of [one, other]) sim.send(each, "tell");
      await sim.idle();
      expect(inbox).toEqual([2, 1]);
    });
  });

  test("waits for an asynchronous message before it handles the next", async () => {
    await inVirtualTime(async (sim) => {
      const seen: string[] = [];
      const pid = sim.spawn(
        loop("first", async (message: string, state, self) => {
          seen.push(`${state}: ${message} begins`);
          await self.sleep(10);
          seen.push(`${state}: ${message} ends`);
          return noreply("then");
        }),
      );
      sim.send(pid, "a");
      sim.send(pid, "b");
      await sim.advance(20);
      expect(seen).toEqual(["first: a begins", "first: a ends", "then: b begins", "then: b ends"]);
    });
  });

  test.for<[string, Reason]>([
    ["normal", "normal"],
    ["any other reason", "tired"],
  ])("stop ends it: %s", async ([, reason]) => {
    await inVirtualTime(async (sim) => {
      const ended = deaths(sim);
      const seen: string[] = [];
      const pid = sim.spawn(
        loop(null, (message: string, state) => {
          seen.push(message);
          return stop(reason, state);
        }),
      );
      sim.send(pid, "a");
      sim.send(pid, "b");
      await sim.idle();
      expect(ended.get(pid)).toBe(reason);
      expect(seen).toEqual(["a"]);
    });
  });

  test("what it throws, or rejects with, ends it, and is reported", async () => {
    await inVirtualTime(async (sim) => {
      const ended = deaths(sim);
      const crashes = events(sim, "process.crash");
      const broken = new Error("broken");
      const fails = loop(null, () => {
        throw broken;
      });
      const pids = [fails, loop(null, () => Promise.reject(broken))].map((each) => sim.spawn(each, { label: "frail" }));
      for (const pid of pids) sim.send(pid, "go");
      await sim.idle();
      expect(pids.map((pid) => ended.get(pid))).toEqual([broken, broken]);
      expect(crashes.map(({ label }) => label)).toEqual(pids.map((pid) => `${pid} frail`));
    });
  });

  test.for<[string, unknown, string]>([
    ["a value", 1, "got: 1"],
    ["null", null, "got: null"],
    ["a reply", reply(1, 2), "Result"],
    ["a start", ok(1), "Result"],
    ["a next step", noreply(1, { timeout: 10 }), "timeout: 10"],
    ["a stop that answers", stop("normal", 1, "answer"), "answer"],
  ])("ends with an error that says what a loop may return: %s", async ([, result, got]) => {
    await inVirtualTime(async (sim) => {
      const ended = deaths(sim);
      const pids = [
        sim.spawn(loop(0, (() => result) as () => void)),
        sim.spawn(loop(0, (async () => result) as () => Promise<void>)),
      ];
      for (const pid of pids) sim.send(pid, "go");
      await sim.idle();
      for (const pid of pids) {
        const { message } = ended.get(pid) as Error;
        expect(message).toContain("expected nothing, noreply(state) or stop(reason, state)");
        expect(message).toContain(got);
      }
    });
  });

  test("a function is owed", () => {
    expect(() => loop(0, "go" as never)).toThrow("loop: expected a function, got: 'go'");
  });

  test("has no turn before its first message", async () => {
    await inVirtualTime(async (sim) => {
      const { pid } = collect(sim);
      expect(sim.processInfo(pid)).toMatchObject({ label: `${pid} loop`, status: "waiting", messages: 0 });
    });
  });

  test("links, monitors, names and trapped exits are those of any process", async () => {
    await inVirtualTime(async (sim) => {
      const ended = deaths(sim);
      const heard: (Down | Exit)[] = [];
      const acts = (): Loop<Act | Down | Exit> =>
        loop(null, (message: Act | Down | Exit, _, self) => {
          if (typeof message === "function") message(self);
          else heard.push(message);
        });
      const watcher = sim.spawn(acts(), { trapExit: true, name: name("watcher") });
      const children: Pid[] = [];
      sim.send(watcher, (self) => {
        children.push(self.spawnLink(acts()), self.spawn(acts(), { link: true }));
        children.push(self.spawnMonitor(acts(), { monitor: { tag: "down" } }).pid);
      });
      await sim.idle();
      for (const child of children) sim.exit(child, "gone");
      await sim.idle();
      expect(sim.whereis(name("watcher"))).toBe(watcher);
      expect(heard.map(({ tag, pid, reason }) => [tag, pid, reason])).toEqual([
        ["exit", children[0], "gone"],
        ["exit", children[1], "gone"],
        ["down", children[2], "gone"],
      ]);
      expect([...ended.values()]).toEqual(["gone", "gone", "gone"]);
    });
  });

  test("a message that is sent while it dies is not handled", async () => {
    await inVirtualTime(async (sim) => {
      const { pid, inbox } = collect(sim);
      sim.send(pid, 1);
      sim.exit(pid, "kill");
      sim.send(pid, 2);
      await sim.idle();
      expect(inbox).toEqual([]);
    });
  });

  test("what an asynchronous message leads to after the end is not obeyed, and told", async () => {
    await inVirtualTime(async (sim) => {
      const zombies = events(sim, "process.zombie");
      const ended = deaths(sim);
      const resumed = Promise.withResolvers<void>();
      const pid = sim.spawn(
        loop(0, async () => {
          await resumed.promise;
          return stop("late", 0);
        }),
      );
      sim.send(pid, "go");
      await sim.idle();
      sim.exit(pid, "kill");
      resumed.resolve();
      await sim.idle();
      expect(ended.get(pid)).toBe("killed");
      expect(zombies.map(({ operation }) => operation)).toEqual(["settle"]);
    });
  });

  test("gets no messages by receive", async () => {
    await inVirtualTime(async (sim) => {
      const failed: unknown[] = [];
      const pid = sim.spawn(
        loop(null, async (_: "go", __, self) => void (await self.receive().catch((error) => failed.push(error)))),
      );
      sim.send(pid, "go");
      await sim.idle();
      expect(String(failed[0])).toContain(`expected a process that runs a function, got: ${pid} loop`);
    });
  });

  test("a call that it does not answer times out", async () => {
    await inVirtualTime(async (sim) => {
      const { pid } = collect(sim);
      const error = await sim.call(pid, "anything").catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CallError);
      expect((error as CallError).reason).toBe("timeout");
    });
  });

  test("a stray throw of its asynchronous code ends it, and nothing else", async () => {
    const world = system({ reports: false });
    const ended = Promise.withResolvers<Reason>();
    world.telemetry.on("process.exit", (_, { reason }) => ended.resolve(reason));
    const broken = new Error("stray");
    const pid = world.spawn(
      loop(null, (message: "warm up" | "go") => {
        if (message === "warm up") return Promise.resolve();
        setImmediate(() => {
          throw broken;
        });
      }),
    );
    world.send(pid, "warm up");
    world.send(pid, "go");
    expect(await ended.promise).toBe(broken);
    await world.stop();
  });
});
