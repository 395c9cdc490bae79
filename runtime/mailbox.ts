/** "The first slot is empty": `undefined` is a legal message. */
export const EMPTY: unique symbol = Symbol("empty");

const NO_RING: unknown[] = [];
/** A drained ring larger than this is given back to the collector. */
const KEEP = 64;

/**
 * Messages in arrival order. Most processes never hold two at once, so the oldest sits in a field and the ring for the
 * rest is made when it is needed; both ends are O(1).
 */
export class Mailbox {
  private first: unknown = EMPTY;
  private ring: unknown[] = NO_RING;
  private head = 0;
  private count = 0;

  get messageCount(): number {
    return this.first === EMPTY ? 0 : this.count + 1;
  }

  push(message: unknown): void {
    if (this.first === EMPTY) {
      this.first = message;
      return;
    }
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = message;
    this.count++;
  }

  /** Puts a message before all others. */
  unshift(message: unknown): void {
    const second = this.first;
    this.first = message;
    if (second === EMPTY) return;
    if (this.count === this.ring.length) this.grow();
    this.head = (this.head - 1) & (this.ring.length - 1);
    this.ring[this.head] = second;
    this.count++;
  }

  /** The oldest message, or {@link EMPTY}. */
  shift(): unknown {
    const message = this.first;
    if (this.count === 0) {
      this.first = EMPTY;
      return message;
    }
    this.first = this.ring[this.head];
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) & (this.ring.length - 1);
    if (--this.count === 0 && this.ring.length > KEEP) this.ring = NO_RING;
    return message;
  }

  clear(): void {
    this.first = EMPTY;
    this.ring = NO_RING;
    this.head = 0;
    this.count = 0;
  }

  /** Whether a message waits that matches; looks from the oldest on, and no further than that. */
  some(match: (message: unknown) => boolean): boolean {
    if (this.first === EMPTY) return false;
    if (match(this.first)) return true;
    for (let i = 0; i < this.count; i++) {
      if (match(this.ring[(this.head + i) & (this.ring.length - 1)])) return true;
    }
    return false;
  }

  /** Takes out every message that matches; the others keep their order. One pass. */
  take(match: (message: unknown) => boolean): unknown[] {
    const taken: unknown[] = [];
    for (let left = this.messageCount; left > 0; left--) {
      const message = this.shift();
      if (match(message)) taken.push(message);
      else this.push(message);
    }
    return taken;
  }

  private grow(): void {
    const size = this.ring.length;
    const bigger: unknown[] = new Array(size === 0 ? 4 : size * 2).fill(undefined);
    for (let i = 0; i < size; i++) bigger[i] = this.ring[(this.head + i) & (size - 1)];
    this.ring = bigger;
    this.head = 0;
  }
}
