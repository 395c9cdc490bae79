// A full mailbox keeps out what users send, and nothing of what the library itself has to say.
import {
  type Down,
  type MailboxOptions,
  name,
  noreply,
  ok,
  type Pid,
  pg,
  reply,
  type Self,
  type SendOptions,
} from "hornbeam";
import {
  child,
  type EventStatem,
  GenServer,
  GenStatem,
  keepStateAndData,
  nextState,
  start,
  sys,
} from "hornbeam/genserver";
import { DynamicSupervisor, Registry, registry, Supervisor, supervisor, TaskSupervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { forever, inside } from "../runtime/support.ts";

const DROPPING = ["dropNewest", "dropOldest"] as const;
const one = (overflow: MailboxOptions["overflow"]): MailboxOptions => ({ limit: 1, overflow });
const tags = (inbox: readonly unknown[]) => inbox.map((message) => (message as Down).tag ?? message);

/** A process with a mailbox of one message, which reads when it is let go. */
function reader(sim: VirtualSystem, overflow: MailboxOptions["overflow"], prepare: (self: Self) => unknown = () => {}) {
  const inbox: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const pid = sim.spawn(
    async (self) => {
      await prepare(self);
      await gate.promise;
      for (;;) inbox.push(await self.receive());
    },
    { mailbox: one(overflow) },
  );
  const read = async (): Promise<readonly unknown[]> => {
    gate.resolve();
    await sim.idle();
    return inbox;
  };
  return { pid, read };
}

describe.each(DROPPING)("a full mailbox with %s still takes", (overflow) => {
  const user = overflow === "dropNewest" ? ["mine"] : ["yours"];

  test("what a group tells", () =>
    inVirtualTime(async (sim) => {
      const { pid, read } = reader(sim, overflow, (self) => pg.monitor(self, "news"));
      await sim.idle();
      sim.send(pid, "mine");
      const member = sim.spawn(forever);
      pg.join(sim, "news", member);
      sim.send(pid, "yours");
      sim.kill(member);
      expect(tags(await read()).toSorted()).toEqual(["join", "leave", ...user].toSorted());
    }));

  test("what a registry tells its listeners", () =>
    inVirtualTime(async (sim) => {
      const rooms = registry("rooms");
      const listener = name("listener");
      await sim.start(Registry.child({ name: rooms, keys: "unique", listeners: [listener] }));
      const { pid, read } = reader(sim, overflow, (self) => self.register(listener));
      await sim.idle();
      sim.send(pid, "mine");
      await inside(sim, (self) => {
        Registry.register(self, rooms, "lobby", undefined);
        sim.send(pid, "yours");
        Registry.unregister(self, rooms, "lobby");
      });
      expect(tags(await read()).toSorted()).toEqual(["register", "unregister", ...user].toSorted());
    }));

  test("the end of a task that nobody waits for", () =>
    inVirtualTime(async (sim) => {
      const tasks = name("tasks");
      await sim.start(TaskSupervisor.child({ name: tasks }));
      const { pid, read } = reader(sim, overflow, async (self) => {
        await TaskSupervisor.asyncNolink(self, tasks, () => "done");
        await TaskSupervisor.asyncNolink(self, tasks, () => {
          throw new Error("oops");
        });
        self.send(self.pid, "mine");
      });
      await sim.idle();
      sim.send(pid, "yours");
      expect(tags(await read()).toSorted()).toEqual(["down", "task"]);
    }));

  test("the answer to a request that nobody waits for", () =>
    inVirtualTime(async (sim) => {
      const { pid, read } = reader(sim, overflow, (self) => {
        GenServer.sendRequest(self, name("nobody"), "echo" as never);
        self.send(self.pid, "mine");
      });
      await sim.idle();
      sim.send(pid, "yours");
      expect(tags(await read())).toEqual(["response"]);
    }));

  test("a timeout of a state machine", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const events: unknown[] = [];
      const Waiting = {
        init: () => nextState("waiting", undefined, { stateTimeout: 10 }),
        handleEvent: async (event, _, __, self) => {
          events.push(event.type);
          if (event.type === "info") await self.sleep(100);
          return keepStateAndData();
        },
      } satisfies EventStatem<"waiting", undefined>;
      const machine: Pid = await GenStatem.start(sim, Waiting, { mailbox: one(overflow) });
      sim.send(machine, "busy");
      await sim.advance(10); // the timeout stands in the mailbox, and is all that it holds
      sim.send(machine, "yours");
      sim.send(machine, "yours");
      await sim.advance(500);
      expect(events).toContain("stateTimeout");
    }));

  test("what a supervisor tells itself: a restart that failed is tried again", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const bounded = name("bounded");
      let starts = 0;
      const Flaky = {
        init: async (_: unknown, self: Self) => {
          starts++;
          // While the supervisor waits for this start, others fill its mailbox.
          await self.sleep(10);
          if (starts === 2) throw new Error("not yet");
          return ok(0);
        },
      };
      const booting = sim.start(DynamicSupervisor.child({ name: bounded, maxRestarts: 10, mailbox: one(overflow) }));
      await booting;
      const up = DynamicSupervisor.startChild(sim, bounded, child(Flaky, undefined));
      await sim.advance(10);
      sim.kill(await up);
      await sim.idle();
      sim.send(bounded, "one");
      sim.send(bounded, "two");
      await sim.advance(50);
      expect(await DynamicSupervisor.countChildren(sim, bounded)).toMatchObject({ active: 1 });
      expect(starts).toBe(3);
    }));

  test("the answer that comes through an alias made for it", () =>
    inVirtualTime(async (sim) => {
      let alias: any;
      const { pid, read } = reader(sim, overflow, (self) => {
        alias = self.alias({ reply: true });
      });
      await sim.idle();
      sim.send(pid, "mine");
      sim.send(alias, "reply");
      sim.send(alias, "another");
      sim.send(pid, "yours");
      expect(await read()).toContain("reply");
    }));
});

