import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import type { Process } from "./process.ts";
import { defineReport } from "./reports.ts";
import type { Milliseconds, Pid } from "./types.ts";

declare module "./telemetry.ts" {
  interface TelemetryEvents {
    /** A callback held the thread for longer than the limit: nothing else ran meanwhile. */
    "process.blocked": [
      measurements: { duration: Milliseconds; limit: Milliseconds },
      metadata: { pid: Pid; label: string; message: unknown },
    ];
  }
}

defineReport(
  "process.blocked",
  "warning",
  ({ duration, limit }, { label, message }) =>
    `process ${label} blocked the thread for ${Math.round(duration)} ms (limit ${limit} ms) with: ${show(message)}`,
);

export interface AccountingOptions {
  /** How long a callback may hold the thread before a warning names it. Default 100 ms. */
  readonly blockedAfter?: Milliseconds;
}

/** Whether and how a system keeps account of its processes' time. */
export class Accounting {
  readonly blockedAfter: Milliseconds;

  constructor({ blockedAfter = 100 }: AccountingOptions) {
    if (!(blockedAfter > 0)) {
      throw new BadArgument(`accounting: expected blockedAfter to be more than 0 ms, got: ${show(blockedAfter)}`);
    }
    this.blockedAfter = blockedAfter;
  }

  /** A process held the thread for `duration` with `message`. */
  add(process: Process, duration: Milliseconds, message: unknown): void {
    process.rare.spent += duration;
    const { telemetry } = process.kernel;
    if (duration <= this.blockedAfter || !telemetry.has("process.blocked")) return;
    const metadata = { pid: process.pid, label: process.describe(), message };
    telemetry.emit("process.blocked", { duration, limit: this.blockedAfter }, metadata);
  }
}
