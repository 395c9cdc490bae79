import { showBrief, showReason } from "../../runtime/inspect.ts";
import { defineReport } from "../../runtime/reports.ts";
import type { Milliseconds, Pid, Reason, Restart } from "../../runtime/types.ts";

interface ApplicationMetadata {
  readonly application: string;
  readonly type: Restart;
  /** Its master; undefined for an application without processes. */
  readonly pid: Pid | undefined;
}

declare module "../../runtime/telemetry.ts" {
  interface TelemetryEvents {
    "application.start": [measurements: { duration: Milliseconds }, metadata: ApplicationMetadata];
    /** `system`: whether this stops the system (OTP: `application_start_failure`). */
    "application.startError": [
      measurements: {},
      metadata: { application: string; type: Restart; reason: unknown; system: boolean },
    ];
    /** It was told to stop, and has. */
    "application.stop": [measurements: { duration: Milliseconds }, metadata: ApplicationMetadata & { reason: Reason }];
    /** It ended by itself. `system`: whether this stops the system (OTP: `application_terminated`). */
    "application.exit": [measurements: {}, metadata: ApplicationMetadata & { reason: Reason; system: boolean }];
    /** `prepStop` or `stop` threw; the application is stopped all the same. */
    "application.exception": [
      measurements: {},
      metadata: { application: string; callback: "prepStop" | "stop"; error: unknown },
    ];
  }
}

const andSo = (system: boolean): string => (system ? "; the system stops" : "");

defineReport(
  "application.start",
  "debug",
  ({ duration }, { application, type }) => `application ${application} (${type}) started in ${duration.toFixed(1)} ms`,
);

defineReport(
  "application.startError",
  "error",
  (_, { application, type, reason, system }) =>
    `application ${application} (${type}) could not be started${andSo(system)}: ${showReason(reason)}`,
);

defineReport(
  "application.stop",
  "info",
  ({ duration }, { application, type }) => `application ${application} (${type}) stopped in ${duration.toFixed(1)} ms`,
);

defineReport(
  "application.exit",
  "warning",
  (_, { application, type, reason, system }) =>
    `application ${application} (${type}) exited: ${showBrief(reason)}${andSo(system)}`,
);

defineReport(
  "application.exception",
  "error",
  (_, { application, callback, error }) => `application ${application}: ${callback} threw: ${showReason(error)}`,
);
