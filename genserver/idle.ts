import { timeout as idle } from "../runtime/plain-process.ts";
import type { Process } from "../runtime/process.ts";
import type { IdleTimeout } from "../runtime/results.ts";
import type { Milliseconds } from "../runtime/types.ts";
import type { Server } from "./callback.ts";
import { messageWaits } from "./sys/system-host.ts";

// What a server does when no message comes.

/** A timeout with a message of its own is an order: at 0 it comes before what waits. A plain one waits for nothing. */
export function idleTimeout(process: Process, server: Server, time: Milliseconds, next: IdleTimeout): void {
  const delay = next.abs === true ? Math.max(0, time - process.kernel.driver.now()) : time;
  if (delay > 0) startTimer(process, server, delay, "message" in next ? next.message : idle);
  else if ("message" in next) process.unshift(next.message);
  else if (!messageWaits(process)) comeNext(process, idle);
}

/** Delivers `message` if no other comes for so long: the next one cancels it. */
export function startTimer(process: Process, server: Server, delay: Milliseconds, message: unknown): void {
  if (messageWaits(process)) return;
  server.timer = process.kernel.timers.set(delay, () => expire(process, server, message), process);
}

/** A message that came first has cancelled the timeout, even if it was not handled yet. */
function expire(process: Process, server: Server, message: unknown): void {
  server.timer = null;
  if (!messageWaits(process)) comeNext(process, message);
}

/** What no message has come before goes before those that come later, whoever chooses among them; not before what waits. */
function comeNext(process: Process, message: unknown): void {
  if (process.empty) process.enqueueUrgent(message);
  else process.enqueue(message);
}
