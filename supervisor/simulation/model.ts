import type { Milliseconds } from "../../runtime/types.ts";
import { Course } from "./course.ts";
import type { Answer, Fault } from "./fault.ts";
import type { Shape, SupervisorShape } from "./shape.ts";

// A model of OTP's supervisor, as data: it knows the rules, and nothing of the supervisors of this library.

/** A child as its supervisor keeps it. */
export interface ModelChild {
  readonly path: string;
  readonly shape: Shape;
  /** The process: `app/rooms#2` is the second that was started there. Undefined: it does not run. */
  readonly name: string | undefined;
  /** Of a supervisor that runs, in start order. */
  readonly children: readonly ModelChild[];
  /** When a supervisor restarted a child lately, in whole seconds, the last first. */
  readonly restarts: readonly number[];
}

export type StartOutcome = "fail" | "ignore";

/** A tree at rest. */
export interface ModelState {
  readonly now: Milliseconds;
  /** Undefined: it has ended, with everything. */
  readonly root: ModelChild | undefined;
  /** By path: how the next starts go. After them, and elsewhere, they succeed. */
  readonly plans: Readonly<Record<string, readonly StartOutcome[]>>;
  /** By path: how many processes have been started there. */
  readonly starts: Readonly<Record<string, number>>;
}

/** Something that became of a process. */
export interface Entry {
  readonly at: Milliseconds;
  readonly type: "start" | "end" | "failed" | "ignored";
  /** Of the process; of a start that failed or was ignored, the path. */
  readonly name: string;
  /** Of an end: `normal`, `shutdown`, `crash`, `killed`, `failedToStartChild`. */
  readonly reason?: string;
}

/** An entry, and in which line of events: within a line the order is fixed, between lines it is not. */
export interface PredictedEntry extends Entry {
  /** `"tree"`, or the name of a process that lost its supervisor and goes on by itself. */
  readonly line: string;
}

export interface Prediction {
  readonly state: ModelState;
  readonly entries: readonly PredictedEntry[];
  /** The supervisors that restarted too often, and gave up. */
  readonly gaveUp: readonly string[];
  /** The supervisors that ended because of their significant children. */
  readonly autoShutdowns: readonly string[];
  readonly answer: Answer;
}

const NOTHING: ModelState = { now: 0, root: undefined, plans: {}, starts: {} };

/**
 * What is there when a tree has been started.
 *
 * @example
 * const { state, entries } = begin(supervisorShape("app", [workerShape("a"), workerShape("b")]));
 * expect([...statusOf(state).keys()]).toEqual(["app", "app/a", "app/b"]);
 * expect(entries.map(({ name }) => name)).toEqual(["app#1", "app/a#1", "app/b#1"]);
 */
export function begin(tree: SupervisorShape, now: Milliseconds = 0): Prediction {
  const course = new Course({ ...NOTHING, now });
  course.begin(tree);
  return course.prediction("ok");
}

/**
 * What becomes of a tree at rest when something happens to it: everything until it is at rest again, by the rules of
 * OTP's supervisor. Two things that are due at the very same moment, such as the end of a child and of the patience with
 * it, are no case for a prediction; the child is then taken to be in time.
 *
 * @example
 * const { state } = begin(supervisorShape("app", [workerShape("a"), workerShape("b")], { strategy: "oneForAll" }));
 * const { entries } = predict(state, { type: "kill", path: "app/a" });
 * expect(entries.map(({ type, name }) => `${type} ${name}`)).toEqual([
 *   "end app/a#1",
 *   "end app/b#1",
 *   "start app/a#2",
 *   "start app/b#2",
 * ]);
 */
export function predict(state: ModelState, fault: Fault): Prediction {
  const course = new Course(state);
  return course.prediction(course.happens(fault));
}

/** What there is at each path: the name of a process, or that it is stopped. Nothing is being restarted at rest. */
export function statusOf(state: ModelState): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  const add = ({ path, name, children }: ModelChild): void => {
    all.set(path, name ?? "stopped");
    for (const child of children) add(child);
  };
  if (state.root !== undefined) add(state.root);
  return all;
}
