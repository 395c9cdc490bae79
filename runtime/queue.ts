/** "There is none": `undefined` is a legal message. */
export const EMPTY: unique symbol = Symbol("empty");

/** How many places at the front may be empty before they are given back. */
const SLACK = 32;

type Match = (message: unknown) => boolean;

/** Messages in order: put in and taken at either end in O(1), found anywhere by a look at each. */
export class Queue {
  private items: unknown[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(message: unknown): void {
    this.items.push(message);
  }

  /** Puts messages before all others, in their order. */
  prepend(messages: readonly unknown[]): void {
    if (messages.length === 1 && this.head > 0) this.items[--this.head] = messages[0];
    else {
      this.items = messages.concat(this.items.slice(this.head));
      this.head = 0;
    }
  }

  some(match: Match): boolean {
    for (let i = this.head; i < this.items.length; i++) if (match(this.items[i])) return true;
    return false;
  }

  /** Takes out the first message, or the first that matches; or {@link EMPTY}. */
  take(match: Match | undefined): unknown {
    for (let i = this.head; i < this.items.length; i++) {
      const message = this.items[i];
      if (match !== undefined && !match(message)) continue;
      if (i === this.head) this.advance();
      else this.items.splice(i, 1);
      return message;
    }
    return EMPTY;
  }

  /** Takes out all messages that match; the others keep their order. */
  takeAll(match: Match): unknown[] {
    const taken: unknown[] = [];
    const left: unknown[] = [];
    for (let i = this.head; i < this.items.length; i++) (match(this.items[i]) ? taken : left).push(this.items[i]);
    this.items = left;
    this.head = 0;
    return taken;
  }

  private advance(): void {
    this.items[this.head++] = undefined;
    if (this.head < SLACK || this.head * 2 < this.items.length) return;
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}
