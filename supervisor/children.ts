import { reasonOf, StartError } from "../runtime/errors.ts";
import { addressOf, pidIn } from "../runtime/pid.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import type { Timer } from "../runtime/timers.ts";
import type { Milliseconds, Pid, Reason, Self, WithExtra } from "../runtime/types.ts";
import type { Waits } from "./backoff.ts";
import type { Spec } from "./child-spec.ts";
import { reportChild } from "./failures.ts";
import type { Parentage } from "./parentage.ts";

const NO_ARGS: readonly unknown[] = [];

/** A child as its supervisor keeps it. */
export class Child {
  spec: Spec;
  readonly backoff: Waits | undefined;
  /** What its start gets behind the parent. */
  args: readonly unknown[];
  pid: Pid | undefined = undefined;
  /** Where it is known by its pid. */
  parentage: Parentage | undefined = undefined;
  /** Of a child that is being restarted: the pid it had, by which it may still be terminated. */
  last: Pid | undefined = undefined;
  /** It is to run, and does not: a restart failed and is tried again, or it waits. */
  restarting = false;
  /** Why it has to be restarted. */
  failure: Reason = "normal";
  /** With a back-off: the timer of the next attempt, how many there were, and since when it runs. */
  waiting: Timer | undefined = undefined;
  attempts = 0;
  since: Milliseconds | undefined = undefined;
  before: Child | undefined = undefined;
  after: Child | undefined = undefined;

  constructor(spec: Spec, backoff: Waits | undefined, args = NO_ARGS) {
    this.spec = spec;
    this.backoff = spec.backoff ?? backoff;
    this.args = args;
  }

  /** It is not to run any more: nothing is tried again. */
  settle(): void {
    this.restarting = false;
    this.waiting?.cancel();
    this.waiting = undefined;
  }

  /** A temporary child is never started again: what its start was made of is not kept. */
  forgetArgs(): void {
    this.args = NO_ARGS;
  }

  forgetStart(): void {
    this.spec = { ...this.spec, start: neverAgain };
    this.forgetArgs();
  }
}

const neverAgain = (): Promise<"ignore"> => Promise.resolve("ignore");

export interface ChildInfo {
  readonly id: string | undefined;
  readonly pid: Pid | "restarting" | undefined;
  readonly type: Spec["type"];
}

export interface ChildCount {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/** `value` is what the start gave, for whoever asked for it: a pid, a pid with something else, nothing (`ignore`). */
export type Started =
  | { readonly pid: Pid | undefined; readonly value: Pid | WithExtra | undefined }
  | { readonly failure: unknown };

const IGNORED: Started = { pid: undefined, value: undefined };

/** Starts a child's process. Whatever goes wrong is a value: the supervisor decides what it means. */
export function startChild(self: ProcessSelf, child: Child): Promise<Started> {
  try {
    const starting: Promise<unknown> = Promise.resolve(child.spec.start(self as Self, ...child.args));
    return starting.then(
      (value) => up(self, child, value),
      (thrown) => down(child, thrown),
    );
  } catch (thrown) {
    return Promise.resolve(down(child, thrown));
  }
}

export function up(self: ProcessSelf, child: Child, value: unknown): Started {
  if (value === "ignore") return IGNORED;
  const pid = pidIn(value);
  if (pid === undefined) return { failure: new StartError(value, `child ${child.spec.id}`) };
  child.pid = pid;
  child.restarting = false;
  if (child.backoff !== undefined) child.since = self.now();
  reportChild(self, "supervisor.child.start", child);
  return { pid, value: value as Pid | WithExtra };
}

export function down({ spec }: Child, thrown: unknown): Started {
  return { failure: thrown instanceof Error ? thrown : new StartError(reasonOf(thrown), `child ${spec.id}`) };
}

export const infoOf = ({ spec, pid, restarting }: Child, id: string | undefined): ChildInfo => ({
  id,
  pid: restarting ? "restarting" : pid,
  type: spec.type,
});

export function count(children: Iterable<Child>): ChildCount {
  const counts = { specs: 0, active: 0, supervisors: 0, workers: 0 };
  for (const { spec, pid, restarting } of children) {
    counts.specs++;
    if (pid !== undefined && !restarting && addressOf(pid).process !== null) counts.active++;
    if (spec.type === "supervisor") counts.supervisors++;
    else counts.workers++;
  }
  return counts;
}
