import type { PiscinaModule } from "./worker-pool.ts";
import { WorkerPoolError } from "./worker-pool-error.ts";

/** What is given to each thread: limits of its heap, its environment, its flags (see `node:worker_threads`). */
export interface ThreadOptions {
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number;
    readonly maxYoungGenerationSizeMb?: number;
    readonly codeRangeSizeMb?: number;
    readonly stackSizeMb?: number;
  };
  readonly env?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
}

/** One order of a task. An instance, which is passed as it is: the pool knows it again by what it is. */
export class Task {
  readonly task: string;
  readonly arg: unknown;
  readonly transfer: readonly ArrayBuffer[];
  constructor(task: string, arg: unknown, transfer: readonly ArrayBuffer[]) {
    this.task = task;
    this.arg = arg;
    this.transfer = transfer;
  }
}

/**
 * One thread, for as long as it lives: a Piscina of its own, which has no queue to lose and no second thread.
 *
 * A Piscina with several threads does not recover as a pool must (5.3.2): what waits is stuck for ever when the last
 * thread dies, is aborted or cannot load its file; `maxQueue` does not count tasks that can be aborted; and which
 * thread a task was on is not told. So the pool has the queue, and makes another Piscina when a thread has ended.
 */
export class Thread {
  readonly id: number;
  /** Resolves when the thread has ended. */
  readonly exited: Promise<void>;
  /** No more tasks: it has ended, or was told to. */
  dead = false;
  told = false;
  /** What it is doing; of one that has died, what it was doing. */
  task: string | undefined = undefined;
  /** How many tasks it has come to the end of. */
  done = 0;
  private readonly piscina: InstanceType<PiscinaModule["Piscina"]>;
  private readonly filename: string;
  private error: Error | undefined;
  private exitCode: number | undefined;

  constructor({ Piscina }: PiscinaModule, filename: string, options: ThreadOptions) {
    this.filename = filename;
    // Without atomics the thread's event loop runs between two tasks: what one leaves behind does not hit the next.
    const fixed = { minThreads: 1, maxThreads: 1, idleTimeout: Infinity, atomics: "disabled", recordTiming: false };
    this.piscina = new Piscina({ ...fixed, ...options, filename } as object);
    const [worker] = this.piscina.threads;
    if (worker === undefined) throw new Error("expected a Piscina with one thread, got: none");
    this.id = worker.threadId;
    worker.once("error", (error: Error) => {
      this.error = error;
    });
    this.exited = new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.exitCode = code;
        this.end();
        resolve();
      });
    });
    // Told before the task fails. Destroyed, it does not start another thread.
    this.piscina.on("workerDestroy", () => this.end());
    // What the thread did while it had no task: the pool hears of its end.
    this.piscina.on("error", () => {});
  }

  /** Runs a task. Rejects with what it threw, or with a `WorkerPoolError` when the thread ended before it did. */
  async run({ task, arg, transfer }: Task): Promise<unknown> {
    // Piscina would find what every object has.
    if (task in Object.prototype) throw this.noTask(task);
    this.task = task;
    try {
      const value: unknown = await this.piscina.run(arg, { name: task, transferList: [...transfer] as never });
      this.rest();
      return value;
    } catch (error) {
      if (this.dead)
        throw new WorkerPoolError("threadDied", task, `a result, got: ${this.obituary()}`, {
          thread: this.id,
          cause: this.error,
        });
      this.rest();
      if (!isNoHandler(error)) throw error;
      throw this.noTask(task);
    }
  }

  /** Ends the thread, whatever it does. */
  close(): void {
    this.told ||= !this.dead;
    this.end();
  }

  private noTask(task: string): WorkerPoolError {
    return new WorkerPoolError("noTask", task, `a function that ${this.filename} exports, got: none of that name`);
  }

  private end(): void {
    if (this.dead) return;
    this.dead = true;
    this.piscina.destroy();
  }

  private rest(): void {
    this.task = undefined;
    this.done++;
  }

  /** Why it ended. */
  obituary(): string {
    const { error } = this;
    const thread = `its thread ${this.id}`;
    if (error === undefined) return `${thread} ended with exit code ${this.exitCode} (process.exit)`;
    if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") {
      return `${thread} ran out of memory (${error.message})`;
    }
    // A value that cannot be cloned arrives as an error without a text.
    const text = error.message === "" ? "perhaps by a result that cannot be cloned" : `${error.name}: ${error.message}`;
    return `${thread} crashed: ${text}`;
  }
}

const isNoHandler = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("No handler function exported from");
