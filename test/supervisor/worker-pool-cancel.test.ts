import { CallError, type Pid, type Self } from "hornbeam";
import { Supervisor, WorkerPool, WorkerPoolError } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { failure, Gate, next, pool, REAL, threads, withPool } from "./pool-support.ts";

/** A process that runs a task which never ends by itself. */
const spinner = (gate: Gate) => (self: Self) =>
  WorkerPool.run(self.with({ timeout: "infinity" }), pool, "spin", gate.flags);

describe("a task is cancelled, and its thread ended,", { timeout: REAL }, () => {
  test("when its caller dies; what waits runs on another thread", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const gate = new Gate();
      const caller = sim.spawn(spinner(gate));
      await gate.begun();
      const waiting = WorkerPool.run(sim, pool, "hello");
      const exception = next(sim, "workerPool.task.exception");
      sim.kill(caller);
      expect(await exception).toMatchObject({ task: "spin", reason: "callerDied" });
      expect(await waiting).toBe("hello");
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ cancelled: 1, failed: 0, completed: 1, threads: 1 });
      expect(threads()).toBe(1);
    }));

  test("when the timeout of the call is over", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const gate = new Gate();
      const run = failure(WorkerPool.run(sim.with({ timeout: 100 }), pool, "spin", gate.flags));
      await gate.begun();
      await sim.advance(100);
      const error = await run;
      expect(error).toBeInstanceOf(WorkerPoolError);
      expect(error).toMatchObject({ reason: "timeout", task: "spin" });
      expect(error.message).toBe(
        "task 'spin': expected a result within the timeout of the call, got: none, so it was cancelled",
      );
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ cancelled: 1, failed: 0 });
    }));

  test("when the signal of the call is aborted, whose reason is the cause of the error", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const gate = new Gate();
      const giveUp = new AbortController();
      const options = { timeout: "infinity", signal: giveUp.signal } as const;
      const run = failure(WorkerPool.run(sim.with(options), pool, "spin", gate.flags));
      await gate.begun();
      const exception = next(sim, "workerPool.task.exception");
      giveUp.abort("enough");
      const error = await run;
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({ reason: "aborted", cause: "enough" });
      expect(await exception).toMatchObject({ task: "spin", reason: "aborted" });
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ cancelled: 1, failed: 0 });
    }));

  test("by default after 5000 ms, as a call is", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const gate = new Gate();
      const run = failure(WorkerPool.run(sim, pool, "spin", gate.flags));
      await gate.begun();
      await sim.advance(4999);
      expect((await WorkerPool.info(sim, pool)).busy).toBe(1);
      await sim.advance(1);
      expect((await run).reason).toBe("timeout");
    }));

  test("when it runs longer than taskTimeout, however long its caller would wait", () =>
    withPool({ maxThreads: 1, taskTimeout: 100 }, async (sim) => {
      const first = new Gate();
      const second = new Gate();
      const patient = sim.with({ timeout: "infinity" });
      const runs = [first, second].map(({ flags }) => failure(WorkerPool.run(patient, pool, "spin", flags)));
      await first.begun();
      await sim.advance(100);
      const error = await runs[0];
      expect(error).toMatchObject({ reason: "taskTimeout", task: "spin", limit: 100, thread: expect.any(Number) });
      expect(error.message).toMatch(
        /^task 'spin': expected a result within 100 ms \(taskTimeout\), got: none, so its thread \d+ was ended$/,
      );
      // The time in the queue does not count.
      await second.begun();
      await sim.advance(99);
      expect((await WorkerPool.info(sim, pool)).busy).toBe(1);
      await sim.advance(1);
      expect((await runs[1]).reason).toBe("taskTimeout");
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      await sim.advance(1000);
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ completed: 1, failed: 2, cancelled: 0 });
    }));
});

describe("a task that waits", { timeout: REAL }, () => {
  test("and whose caller dies, or whose time is up, never runs", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const started: string[] = [];
      sim.telemetry.on("workerPool.task.start", (_, { task }) => started.push(task));
      const gate = new Gate();
      const run = WorkerPool.run(sim.with({ timeout: "infinity" }), pool, "gate", gate.flags);
      const caller = sim.spawn((self) => WorkerPool.run(self, pool, "greet"));
      const late = failure(WorkerPool.run(sim.with({ timeout: 50 }), pool, "thread"));
      await gate.begun();
      await sim.idle();
      sim.kill(caller);
      await sim.advance(50);
      expect((await late).reason).toBe("timeout");
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ queued: 0, cancelled: 2 });
      gate.open();
      await run;
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      expect(started).toEqual(["gate", "hello"]);
    }));

  test("for a caller that is gone when the pool hears of it is not even queued", () =>
    withPool({}, async (sim) => {
      const started: string[] = [];
      sim.telemetry.on("workerPool.task.start", (_, { task }) => started.push(task));
      const caller = sim.spawn((self) => {
        WorkerPool.run(self, pool, "hello");
        self.exit(self.pid, "kill");
      });
      await sim.idle();
      expect(sim.isAlive(caller)).toBe(false);
      expect(started).toEqual([]);
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ cancelled: 0, threads: 0 });
    }));
});

describe("a pool that stops", { timeout: REAL }, () => {
  test("ends its threads within its shutdown, and its callers hear of it", () =>
    withPool({ maxThreads: 2 }, async (sim, top) => {
      const gates = [new Gate(), new Gate(), new Gate()] as const;
      const runs = gates.map(({ flags }) => failure(WorkerPool.run(sim, pool, "spin", flags)));
      await Promise.all([gates[0].begun(), gates[1].begun()]);
      const reports: string[] = [];
      sim.telemetry.on("supervisor.child.shutdownError", (_, { id }) => reports.push(id));
      await Supervisor.terminateChild(sim, top, "pool");
      expect(threads()).toBe(0);
      expect(reports).toEqual([]);
      for (const error of await Promise.all(runs)) {
        expect(error).toBeInstanceOf(CallError);
        expect(error.reason).toBe("shutdown");
      }
      expect(gates[2].hasBegun).toBe(false);
      expect((await failure(WorkerPool.run(sim, pool, "hello"))).reason).toBe("noproc");
    }));

  test("because it is killed takes its threads along, and is started again by its supervisor", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const zombies: string[] = [];
      sim.telemetry.on("process.zombie", (_, { operation }) => zombies.push(operation));
      const gate = new Gate();
      const run = failure(WorkerPool.run(sim, pool, "spin", gate.flags));
      await gate.begun();
      const restart = next(sim, "supervisor.child.restart");
      sim.kill(sim.whereis(pool) as Pid);
      expect((await run).reason).toBe("killed");
      await restart;
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      // The thread of the old pool has ended: only the one of the new pool is there.
      expect(threads()).toBe(1);
      expect(zombies).toEqual([]);
    }));
});
