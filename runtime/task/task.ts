import { nothing } from "../afterlife.ts";
import { checkOptions } from "../checks.ts";
import { BadArgument } from "../errors.ts";
import type { SpawnFlags } from "../kernel.ts";
import { nameOf } from "../names.ts";
import type { Process } from "../process.ts";
import { processOf } from "../self.ts";
import type { Async, Caller, ChildSpec, Pid, ProcessFunction, Self, Shutdown, SpawnOptions } from "../types.ts";
import { callersFrom, checkTaskFunction, functionName, spawnTask, type TaskOutcome } from "./task-process.ts";
import { recordOf, TaskRecord } from "./task-record.ts";
import { type StreamOptions, type StreamResult, taskStream, type ZippedResult } from "./task-stream.ts";
import { awaitMany, awaitTask, checkTimeout, DEFAULT_TASK_TIMEOUT, yieldMany, yieldTask } from "./task-wait.ts";

declare const result: unique symbol;

/**
 * A function that runs in a process of its own, as its owner holds it. Only the owner may ask for the result, any number
 * of times. `await using` shuts the task down at the end of the scope, unless it has ended or was ignored.
 */
export interface Task<out T = unknown> extends AsyncDisposable {
  /** `undefined` of a task that was made by `Task.completed`. */
  readonly pid: Pid | undefined;
  /** The same as in the message of its end, if there is one: see {@link TaskResult}. */
  readonly ref: number;
  readonly [result]?: T;
}

/**
 * The message of a task that was started with `TaskSupervisor.asyncNolink` and ended while nobody waited for it: the
 * value of its function. One that has none sends a `Down` with the same `ref`.
 */
export interface TaskResult<out T = unknown> {
  readonly tag: "task";
  readonly ref: number;
  readonly value: T;
}

export interface TaskChildOptions extends SpawnOptions, Partial<Omit<ChildSpec, "start">> {}

/**
 * Starts a task that is linked to `self`, and watched by it (Elixir: `Task.async/1`). A task that crashes takes its
 * owner along unless that traps exits, and a task ends with its owner, however that ends. Its result is kept for
 * `Task.await`.
 *
 * @example
 * const sum = Task.async(self, () => 1 + 1);
 * await using slow = Task.async(self, (task) => task.sleep(60_000));
 * await Task.await(self, sum); // 2
 * await Task.yieldMany(self, [sum, slow], { limit: 1 }); // [{ ok: 2 }, undefined]: slow is shut down by `await using`
 */
function async<T>(self: Self, run: ProcessFunction<T>, options: SpawnOptions = {}): Task<T> {
  checkTaskFunction(run);
  const owner = processOf(self);
  const task = new TaskRecord(owner, run, true);
  spawnTask(owner, run, task, callersFrom(owner), { ...options, link: true });
  return task;
}

function spawned(by: Process, run: ProcessFunction, options: Omit<SpawnFlags, "link">, link: boolean): Pid {
  checkTaskFunction(run);
  return spawnTask(by, run, undefined, callersFrom(by), { ...options, link }).pid;
}

/**
 * A child spec of a task, `temporary` unless said otherwise (Elixir: `Task.child_spec/1`). Its id is its name, or what
 * its function is called.
 *
 * @example
 * const warmUp = Task.child(async (task) => task.telemetry.has("process.crash"), { id: "warmUp", shutdown: 100 });
 * await sim.start(warmUp);
 */
function child(run: ProcessFunction, options: TaskChildOptions = {}): ChildSpec {
  checkTaskFunction(run);
  const { name, label, trapExit, ...spec } = checkOptions("Task.child", options);
  const { id = name === undefined ? functionName(run) : nameOf(name), restart = "temporary" } = spec;
  const flags = { name, trapExit, label: label ?? options.id };
  return { ...spec, id, restart, start: async (parent) => spawned(processOf(parent), run, flags, true) };
}

function ignore<T>(self: Caller, task: Task<T>): TaskOutcome<T> | undefined {
  const record = recordOf(self, task, "ignore");
  if (!record.owner.dead) return record.ignore();
  record.owner.zombie("ignore");
  return undefined;
}

