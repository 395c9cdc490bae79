import { nothing } from "./afterlife.ts";
import type { Behaviour } from "./behaviour.ts";
import { AlreadyStarted, StartError } from "./errors.ts";
import { lasting, NOTHING } from "./lasting.ts";
import type { Process } from "./process.ts";
import { checkDelay, type Timer } from "./timers.ts";
import type { Label, MailboxOptions, Milliseconds, Name, Pid, Reason } from "./types.ts";
import { Watch } from "./watch.ts";

export interface StartFlags {
  readonly link: boolean;
  readonly name?: Name | undefined;
  readonly label?: Label | undefined;
  readonly mailbox?: MailboxOptions | undefined;
  /** Default: no limit. */
  readonly timeout?: Milliseconds | "infinity" | undefined;
}

/** Who waits for a start. It is told once, before the next process runs, and not at all when it is dead by then. */
export interface StartWaiter {
  started(result: Pid | "ignore"): void;
  failed(error: unknown): void;
}

type Outcome = { readonly ignore: true } | { readonly failure: unknown };

/**
 * The start protocol (OTP: `proc_lib:start_link/5`): the starter waits until the new process says that it is up. A
 * failed start is told only when the process is gone, so its name can be taken again at once.
 */
export class Starting extends Watch {
  declare private readonly starter: Process;
  declare private readonly process: Process;
  declare private readonly waiter: StartWaiter;
  /** Of a start that came to nothing. */
  declare private outcome: Outcome | undefined;
  declare timer: Timer | null;

  constructor(starter: Process, process: Process, waiter: StartWaiter) {
    super();
    this.starter = starter;
    this.process = process;
    this.waiter = waiter;
    this.outcome = undefined;
    this.timer = null;
  }

  /** The process is up. */
  ack(): void {
    this.process.starting = null;
    this.timer?.cancel();
    if (this.detach()) this.tell();
  }

  /** The start comes to nothing, cleanly: the process ends as `reason`, and nobody dies of it. */
  abandon(outcome: Outcome, reason: Reason): void {
    this.outcome = outcome;
    this.process.end(reason);
  }

  fire(reason: Reason): void {
    this.timer?.cancel();
    this.outcome ??= { failure: reason };
    this.tell();
  }

  private tell(): void {
    this.starter.kernel.scheduler.settle(this.starter, Starting.told, this, "start");
  }

  private static told({ outcome, process, waiter }: Starting): void {
    if (outcome === undefined) waiter.started(process.pid);
    else if ("ignore" in outcome) waiter.started("ignore");
    else waiter.failed(new StartError(outcome.failure, process.describe()));
  }
}

/** Starts a process, and tells `waiter` of its {@link Starting.ack}, or of the `StartError` that there was instead. */
export function beginStart(
  by: Process,
  behaviour: Behaviour,
  state: unknown,
  flags: StartFlags,
  waiter: StartWaiter,
): void {
  const { kernel } = by;
  const { timeout = "infinity" } = flags;
  if (timeout !== "infinity") checkDelay(timeout);
  let process: Process;
  try {
    process = kernel.spawn(by, behaviour, state, flags);
  } catch (error) {
    const known = error instanceof AlreadyStarted || error instanceof StartError;
    return failedAtOnce(by, waiter, known ? error : new StartError(error));
  }
  // Whoever heard of its start may have ended it.
  if (process.dead) return failedAtOnce(by, waiter, new StartError(process.reason, process.describe()));
  const starting = new Starting(by, process, waiter);
  process.starting = starting;
  starting.attach(by, process);
  if (timeout === "infinity") return;
  // Unlinked first (OTP: `proc_lib:kill_flush/1`): the starter hears of it by the result, and does not die of it.
  const expire = () => {
    by.unlinkFrom(process);
    starting.abandon({ failure: "timeout" }, "killed");
  };
  starting.timer = kernel.timers.set(timeout, expire, process);
}

/** Also of this a waiter does not hear while it still asks. */
function failedAtOnce(by: Process, waiter: StartWaiter, error: unknown): void {
  by.kernel.scheduler.settle(by, () => waiter.failed(error), undefined);
}

/** As {@link beginStart}, for who awaits it: rejects with the `StartError`, resolves to the pid or `"ignore"`. */
export function startProcess(
  by: Process,
  behaviour: Behaviour,
  state: unknown,
  flags: StartFlags,
): Promise<Pid | "ignore"> {
  if (by.dead) return nothing(by, "start", new StartError("noproc", "a process of a system that has stopped"));
  return new Promise((started, failed) => beginStart(by, behaviour, state, flags, { started, failed }));
}

lasting(new Starting(NOTHING, NOTHING, NOTHING));
