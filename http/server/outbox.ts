import { detached } from "../../runtime/strays.ts";
import type { Milliseconds } from "../../runtime/types.ts";

/** Something that is ready to be sent. */
interface Delivery {
  deliver(): void;
}

/** How many wait for each other at most, and how long. */
const MOST = 64;
const LONGEST_WAIT: Milliseconds = 1;

/**
 * What becomes ready in one turn of the event loop is sent at its end: whoever is at the other end of many connections is
 * woken once for all of them. Nothing waits long for others: not while one more request is served that takes its time.
 */
export class Outbox {
  private waiting: Delivery[] = [];
  private now: Milliseconds = 0;
  /** Since when the first of them waits, at most. */
  private since: Milliseconds = 0;

  /** A request begins, for which what is ready has waited long enough or not. */
  look(now: Milliseconds): void {
    this.now = now;
    if (this.waiting.length > 0 && now - this.since >= LONGEST_WAIT) this.flush();
  }

  /** It is not sent before whoever has called this is done: the request that it answers may still be being read. */
  add(delivery: Delivery): void {
    if (this.waiting.length >= MOST) this.flush();
    if (this.waiting.push(delivery) > 1) return;
    this.since = this.now;
    setImmediate(this.flushLater);
    flushBeforeExit(this);
  }

  /** Sends all of it now. */
  flush(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    filled.delete(this);
    for (const delivery of waiting) delivery.deliver();
  }

  private readonly flushLater = detached(() => this.flush());
}

/** Those in which something waits. */
const filled = new Set<Outbox>();
let listening = false;

/** A program that exits once a request is answered has answered it. */
function flushBeforeExit(outbox: Outbox): void {
  filled.add(outbox);
  if (listening) return;
  listening = true;
  process.on("exit", () => {
    for (const each of filled) each.flush();
  });
}
