import { nothing } from "../afterlife.ts";
import { checkOptions } from "../checks.ts";
import { BadArgument, TaskError } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Process } from "../process.ts";
import { checkDelay, type Timer } from "../timers.ts";
import type { Caller, Milliseconds } from "../types.ts";
import type { Task } from "./task.ts";
import { failed, type TaskOutcome } from "./task-process.ts";
import { askable, type TaskRecord } from "./task-record.ts";

export type Wait = Milliseconds | "infinity";
export const DEFAULT_TASK_TIMEOUT = 5000;

/** What the function of a task returns. */
export type ResultOf<K> = K extends Task<infer T> ? T : never;

export interface YieldManyOptions {
  /** Default 5000 ms, for all of them together. */
  readonly timeout?: Wait;
  /** How many ends are enough: with so many it resolves, and `onTimeout` does not count. Default: all. */
  readonly limit?: number;
  /** What becomes of those that have no result when the time is up. Default `"nothing"`: they go on, and may be asked again. */
  readonly onTimeout?: "nothing" | "ignore" | "killTask";
}

/** Calls `done` once: when `heard` says that it has heard enough, or when the time is up. Never when `by` ends first. */
function wait(
  by: Process,
  tasks: readonly TaskRecord[],
  timeout: Wait,
  heard: (task: TaskRecord) => boolean,
  done: (inTime: boolean) => void,
): void {
  let timer: Timer | undefined;
  let over = false;
  const finish = (inTime: boolean): void => {
    if (over) return;
    over = true;
    timer?.cancel();
    by.kernel.scheduler.settle(by, conclude, inTime);
  };
  const conclude = (inTime: boolean): void => {
    for (const task of tasks) task.leave(hear);
    done(inTime);
  };
  const hear = (task: TaskRecord): void => {
    if (heard(task)) finish(true);
  };
  for (const task of tasks) task.join(hear);
  if (timeout !== "infinity") timer = by.kernel.timers.set(timeout, () => finish(false), by);
}

const unended = (tasks: readonly TaskRecord[]): readonly TaskRecord[] =>
  [...new Set(tasks)].filter(({ outcome }) => outcome === undefined);

function give(task: TaskRecord, resolve: (value: any) => void, reject: (error: Error) => void): void {
  const outcome = task.outcome as TaskOutcome<any>;
  if (failed(outcome)) reject(task.failure(outcome.exit));
  else resolve(outcome.ok);
}

export function awaitTask<T>(self: Caller, task: Task<T>, timeout: Wait = DEFAULT_TASK_TIMEOUT): Promise<T> {
  return new Promise((resolve, reject) => {
    checkTimeout(timeout);
    const record = askable(self, task, "await");
    const { owner } = record;
    if (owner.dead) return void nothing(owner, "await");
    record.takeMessage();
    if (record.outcome !== undefined) return give(record, resolve, reject);
    wait(owner, [record], timeout, always, (inTime) => {
      if (inTime) return give(record, resolve, reject);
      reject(record.late(timeout));
      record.giveUp("await");
    });
  });
}

export function awaitMany<const Tasks extends readonly Task<any>[]>(
  self: Caller,
  tasks: Tasks,
  timeout: Wait = DEFAULT_TASK_TIMEOUT,
): Promise<{ -readonly [K in keyof Tasks]: ResultOf<Tasks[K]> }> {
  return new Promise<any>((resolve, reject) => {
    checkTimeout(timeout);
    const records = askableAll(self, tasks, "awaitMany");
    const [first] = records;
    if (first === undefined) return resolve([]);
    const { owner } = first;
    if (owner.dead) return void nothing(owner, "awaitMany");
    for (const record of records) record.takeMessage();
    const pending = unended(records);
    const finish = (inTime: boolean): void => {
      const crashed = records.find(hasFailed);
      if (crashed !== undefined) give(crashed, resolve, reject);
      else if (inTime) resolve(records.map(({ outcome }) => outcome?.ok));
      else reject(allLate(unended(pending), records.length, timeout));
      for (const record of unended(pending)) record.giveUp("await");
    };
    let left = pending.length;
    if (left === 0 || records.some(hasFailed)) return finish(true);
    wait(owner, pending, timeout, (task) => --left === 0 || hasFailed(task), finish);
  });
}

