import { child as serverChild } from "../../genserver/genserver.ts";
import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument, CallError } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { ProtocolOf } from "../../runtime/protocol.ts";
import { processOf } from "../../runtime/self.ts";
import type { Caller, ChildSpec, Milliseconds, Name, Pid, Target } from "../../runtime/types.ts";
import { type Refusal, unwrap } from "../refusal.ts";
import { WorkerPoolError } from "./worker-pool-error.ts";
import { WorkerPoolServer } from "./worker-pool-server.ts";
import { Task, type ThreadOptions } from "./worker-thread.ts";

/** The only mention of the library: loaded when a pool starts, not before. */
const load = () => import("piscina");
export type PiscinaModule = Awaited<ReturnType<typeof load>>;

/**
 * Threads for work that would hold up everybody else. The tasks of a pool are the functions, of one argument or none,
 * that one file exports; its name knows them.
 *
 * @example
 * const primes = name<WorkerPool<typeof import("../../examples/primes-worker.ts")>>("primes");
 * const filename = new URL("../../examples/primes-worker.ts", import.meta.url);
 * await sim.start(WorkerPool.child({ name: primes, filename, maxThreads: 2 }));
 * console.log(await WorkerPool.run(self, primes, "countPrimes", { from: 0, to: 100 })); // 25
 */
export interface WorkerPool<Tasks extends object = any> {
  readonly tasks: Tasks;
}

export interface WorkerPoolOptions<Tasks extends object = any>
  extends ThreadOptions,
    Partial<Pick<ChildSpec, "id" | "restart" | "shutdown" | "significant">> {
  /** The file whose exports are the tasks: `new URL("./primes-worker.ts", import.meta.url)`, or an absolute path. */
  readonly filename: URL | string;
  /** Without a name: address the pool by the pid that its start gives. */
  readonly name?: Name<ProtocolOf<WorkerPool<Tasks>>>;
  /**
   * Threads that are always there; one that dies before it has done anything is not replaced until a task needs it.
   * Default 0: a thread is started when a task needs it.
   */
  readonly minThreads?: number;
  /** Default: as many as the machine runs in parallel. */
  readonly maxThreads?: number;
  /** Tasks that may wait for a thread; more are refused with `queueFull`. Default 1000. */
  readonly maxQueue?: number;
  /** How long a thread above `minThreads` may have nothing to do before it is ended. Default 30,000 ms. */
  readonly idleTimeout?: Milliseconds;
  /** How long a task may run before its thread is ended and it fails with `taskTimeout`. Default: no limit. */
  readonly taskTimeout?: Milliseconds;
}

export interface WorkerPoolInfo {
  readonly threads: number;
  readonly busy: number;
  readonly queued: number;
  readonly completed: number;
  /** Threw, were lost with their threads, ran too long or were refused. */
  readonly failed: number;
  /** Nobody waited for them any more. */
  readonly cancelled: number;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly maxQueue: number;
  readonly running: readonly {
    readonly task: string;
    readonly caller: Pid;
    readonly thread: number;
    readonly runTime: Milliseconds;
  }[];
}

/** The functions of a module that can be tasks. */
export type TaskName<Tasks> = {
  [K in keyof Tasks & string]: Tasks[K] extends (arg: any) => any ? K : never;
}[keyof Tasks & string];

