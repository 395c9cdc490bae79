import { BadArgument, name } from "hornbeam";
import { treeOf, WorkerPool, WorkerPoolError } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { failure, Gate, next, pool, REAL, runScript, tasks, threads, withPool } from "./pool-support.ts";

describe("a task", { timeout: REAL }, () => {
  test("runs on a thread of the pool, and its result comes back", () =>
    withPool({}, async (sim) => {
      expect(await WorkerPool.run(sim, pool, "add", { a: 1, b: 2 })).toBe(3);
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      expect(await WorkerPool.run(sim, pool, "greet")).toBe("hello you");
      expect(await WorkerPool.run(sim, pool, "greet", "ada")).toBe("hello ada");
      expect(await WorkerPool.run(sim, pool, "thread")).toBeGreaterThan(0);
      expect(threads()).toBe(1);
    }));

  test("that throws is its caller's error as it is, and its thread goes on", () =>
    withPool({}, async (sim) => {
      const thread = await WorkerPool.run(sim, pool, "thread");
      const error = await failure(WorkerPool.run(sim, pool, "fail", "too far"));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toBe("too far");
      expect(error.stack).toContain("tasks.ts");
      expect(await failure(WorkerPool.run(sim, pool, "failOddly"))).toEqual({ odd: true });
      expect(await WorkerPool.run(sim, pool, "thread")).toBe(thread);
    }));

  test.for(["greeting", "nothing", "toString", "constructor"])(
    "%s, which is no function of the file, is refused",
    (task) =>
      withPool({}, async (sim) => {
        const error = await failure(WorkerPool.run(sim, pool, task as "hello"));
        expect(error).toBeInstanceOf(WorkerPoolError);
        expect(error.reason).toBe("noTask");
        expect(error.message).toBe(
          `task '${task}': expected a function that ${tasks.href} exports, got: none of that name`,
        );
        expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      }),
  );

  test("has a name: what is none is refused", () =>
    withPool({}, async (sim) => {
      const error = await failure(WorkerPool.run(sim, pool, 7 as unknown as "hello"));
      expect(error).toBeInstanceOf(BadArgument);
      expect(error.message).toBe("expected the name of a task (a string), got: 7");
    }));

  test("with an argument that cannot be cloned fails alone", () =>
    withPool({}, async (sim) => {
      const error = await failure(WorkerPool.run(sim, pool, "greet", (() => "ada") as never));
      expect(error.name).toBe("DataCloneError");
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
    }));

  test("takes the buffers that are transferred", () =>
    withPool({}, async (sim) => {
      const buffer = new ArrayBuffer(1000);
      expect(await WorkerPool.run(sim, pool, "size", buffer)).toBe(1000);
      expect(buffer.byteLength).toBe(1000);
      expect(await WorkerPool.run(sim, pool, "size", buffer, { transfer: [buffer] })).toBe(1000);
      expect(buffer.byteLength).toBe(0);
    }));

  test("gives the buffers that it transfers", () =>
    withPool({ filename: new URL("./fixtures/transfer-tasks.ts", import.meta.url) }, async (sim) => {
      const makers = name<WorkerPool<typeof import("./fixtures/transfer-tasks.ts")>>(pool.name);
      expect((await WorkerPool.run(sim, makers, "make", 500)).data.byteLength).toBe(500);
      expect(await WorkerPool.run(sim, makers, "left")).toBe(0);
    }));

  test("has the environment that the pool is given", () =>
    withPool({ env: { COLOUR: "green" } }, async (sim) => {
      expect(await WorkerPool.run(sim, pool, "env", "COLOUR")).toBe("green");
    }));

  test("of a thread that cannot be made fails, and the pool lives", () =>
    withPool({ execArgv: ["--no-such-flag"] }, async (sim) => {
      const error = await failure(WorkerPool.run(sim, pool, "hello"));
      expect(error).toMatchObject({ code: "ERR_WORKER_INVALID_EXEC_ARGV" });
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ threads: 0, failed: 1 });
    }));
});

