import { addressOf } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Exit, Pid, Reason, Shutdown } from "./types.ts";
import { Ending } from "./watch.ts";

/** Resolves to the exit reason of `pid`, past the mailbox; at once with `noproc` when it is gone already. */
export function ended(by: Process, pid: Pid): Promise<Reason> {
  const { process } = addressOf(pid);
  if (process === null || process.dead) return Promise.resolve("noproc");
  return new Promise((resolve) => {
    new Ending((reason) => {
      by.kernel.scheduler.giveWay();
      resolve(reason);
    }).attach(by, process);
  });
}

/**
 * Stops a child (OTP: `supervisor:shutdown/1`): asks it with `reason`, waits `shutdown`, then kills it and waits as
 * long as it takes. Watched, not linked, so that a child which unlinked itself cannot hang the one who stops it.
 * Resolves to the child's exit reason; of one that is dead already, to what its exit message says.
 */
export async function stopProcess(
  by: Process,
  pid: Pid,
  shutdown: Shutdown,
  reason: Reason = "shutdown",
): Promise<Reason> {
  const { process } = addressOf(pid);
  if (process === null || process.dead) return takeExit(by, pid);
  const end = ended(by, pid);
  by.unlinkFrom(process);
  process.signalled(by.pid, shutdown === "brutalKill" ? "kill" : reason, false);
  const kill = () => process.signalled(by.pid, "kill", false);
  const timer = typeof shutdown === "number" && !process.dead ? by.kernel.timers.set(shutdown, kill, by) : undefined;
  const result = await end;
  timer?.cancel();
  return result;
}

/** Takes the exit message of a dead child out of the mailbox, so that its end is not heard of twice. */
function takeExit(by: Process, pid: Pid): Reason {
  let reason: Reason = "noproc";
  by.flush((message) => {
    const exit = message as Exit | undefined;
    if (typeof exit !== "object" || exit?.tag !== "exit" || exit.pid !== pid) return false;
    reason = exit.reason;
    return true;
  });
  return reason;
}
