import { addressOf } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Exit, Milliseconds, Pid, Reason, Shutdown } from "./types.ts";
import { Ending } from "./watch.ts";

/**
 * Resolves to the exit reason of `pid`, past the mailbox: at once with `noproc` when it is gone already, and with
 * `timeout` when it has not ended in time.
 */
export function ended(by: Process, pid: Pid, timeout: Milliseconds | "infinity" = "infinity"): Promise<Reason> {
  const { process } = addressOf(pid);
  if (process === null || process.dead) return Promise.resolve("noproc");
  const { scheduler, timers } = by.kernel;
  return new Promise((resolve) => {
    const ending = new Ending((reason) => {
      timer?.cancel();
      scheduler.settle(by, resolve, reason, "end");
    });
    const giveUp = (): void => {
      ending.detach();
      scheduler.settle(by, resolve, "timeout");
    };
    const timer = timeout === "infinity" ? undefined : timers.set(timeout, giveUp, by);
    ending.attach(by, process);
  });
}

/** The exit reasons of children that have ended already. */
export type Exits = ReadonlyMap<Pid, Reason>;

const NONE: Exits = new Map();

/**
 * Stops a child (OTP: `supervisor:shutdown/1`): asks it with `reason`, waits `shutdown`, then kills it and waits as
 * long as it takes. Watched, not linked, so that a child which unlinked itself cannot hang the one who stops it.
 * Resolves to its exit reason; of one that was gone already, to what `exits` knows of it, or `noproc`.
 */
export async function stopProcess(
  by: Process,
  pid: Pid,
  shutdown: Shutdown,
  reason: Reason = "shutdown",
  exits = NONE,
): Promise<Reason> {
  const { process } = addressOf(pid);
  if (process === null || process.dead) return exits.get(pid) ?? "noproc";
  const end = ended(by, pid);
  by.unlinkFrom(process);
  process.signalled(by.pid, shutdown === "brutalKill" ? "kill" : reason, false);
  const kill = () => process.signalled(by.pid, "kill", false);
  const timer = typeof shutdown === "number" && !process.dead ? by.kernel.timers.set(shutdown, kill, by) : undefined;
  const result = await end;
  timer?.cancel();
  return result;
}

/** How long a process may take to stop at the end of a scope. */
const SCOPE_END: Milliseconds = 5000;

/** Asks a process to stop in the order of its behaviour, kills it when it does not, and waits for its end. */
export async function stopInOrder(process: Process): Promise<void> {
  const { kernel, behaviour } = process;
  const { root } = kernel;
  if (process.dead || root === null) return;
  const end = ended(root, process.pid);
  if (behaviour.stop === undefined) process.signalled(root.pid, "shutdown", false);
  else behaviour.stop(process, "shutdown");
  const timer = kernel.timers.set(SCOPE_END, () => process.end("killed"), root);
  await end;
  timer.cancel();
}

/**
 * Takes the exit messages of children that are to be stopped out of the mailbox: what ended by itself is then not heard
 * of twice.
 */
export function takeExits(by: Process, children: ReadonlySet<Pid | undefined>, into: Map<Pid, Reason>): void {
  by.flush((message) => {
    const exit = message as Exit | null;
    if (typeof exit !== "object" || exit?.tag !== "exit" || !children.has(exit.pid)) return false;
    into.set(exit.pid, exit.reason);
    return true;
  });
}
