import type { Milliseconds } from "../../runtime/types.ts";

/** How long something that is to be sent has made no progress. */
export class Stall {
  private waiting = 0;
  private given = 0;
  private since: Milliseconds;

  constructor(now: Milliseconds) {
    this.since = now;
  }

  /**
   * Since when the same has been waiting. `waiting`: how much is there; `given`: how much there has been in all. More is
   * given only when some is taken, so either changes with each progress.
   */
  look(waiting: number, given: number, now: Milliseconds): Milliseconds {
    if (waiting === 0 || waiting !== this.waiting || given !== this.given) {
      this.waiting = waiting;
      this.given = given;
      this.since = now;
    }
    return this.since;
  }
}
