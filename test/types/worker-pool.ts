// What the compiler must accept and refuse of worker pools. Checked by `tsc`; nothing here is run.
import { type ChildSpec, name, type ProtocolOf, type Ref, type Self, type System } from "hornbeam";
import { type TaskName, WorkerPool, type WorkerPoolInfo } from "hornbeam/supervisor";

declare const self: Self;
declare const system: System;
declare const byPid: Ref<Pool>;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

type Tasks = typeof import("../supervisor/fixtures/tasks.ts");
type Pool = WorkerPool<Tasks>;
type Primes = WorkerPool<typeof import("../../examples/primes-worker.ts")>;

const pool = name<Pool>("pool");
const primes = name<Primes>("primes");
const filename = new URL("../supervisor/fixtures/tasks.ts", import.meta.url);

same<TaskName<Primes["tasks"]>, "countPrimes" | "crash">(true);

const child = WorkerPool.child({ name: pool, filename, minThreads: 1, maxQueue: Infinity, restart: "transient" });
same<typeof child, ChildSpec<ProtocolOf<Pool>>>(true);
const nameless = WorkerPool.child<Tasks>({ filename: "/srv/tasks.js" });

export async function running(): Promise<void> {
  same<number, Awaited<ReturnType<typeof add>>>(true);
  same<string, Awaited<ReturnType<typeof greet>>>(true);
  same<never, Awaited<ReturnType<typeof fail>>>(true);
  same<WorkerPoolInfo, Awaited<ReturnType<typeof info>>>(true);
  await WorkerPool.run(system, byPid, "hello");
  await WorkerPool.run(self.with({ timeout: 100 }), pool, "greet");
  await WorkerPool.run(self, await system.start(nameless), "hello");
  await WorkerPool.run(self, pool, "size", new ArrayBuffer(1), { transfer: [] });
  await WorkerPool.run(self, primes, "countPrimes", { from: 0, to: 9 });
  same<Promise<{ data: ArrayBuffer }>, ReturnType<typeof transferred>>(true);

  // @ts-expect-error no such task
  await WorkerPool.run(self, pool, "subtract", { a: 1, b: 2 });
  // @ts-expect-error a task of another pool
  await WorkerPool.run(self, pool, "countPrimes", { from: 0, to: 9 });
  // @ts-expect-error an export that is no function
  await WorkerPool.run(self, pool, "greeting");
  // @ts-expect-error a function of two arguments
  await WorkerPool.run(self, pool, "two", 1);
  // @ts-expect-error argument missing
  await WorkerPool.run(self, pool, "add");
  // @ts-expect-error argument of another type
  await WorkerPool.run(self, pool, "add", { a: 1, b: "2" });
  // @ts-expect-error an argument for a task that takes none
  await WorkerPool.run(self, pool, "hello", 1);
  // @ts-expect-error no such option
  await WorkerPool.run(self, pool, "size", new ArrayBuffer(1), { timeout: 5 });
  // @ts-expect-error what is transferred are buffers
  await WorkerPool.run(self, pool, "size", new ArrayBuffer(1), { transfer: ["a"] });
  // @ts-expect-error a pool is not called
  await self.call(pool, "add", { a: 1, b: 2 });
}

const add = () => WorkerPool.run(self, pool, "add", { a: 1, b: 2 });
const greet = () => WorkerPool.run(self, pool, "greet", "ada");
const fail = () => WorkerPool.run(self, pool, "fail", "x");
const info = () => WorkerPool.info(self, pool);
const transferred = () => WorkerPool.transfer({ data: new ArrayBuffer(1) }, []);

// @ts-expect-error the file is missing
export const noFile = WorkerPool.child({ name: pool });
// @ts-expect-error no such option
export const misspelt = WorkerPool.child({ filename, maxThread: 1 });
// @ts-expect-error a pool is always a worker
export const typed = WorkerPool.child({ filename, type: "supervisor" });
