import { showReason } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { defineReport } from "../../runtime/reports.ts";
import type { Milliseconds, Pid } from "../../runtime/types.ts";

declare module "../../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** A process that is traced (`sys.trace`) has got a message, or answered one. */
    "sys.trace": [measurements: {}, metadata: { pid: Pid; label: string; event: SystemEvent }];
    /** A function that traced a process threw; it has been removed. */
    "sys.trace.failure": [measurements: {}, metadata: { pid: Pid; label: string; error: unknown }];
  }
}

defineReport(
  "sys.trace.failure",
  "error",
  (_, { label, error }) => `a function that traced ${label} threw and was removed: ${showReason(error)}`,
);

/** What a process does, as `sys.trace` and `sys.log` tell it. The state is not in it: `sys.getState` asks for that. */
export type SystemEvent =
  | { readonly tag: "in"; readonly message: unknown }
  | { readonly tag: "out"; readonly value: unknown; readonly to: Pid };

/** What `sys.statistics` has counted since it was turned on. */
export interface Statistics {
  /** When it was turned on, in the time of `self.now()`. */
  readonly startTime: Milliseconds;
  readonly currentTime: Milliseconds;
  /** Messages to the module: calls, casts, timeouts and plain ones. */
  readonly messagesIn: number;
  /** Replies that callbacks returned. */
  readonly messagesOut: number;
}

export type Tracer = (event: SystemEvent, pid: Pid) => void;

/** What observes one process (OTP: the debug options of `sys`). */
export class Debug {
  tracer: Tracer | boolean = false;
  private size = 0;
  private events: SystemEvent[] = [];
  private counts: { startTime: Milliseconds; messagesIn: number; messagesOut: number } | undefined;

  get off(): boolean {
    return this.tracer === false && this.size === 0 && this.counts === undefined;
  }

  record(process: Process, event: SystemEvent): void {
    if (this.counts !== undefined) this.counts[event.tag === "in" ? "messagesIn" : "messagesOut"]++;
    if (this.size > 0) {
      if (this.events.length === this.size) this.events.shift();
      this.events.push(event);
    }
    if (this.tracer !== false) this.trace(process, event);
  }

  /** Keeps the last `size` events; 0 keeps none. */
  keepLog(size: number): void {
    this.size = size;
    this.events = size === 0 ? [] : this.events.slice(-size);
  }

  /** The last events, oldest first; `undefined` when none are kept. */
  get log(): readonly SystemEvent[] | undefined {
    return this.size === 0 ? undefined : [...this.events];
  }

  count(on: boolean, now: Milliseconds): void {
    this.counts = on ? { startTime: now, messagesIn: 0, messagesOut: 0 } : undefined;
  }

  statistics(now: Milliseconds): Statistics | undefined {
    return this.counts === undefined ? undefined : { ...this.counts, currentTime: now };
  }

  /** A function that throws must not take the process down that it observes. */
  private trace(process: Process, event: SystemEvent): void {
    const { telemetry } = process.kernel;
    if (typeof this.tracer !== "function") {
      telemetry.emit("sys.trace", {}, { pid: process.pid, label: process.describe(), event });
      return;
    }
    try {
      this.tracer(event, process.pid);
    } catch (error) {
      this.tracer = false;
      telemetry.emit("sys.trace.failure", {}, { pid: process.pid, label: process.describe(), error });
    }
  }
}
