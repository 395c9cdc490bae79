import { EMPTY, Queue } from "./queue.ts";

export { EMPTY };

const NO_RING: unknown[] = [];
/** A drained ring larger than this is given back to the collector. */
const KEEP = 64;

/**
 * Messages in arrival order. Most processes never hold two at once, so the oldest sits in a field and the ring for the
 * rest is made when it is needed; both ends are O(1). What may overtake has a lane of its own, made on first use.
 */
export class Mailbox {
  private first: unknown = EMPTY;
  private ring: unknown[] = NO_RING;
  private head = 0;
  private count = 0;
  private urgent: Queue | null = null;

  get messageCount(): number {
    const ordinary = this.first === EMPTY ? 0 : this.count + 1;
    return this.urgent === null ? ordinary : ordinary + this.urgent.length;
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

  /** Puts a message before all ordinary ones, behind those that were put there before it. */
  pushUrgent(message: unknown): void {
    this.urgent ??= new Queue();
    this.urgent.push(message);
  }

  /** Puts a message before all others. */
  unshift(message: unknown): void {
    this.prepend([message]);
  }

  /** Puts messages before all others, in their order. */
  prepend(messages: readonly unknown[]): void {
    if (messages.length === 0) return;
    this.urgent ??= new Queue();
    this.urgent.prepend(messages);
  }

  /** The oldest message, or {@link EMPTY}. */
  shift(): unknown {
    return this.urgent === null ? this.shiftOrdinary() : this.takeUrgentFirst(undefined);
  }

  clear(): void {
    this.first = EMPTY;
    this.ring = NO_RING;
    this.head = 0;
    this.count = 0;
    this.urgent = null;
  }

  /** Takes out every message that matches; the others keep their order. One pass. */
  take(match: (message: unknown) => boolean): unknown[] {
    const taken = this.takeUrgent(match);
    const ordinary = this.first === EMPTY ? 0 : this.count + 1;
    for (let left = ordinary; left > 0; left--) {
      const message = this.shiftOrdinary();
      if (match(message)) taken.push(message);
      else this.push(message);
    }
    return taken;
  }

  /** Takes out the first of the messages that may overtake, or the first that matches; or {@link EMPTY}. */
  takeUrgentFirst(match: ((message: unknown) => boolean) | undefined): unknown {
    const { urgent } = this;
    if (urgent === null) return EMPTY;
    const message = urgent.take(match);
    if (urgent.length === 0) this.urgent = null;
    return message;
  }

  private takeUrgent(match: (message: unknown) => boolean): unknown[] {
    const { urgent } = this;
    if (urgent === null) return [];
    const taken = urgent.takeAll(match);
    if (urgent.length === 0) this.urgent = null;
    return taken;
  }

  /** Takes out the oldest ordinary message that matches, or {@link EMPTY}. It is nearly always the first. */
  takeOldest(match: (message: unknown) => boolean): unknown {
    if (this.first === EMPTY || match(this.first)) return this.shiftOrdinary();
    let found: unknown = EMPTY;
    const ordinary = this.count + 1;
    for (let left = ordinary; left > 0; left--) {
      const message = this.shiftOrdinary();
      if (found === EMPTY && match(message)) found = message;
      else this.push(message);
    }
    return found;
  }

  private shiftOrdinary(): unknown {
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

  /** Whether a message waits that matches; looks from the oldest on, and no further than that. */
  some(match: (message: unknown) => boolean): boolean {
    if (this.urgent?.some(match)) return true;
    if (this.first === EMPTY) return false;
    if (match(this.first)) return true;
    for (let i = 0; i < this.count; i++) {
      if (match(this.ring[(this.head + i) & (this.ring.length - 1)])) return true;
    }
    return false;
  }

  private grow(): void {
    const size = this.ring.length;
    const bigger: unknown[] = new Array(size === 0 ? 4 : size * 2).fill(undefined);
    for (let i = 0; i < size; i++) bigger[i] = this.ring[(this.head + i) & (size - 1)];
    this.ring = bigger;
    this.head = 0;
  }
}
