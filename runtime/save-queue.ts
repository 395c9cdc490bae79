import { EMPTY } from "./mailbox.ts";

/** How many places at the front may be empty before they are given back. */
const SLACK = 32;

/** What a selective receive has passed over, in order: taken from the front in O(1), from anywhere by a look at each. */
export class SaveQueue {
  private items: unknown[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(message: unknown): void {
    this.items.push(message);
  }

  /** Takes out the first message, or the first that matches; or {@link EMPTY}. */
  take(match: ((message: unknown) => boolean) | undefined): unknown {
    for (let i = this.head; i < this.items.length; i++) {
      const message = this.items[i];
      if (match !== undefined && !match(message)) continue;
      if (i === this.head) this.advance();
      else this.items.splice(i, 1);
      return message;
    }
    return EMPTY;
  }

  private advance(): void {
    this.items[this.head++] = undefined;
    if (this.head < SLACK || this.head * 2 < this.items.length) return;
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}
