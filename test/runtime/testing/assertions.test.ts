import { exit, name } from "hornbeam";
import {
  AssertionError,
  assertDown,
  assertExit,
  assertReceive,
  flushMailbox,
  inVirtualTime,
  refuteReceive,
  testProcess,
} from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { forever } from "../support.ts";

/** What an assertion throws that fails. */
async function failure(assertion: Promise<unknown>): Promise<AssertionError> {
  const thrown = await assertion.then(
    () => undefined,
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(AssertionError);
  return thrown;
}

/** Where it points the reader to: the first line of its stack. */
const place = ({ stack = "" }: Error): string | undefined => stack.split("\n").find((line) => /^\s+at /.test(line));

describe("assertReceive", () => {
  test("takes the first message that matches, and leaves the others where they are", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      for (const message of ["a", { n: 1 }, "b", { n: 2 }]) sim.send(me.pid, message);
      expect(await assertReceive(me, { n: 1 })).toEqual({ n: 1 });
      expect(await assertReceive(me, (m) => m !== "a")).toBe("b");
      expect(flushMailbox(me)).toEqual(["a", { n: 2 }]);
    }));

  test("waits for one that is on its way, no longer than 100 ms of virtual time unless it is told to", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      me.sendAfter("soon", 100);
      await assertReceive(me, "soon");
      me.sendAfter("late", 101);
      await failure(assertReceive(me, "late"));
      expect(sim.now()).toBe(200);
      me.sendAfter("later", 60_000);
      await assertReceive(me, "later", { timeout: 60_000 });
    }));

  test("with a timeout of 0 takes what is there, and no time passes", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      sim.send(me.pid, "there");
      await assertReceive(me, "there", { timeout: 0 });
      me.sendAfter("not yet", 1);
      await failure(assertReceive(me, "not yet", { timeout: 0 }));
      expect(sim.now()).toBe(0);
    }));

  test("a failure says what was expected and what the mailbox holds, in order, and points to the test", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      sim.send(me.pid, "ping");
      sim.send(me.pid, { tag: "joined", who: "ada" });
      const error = await failure(assertReceive(me, { tag: "left" }));
      expect(error.message).toBe(
        [
          "assertReceive: expected a message that matches { tag: 'left' } within 100 ms, got: none",
          `the mailbox of ${me.pid} test, got:`,
          "  'ping'",
          "  { tag: 'joined', who: 'ada' }",
        ].join("\n"),
      );
      expect(place(error)).toContain("assertions.test.ts");
      expect(flushMailbox(me)).toHaveLength(2);
    }));

  test("a failure shows ten messages and counts the rest, and says when there is none", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      expect((await failure(assertReceive(me, "x"))).message).toContain(`the mailbox of ${me.pid} test is empty`);
      for (let n = 1; n <= 12; n++) sim.send(me.pid, n);
      const { message } = await failure(assertReceive(me, "x"));
      expect(message).toMatch(/ {2}9\n {2}10\n {2}… and 2 more$/);
    }));

  test("a failure shows the source of a short predicate", () =>
    inVirtualTime(async (sim) => {
      const { message } = await failure(assertReceive(testProcess(sim), (n: number) => n > 41));
      expect(message).toContain("a message that matches (n) => n > 41 within");
    }));
});

describe("refuteReceive", () => {
  test("passes when no message comes that matches, after all its time", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      sim.send(me.pid, "other");
      me.sendAfter("late", 101);
      await refuteReceive(me, "late");
      expect(sim.now()).toBe(100);
      await refuteReceive(me, "never", { timeout: 0 });
      expect(flushMailbox(me)).toEqual(["other"]);
    }));

  test("fails with the message when one is there, and when one comes in time", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      sim.send(me.pid, "there");
      sim.send(me.pid, "another");
      const error = await failure(refuteReceive(me, "there"));
      expect(error.message).toBe(
        [
          "refuteReceive: expected no message that matches 'there' within 100 ms, got: 'there'",
          `the mailbox of ${me.pid} test, got:`,
          "  'another'",
        ].join("\n"),
      );
      expect(place(error)).toContain("assertions.test.ts");
      me.sendAfter({ tag: "tick" }, 100);
      expect((await failure(refuteReceive(me, { tag: "tick" }))).message).toContain("got: { tag: 'tick' }");
    }));
});

describe("flushMailbox", () => {
  test("takes what waits, in the order of receive: what may overtake, what was passed over, the rest", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      sim.send(me.pid, "passed over");
      await refuteReceive(me, "nothing");
      sim.send(me.pid, "new");
      sim.send(me.alias({ priority: true }), "urgent", { priority: true });
      expect(flushMailbox(me)).toEqual(["urgent", "passed over", "new"]);
      expect(flushMailbox(me)).toEqual([]);
      sim.send(me.pid, "after");
      expect(await me.receive()).toBe("after");
    }));
});

