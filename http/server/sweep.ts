import type { ProcessSelf } from "../../runtime/self.ts";
import type { Pid, TimerRef } from "../../runtime/types.ts";
import type { Acceptor } from "./acceptor.ts";
import type { ConnectionProcess } from "./connection-process.ts";
import { pauseBetweenLooks } from "./limits.ts";
import { RoundRobin } from "./round-robin.ts";
import type { Shared } from "./shared.ts";

/** It is time to look whether a connection has reached a limit. */
export const LOOK = { tag: "look" } as const;

/** All connections are looked at in so many goes, at most; and in a go at so many, at least. */
const SHARES = 100;
const LEAST_SHARE = 10;

type Looked = Pick<ConnectionProcess<unknown>, "look" | "notify">;

/** Looks at connections from time to time, while there are any: one timer for all of them, and their limits. */
export class Sweep {
  private readonly self: ProcessSelf;
  private readonly shared: Shared;
  private readonly connections: ReadonlyMap<Pid, Looked>;
  private readonly acceptor: Acceptor;
  private readonly round: RoundRobin<Looked>;
  private next: TimerRef | undefined;
  /** How many there were when this round began: it takes as long as ever, however many are closed meanwhile. */
  private size = 0;
  /** How many of them have been looked at. */
  private seen = 0;

  /** `self` is the process that is sent {@link LOOK} when it is time. */
  constructor(self: ProcessSelf, shared: Shared, connections: ReadonlyMap<Pid, Looked>, acceptor: Acceptor) {
    this.self = self;
    this.shared = shared;
    this.connections = connections;
    this.acceptor = acceptor;
    this.round = new RoundRobin(connections);
  }

  /** Looks whether somebody has reached a limit, and looks again later while there is anybody. */
  look(): void {
    if (this.seen >= this.size) {
      this.size = this.connections.size;
      this.seen = 0;
    }
    const { share } = this;
    this.seen += share;
    this.lookAt(this.round.next(share));
  }

  /** Looks at all of them now, and not when it was time. */
  lookAtAll(): void {
    this.cancel();
    this.lookAt(this.connections.values());
  }

  private lookAt(connections: Iterable<Looked>): void {
    this.next = undefined;
    const now = this.self.now();
    for (const connection of connections) {
      connection.look(now);
      if (this.shared.notified) connection.notify();
    }
    this.acceptor.look(now);
    this.later();
  }

  /** Looks again later, if there is anybody. */
  later(): void {
    if (this.next !== undefined || this.connections.size + this.acceptor.size === 0) return;
    const { limits, grace, draining } = this.shared;
    const { waitingTimeout, headersTimeout, idleTimeout, requestTimeout, sendTimeout } = limits;
    const timeouts = [waitingTimeout, headersTimeout, idleTimeout, requestTimeout, sendTimeout];
    const pause = pauseBetweenLooks(...timeouts, ...(draining ? [grace] : []));
    const untilNext = pause * Math.min(1, this.share / Math.max(1, this.size));
    // Nobody waits for it: what is open keeps the program alive, or is not worth it.
    this.next = this.self.kernel.timers.setQuietly(untilNext, () => this.self.enqueue(LOOK));
  }

  /** At how many connections to look at once: many are looked at in several goes, so that nobody waits for it long. */
  private get share(): number {
    return Math.max(LEAST_SHARE, Math.ceil(this.size / SHARES));
  }

  cancel(): void {
    this.next?.cancel();
  }
}
