import { type Down, type MailboxOptions, noreply, ok, reply, type Self } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, forever } from "./support.ts";

/** A process with a full mailbox of three, and what it reads when it is let go. */
async function full(sim: VirtualSystem, overflow: MailboxOptions["overflow"]) {
  const read: unknown[] = [];
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const pid = sim.spawn(
    async (self) => {
      await gate;
      for (;;) read.push(await self.receive());
    },
    { mailbox: { limit: 3, overflow } },
  );
  await sim.idle();
  for (const message of [1, 2, 3]) sim.send(pid, message);
  return { pid, read, go };
}

test("dropNewest drops what comes to a full mailbox", () =>
  inVirtualTime(async (sim) => {
    const { pid, read, go } = await full(sim, "dropNewest");
    sim.send(pid, 4);
    go();
    await sim.idle();
    expect(read).toEqual([1, 2, 3]);
  }));

test("dropOldest drops the ordinary message that waits longest", () =>
  inVirtualTime(async (sim) => {
    const { pid, read, go } = await full(sim, "dropOldest");
    sim.send(pid, 4);
    sim.send(pid, 5);
    go();
    await sim.idle();
    expect(read).toEqual([3, 4, 5]);
  }));

test("refuse lets send throw, with the process and the limit in the message", () =>
  inVirtualTime(async (sim) => {
    const { pid, read, go } = await full(sim, "refuse");
    expect(() => sim.send(pid, 4)).toThrow(
      `send: expected room in the mailbox of ${pid} process, got: 3 messages, which is its limit`,
    );
    expect(() => sim.cast(pid, "four")).not.toThrow();
    go();
    await sim.idle();
    expect(read).toEqual([1, 2, 3]);
  }));

test("exit ends the process with mailboxFull", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const { pid } = await full(sim, "exit");
    expect(sim.isAlive(pid)).toBe(true);
    sim.send(pid, 4);
    expect(died.get(pid)).toBe("mailboxFull");
  }));

test("signals get in, however full the mailbox is, and are never the ones that are dropped", () =>
  inVirtualTime(async (sim) => {
    const heard: unknown[] = [];
    let ready = (): void => {};
    const gate = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const targets = [sim.spawn(forever), sim.spawn(forever), sim.spawn(forever)];
    const pid = sim.spawn(
      async (self) => {
        self.trapExit = true;
        for (const target of targets) self.monitor(target);
        await gate;
        for (;;) heard.push(await self.receive());
      },
      { mailbox: { limit: 2, overflow: "dropOldest" } },
    );
    await sim.idle();
    sim.send(pid, "ordinary");
    for (const target of targets) sim.kill(target);
    sim.exit(pid, "stop it");
    sim.send(pid, "one more");
    sim.send(pid, "and another");
    ready();
    await sim.idle();
    expect(heard.map((message) => (message as Down).tag ?? message)).toEqual([
      "down",
      "down",
      "down",
      "exit",
      "and another",
    ]);
  }));

const Slow = {
  init: () => ok(0),
  handleCall: {
    work: async (_, done, self) => {
      await self.sleep(100);
      return reply(done + 1, done + 1);
    },
  },
  handleInfo: (_: unknown, done) => noreply(done),
} satisfies GenServer<number>;

test.each(["dropNewest", "dropOldest", "refuse"] as const)(
  "with %s, a call whose request is dropped fails at once with mailboxFull",
  (overflow) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const server = await start(sim, Slow, { mailbox: { limit: 2, overflow } });
      const results: string[] = [];
      for (const caller of ["a", "b", "c", "d"]) {
        sim.spawn((self: Self) =>
          self.call(server, "work").then(
            (done) => results.push(`${caller} ${done}`),
            (error) => results.push(`${caller} ${error.reason}`),
          ),
        );
        await sim.idle();
      }
      // One is being handled, two wait, one too many.
      expect(results).toEqual([overflow === "dropOldest" ? "b mailboxFull" : "d mailboxFull"]);
      await sim.advance(1_000);
      expect(results.length).toBe(4);
    }),
);

test("replies come through, however full the caller's mailbox is", () =>
  inVirtualTime(async (sim) => {
    const server = await start(sim, Slow);
    let answer: unknown;
    sim.spawn(
      async (self) => {
        for (let i = 0; i < 5; i++) self.send(self.pid, i);
        answer = await self.call(server, "work");
      },
      { mailbox: { limit: 1, overflow: "dropNewest" } },
    );
    await sim.advance(200);
    expect(answer).toBe(1);
  }));

test("an overflow is told: whose mailbox, its limit, the policy, and the message that is lost", () =>
  inVirtualTime(async (sim) => {
    const seen = events(sim, "process.mailbox.overflow");
    const { pid } = await full(sim, "dropOldest");
    sim.send(pid, 4);
    expect(seen).toEqual([{ pid, label: `${pid} process`, overflow: "dropOldest", message: 1 }]);
  }));

test("messages that a selective receive has passed over count", () =>
  inVirtualTime(async (sim) => {
    const pid = sim.spawn((self) => self.receive((message) => message === "never"), {
      mailbox: { limit: 2, overflow: "dropNewest" },
    });
    for (let i = 0; i < 5; i++) {
      sim.send(pid, i);
      await sim.idle();
    }
    expect(sim.processInfo(pid)?.messages).toBe(2);
  }));

test.each([
  [{ limit: 0, overflow: "exit" }, /limit of a mailbox to be a whole number from 1 up, got: 0/],
  [{ limit: 1.5, overflow: "exit" }, /got: 1.5/],
  [{ limit: 1, overflow: "explode" }, /expected the overflow of a mailbox to be .*, got: 'explode'/],
])("a mailbox of %o is refused", (mailbox, message) =>
  inVirtualTime(async (sim) => {
    expect(() => sim.spawn(forever, { mailbox: mailbox as MailboxOptions })).toThrow(message);
    expect(sim.processes()).toEqual([]);
  }),
);
