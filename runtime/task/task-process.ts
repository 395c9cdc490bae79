import type { Behaviour } from "../behaviour.ts";
import { checkFunction } from "../checks.ts";
import type { SpawnFlags } from "../kernel.ts";
import { PlainState, plainBehaviour } from "../plain-process.ts";
import type { Process } from "../process.ts";
import type { Pid, ProcessFunction, Reason } from "../types.ts";
import { Watch } from "../watch.ts";

/** How a task ended: with the value of its function, or without one, and why. */
export type TaskOutcome<T> =
  | { readonly ok: T; readonly exit?: undefined }
  | { readonly exit: Reason; readonly ok?: undefined };

/** Any value may be a result or a reason, `undefined` too. */
export const failed = (outcome: TaskOutcome<unknown>): outcome is { readonly exit: Reason } => "exit" in outcome;

/**
 * What a task is done for. It is the monitor of the task and the address of its result at once, so the result goes past
 * the mailbox, and who no longer watches gets none.
 */
export abstract class Job extends Watch {
  readonly owner: Process;
  /** What its function is called. */
  readonly what: string;

  constructor(owner: Process, run: unknown) {
    super();
    this.owner = owner;
    this.what = functionName(run);
  }

  /** The task is there, and has not run yet. */
  started(process: Process): void {
    this.attach(this.owner, process);
  }

  returned(value: unknown): void {
    if (this.detach()) this.settle({ ok: value });
  }

  fire(reason: Reason): void {
    this.settle({ exit: reason });
  }

  protected abstract settle(outcome: TaskOutcome<unknown>): void;
}

class TaskState extends PlainState {
  private readonly job: Job | undefined;
  private readonly what: string;

  constructor(run: ProcessFunction, job: Job | undefined) {
    super(run);
    this.job = job;
    this.what = job?.what ?? functionName(run);
  }

  override returned(process: Process, value: unknown): void {
    if (this.job !== undefined) {
      let passed: unknown;
      try {
        passed = process.kernel.pass(value);
      } catch (thrown) {
        return this.threw(process, thrown);
      }
      this.job.returned(passed);
    }
    process.end("normal");
  }

  override threw(process: Process, thrown: unknown): void {
    process.crash(thrown, { callback: this.what });
  }
}

const taskBehaviour: Behaviour = { ...plainBehaviour, kind: "task" };

/** Makes the process of a task. With a link in `flags`, `parent` is the one it is linked to, and not always its starter. */
export function spawnTask(
  parent: Process,
  run: ProcessFunction,
  job: Job | undefined,
  callers: readonly Pid[],
  flags: SpawnFlags,
): Process {
  const process = parent.kernel.spawn(parent, taskBehaviour, new TaskState(run, job), flags);
  process.rare.callers = callers;
  if (!process.dead) job?.started(process);
  else if (!parent.dead) job?.fire(process.reason as Reason);
  return process;
}

/** The callers of what `starter` starts now. */
export const callersFrom = (starter: Process): readonly Pid[] => Object.freeze([starter.pid, ...starter.callers]);

/** What a task ends with when its owner does. That nobody needs it any more is no failure. */
export const endWith = (owner: Process): Reason =>
  owner.reason === "normal" ? { shutdown: "normal" } : (owner.reason as Reason);

/** A function is the task. */
export const checkTaskFunction = (run: unknown): unknown => checkFunction("Task", run);

export function functionName(run: unknown): string {
  const name: unknown = (run as { name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? name : "an anonymous function";
}
