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

type Outcome = { readonly ignore: true } | { readonly failure: unknown };

/**
 * The start protocol (OTP: `proc_lib:start_link/5`): the starter waits until the new process says that it is up. A
 * failed start is told only when the process is gone, so its name can be taken again at once.
 */
export class Starting extends Watch {
  declare private readonly starter: Process;
  declare private readonly process: Process;
  declare private readonly settle: (result: Pid | "ignore") => void;
  declare private readonly reject: (error: unknown) => void;
  declare private outcome: Outcome | undefined;
  declare timer: Timer | null;

  constructor(
    starter: Process,
    process: Process,
    settle: (result: Pid | "ignore") => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.starter = starter;
    this.process = process;
    this.settle = settle;
    this.reject = reject;
    this.outcome = undefined;
    this.timer = null;
  }

  /** The process is up. */
  ack(): void {
    this.process.starting = null;
    this.timer?.cancel();
    if (this.detach()) this.tell(this.settle, this.process.pid);
  }

  /** The start comes to nothing, cleanly: the process ends as `reason`, and nobody dies of it. */
  abandon(outcome: Outcome, reason: Reason): void {
    this.outcome = outcome;
    this.process.end(reason);
  }

  fire(reason: Reason): void {
    this.timer?.cancel();
    const { outcome } = this;
    if (outcome !== undefined && "ignore" in outcome) this.tell(this.settle, "ignore");
    else {
      const why = outcome === undefined ? reason : outcome.failure;
      this.tell(this.reject, new StartError(why, this.process.describe()));
    }
  }

  private tell<T>(settle: (value: T) => void, value: T): void {
    this.starter.kernel.scheduler.settle(this.starter, settle, value);
  }
}

/** Starts a process and waits for its {@link Starting.ack}. Rejects with a `StartError`; resolves to `"ignore"`. */
export function startProcess(
  by: Process,
  behaviour: Behaviour,
  state: unknown,
  flags: StartFlags,
): Promise<Pid | "ignore"> {
  const { kernel } = by;
  if (by.dead) return nothing(by, "start", new StartError("noproc", "a process of a system that has stopped"));
  return new Promise((settle, reject) => {
    if (flags.timeout !== undefined && flags.timeout !== "infinity") checkDelay(flags.timeout);
    let process: Process;
    try {
      process = kernel.spawn(by, behaviour, state, flags);
    } catch (error) {
      reject(error instanceof AlreadyStarted || error instanceof StartError ? error : new StartError(error));
      return;
    }
    // Whoever heard of its start may have ended it.
    if (process.dead) return reject(new StartError(process.reason, process.describe()));
    const starting = new Starting(by, process, settle, reject);
    process.starting = starting;
    starting.attach(by, process);
    if (flags.timeout !== undefined && flags.timeout !== "infinity") {
      // Unlinked first (OTP: `proc_lib:kill_flush/1`): the starter hears of it by the result, and does not die of it.
      const expire = () => {
        by.unlinkFrom(process);
        starting.abandon({ failure: "timeout" }, "killed");
      };
      starting.timer = kernel.timers.set(flags.timeout, expire, process);
    }
  });
}

lasting(
  new Starting(
    NOTHING,
    NOTHING,
    () => {},
    () => {},
  ),
);
