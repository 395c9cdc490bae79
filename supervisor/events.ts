import { showBrief, showReason } from "../runtime/inspect.ts";
import type { Origin } from "../runtime/pid.ts";
import { defineReport } from "../runtime/reports.ts";
import type { Milliseconds, Pid, Reason } from "../runtime/types.ts";
import type { Failure } from "./intensity.ts";

interface SupervisorMetadata {
  readonly supervisor: Pid;
  /** Of the supervisor. */
  readonly label: string;
  /** The labels of those above it that live, its own parent first. */
  readonly ancestors: readonly string[];
}

interface ChildMetadata extends SupervisorMetadata {
  readonly id: string;
  readonly pid: Pid | undefined;
}

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    "supervisor.child.start": [measurements: {}, metadata: ChildMetadata];
    /**
     * A child ended by itself (OTP: `child_terminated`). `cause`: what a supervisor that gave up says of it. `origin`: the
     * process that fell first, when a link took the child along.
     */
    "supervisor.child.exit": [
      measurements: {},
      metadata: ChildMetadata & {
        reason: Reason;
        restarting: boolean;
        cause: Failure | undefined;
        origin: Origin | undefined;
      },
    ];
    /** A child runs again, with another pid. */
    "supervisor.child.restart": [measurements: {}, metadata: ChildMetadata];
    /** A restart waits, because of a back-off. `attempt` counts from 1. */
    "supervisor.child.backoff": [measurements: { delay: Milliseconds; attempt: number }, metadata: ChildMetadata];
    /** A child could not be started (OTP: `start_error`). */
    "supervisor.child.startError": [measurements: {}, metadata: ChildMetadata & { reason: unknown }];
    /**
     * A child did not stop as it was told: it crashed on the way, or was killed when its time was up. Of the children of
     * a `simpleOneForOne` supervisor that stops, one event for all that ended with the same reason: `pids`.
     */
    "supervisor.child.shutdownError": [
      measurements: {},
      metadata: ChildMetadata & { reason: Reason; shutdown: Milliseconds | string; pids: readonly Pid[] },
    ];
    /** Too many restarts in too short a time: the supervisor gives up, and its own supervisor decides. */
    "supervisor.giveUp": [
      measurements: { maxRestarts: number; maxSeconds: number },
      metadata: SupervisorMetadata & {
        /** The last child that failed, and why. */
        id: string;
        reason: Reason;
        last: Failure;
        /** The failure that began it, among those that count. */
        first: Failure;
      },
    ];
  }
}

/** `supervisor <0.3> rooms (under <0.2> app)` */
const supervisor = ({ label, ancestors }: SupervisorMetadata): string =>
  ancestors.length === 0 ? `supervisor ${label}` : `supervisor ${label} (under ${ancestors.join(", under ")})`;

const child = (id: string, pid: Pid | undefined): string => (pid === undefined ? `child ${id}` : `child ${id} ${pid}`);

/** A failure, and what was behind it. */
function tell({ id, pid, reason, cause }: Failure): string {
  const what = pid === undefined ? "could not be started" : "ended";
  const behind = cause === undefined ? "" : `, because it gave up: ${tell(cause)}`;
  return `${child(id, pid)} ${what} (${showBrief(reason)})${behind}`;
}

defineReport("supervisor.child.exit", "warning", (_, metadata) => {
  const { id, pid, reason, restarting, cause, origin } = metadata;
  const what = restarting ? "and is started again" : "and is not started again";
  const behind = cause === undefined ? "" : `\n  it gave up; at first, ${tell(cause)}`;
  const first = origin === undefined ? "" : `\n  it was linked to ${origin.label}, which ended first`;
  return `${supervisor(metadata)}: ${child(id, pid)} ended (${showBrief(reason)}) ${what}${first}${behind}`;
});

defineReport(
  "supervisor.child.backoff",
  "info",
  ({ delay, attempt }, metadata) =>
    `${supervisor(metadata)}: child ${metadata.id} waits ${Math.round(delay)} ms before attempt ${attempt} to start it again`,
);

defineReport(
  "supervisor.child.startError",
  "error",
  (_, metadata) => `${supervisor(metadata)}: child ${metadata.id} could not be started: ${showReason(metadata.reason)}`,
);

/** Pids that a report shows. */
const SHOWN = 5;

defineReport("supervisor.child.shutdownError", "error", (_, metadata) => {
  const { id, reason, shutdown, pids } = metadata;
  const more = pids.length > SHOWN ? ` and ${pids.length - SHOWN} more` : "";
  const who = `${pids.length > 1 ? "children" : "child"} ${id} ${pids.slice(0, SHOWN).join(" ")}${more}`;
  return `${supervisor(metadata)}: ${who} did not stop as told (shutdown: ${shutdown}): ${showBrief(reason)}`;
});

defineReport("supervisor.giveUp", "error", ({ maxRestarts, maxSeconds }, metadata) => {
  const { first, last } = metadata;
  const limit = `${supervisor(metadata)} gives up: more than ${maxRestarts} restarts in ${maxSeconds} s`;
  if (first === last) return `${limit}\n  ${tell(last)}`;
  return `${limit}\n  at first, ${tell(first)}\n  ${Math.round(last.at - first.at)} ms later, ${tell(last)}`;
});
