import { ancestorsOf, SHOWN_ANCESTORS } from "./ancestors.ts";
import { linked } from "./links.ts";
import { EMPTY } from "./mailbox.ts";
import { BUSY, DEAD, IDLE, type Process, READY, type Status } from "./process.ts";
import type { Milliseconds, Pid } from "./types.ts";

/** What a listing says of a process (OTP: `process_info/1`). */
export interface ProcessInfo {
  readonly pid: Pid;
  /** What reports call it: its pid, and its label, name or kind. */
  readonly label: string;
  readonly name: string | undefined;
  /** `"busy"`: in an asynchronous callback. `"ready"`: has messages to handle. */
  readonly status: "waiting" | "ready" | "busy" | "exiting";
  /** Messages that wait, those that a selective `receive` has passed over among them. */
  readonly messages: number;
  readonly links: readonly Pid[];
  /** Whom it watches: with monitors, and with calls that are not answered. */
  readonly monitors: readonly Pid[];
  /** Who watches it. */
  readonly monitoredBy: readonly Pid[];
  /** Who started it with a link. */
  readonly parent: Pid | undefined;
  /** Who started it, who started that one, and so on; the nearest 16 (OTP: `'$ancestors'`). */
  readonly ancestors: readonly Pid[];
  readonly trapExit: boolean;
  /** Timers that will fire for it, or wait in one of its promises. */
  readonly timers: number;
  readonly aliases: number;
  /** What it is busy with, and for how long: the message of an asynchronous callback that is not over. */
  readonly current: { readonly message: unknown; readonly age: Milliseconds } | undefined;
  /** Time in its callbacks until they gave way, in a system that keeps account; else 0. */
  readonly spent: Milliseconds;
}

export function infoOf(process: Process): ProcessInfo {
  const { extras } = process;
  return {
    pid: process.pid,
    label: process.describe(),
    name: process.registered,
    status: STATUS[process.status],
    messages: process.queueLength,
    links: linked(process.links).map((peer) => peer.pid),
    monitors: watchedBy(process),
    monitoredBy: watchersOf(process),
    parent: process.parent ?? undefined,
    ancestors: ancestorsOf(process.pid, SHOWN_ANCESTORS),
    trapExit: process.trapExit,
    timers: timersOf(process),
    aliases: extras?.aliases?.size ?? 0,
    current: currentOf(process),
    spent: extras?.spent ?? 0,
  };
}

const STATUS: { readonly [S in Status]: ProcessInfo["status"] } = {
  [IDLE]: "waiting",
  [READY]: "ready",
  [BUSY]: "busy",
  [DEAD]: "exiting",
};

function currentOf({ extras, kernel }: Process): ProcessInfo["current"] {
  if (extras === null || extras.current === EMPTY) return undefined;
  return { message: extras.current, age: kernel.driver.now() - extras.since };
}

function watchedBy(process: Process): readonly Pid[] {
  const pids: Pid[] = [];
  for (let watch = process.watching; watch !== null; watch = watch.nextOfWatcher) {
    if (watch.target !== null) pids.push(watch.target.pid);
  }
  return pids;
}

function watchersOf(process: Process): readonly Pid[] {
  const pids: Pid[] = [];
  for (let watch = process.watchers; watch !== null; watch = watch.nextOfTarget) {
    if (watch.watcher !== null) pids.push(watch.watcher.pid);
  }
  return pids;
}

function timersOf(process: Process): number {
  let count = 0;
  for (let timer = process.timers; timer !== null; timer = timer.nextOfOwner) count++;
  return count;
}
