import { showBrief } from "../../runtime/inspect.ts";
import { defineReport } from "../../runtime/reports.ts";
import type { Milliseconds, Pid } from "../../runtime/types.ts";

interface PoolMetadata {
  readonly pool: Pid;
  readonly label: string;
}

interface TaskMetadata extends PoolMetadata {
  readonly task: string;
  /** Undefined when it never ran. */
  readonly thread: number | undefined;
}

interface TaskTimes {
  /** How long it waited for a thread. */
  readonly queueTime: Milliseconds;
  readonly runTime: Milliseconds;
}

declare module "../../runtime/telemetry.ts" {
  interface TelemetryEvents {
    "workerPool.task.start": [measurements: { queueTime: Milliseconds }, metadata: TaskMetadata];
    "workerPool.task.stop": [measurements: TaskTimes, metadata: TaskMetadata];
    /** A task threw, was lost with its thread, ran too long, or nobody waits for it any more (`callerDied`, `timeout`, `aborted`). */
    "workerPool.task.exception": [measurements: TaskTimes, metadata: TaskMetadata & { reason: unknown }];
    /** A thread ended that was not told to. `task`: what it was doing. */
    "workerPool.thread.exit": [
      measurements: {},
      metadata: PoolMetadata & { thread: number; task: string | undefined; why: string },
    ];
    /** After each change of these. */
    "workerPool.stats": [measurements: { threads: number; busy: number; queued: number }, metadata: PoolMetadata];
  }
}

defineReport(
  "workerPool.task.exception",
  "debug",
  ({ runTime }, { label, task, reason }) =>
    `${label}: task ${task} failed after ${runTime.toFixed(1)} ms: ${showBrief(reason)}`,
);

defineReport(
  "workerPool.thread.exit",
  "warning",
  (_, { label, task, why }) => `${label}: ${task === undefined ? "an idle thread" : `task ${task}`} was lost: ${why}`,
);
