import { addressOf } from "../runtime/pid.ts";
import type { Process } from "../runtime/process.ts";
import { takeExits } from "../runtime/stopping.ts";
import type { Timer } from "../runtime/timers.ts";
import type { Milliseconds, Pid, Reason } from "../runtime/types.ts";
import { Watch } from "../runtime/watch.ts";
import type { Child } from "./children.ts";

/** A child of whom nothing is known but that it is gone: it had unlinked itself (OTP: `child_process_unlinked`). */
const UNLINKED = "childProcessUnlinked";

/**
 * A child that is to be stopped (OTP: `supervisor:shutdown/1`). It is watched from the moment that this is decided, so
 * that an end that comes before its turn is heard of here; watched, not linked, so that one which has unlinked itself
 * cannot hang its supervisor. The link stays until it is told, in case the supervisor is killed before.
 */
export class Leaving extends Watch {
  readonly child: Child;
  readonly pid: Pid;
  /** Why it ended, when it has. */
  reason: Reason | undefined = undefined;
  private heard: Heard | undefined = undefined;

  constructor(child: Child, pid: Pid) {
    super();
    this.child = child;
    this.pid = pid;
  }

  /** Asks it to stop, or kills it at once, as its spec says. `heard` is called at its end, perhaps before this returns. */
  tell(by: Process, heard: Heard): void {
    if (this.reason !== undefined) return heard(this, this.reason);
    const process = this.target as Process;
    this.heard = heard;
    by.unlinkFrom(process);
    process.signalled(by.pid, this.child.spec.shutdown === "brutalKill" ? "kill" : "shutdown", false);
  }

  kill(by: Process): void {
    this.target?.signalled(by.pid, "kill", false);
  }

  fire(reason: Reason): void {
    this.reason = reason;
    this.heard?.(this, reason);
  }
}

/** Begins to watch those of the children that have a process. The exits that came before are taken from the mailbox. */
export function watch(by: Process, children: readonly Child[]): Leaving[] {
  const all: Leaving[] = [];
  const gone = new Set<Pid>();
  for (const child of children) {
    if (child.pid === undefined) continue;
    const leaving = new Leaving(child, child.pid);
    const { process } = addressOf(child.pid);
    if (process === null || process.dead) gone.add(child.pid);
    else leaving.attach(by, process);
    all.push(leaving);
  }
  if (gone.size > 0) {
    const exits = new Map<Pid, Reason>();
    takeExits(by, gone, exits);
    for (const leaving of all) if (gone.has(leaving.pid)) leaving.reason = exits.get(leaving.pid) ?? UNLINKED;
  }
  return all;
}

type Heard = (leaving: Leaving, reason: Reason) => void;

/** Those that may take equally long, and have not ended. */
class Patience {
  readonly running = new Set<Leaving>();
  timer: Timer | undefined = undefined;
}

/**
 * Tells all to stop, and waits for their ends. Those that may take equally long share one timer; when it fires, those
 * of them that still run are killed, and waited for as long as it takes. `heard` is called at each end.
 */
export function stopTogether(by: Process, all: readonly Leaving[], heard: Heard): Promise<void> {
  if (all.length === 0) return Promise.resolve();
  const { scheduler, timers } = by.kernel;
  const patiences = new Map<Milliseconds, Patience>();
  let left = all.length;
  return new Promise((resolve) => {
    const ended: Heard = (leaving, reason) => {
      const patience = patiences.get(leaving.child.spec.shutdown as Milliseconds);
      if (patience?.running.delete(leaving) && patience.running.size === 0) patience.timer?.cancel();
      heard(leaving, reason);
      if (--left > 0) return;
      scheduler.settle(by, resolve, undefined);
    };
    for (const leaving of all) {
      leaving.tell(by, ended);
      const { shutdown } = leaving.child.spec;
      if (leaving.reason !== undefined || typeof shutdown !== "number") continue;
      const patience = patiences.get(shutdown) ?? new Patience();
      patiences.set(shutdown, patience);
      patience.running.add(leaving);
    }
    for (const [shutdown, patience] of patiences) {
      const kill = () => {
        for (const leaving of patience.running) leaving.kill(by);
      };
      if (patience.running.size > 0) patience.timer = timers.set(shutdown, kill, by);
    }
  });
}
