import type { Socket } from "node:net";
import type { Milliseconds } from "../../runtime/types.ts";

/**
 * Connections that were accepted when as many were served as may be. They are paused and unread, so that their clients
 * wait as in the kernel's backlog, until they get a turn.
 */
export class Backlog {
  private readonly since = new Map<Socket, Milliseconds>();

  get size(): number {
    return this.since.size;
  }

  /** Those that wait, the first first. */
  entries(): Iterable<readonly [socket: Socket, since: Milliseconds]> {
    return this.since;
  }

  add(socket: Socket, now: Milliseconds): void {
    this.since.set(socket, now);
    // A client that resets its connection gives its place up; one that ends it in order is found out when it is read.
    socket.once("close", () => this.since.delete(socket));
  }

  /** Takes the first one out. */
  next(): Socket | undefined {
    const [socket] = this.since.keys();
    if (socket !== undefined) this.since.delete(socket);
    return socket;
  }

  /** Takes those out that have waited since `moment` or longer. */
  takeSince(moment: Milliseconds): readonly Socket[] {
    const late: Socket[] = [];
    for (const [socket, since] of this.since) {
      if (since > moment) break;
      late.push(socket);
      this.since.delete(socket);
    }
    return late;
  }
}
