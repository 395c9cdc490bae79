import { lasting } from "./lasting.ts";

/** "There is none": `undefined` is a legal message. */
export const EMPTY: unique symbol = Symbol("empty");

/** Places to begin with; a power of two. */
const SMALLEST = 4;

type Match = (message: unknown) => boolean;

/** Messages in order, in a ring: put in and taken at either end in O(1), found anywhere by a look at each. */
export class Queue {
  private ring: unknown[] = new Array(SMALLEST).fill(undefined);
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** How many messages it can hold before it grows. */
  get room(): number {
    return this.ring.length;
  }

  push(message: unknown): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = message;
    this.count++;
  }

  /** Takes out the first message, or gives {@link EMPTY}. */
  shift(): unknown {
    if (this.count === 0) return EMPTY;
    const { ring, head } = this;
    const message = ring[head];
    ring[head] = undefined;
    this.head = (head + 1) & (ring.length - 1);
    this.count--;
    return message;
  }

  /** Puts messages before all others, in their order. */
  prepend(messages: readonly unknown[]): void {
    for (let i = messages.length - 1; i >= 0; i--) {
      if (this.count === this.ring.length) this.grow();
      this.head = (this.head - 1) & (this.ring.length - 1);
      this.ring[this.head] = messages[i];
      this.count++;
    }
  }

  some(match: Match): boolean {
    return this.find(match) >= 0;
  }

  /** Takes out the first message that matches, or gives {@link EMPTY}. */
  take(match: Match): unknown {
    const found = this.find(match);
    if (found < 0) return EMPTY;
    const message = this.ring[this.place(found)];
    for (let i = found; i > 0; i--) this.ring[this.place(i)] = this.ring[this.place(i - 1)];
    this.shift();
    return message;
  }

  /** Takes out all messages that match; the others keep their order. */
  takeAll(match: Match): unknown[] {
    const taken: unknown[] = [];
    for (let left = this.count; left > 0; left--) {
      const message = this.shift();
      if (match(message)) taken.push(message);
      else this.push(message);
    }
    return taken;
  }

  private find(match: Match): number {
    for (let i = 0; i < this.count; i++) if (match(this.ring[this.place(i)])) return i;
    return -1;
  }

  private place(index: number): number {
    return (this.head + index) & (this.ring.length - 1);
  }

  private grow(): void {
    const { ring, head } = this;
    const bigger: unknown[] = new Array(ring.length * 2).fill(undefined);
    let count = 0;
    for (let i = head; i < ring.length; i++) bigger[count++] = ring[i];
    for (let i = 0; i < head; i++) bigger[count++] = ring[i];
    this.ring = bigger;
    this.head = 0;
  }
}

lasting(new Queue());