describe("the queue", { timeout: REAL }, () => {
  test("holds what no thread has time for; as many run at once as there are threads, the first asked first", () =>
    withPool({ maxThreads: 2 }, async (sim) => {
      const gates = [new Gate(), new Gate(), new Gate(), new Gate()] as const;
      const runs = gates.map(({ flags }) => WorkerPool.run(sim, pool, "gate", flags));
      await Promise.all([gates[0].begun(), gates[1].begun()]);
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ threads: 2, busy: 2, queued: 2, completed: 0 });
      expect([gates[2].hasBegun, gates[3].hasBegun]).toEqual([false, false]);
      gates[1].open();
      await gates[2].begun();
      expect(gates[3].hasBegun).toBe(false);
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ busy: 2, queued: 1, completed: 1 });
      for (const gate of gates) gate.open();
      const used = await Promise.all(runs);
      expect(new Set(used).size).toBe(2);
      expect(used[2]).toBe(used[1]);
    }));

  test("refuses one task more than maxQueue, names the limit, and takes tasks again when there is room", () =>
    withPool({ maxThreads: 1, maxQueue: 2 }, async (sim) => {
      const gate = new Gate();
      const runs = [WorkerPool.run(sim, pool, "gate", gate.flags)];
      for (let n = 0; n < 2; n++) runs.push(WorkerPool.run(sim, pool, "thread"));
      const error = await failure(WorkerPool.run(sim, pool, "hello"));
      expect(error).toBeInstanceOf(WorkerPoolError);
      expect(error).toMatchObject({ reason: "queueFull", task: "hello", limit: 2 });
      expect(error.message).toMatch(
        /^task 'hello': expected room in the queue of <.*> pool, got: 2 that wait \(maxQueue\)$/,
      );
      gate.open();
      await Promise.all(runs);
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      expect(await WorkerPool.info(sim, pool)).toMatchObject({ completed: 4, failed: 1, queued: 0 });
    }));

  test("of length 0 refuses what cannot run at once", () =>
    withPool({ maxThreads: 1, maxQueue: 0 }, async (sim) => {
      const gate = new Gate();
      const run = WorkerPool.run(sim, pool, "gate", gate.flags);
      expect(await failure(WorkerPool.run(sim, pool, "hello"))).toMatchObject({ reason: "queueFull", limit: 0 });
      gate.open();
      await run;
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
    }));
});

describe("the threads", { timeout: REAL }, () => {
  test("of minThreads are there from the start and stay; others are ended after idleTimeout", () =>
    withPool({ minThreads: 1, maxThreads: 3, idleTimeout: 1000 }, async (sim) => {
      expect((await WorkerPool.info(sim, pool)).threads).toBe(1);
      const gates = [new Gate(), new Gate(), new Gate()];
      const runs = gates.map(({ flags }) => WorkerPool.run(sim, pool, "gate", flags));
      for (const gate of gates) await gate.begun();
      expect(threads()).toBe(3);
      for (const gate of gates) gate.open();
      await Promise.all(runs);
      await sim.advance(999);
      expect((await WorkerPool.info(sim, pool)).threads).toBe(3);
      // Used again, it is as if new.
      await WorkerPool.run(sim, pool, "hello");
      const ended = stats(sim, 1);
      await sim.advance(1000);
      await ended;
      expect(threads()).toBe(1);
      await sim.advance(1_000_000);
      expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
      expect((await WorkerPool.info(sim, pool)).threads).toBe(1);
    }));

  test("stay for ever with idleTimeout Infinity", () =>
    withPool({ idleTimeout: Infinity }, async (sim) => {
      const thread = await WorkerPool.run(sim, pool, "thread");
      await sim.advance(100_000_000);
      expect(await WorkerPool.run(sim, pool, "thread")).toBe(thread);
    }));

  test("are not there, and Piscina is not loaded, before a pool starts; none is left when its system has stopped", async () => {
    expect(await runScript("pool-lazy.ts")).toBe("false 0\ntrue 0\ntrue 1\ntrue 0\n");
  });

  test("do not keep a program alive whose system has stopped", async () => {
    expect(await runScript("pool-exits.ts")).toBe(
      "call 'run' to 'pool': expected a reply, got: 'shutdown' (the server ended)\n",
    );
  });
});

