import type { Milliseconds } from "../runtime/types.ts";

/** How long something that waits to be sent has not become less. */
export class Stall {
  private length = 0;
  private since: Milliseconds;

  constructor(now: Milliseconds) {
    this.since = now;
  }

  /** Since when so much has been waiting, and no byte less. */
  look({ writableLength }: { readonly writableLength: number }, now: Milliseconds): Milliseconds {
    if (writableLength === 0 || writableLength !== this.length) {
      this.length = writableLength;
      this.since = now;
    }
    return this.since;
  }
}
