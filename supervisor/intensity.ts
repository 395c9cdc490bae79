import type { Milliseconds } from "../runtime/types.ts";

/**
 * How many restarts a supervisor has made lately (OTP: `add_restart/1`). A ring of the last `maxRestarts + 1` moments,
 * in whole seconds as OTP counts them, so that a restart costs the same however many went before.
 */
export class Intensity {
  private readonly maxRestarts: number;
  private readonly maxSeconds: number;
  private readonly ring: number[] = [];
  private next = 0;

  constructor(maxRestarts: number, maxSeconds: number) {
    this.maxRestarts = maxRestarts;
    this.maxSeconds = maxSeconds;
  }

  /** Counts one restart. False when that is one too many. */
  add(now: Milliseconds): boolean {
    if (this.maxRestarts === Number.POSITIVE_INFINITY) return true;
    const second = Math.floor(now / 1000);
    this.ring[this.next] = second;
    this.next = this.next === this.maxRestarts ? 0 : this.next + 1;
    const oldest = this.ring[this.next];
    return oldest === undefined || oldest < second - this.maxSeconds;
  }
}
