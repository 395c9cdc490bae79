import { WorkerPool, WorkerPoolError } from "hornbeam/supervisor";
import type { VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { failure, Gate, next, pool, REAL, withPool } from "./pool-support.ts";

/** The ways in which a task ends its thread, and how that reads. */
const deaths: readonly {
  readonly way: string;
  readonly run: (sim: VirtualSystem) => Promise<unknown>;
  readonly why: RegExp;
  readonly cause?: object;
}[] = [
  {
    way: "an exception that nobody caught",
    run: (sim) => WorkerPool.run(sim, pool, "stray", "boom"),
    why: /^task 'stray': expected a result, got: its thread \d+ crashed: TypeError: boom$/,
    cause: { name: "TypeError", message: "boom" },
  },
  {
    way: "a rejection that nobody handled",
    run: (sim) => WorkerPool.run(sim, pool, "reject", "boom"),
    why: /^task 'reject': expected a result, got: its thread \d+ crashed: Error: boom$/,
    cause: { name: "Error", message: "boom" },
  },
  {
    way: "process.exit",
    run: (sim) => WorkerPool.run(sim, pool, "leave", 3),
    why: /^task 'leave': expected a result, got: its thread \d+ ended with exit code 3 \(process.exit\)$/,
  },
  {
    way: "process.exit with 0",
    run: (sim) => WorkerPool.run(sim, pool, "leave", 0),
    why: /^task 'leave': expected a result, got: its thread \d+ ended with exit code 0 \(process.exit\)$/,
  },
  {
    way: "no memory left",
    run: (sim) => WorkerPool.run(sim, pool, "eat"),
    why: /^task 'eat': expected a result, got: its thread \d+ ran out of memory \(.*memory limit.*\)$/,
    cause: { code: "ERR_WORKER_OUT_OF_MEMORY" },
  },
  {
    way: "a result that cannot be cloned",
    run: (sim) => WorkerPool.run(sim, pool, "uncloneable"),
    why: /^task 'uncloneable': expected a result, got: its thread \d+ crashed: perhaps by a result that cannot be cloned$/,
  },
];

describe("a thread that dies of", { timeout: REAL }, () => {
  test.for(deaths)("$way fails its task alone: others run on, and what waits runs", ({ run, why, cause }) =>
    withPool({ maxThreads: 2, resourceLimits: { maxOldGenerationSizeMb: 40 } }, async (sim) => {
      const exit = next(sim, "workerPool.thread.exit");
      const gate = new Gate();
      const other = WorkerPool.run(sim, pool, "gate", gate.flags);
      await gate.begun();
      const dying = failure(run(sim));
      const waiting = [WorkerPool.run(sim, pool, "hello"), WorkerPool.run(sim, pool, "thread")] as const;
      const error = await dying;
      expect(error).toBeInstanceOf(WorkerPoolError);
      expect(error).toMatchObject({ reason: "threadDied", thread: expect.any(Number) });
      expect(error.message).toMatch(why);
      if (cause === undefined) expect(error.cause?.message ?? "").toBe("");
      else expect(error.cause).toMatchObject(cause);
      expect(await waiting[0]).toBe("hello");
      expect(await waiting[1]).not.toBe(error.thread);
      expect(await exit).toMatchObject({ task: error.task, thread: error.thread });
      gate.open();
      expect(await other).not.toBe(error.thread);
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ completed: 3, failed: 1, threads: 2, queued: 0 });
    }),
  );

  test("what an earlier task left behind is reported, and does not touch the next task", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const exit = next(sim, "workerPool.thread.exit");
      const gate = new Gate();
      const thread = await WorkerPool.run(sim, pool, "bomb", gate.flags);
      gate.open();
      expect(await exit).toMatchObject({ task: undefined, thread, why: expect.stringContaining("Error: a bomb") });
      expect(await WorkerPool.run(sim, pool, "thread")).not.toBe(thread);
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ completed: 2, failed: 0, threads: 1 });
    }));
});

describe("when all threads die at once", { timeout: REAL }, () => {
  test("each fails its own task, and all that wait run", () =>
    withPool({ maxThreads: 3 }, async (sim) => {
      const dying = [1, 2, 3].map((code) => failure(WorkerPool.run(sim, pool, "leave", code)));
      const waiting = Array.from({ length: 10 }, () => WorkerPool.run(sim, pool, "hello"));
      const messages = (await Promise.all(dying)).map(({ message }) => message);
      for (const code of [1, 2, 3]) expect(messages[code - 1]).toContain(`exit code ${code}`);
      expect(await Promise.all(waiting)).toEqual(Array(10).fill("hello"));
    }));

  test("of a pool with minThreads they are replaced", () =>
    withPool({ minThreads: 2, maxThreads: 2 }, async (sim) => {
      await Promise.all([WorkerPool.run(sim, pool, "hello"), WorkerPool.run(sim, pool, "hello")]);
      await Promise.all([1, 2].map((code) => failure(WorkerPool.run(sim, pool, "leave", code))));
      while ((await WorkerPool.info(sim, pool)).threads < 2) await next(sim, "workerPool.stats");
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
    }));
});

describe("a file that cannot be loaded", { timeout: REAL }, () => {
  const missing = new URL("./fixtures/no-such-file.ts", import.meta.url);

  test("fails each task with what loading it threw; the pool lives", () =>
    withPool({ filename: missing, maxThreads: 1 }, async (sim) => {
      for (let n = 0; n < 3; n++) {
        const error = await failure(WorkerPool.run(sim, pool, "hello"));
        expect(error).toMatchObject({ reason: "threadDied" });
        expect(error.message).toContain("Cannot find module");
      }
    }));

  test("does not make the pool start threads over and over: minThreads are tried once", () =>
    withPool({ filename: missing, minThreads: 2, maxThreads: 2 }, async (sim) => {
      const exits: unknown[] = [];
      sim.telemetry.on("workerPool.thread.exit", (_, { task }) => exits.push(task));
      while (exits.length < 2) await next(sim, "workerPool.thread.exit");
      await sim.idle();
      expect(exits).toEqual([undefined, undefined]);
      expect((await WorkerPool.info(sim, pool)).threads).toBe(0);
      await failure(WorkerPool.run(sim, pool, "hello"));
    }));

  test("because it ends its thread fails each task, too", () =>
    withPool({ filename: new URL("./fixtures/leaves.ts", import.meta.url) }, async (sim) => {
      const error = await failure(WorkerPool.run(sim, pool, "hello"));
      expect(error.message).toMatch(/ended with exit code 5 \(process.exit\)$/);
    }));
});
