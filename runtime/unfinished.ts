import { show, showReason } from "./inspect.ts";
import { EMPTY } from "./mailbox.ts";
import { type Process, START } from "./process.ts";
import { defineReport } from "./reports.ts";
import type { Milliseconds, Pid, Reason } from "./types.ts";

/** What the code of a process was about: a message, the start of a server, or the one function of a plain process. */
export type BusyWith = { readonly message: unknown } | "start" | "function";

declare module "./telemetry.ts" {
  interface TelemetryEvents {
    /** A process ended in the middle of asynchronous code, and that code has still not come to its end. */
    "process.unfinished": [
      measurements: { after: Milliseconds },
      metadata: { pid: Pid; label: string; reason: Reason; busyWith: BusyWith },
    ];
  }
}

defineReport("process.unfinished", "warning", ({ after }, { label, reason, busyWith }) => {
  const what = typeof busyWith === "object" ? show(busyWith.message) : `its ${busyWith}`;
  return `process ${label} is dead (${showReason(reason)}), but after ${after} ms its code is not done with: ${what}`;
});

/**
 * A process ends in the middle of asynchronous code, which nobody can stop: if it goes on for too long, that is told.
 * Code that waits for the runtime is over, because no promise of that resumes the dead; who has a call or a request
 * open is taken to wait for it. Called while the process still has its ties.
 */
export function watchUnfinished(
  process: Process,
  current = process.extras === null ? EMPTY : process.extras.current,
): void {
  const { unfinishedAfter, telemetry, timers } = process.kernel;
  if (unfinishedAfter === "infinity" || !telemetry.has("process.unfinished") || isParked(process)) return;
  const what = busyWith(current);
  process.rare.unfinished = timers.setQuietly(unfinishedAfter, () => {
    const metadata = {
      pid: process.pid,
      label: process.describe(),
      reason: process.reason as Reason,
      busyWith: what,
    };
    telemetry.emit("process.unfinished", { after: unfinishedAfter }, metadata);
  });
}

/** Whether its code waits for a sleep, a reply, a start or an end; or for what it asked for after its own. */
function isParked(process: Process): boolean {
  if (process.extras?.parked === true) return true;
  for (let timer = process.timers; timer !== null; timer = timer.nextOfOwner) if (timer.wakes) return true;
  for (let watch = process.watching; watch !== null; watch = watch.nextOfWatcher) if (watch.awaited) return true;
  return false;
}

function busyWith(current: unknown): BusyWith {
  if (current === EMPTY) return "function";
  return current === START ? "start" : { message: current };
}