describe("assertDown", () => {
  test("waits for the end, past the mailbox, and gives the reason", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      const pid = sim.spawn(async (self) => {
        await self.sleep(50);
        exit({ shutdown: "done" });
      });
      expect(await assertDown(me, pid)).toEqual({ shutdown: "done" });
      expect([sim.now(), flushMailbox(me)]).toEqual([50, []]);
    }));

  test("knows why one ended that had ended before", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      const pid = sim.spawn(forever, { label: "worker" });
      sim.exit(pid, "enough");
      expect(await assertDown(me, pid, "enough")).toBe("enough");
      const { message } = await failure(assertDown(me, pid, "other"));
      expect(message).toContain(`assertDown: expected ${pid} worker to have ended with 'other', got: 'enough'\n`);
    }));

  test("of one that ended before there was a test process, knows what news in the mailbox say, or noproc", () =>
    inVirtualTime(async (sim) => {
      const [pid, unwatched] = [sim.spawn(forever), sim.spawn(forever)];
      const { promise, resolve } = Promise.withResolvers<unknown>();
      sim.spawn(async (self) => {
        self.monitor(pid);
        sim.kill(pid);
        sim.kill(unwatched);
        const reasons = [await assertDown(self, pid, "killed"), await assertDown(self, unwatched)];
        resolve([...reasons, flushMailbox(self).length]);
      });
      expect(await promise).toEqual(["killed", "noproc", 1]);
    }));

  test("fails when it has not ended in time, and says what it does instead", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      const pid = sim.spawn(forever, { label: "worker" });
      const error = await failure(assertDown(me, pid, undefined, { timeout: 2000 }));
      expect(error.message).toBe(
        [
          `assertDown: expected ${pid} worker to end within 2000 ms, got: it is alive (waiting, 0 messages)`,
          `the mailbox of ${me.pid} test is empty`,
        ].join("\n"),
      );
      expect([sim.now(), place(error)]).toEqual([2000, expect.stringContaining("assertions.test.ts")]);
      expect(sim.processInfo(pid)?.monitoredBy).toEqual([]);
    }));

  test("fails when it ended for another reason, which is the cause", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      const boom = new Error("boom");
      const pid = sim.spawn(
        () => {
          throw boom;
        },
        { label: "bomb" },
      );
      sim.send(me.pid, "hello");
      const error = await failure(assertDown(me, pid, "normal"));
      expect(error.message).toBe(
        [
          `assertDown: expected ${pid} bomb to end with 'normal', got: Error: boom`,
          `the mailbox of ${me.pid} test, got:`,
          "  'hello'",
        ].join("\n"),
      );
      expect(error.cause).toBe(boom);
      expect(place(error)).toContain("assertions.test.ts");
      await assertDown(me, pid, new Error("boom"));
      await assertDown(me, pid, { message: "boom" });
      await assertDown(me, pid, (reason: unknown) => reason instanceof Error);
    }));

  test("a process that ends with the reason timeout has ended", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      const pid = sim.spawn(() => exit("timeout"));
      expect(await assertDown(me, pid, "timeout")).toBe("timeout");
    }));

  test("what is no pid is refused", () =>
    inVirtualTime((sim) =>
      expect(assertDown(testProcess(sim), name("x") as never)).rejects.toThrow("expected a pid, got: { name: 'x' }"),
    ));
});

describe("assertExit", () => {
  test("takes the exit signal of a linked process, and leaves those of others", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim, { trapExit: true });
      const [one, other] = [me.spawnLink(() => exit("one")), me.spawnLink(() => exit("other"))];
      expect(await assertExit(me, other, "other")).toBe("other");
      expect(flushMailbox(me)).toEqual([{ tag: "exit", pid: one, reason: "one" }]);
    }));

  test("fails with the reason when it is another, which is the cause", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim, { trapExit: true });
      const boom = new Error("boom");
      const pid = me.spawnLink(
        () => {
          throw boom;
        },
        { label: "bomb" },
      );
      const error = await failure(assertExit(me, pid, "shutdown"));
      expect(error.message).toMatch(
        `assertExit: expected an exit signal of ${pid} bomb with 'shutdown', got: Error: boom\n`,
      );
      expect([error.cause, place(error)]).toEqual([boom, expect.stringContaining("assertions.test.ts")]);
    }));

  test("fails when none comes in time: it says whether the process lives, and is linked", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim, { trapExit: true });
      const linked = me.spawnLink(forever);
      const unlinked = sim.spawn(forever);
      const mine = `to ${me.pid} test\n`;
      expect((await failure(assertExit(me, linked))).message).toContain(
        `within 100 ms, got: it is alive (waiting, 0 messages), and linked ${mine}`,
      );
      expect((await failure(assertExit(me, unlinked))).message).toContain(
        `got: it is alive (waiting, 0 messages), and not linked ${mine}`,
      );
      sim.kill(unlinked);
      expect((await failure(assertExit(me, unlinked))).message).toContain(
        `got: it has ended ('killed'), and not linked ${mine}`,
      );
      me.unlink(linked);
    }));

  test("is refused by a process that does not trap exits", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      await expect(assertExit(me, me.pid)).rejects.toThrow(
        `assertExit: expected a process that traps exits, got: ${me.pid} test`,
      );
    }));
});