export function yieldTask<T>(
  self: Caller,
  task: Task<T>,
  timeout: Wait = DEFAULT_TASK_TIMEOUT,
): Promise<TaskOutcome<T> | undefined> {
  return new Promise((resolve) => {
    checkTimeout(timeout);
    const record = askable(self, task, "yield");
    const { owner } = record;
    if (owner.dead) return void nothing(owner, "yield");
    record.takeMessage();
    if (record.outcome !== undefined) return resolve(record.outcome);
    wait(owner, [record], timeout, always, () => resolve(record.outcome));
  });
}

export function yieldMany<const Tasks extends readonly Task<any>[]>(
  self: Caller,
  tasks: Tasks,
  options: YieldManyOptions | Wait = {},
): Promise<{ -readonly [K in keyof Tasks]: TaskOutcome<ResultOf<Tasks[K]>> | undefined }> {
  return new Promise<any>((resolve) => {
    const { timeout, limit, onTimeout } = yieldOptions(options);
    const records = askableAll(self, tasks, "yieldMany");
    const [first] = records;
    if (first === undefined) return resolve([]);
    const { owner } = first;
    if (owner.dead) return void nothing(owner, "yieldMany");
    for (const record of records) record.takeMessage();
    const pending = unended(records);
    const finish = (inTime: boolean): void => {
      const results = new Map(records.map((record) => [record, record.outcome]));
      for (const record of inTime ? [] : unended(pending)) {
        if (onTimeout === "ignore") record.ignore();
        // A kill acts at once, so the result is there at once too.
        if (onTimeout === "killTask") record.shutdown("brutalKill", (outcome) => results.set(record, outcome));
      }
      resolve(records.map((record) => results.get(record)));
    };
    const ended = new Set(records).size - pending.length;
    let left = Math.min(limit - ended, pending.length);
    if (left <= 0) return finish(true);
    wait(owner, pending, timeout, () => --left === 0, finish);
  });
}

const always = (): boolean => true;

const hasFailed = ({ outcome }: TaskRecord): boolean => outcome !== undefined && failed(outcome);

function askableAll(self: Caller, tasks: readonly Task<any>[], operation: string): readonly TaskRecord[] {
  if (!Array.isArray(tasks)) throw new BadArgument(`Task.${operation}: expected a list of tasks, got: ${show(tasks)}`);
  return tasks.map((task) => askable(self, task, operation));
}

function yieldOptions(options: YieldManyOptions | Wait): Required<YieldManyOptions> {
  const given = typeof options === "object" ? checkOptions("Task.yieldMany", options) : { timeout: options };
  const { timeout = DEFAULT_TASK_TIMEOUT, limit = Infinity, onTimeout = "nothing" } = given;
  checkTimeout(timeout);
  if (!(limit === Infinity || (Number.isInteger(limit) && limit > 0))) {
    throw new BadArgument(`Task.yieldMany: expected limit to be a whole number from 1 up, got: ${show(limit)}`);
  }
  if (!["nothing", "ignore", "killTask"].includes(onTimeout)) {
    throw new BadArgument(
      `Task.yieldMany: expected onTimeout to be nothing, ignore or killTask, got: ${show(onTimeout)}`,
    );
  }
  return { timeout, limit, onTimeout };
}

export function checkTimeout(timeout: Wait): void {
  if (timeout !== "infinity") checkDelay(timeout);
}

function allLate(late: readonly TaskRecord[], all: number, timeout: Wait): TaskError {
  const which = late.map((task) => `${task} is ${task.age} ms old and goes on`).join("; ");
  const got = `${all - late.length} (${which})`;
  return new TaskError("timeout", `Task.awaitMany: expected ${all} results within ${timeout} ms, got: ${got}`);
}
