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

/** From how many places of dropped restarts on they are given back. */
const SLACK = 4;

/**
 * How many restarts a supervisor has made lately (OTP: `add_restart/1`), in whole seconds as OTP counts them. Those that
 * no longer count are dropped from the front, so that a restart costs the same however many went before.
 */
export class Intensity {
  private readonly maxRestarts: number;
  private readonly maxSeconds: number;
  private recent: Failure[] = [];
  private oldest = 0;

  constructor(maxRestarts: number, maxSeconds: number) {
    this.maxRestarts = maxRestarts;
    this.maxSeconds = maxSeconds;
  }

  /** Counts one restart. False when that is one too many. */
  add(failure: Failure): boolean {
    if (this.maxRestarts === Number.POSITIVE_INFINITY) return true;
    this.recent.push(failure);
    this.forget(secondOf(failure) - this.maxSeconds);
    return this.recent.length - this.oldest <= this.maxRestarts;
  }

  /** When one was too many: what the first of them all was for. */
  get first(): Failure | undefined {
    return this.recent[this.oldest];
  }

  private forget(before: number): void {
    while (secondOf(this.recent[this.oldest] as Failure) < before) this.oldest++;
    if (this.oldest < SLACK || this.oldest * 2 < this.recent.length) return;
    this.recent = this.recent.slice(this.oldest);
    this.oldest = 0;
  }
}

const secondOf = ({ at }: Failure): number => Math.floor(at / 1000);