test.each<[string, SendOptions | undefined]>([
  ["an ordinary message", undefined],
  ["a message with priority", { priority: true }],
])("%s through an alias is a user's: the mailbox refuses it when it is full", (_, options) =>
  inVirtualTime(async (sim) => {
    let alias: any;
    const { pid, read } = reader(sim, "refuse", (self) => {
      alias = self.alias({ priority: true });
    });
    await sim.idle();
    sim.send(pid, "mine");
    expect(() => sim.send(alias, "through the alias", options)).toThrow("expected room in the mailbox");
    expect(await read()).toEqual(["mine"]);
  }),
);

test("dropOldest drops the oldest of all that wait, those that a suspended server keeps among them", () =>
  inVirtualTime(async (sim) => {
    const Log = {
      init: () => ok<readonly unknown[]>([]),
      handleInfo: (message: unknown, log: readonly unknown[]) => noreply([...log, message]),
    };
    const server = await start(sim, Log, { mailbox: { limit: 2, overflow: "dropOldest" } });
    await sys.suspend(sim, server);
    for (const message of [1, 2, 3, 4]) {
      sim.send(server, message);
      await sim.idle();
    }
    await sys.resume(sim, server);
    expect(await sys.getState(sim, server)).toEqual([3, 4]);
  }));

test("dropOldest drops the oldest of all that wait, those that a selective receive has passed over among them", () =>
  inVirtualTime(async (sim) => {
    const read: unknown[] = [];
    const gate = Promise.withResolvers<void>();
    const pid = sim.spawn(
      async (self) => {
        await self.receive((message) => message === "go");
        await gate.promise;
        for (;;) read.push(await self.receive());
      },
      { mailbox: { limit: 2, overflow: "dropOldest" } },
    );
    for (const message of [1, 2, 3, 4]) {
      sim.send(pid, message);
      await sim.idle();
    }
    sim.send(pid, "go");
    gate.resolve();
    await sim.idle();
    expect(read).toEqual([4]);
  }));

test("a call that a suspended server keeps and drops for a newer message fails with mailboxFull", () =>
  inVirtualTime(async (sim) => {
    const Quiet = {
      init: () => ok(0),
      handleCall: { get: (_, n: number) => reply(n, n) },
      handleInfo: (_: string, n: number) => noreply(n),
    } satisfies GenServer<number>;
    const server = await start(sim, Quiet, { mailbox: one("dropOldest") });
    await sys.suspend(sim, server);
    const call = sim.call(server, "get");
    const failed = expect(call).rejects.toMatchObject({ reason: "mailboxFull" });
    await sim.idle();
    sim.send(server, "newer");
    await failed;
  }));

test("a supervisor that is suspended when a child ends knows its reason when it is stopped", () =>
  inVirtualTime(async (sim) => {
    const errors: unknown[] = [];
    sim.telemetry.on("supervisor.child.shutdownError", (_, { reason }) => void errors.push(reason));
    const Quiet = { init: () => ok(0) };
    const app = await sim.start(
      supervisor({
        init: () => ({ strategy: "oneForOne" as const, children: [child(Quiet, { id: "quiet" })] }),
      }),
    );
    const { pid } = await Supervisor.whichChild(sim, app, "quiet");
    await sys.suspend(sim, app);
    sim.exit(pid as Pid, "gone wrong");
    await sim.idle();
    await GenServer.stop(sim, app, "shutdown");
    expect(errors).toEqual(["gone wrong"]);
  }));
