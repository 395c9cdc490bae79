import { show } from "../runtime/inspect.ts";
import type { Process } from "../runtime/process.ts";
import { defineReport } from "../runtime/reports.ts";
import type { Pid } from "../runtime/types.ts";

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** A message came that the server's module has no `handleInfo` for; it was dropped. */
    "genserver.unhandled": [measurements: {}, metadata: { pid: Pid; label: string; message: unknown }];
  }
}

defineReport(
  "genserver.unhandled",
  "warning",
  (_, { label, message }) => `${label} has no handleInfo, and dropped: ${show(message)}`,
);

/** Drops a message that a server has no use for, and says so. */
export function unhandled(process: Process, message: unknown): void {
  const metadata = { pid: process.pid, label: process.describe(), message };
  process.kernel.telemetry.emit("genserver.unhandled", {}, metadata);
}
