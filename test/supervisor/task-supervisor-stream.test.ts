import { exit, name, type Pid, type Self } from "hornbeam";
import { TaskSupervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, inside } from "../runtime/support.ts";

const tasks = name("tasks");

/** Runs `work` beside a supervisor of tasks, and looks afterwards that no task, monitor or message is left. */
const streaming = (work: (self: Self, sim: VirtualSystem) => unknown, trapExit = false) =>
  inVirtualTime(async (sim) => {
    await sim.start(TaskSupervisor.child({ name: tasks }));
    await inside(
      sim,
      async (self) => {
        await work(self, sim);
        expect(await TaskSupervisor.children(self, tasks)).toEqual([]);
        expect(sim.processes().find(({ pid }) => pid === self.pid)).toMatchObject({ monitors: [], messages: 0 });
        expect(await self.receive(undefined, 0)).toEqual({ tag: "timeout" });
      },
      { trapExit },
    );
  });

async function list<T>(results: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const result of results) if (all.push(result) >= most) break;
  return all;
}

const slowestFirst = async (item: number, self: Self): Promise<number> => {
  await self.sleep(100 - item);
  return item;
};
const oks = <T>(...values: readonly T[]) => values.map((ok) => ({ ok }));

const WAYS = ["asyncStream", "asyncStreamNolink"] as const;
const CASES = WAYS.flatMap((way) => ([8, 4, 2] as const).map((most) => [way, most] as const));

test.for(CASES)(
  "%s with %i at once gives results in the order of the items, also when the slowest is first",
  ([way, maxConcurrency]) =>
    streaming(async (self) => {
      const items = [1, 2, 3, 4];
      expect(await list(TaskSupervisor[way](self, tasks, items, (n) => n * 2, { maxConcurrency }))).toEqual(
        oks(2, 4, 6, 8),
      );
      expect(await list(TaskSupervisor[way](self, tasks, items, slowestFirst, { maxConcurrency }))).toEqual(
        oks(1, 2, 3, 4),
      );
    }),
);

test.for(CASES)(
  "%s with %i at once gives the reasons of tasks that failed to who traps exits",
  ([way, maxConcurrency]) =>
    streaming(async (self) => {
      const run = (n: number) => (n === 2 ? n : exit(`${n}`));
      const options = { maxConcurrency, zipInputOnExit: true } as const;
      expect(await list(TaskSupervisor[way](self, tasks, [1, 2, 3], run, options))).toEqual([
        { exit: "1", input: 1 },
        { ok: 2 },
        { exit: "3", input: 3 },
      ]);
    }, true),
);

test.for(CASES)(
  "%s with %i at once kills the tasks that have not ended when the loop is left",
  ([way, maxConcurrency]) =>
    streaming(async (self, sim) => {
      const died = deaths(sim);
      const run = (n: number, own: Self) => (n === 1 ? own.sleep(1).then(() => n) : forever(own));
      expect(await list(TaskSupervisor[way](self, tasks, [1, 2, 3, 4], run as never, { maxConcurrency }), 1)).toEqual(
        oks(1),
      );
      const reasons = [...died.values()];
      expect(reasons).toEqual(["normal", ...reasons.slice(1).map(() => "killed")]);
      expect(reasons).toHaveLength(Math.min(4, maxConcurrency));
    }),
);

test("asyncStreamNolink gives the reasons of tasks that failed to who does not trap exits, too", () =>
  streaming(async (self) => {
    const results = TaskSupervisor.asyncStreamNolink(self, tasks, [1, 2], (n) => exit(`${n}`));
    expect(await list(results)).toEqual([{ exit: "1" }, { exit: "2" }]);
  }));

test("a task of asyncStream that crashes takes along who does not trap exits, and the other tasks", () =>
  streaming(async (self, sim) => {
    const died = deaths(sim);
    const run = (n: number, own: Self) => (n === 1 ? own.sleep(5).then(() => exit("oops")) : forever(own));
    const pid = self.spawn((own) => list(TaskSupervisor.asyncStream(own, tasks, [1, 2], run)));
    await self.sleep(10);
    expect(died.get(pid)).toBe("oops");
    expect([...died.values()]).toEqual(["oops", "oops", "oops"]);
  }));

test("tasks of asyncStream end with their process, those of asyncStreamNolink live on", () =>
  streaming(async (self, sim) => {
    const died = deaths(sim);
    for (const way of WAYS) {
      const pid = self.spawn((own) => list(TaskSupervisor[way](own, tasks, [1, 2], (_, task) => forever(task))));
      await self.sleep(5);
      const running = await TaskSupervisor.children(self, tasks);
      self.exit(pid, "oops");
      const expected = way === "asyncStream" ? "oops" : undefined;
      expect(running.map((task) => died.get(task))).toEqual([expected, expected]);
      for (const task of running) self.exit(task, "kill");
    }
    await self.sleep(1);
  }));

test.for(WAYS)("tasks of %s are the supervisor's children and stop with it; their caller is who reads", (way) =>
  inVirtualTime(async (sim) => {
    const supervisor = await sim.start(TaskSupervisor.child({ name: tasks }));
    await inside(
      sim,
      async (self) => {
        const callers = TaskSupervisor[way](self, tasks, [1], (_, own) => own.callers, { label: "job" });
        expect(await list(callers)).toEqual(oks([self.pid]));
        const walk = TaskSupervisor[way](self, tasks, [1, 2], (_, own) => forever(own))[Symbol.asyncIterator]();
        const first = walk.next();
        await self.sleep(1);
        expect(await TaskSupervisor.children(self, tasks)).toHaveLength(2);
        self.exit(supervisor, "kill");
        expect([await first, await walk.next()].map(({ value }) => value)).toEqual([
          { exit: "killed" },
          { exit: "killed" },
        ]);
      },
      { trapExit: true },
    );
  }),
);

test.for(WAYS)("a task of %s that the supervisor starts after the loop was left does not run", (way) =>
  streaming(async (self, sim) => {
    const ran: number[] = [];
    const died = deaths(sim);
    const walk = TaskSupervisor[way](self, tasks, [1, 2], (n) => ran.push(n))[Symbol.asyncIterator]();
    walk.next();
    await walk.return?.();
    await self.sleep(10);
    expect(ran).toEqual([]);
    expect([...died.values()]).toEqual(["killed"]);
  }),
);

test.for(WAYS)("%s kills what takes too long, and takes a time to stop in for its tasks", (way) =>
  streaming(async (self) => {
    const options = { timeout: 20, onTimeout: "killTask", shutdown: "brutalKill" } as const;
    const results = TaskSupervisor[way](self, tasks, [1], (_, own) => forever(own), options);
    expect(await list(results)).toEqual([{ exit: "timeout" }]);
    const begun = self.now();
    const walk = TaskSupervisor[way](self, tasks, [1], stubborn, { shutdown: 30, timeout: "infinity" });
    const done = list(walk).catch((error) => error);
    await self.sleep(1);
    const [pid] = await TaskSupervisor.children(self, tasks);
    await TaskSupervisor.terminateChild(self, tasks, pid as Pid);
    expect(self.now() - begun).toBe(31);
    expect(await done).toEqual([{ exit: "killed" }]);
  }, true),
);

const stubborn = (_: number, own: Self) => {
  own.trapExit = true;
  return own.receive(() => false);
};
