import { showBrief, showReason } from "../runtime/inspect.ts";
import { defineReport } from "../runtime/reports.ts";
import type { Milliseconds, Pid, Reason } from "../runtime/types.ts";

interface ChildMetadata {
  readonly supervisor: Pid;
  readonly label: string;
  readonly id: string;
  readonly pid: Pid | undefined;
}

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    "supervisor.child.start": [measurements: {}, metadata: ChildMetadata];
    /** A child ended by itself (OTP: `child_terminated`). */
    "supervisor.child.exit": [measurements: {}, metadata: ChildMetadata & { reason: Reason; restarting: boolean }];
    /** A child runs again, with another pid. */
    "supervisor.child.restart": [measurements: {}, metadata: ChildMetadata];
    /** A child could not be started (OTP: `start_error`). */
    "supervisor.child.startError": [measurements: {}, metadata: ChildMetadata & { reason: unknown }];
    /** A child did not stop as it was told: it crashed on the way, or was killed when its time was up. */
    "supervisor.child.shutdownError": [
      measurements: {},
      metadata: ChildMetadata & { reason: Reason; shutdown: Milliseconds | string },
    ];
    /** Too many restarts in too short a time: the supervisor gives up, and its own supervisor decides. */
    "supervisor.giveUp": [
      measurements: { maxRestarts: number; maxSeconds: number },
      metadata: { supervisor: Pid; label: string; id: string; reason: Reason },
    ];
  }
}

defineReport("supervisor.child.exit", "warning", (_, { label, id, pid, reason, restarting }) => {
  const what = restarting ? "and is started again" : "and is not started again";
  return `supervisor ${label}: child ${id} ${pid} ended (${showBrief(reason)}) ${what}`;
});

defineReport(
  "supervisor.child.startError",
  "error",
  (_, { label, id, reason }) => `supervisor ${label}: child ${id} could not be started: ${showReason(reason)}`,
);

defineReport(
  "supervisor.child.shutdownError",
  "error",
  (_, { label, id, pid, reason, shutdown }) =>
    `supervisor ${label}: child ${id} ${pid} did not stop as told (shutdown: ${shutdown}): ${showBrief(reason)}`,
);

defineReport(
  "supervisor.giveUp",
  "error",
  ({ maxRestarts, maxSeconds }, { label, id, reason }) =>
    `supervisor ${label} gives up: more than ${maxRestarts} restarts in ${maxSeconds} s; the last was of ${id}, which ended with ${showBrief(reason)}`,
);