function shutdown<T>(
  self: Caller,
  task: Task<T>,
  timeout: Shutdown = DEFAULT_TASK_TIMEOUT,
): Promise<TaskOutcome<T> | undefined> {
  return new Promise((resolve) => {
    if (timeout !== "brutalKill") checkTimeout(timeout);
    const record = recordOf(self, task, "shutdown");
    const { owner } = record;
    if (owner.dead) return void nothing(owner, "shutdown");
    if (record.pid === undefined)
      throw new BadArgument(`Task.shutdown: expected a task with a process, got: ${record}`);
    record.shutdown(timeout, (outcome) => owner.kernel.scheduler.settle(owner, resolve, outcome));
  });
}

type StreamFunction<I, T> = (item: I, self: Self) => Async<T>;
type Items<I> = Iterable<I> | AsyncIterable<I>;

/**
 * Runs `run` on each of `items`, each in a task of its own, some at a time (Elixir: `Task.async_stream/3`). Nothing is
 * started before the first result is asked for, and items are only taken as fast as results are. Leaving the loop kills
 * the tasks that have not ended. Results are `{ ok }`; a task without one takes `self` along, unless `self` traps exits:
 * then there is an `{ exit }` in its place.
 *
 * @example
 * for await (const { ok } of Task.asyncStream(self, [1, 2, 3], (n) => n * 2, { maxConcurrency: 2 })) console.log(ok);
 */
function asyncStream<I, T>(
  self: Self,
  items: Items<I>,
  run: StreamFunction<I, T>,
  options: StreamOptions & { readonly zipInputOnExit: true },
): AsyncIterable<ZippedResult<I, T>>;
function asyncStream<I, T>(
  self: Self,
  items: Items<I>,
  run: StreamFunction<I, T>,
  options?: StreamOptions,
): AsyncIterable<StreamResult<T>>;
function asyncStream(
  self: Self,
  items: Items<unknown>,
  run: StreamFunction<unknown, unknown>,
  options?: StreamOptions,
): AsyncIterable<StreamResult<unknown>> {
  const owner = processOf(self);
  return taskStream(owner, items, run, options, true, (task, job) => {
    spawnTask(owner, task, job, callersFrom(owner), { link: false, label: options?.label });
  });
}

/** A function in a process of its own, and what becomes of its result (Elixir: `Task`). */
export const Task = {
  async,
  asyncStream,
  child,

  /** Starts a task that nobody waits for, and that is linked to nobody (Elixir: `Task.start/1`). */
  start: (by: Caller, run: ProcessFunction, options: SpawnOptions = {}): Pid =>
    spawned(processOf(by), run, options, false),

  /** Starts a task that nobody waits for, linked to `self` (Elixir: `Task.start_link/1`). */
  startLink: (self: Self, run: ProcessFunction, options: SpawnOptions = {}): Pid =>
    spawned(processOf(self), run, options, true),

  /** A task that has ended already, with `value`; for where a task is expected (Elixir: `Task.completed/1`). */
  completed<T>(self: Self, value: T): Task<T> {
    const task = new TaskRecord(processOf(self), undefined, true);
    task.outcome = { ok: value };
    return task;
  },

  /**
   * The value of a task (Elixir: `Task.await/2`). Rejects with the Error that the task crashed with, or with a
   * `TaskError`: what else it exited with, or `timeout` (default 5000 ms). After a timeout the task goes on, linked as
   * before, but its result is given up.
   */
  await: awaitTask,

  /**
   * The values of tasks, in their order (Elixir: `Task.await_many/2`). Rejects as `Task.await` as soon as one has
   * failed; the results of those that have not ended then are given up. The time (default 5000 ms) is for all of them.
   */
  awaitMany,

  /** How a task ended; `undefined` when it still runs after `timeout` (default 5000 ms). It may be asked again. */
  yield: yieldTask,

  /** How tasks ended, in their order; `undefined` for each that still runs (Elixir: `Task.yield_many/2`). */
  yieldMany,

  /**
   * Unlinks a task, tells it to stop with `shutdown`, kills it after `timeout` (default 5000 ms; `"brutalKill"`: at
   * once), and waits for its end. Resolves to its value if it had one, to `undefined` if it stopped as told, or to the
   * reason it ended with.
   */
  shutdown,

  /**
   * Lets a task go on without its owner: it is unlinked, and its result is nobody's (Elixir: `Task.ignore/1`). Returns
   * how it ended if it has.
   */
  ignore,
};
