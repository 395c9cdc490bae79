import { checkOptions } from "../checks.ts";
import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Process } from "../process.ts";
import type { Label, Milliseconds, Reason } from "../types.ts";
import { checkTaskFunction, type TaskOutcome } from "./task-process.ts";
import { checkTimeout } from "./task-wait.ts";
import { type Launch, type Source, type StreamRun, TaskWalk, type WalkOptions } from "./task-walk.ts";

export interface StreamOptions {
  /** Tasks that run at once. Default 8. */
  readonly maxConcurrency?: number;
  /** Whether results come in the order of the items. Default true; otherwise they come as they are there. */
  readonly ordered?: boolean;
  /** How many results may wait for one before them when they come in order; then no task is started. Default 1000. */
  readonly maxBuffered?: number;
  /** How long one task may take. Default 5000 ms. */
  readonly timeout?: Milliseconds | "infinity";
  /** A task that takes longer is killed, and: `"exit"` (default) the stream throws; `"killTask"` its result is `{ exit: "timeout" }`. */
  readonly onTimeout?: "exit" | "killTask";
  /** Puts the item beside the reason: `{ exit, input }`. Default false. */
  readonly zipInputOnExit?: boolean;
  /** What reports call the tasks. */
  readonly label?: Label;
}

export type StreamResult<T> = TaskOutcome<T>;
export type ZippedResult<I, T> =
  | { readonly ok: T; readonly exit?: undefined }
  | { readonly exit: Reason; readonly ok?: undefined; readonly input: I };

/** The results of `run` for each of `items`: nothing runs before one is asked for, and each walk starts anew. */
export function taskStream(
  owner: Process,
  items: unknown,
  run: StreamRun,
  options: StreamOptions = {},
  link: boolean,
  launch: Launch,
): AsyncIterable<StreamResult<unknown>> {
  checkTaskFunction(run);
  const iterate = iteratorOf(items);
  const checked = walkOptions(options);
  return { [Symbol.asyncIterator]: () => new TaskWalk(owner, iterate(), run, checked, link, launch) };
}

function iteratorOf(items: any): () => Source {
  const method = items?.[Symbol.asyncIterator] ?? items?.[Symbol.iterator];
  if (typeof method === "function") return () => method.call(items);
  throw new BadArgument(`asyncStream: expected something to iterate over, got: ${show(items)}`);
}

function walkOptions(options: StreamOptions): WalkOptions {
  const {
    maxConcurrency = 8,
    maxBuffered = 1000,
    timeout = 5000,
    onTimeout = "exit",
  } = checkOptions("asyncStream", options);
  checkCount("maxConcurrency", maxConcurrency, 1);
  checkCount("maxBuffered", maxBuffered, 0);
  checkTimeout(timeout);
  if (onTimeout !== "exit" && onTimeout !== "killTask") {
    throw new BadArgument(`asyncStream: expected onTimeout to be exit or killTask, got: ${show(onTimeout)}`);
  }
  const { ordered = true, zipInputOnExit = false } = options;
  return { maxConcurrency, maxBuffered, timeout, onTimeout, ordered, zipInputOnExit };
}

function checkCount(what: string, value: number, least: number): void {
  if ((Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && value >= least) return;
  throw new BadArgument(`asyncStream: expected ${what} to be a whole number from ${least} up, got: ${show(value)}`);
}
