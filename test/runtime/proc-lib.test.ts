import { AlreadyStarted, exit, name, type Pid, procLib, type Self, StartError } from "hornbeam";
import { Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { deaths, events, forever, puppet } from "./support.ts";

/** Has a process start another, and says what came of it. */
async function starts(
  sim: VirtualSystem,
  kind: "start" | "startLink",
  ...args: Parameters<typeof procLib.start> extends [any, ...infer R] ? R : never
) {
  const starter = puppet(sim, { trapExit: true });
  let result: unknown;
  await starter.does((self) => {
    procLib[kind](self, ...args).then(
      (pid) => {
        result = pid;
      },
      (error) => {
        result = error;
      },
    );
  });
  await sim.advance(1_000);
  return { starter, result };
}

const KINDS = ["start", "startLink"] as const;

describe.each(KINDS)("%s", (kind) => {
  test("waits until the process says that it is up", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const begin = sim.now();
      let up: number | undefined;
      sim.spawn(async (self) => {
        await procLib[kind](self, async (child, init) => {
          await child.sleep(300);
          init.ack();
          await forever(child);
        });
        up = self.now() - begin;
        await forever(self);
      });
      await sim.advance(299);
      expect(up).toBeUndefined();
      await sim.advance(1);
      expect(up).toBe(300);
    }));

  test("a crash before the word is the error of the start", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const oops = new Error("oops");
      const { result } = await starts(sim, kind, () => {
        throw oops;
      });
      expect(result).toBeInstanceOf(StartError);
      expect((result as StartError).reason).toBe(oops);
    }));

  test("an exit or a return before the word is the error of the start, too", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      expect((await starts(sim, kind, () => exit("not today"))).result).toMatchObject({ reason: "not today" });
      expect((await starts(sim, kind, () => {})).result).toMatchObject({ reason: "normal" });
    }));

  test("fail gives its reason, and the process is gone by then, as normal, with its name", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const died = deaths(sim);
      const crashes = events(sim, "process.crash");
      const called = name("worker");
      const { result, starter } = await starts(sim, kind, (_, init) => init.fail({ no: "disk" }), { name: called });
      expect(result).toMatchObject({ reason: { no: "disk" } });
      expect([...died.values()]).toEqual(["normal"]);
      expect(crashes).toEqual([]);
      expect(sim.whereis(called)).toBeUndefined();
      expect(starter.inbox).toEqual([]);
    }));

  test("ignore is told as such", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      expect((await starts(sim, kind, (_, init) => init.ignore())).result).toMatchObject({ reason: "ignore" });
    }));

  test("a process that does not say it is up in time is killed", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const died = deaths(sim);
      const { result, starter } = await starts(sim, kind, forever, { timeout: 100 });
      expect(result).toMatchObject({ reason: "timeout" });
      expect([...died.values()]).toEqual(["killed"]);
      expect(sim.isAlive(starter.pid)).toBe(true);
    }));

  test("a name that is taken is alreadyStarted, with the pid that has it", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const called = name("worker");
      const holder = sim.spawn(forever, { name: called });
      const { result } = await starts(sim, kind, forever, { name: called });
      expect(result).toBeInstanceOf(AlreadyStarted);
      expect((result as AlreadyStarted).pid).toBe(holder);
    }));

  test("only the first word counts", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const { result } = await starts(sim, kind, async (self: Self, init) => {
        init.ack();
        init.ack();
        init.fail("late");
        await forever(self);
      });
      expect(sim.isAlive(result as Pid)).toBe(true);
    }));
});

test("startLink links from birth, start does not", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    for (const kind of KINDS) {
      const { starter, result } = await starts(sim, kind, async (self, init) => {
        init.ack();
        await forever(self);
      });
      sim.kill(starter.pid);
      expect(sim.isAlive(result as Pid)).toBe(kind === "start");
    }
  }));

test("a function is a supervisor's child: restarted when it ends, stopped with the tree", () =>
  inVirtualTime(async (sim) => {
    let runs = 0;
    const Top = {
      init: () => ({
        strategy: "oneForOne" as const,
        children: [
          procLib.child(
            async (self, init) => {
              runs++;
              init.ack();
              await forever(self);
            },
            { id: "loop" },
          ),
        ],
      }),
    };
    const top = await sim.start(supervisor(Top));
    const [before] = await Supervisor.whichChildren(sim, top);
    sim.kill(before?.pid as Pid);
    await sim.idle();
    const [after] = await Supervisor.whichChildren(sim, top);
    expect(runs).toBe(2);
    expect(after?.id).toBe("loop");
    expect(sim.processInfo(after?.pid as Pid)?.label).toBe(`${after?.pid} loop`);
  }));

test("what is no function is refused", () =>
  inVirtualTime(async (sim) => {
    await expect(procLib.start(sim, "loop" as any)).rejects.toThrow(/procLib: expected a function, got: 'loop'/);
  }));

test.each(["ack", "ignore", "fail"] as const)("the %s of a process that is dead is no word: it is told", (word) =>
  inVirtualTime(async (sim) => {
    const zombies = events(sim, "process.zombie");
    const gate = Promise.withResolvers<void>();
    let pid: Pid | undefined;
    const started = procLib.start(sim, async (self, init) => {
      pid = self.pid;
      await gate.promise;
      init[word]("too late");
    });
    const failed = started.catch((error) => error.reason);
    await sim.idle();
    sim.kill(pid as Pid);
    gate.resolve();
    expect(await failed).toBe("killed");
    await sim.idle();
    expect(zombies[0]).toMatchObject({ operation: `init.${word}`, pid });
  }),
);