describe("what a pool tells", { timeout: REAL }, () => {
  test("info has its limits, its counts, and who runs what on which thread for how long", () =>
    withPool({ minThreads: 1, maxThreads: 1, maxQueue: 5 }, async (sim) => {
      await WorkerPool.run(sim, pool, "hello");
      await failure(WorkerPool.run(sim, pool, "fail", "x"));
      const gate = new Gate();
      const caller = sim.spawn((self) => WorkerPool.run(self, pool, "gate", gate.flags));
      await gate.begun();
      await sim.advance(30);
      const { running, ...rest } = await WorkerPool.info(sim, pool);
      expect(rest).toEqual({
        threads: 1,
        busy: 1,
        queued: 0,
        completed: 1,
        failed: 1,
        cancelled: 0,
        minThreads: 1,
        maxThreads: 1,
        maxQueue: 5,
      });
      expect(running).toEqual([{ task: "gate", caller, thread: expect.any(Number), runTime: 30 }]);
      gate.open();
    }));

  test("events have how long a task waited and ran, and the sizes after each change", () =>
    withPool({ maxThreads: 1 }, async (sim) => {
      const seen: unknown[] = [];
      const sizes: unknown[] = [];
      sim.telemetry.on("workerPool.task.start", (times, { task }) => seen.push(["start", task, times]));
      sim.telemetry.on("workerPool.task.stop", (times, { task }) => seen.push(["stop", task, times]));
      sim.telemetry.on("workerPool.task.exception", (times, { task, reason }) => {
        seen.push(["exception", task, times, (reason as Error).message]);
      });
      sim.telemetry.on("workerPool.stats", (each) => sizes.push(each));
      const gate = new Gate();
      const run = WorkerPool.run(sim, pool, "gate", gate.flags);
      const failing = failure(WorkerPool.run(sim, pool, "fail", "no"));
      await gate.begun();
      await sim.advance(70);
      gate.open();
      await run;
      await failing;
      expect(seen).toEqual([
        ["start", "gate", { queueTime: 0 }],
        ["stop", "gate", { queueTime: 0, runTime: 70 }],
        ["start", "fail", { queueTime: 70 }],
        ["exception", "fail", { queueTime: 70, runTime: 0 }, "no"],
      ]);
      expect(sizes).toEqual([
        { threads: 1, busy: 1, queued: 0 },
        { threads: 1, busy: 1, queued: 1 },
        { threads: 1, busy: 1, queued: 0 },
        { threads: 1, busy: 0, queued: 0 },
      ]);
    }));

  test("a message that it has no use for is reported, and does no harm", () =>
    withPool({}, async (sim, top) => {
      const unhandled = next(sim, "genserver.unhandled");
      sim.send(sim.whereis(pool) as never, "hello" as never);
      expect(await unhandled).toMatchObject({ message: "hello" });
      expect(await treeOf(sim, top)).toMatchObject({ children: [{ id: "pool", type: "worker" }] });
    }));
});

describe("the options of a pool", () => {
  test.for([
    [{ filename: "./tasks.ts" }, "expected filename to be a file URL or an absolute path, got: './tasks.ts'"],
    [{ filename: new URL("https://example.com/tasks.ts") }, "expected filename to be a file URL or an absolute path"],
    [{ minThreads: -1 }, "expected minThreads to be a whole number from 0 up, got: -1"],
    [{ minThreads: 1.5 }, "expected minThreads to be a whole number from 0 up, got: 1.5"],
    [{ minThreads: Infinity }, "expected minThreads to be a whole number from 0 up, got: Infinity"],
    [{ maxThreads: 0 }, "expected maxThreads to be a whole number from 1 up, got: 0"],
    [{ minThreads: 3, maxThreads: 2 }, "expected maxThreads to be a whole number from 3 up, got: 2"],
    [{ maxThreads: Infinity }, "expected maxThreads to be a whole number from 1 up, got: Infinity"],
    [{ maxQueue: -1 }, "expected maxQueue to be a whole number from 0 up, or Infinity, got: -1"],
    [{ idleTimeout: -1 }, "expected idleTimeout to be milliseconds, got: -1"],
    [{ taskTimeout: "1s" }, "expected taskTimeout to be milliseconds, got: '1s'"],
    [{ maxThread: 1 }, "got: 'maxThread'"],
  ] as const)("%o are refused: %s", ([options, message]) => {
    const child = () => WorkerPool.child({ filename: tasks, ...options } as never);
    expect(child).toThrow(BadArgument);
    expect(child).toThrow(message);
  });

  test("have defaults", () => {
    const child = WorkerPool.child({ filename: tasks, restart: "transient", shutdown: 100 });
    expect(child).toMatchObject({ id: "workerPool", restart: "transient", shutdown: 100 });
    return withPool({}, async (sim) => {
      const info = await WorkerPool.info(sim, pool);
      expect(info).toMatchObject({ minThreads: 0, maxThreads: navigator.hardwareConcurrency, maxQueue: 1000 });
    });
  });
});

/** Resolves when there are so many threads. */
const stats = (sim: Parameters<typeof next>[0], count: number): Promise<void> =>
  new Promise((resolve) => {
    const off = sim.telemetry.on("workerPool.stats", ({ threads }) => {
      if (threads !== count) return;
      off();
      resolve();
    });
  });
