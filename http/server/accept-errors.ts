import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { Milliseconds, Self } from "../../runtime/types.ts";
import "../events.ts";

/** How long accept errors are counted before they are told of again: a full table of files fails many times a second. */
const ERROR_PAUSE: Milliseconds = 100;

/**
 * What went wrong with accepting. It is told, and accepting goes on: to crash would help nobody. (When this process has no
 * file descriptor left, Node does not say so: libuv closes the connections that come, and keeps those that are open.)
 */
export class AcceptErrors {
  private readonly self: ProcessSelf;
  private count = 0;
  private toldAt = Number.NEGATIVE_INFINITY;

  constructor(self: Self) {
    this.self = processOf(self);
  }

  add(failure: NodeJS.ErrnoException): void {
    this.count++;
    const now = this.self.now();
    if (this.self.dead || now < this.toldAt + ERROR_PAUSE) return;
    this.toldAt = now;
    const metadata = { pid: this.self.pid, code: failure.code ?? failure.message };
    this.self.kernel.telemetry.emit("http.accept.error", { count: this.count }, metadata);
    this.count = 0;
  }
}