interface RunOptions {
  /** Buffers that the thread gets as they are, instead of copies; they are empty here afterwards. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** The argument of a task, and options where there is one. */
type TaskArgs<F> = F extends (...args: infer A) => any
  ? A extends []
    ? []
    : A extends [arg: infer T]
      ? [arg: T, options?: RunOptions]
      : [arg?: A[0], options?: RunOptions]
  : never;
type TaskResult<F> = F extends (...args: any) => infer R ? Awaited<R> : never;

/** Tasks on threads, under supervision. */
export const WorkerPool = {
  /**
   * A child spec of a pool. The threads are ended when the pool stops; one that is killed takes them along. In a
   * simulation use `time: "manual"`: threads take real time.
   */
  child: <Tasks extends object = any>(options: WorkerPoolOptions<Tasks>): ChildSpec<ProtocolOf<WorkerPool<Tasks>>> => {
    const {
      filename,
      name,
      minThreads = 0,
      maxThreads = Math.max(minThreads, parallelism()),
      ...others
    } = checkOptions("WorkerPool.child", options);
    const { maxQueue = 1000, idleTimeout = 30_000, taskTimeout = Infinity, ...more } = others;
    const { resourceLimits, env, execArgv, ...spec } = more;
    count("minThreads", minThreads, 0);
    count("maxThreads", maxThreads, Math.max(1, minThreads));
    queueLength(maxQueue);
    time("idleTimeout", idleTimeout);
    time("taskTimeout", taskTimeout);
    const thread = { ...(resourceLimits && { resourceLimits }), ...(env && { env }), ...(execArgv && { execArgv }) };
    const limits = { minThreads, maxThreads, maxQueue, idleTimeout, taskTimeout };
    const id = name?.name ?? "workerPool";
    return serverChild(
      WorkerPoolServer,
      { load, filename: pathOf(filename), thread, ...limits },
      { id, ...spec, ...(name && { name }) },
    ) as ChildSpec;
  },

  /**
   * Runs a task on a thread of a pool, and resolves to what it returns. The argument and the result are copied, as by
   * `structuredClone`. Rejects with what the task throws; with a `WorkerPoolError` when the queue is full, its thread
   * died, or the time is up; with a `CallError` when the pool is not there or ends.
   *
   * Waits as `call` does, 5000 ms unless said otherwise: `WorkerPool.run(self.with({ timeout: 60_000 }), …)`. A task is
   * cancelled, by ending its thread, when that time is up or the call's signal is aborted, when its caller dies, and when
   * the pool stops.
   */
  run: async <Tasks extends object, K extends TaskName<Tasks>>(
    by: Caller,
    pool: Target<ProtocolOf<WorkerPool<Tasks>>>,
    task: K,
    ...rest: TaskArgs<Tasks[K]>
  ): Promise<TaskResult<Tasks[K]>> => {
    if (typeof task !== "string") throw new BadArgument(`expected the name of a task (a string), got: ${show(task)}`);
    const [arg, options = {}] = rest as [arg?: unknown, options?: RunOptions];
    const request = new Task(task, processOf(by).kernel.pass(arg), options.transfer ?? []);
    const replied: Promise<any> = by.call(pool as Target, "run", request).catch((error: unknown) => {
      const reason = error instanceof CallError ? error.reason : undefined;
      if (reason === "timeout" || reason === "aborted") by.cast(pool as Target, "abandoned", { request, reason });
      if (reason !== "timeout") throw error;
      throw new WorkerPoolError(
        "timeout",
        task,
        "a result within the timeout of the call, got: none, so it was cancelled",
      );
    });
    return unwrap(replied as Promise<any | Refusal>);
  },

  /** For a task: a result whose buffers the caller gets as they are, instead of copies. */
  transfer: async <T>(value: T, buffers: readonly ArrayBuffer[]): Promise<T> => {
    const { move, transferableSymbol, valueSymbol } = await load();
    return move({ [transferableSymbol]: buffers, [valueSymbol]: value } as never) as T;
  },

  /** What a pool is doing, and has done. */
  info: (by: Caller, pool: Target<ProtocolOf<WorkerPool>>): Promise<WorkerPoolInfo> => by.call(pool as Target, "info"),
};

const parallelism = (): number => navigator.hardwareConcurrency;

function pathOf(filename: unknown): string {
  if (filename instanceof URL && filename.protocol === "file:") return filename.href;
  if (typeof filename === "string" && /^(\/|file:\/\/|[A-Za-z]:[\\/])/.test(filename)) return filename;
  throw new BadArgument(`expected filename to be a file URL or an absolute path, got: ${show(filename)}`);
}

function count(what: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw new BadArgument(`expected ${what} to be a whole number from ${least} up, got: ${show(value)}`);
}

function queueLength(value: unknown): void {
  if ((Number.isInteger(value) || value === Infinity) && (value as number) >= 0) return;
  throw new BadArgument(`expected maxQueue to be a whole number from 0 up, or Infinity, got: ${show(value)}`);
}

function time(what: string, value: unknown): void {
  if (typeof value === "number" && value >= 0) return;
  throw new BadArgument(`expected ${what} to be milliseconds, got: ${show(value)}`);
}
