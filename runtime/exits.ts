import { DEAD, type Process } from "./process.ts";
import type { Reason } from "./types.ts";

/** Exits as a worklist: a chain of 100,000 links falls without recursion, and in the order in which it was hit. */
export class Exits {
  private readonly queue: Process[] = [];
  private draining = false;

  end(process: Process, reason: Reason): void {
    process.status = DEAD;
    process.reason = reason;
    const { queue } = this;
    if (this.draining) {
      queue.push(process);
      return;
    }
    this.draining = true;
    try {
      process.release();
      for (let i = 0; i < queue.length; i++) queue[i]?.release();
    } finally {
      if (queue.length > 0) queue.length = 0;
      this.draining = false;
    }
  }
}
