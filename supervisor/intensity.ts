import type { Milliseconds, Pid, Reason } from "../runtime/types.ts";

/** What a restart was for: a child that ended, or could not be started. */
export interface Failure {
  readonly id: string;
  /** Of the process that ended; none, when it did not come up. */
  readonly pid: Pid | undefined;
  readonly reason: Reason;
  /** In the time of `self.now()`. */
  readonly at: Milliseconds;
  /** Of a supervisor that gave up: the first failure of its own. */
  readonly cause: Failure | undefined;
}

interface Restart {
  readonly second: number;
  readonly failure: Failure | undefined;
}

/**
 * How many restarts a supervisor has made lately (OTP: `add_restart/1`). A ring of the last `maxRestarts + 1`, in whole
 * seconds as OTP counts them, so that a restart costs the same however many went before.
 */
export class Intensity {
  private readonly maxRestarts: number;
  private readonly maxSeconds: number;
  private readonly ring: Restart[] = [];
  private next = 0;

  constructor(maxRestarts: number, maxSeconds: number) {
    this.maxRestarts = maxRestarts;
    this.maxSeconds = maxSeconds;
  }

  /** Counts one restart. False when that is one too many. */
  add(now: Milliseconds, failure?: Failure): boolean {
    if (this.maxRestarts === Number.POSITIVE_INFINITY) return true;
    const second = Math.floor(now / 1000);
    this.ring[this.next] = { second, failure };
    this.next = this.next === this.maxRestarts ? 0 : this.next + 1;
    const oldest = this.ring[this.next];
    return oldest === undefined || oldest.second < second - this.maxSeconds;
  }

  /** When one was too many: what the first of them all was for. */
  get first(): Failure | undefined {
    return this.ring[this.next]?.failure;
  }
}
