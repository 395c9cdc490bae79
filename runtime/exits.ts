import { DEAD, type Process } from "./process.ts";
import type { Reason } from "./types.ts";

/** Exits as a worklist: a chain of 100,000 links falls without recursion, and in the order in which it was hit. */
export class Exits {
  private readonly queue: Process[] = [];
  private draining = false;

  end(process: Process, reason: Reason): void {
    process.status = DEAD;
    process.reason = reason;
    this.queue.push(process);
    if (this.draining) return;
    this.draining = true;
    try {
      for (const dying of this.queue) dying.release();
    } finally {
      this.queue.length = 0;
      this.draining = false;
    }
  }
}
