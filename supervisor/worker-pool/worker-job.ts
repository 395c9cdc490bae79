import type { From } from "../../runtime/call.ts";
import type { Milliseconds, MonitorRef, TimerRef } from "../../runtime/types.ts";
import type { Task, Thread } from "./worker-thread.ts";

/** A task that somebody waits for. */
export class Job {
  readonly request: Task;
  readonly from: From;
  readonly monitor: MonitorRef;
  readonly queuedAt: Milliseconds;
  startedAt: Milliseconds | undefined = undefined;
  thread: Thread | undefined = undefined;
  timer: TimerRef | undefined = undefined;
  constructor(request: Task, from: From, monitor: MonitorRef, now: Milliseconds) {
    this.request = request;
    this.from = from;
    this.monitor = monitor;
    this.queuedAt = now;
  }
}
