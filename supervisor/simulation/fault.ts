import type { Milliseconds } from "../../runtime/types.ts";
import type { Shape } from "./shape.ts";

/** Why a process ends by itself. */
export type Ending = "normal" | "shutdown" | "crash";

/** Something that happens to a tree. Processes are named by their path: `app/rooms/lobby`. */
export type Fault =
  /** Killed; it can do nothing about it. */
  | { readonly type: "kill"; readonly path: string }
  /** Stops by itself, in order. A supervisor stops its children first. */
  | { readonly type: "end"; readonly path: string; readonly reason: Ending }
  /** So many of the next starts of a child fail. */
  | { readonly type: "failStarts"; readonly path: string; readonly times: number }
  /** The next start of a child is ignored. */
  | { readonly type: "ignoreStart"; readonly path: string }
  | { readonly type: "terminateChild"; readonly path: string }
  | { readonly type: "restartChild"; readonly path: string }
  | { readonly type: "deleteChild"; readonly path: string }
  /** `path` is the supervisor's. */
  | { readonly type: "startChild"; readonly path: string; readonly child: Shape }
  /** Time passes. */
  | { readonly type: "wait"; readonly time: Milliseconds };

export type FaultType = Fault["type"];

export const FAULT_TYPES: readonly FaultType[] = [
  "kill",
  "end",
  "wait",
  "terminateChild",
  "restartChild",
  "deleteChild",
  "startChild",
  "failStarts",
  "ignoreStart",
];

/**
 * What a supervisor says to an administrative call; `noProcess`: it does not run, nor does who was to end. No child of a
 * tree at rest is `restarting`.
 */
export type Answer =
  | "ok"
  | "ignored"
  | "failed"
  | "notFound"
  | "running"
  | "restarting"
  | "alreadyPresent"
  | "alreadyStarted"
  | "noProcess";

/** A fault in a line, as a test prints it: `kill app/rooms`, `end app/rooms crash`. */
export function showFault(fault: Fault): string {
  switch (fault.type) {
    case "end":
      return `end ${fault.path} ${fault.reason}`;
    case "failStarts":
      return `failStarts ${fault.path} ${fault.times}`;
    case "startChild":
      return `startChild ${fault.path} ${JSON.stringify(fault.child)}`;
    case "wait":
      return `wait ${fault.time}`;
    default:
      return `${fault.type} ${fault.path}`;
  }
}
