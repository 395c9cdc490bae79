import { show } from "../../runtime/inspect.ts";

/**
 * Why a task of a worker pool came to nothing, where that is not an error of its own.
 * - `queueFull`: as many wait as may; `limit` is how many.
 * - `threadDied`: its thread ended in the middle of it: an exception that nobody caught, which is the `cause`,
 *   `process.exit`, or no memory left; `thread` is which. So it is, too, when the file of the pool cannot be loaded.
 * - `taskTimeout`: it ran longer than the pool allows; `limit` is how long (ms). Its thread was ended.
 * - `timeout`: its caller's call timed out. It was cancelled.
 * - `noTask`: the file of the pool exports no such function.
 */
export class WorkerPoolError extends Error {
  override readonly name = "WorkerPoolError";
  readonly reason: "queueFull" | "threadDied" | "taskTimeout" | "timeout" | "noTask";
  readonly task: string;
  readonly limit: number | undefined;
  readonly thread: number | undefined;
  constructor(
    reason: WorkerPoolError["reason"],
    task: string,
    why: string,
    more: { readonly limit?: number; readonly thread?: number; readonly cause?: unknown } = {},
  ) {
    super(`task ${show(task)}: expected ${why}`, more.cause === undefined ? {} : { cause: more.cause });
    this.reason = reason;
    this.task = task;
    this.limit = more.limit;
    this.thread = more.thread;
  }
}
