import { EMPTY, Queue } from "./queue.ts";

export { EMPTY };

/** A drained queue with more room than this is given back to the collector. */
const KEEP = 64;

type Match = (message: unknown) => boolean;

/**
 * Messages in arrival order. Most processes never hold two at once, so the oldest sits in a field and the queue of the
 * rest is made when it is needed. What may overtake has a lane of its own, made on first use.
 */
export class Mailbox {
  declare private first: unknown;
  declare private rest: Queue | null;
  declare private urgent: Queue | null;

  constructor() {
    this.first = EMPTY;
    this.rest = null;
    this.urgent = null;
  }

  get messageCount(): number {
    const urgent = this.urgent === null ? 0 : this.urgent.length;
    return this.first === EMPTY ? urgent : urgent + 1 + (this.rest === null ? 0 : this.rest.length);
  }

  /** Whether no message waits. */
  get empty(): boolean {
    return this.first === EMPTY && this.urgent === null;
  }

  push(message: unknown): void {
    if (this.first === EMPTY) this.first = message;
    else {
      this.rest ??= new Queue();
      this.rest.push(message);
    }
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
    if (this.urgent !== null) return this.takeUrgentFirst(undefined);
    const message = this.first;
    this.advance();
    return message;
  }

  clear(): void {
    this.first = EMPTY;
    this.rest = null;
    this.urgent = null;
  }

  /** Takes out every message that matches; the others keep their order. One pass. */
  take(match: Match): unknown[] {
    const taken = this.takeUrgent(match);
    if (this.first === EMPTY) return taken;
    const first = match(this.first);
    if (first) taken.push(this.first);
    const rest = this.rest === null ? [] : this.rest.takeAll(match);
    if (first) this.advance();
    return taken.concat(rest);
  }

  /** Takes out the first of the messages that may overtake, or the first that matches; or {@link EMPTY}. */
  takeUrgentFirst(match: Match | undefined): unknown {
    const { urgent } = this;
    if (urgent === null) return EMPTY;
    const message = match === undefined ? urgent.shift() : urgent.take(match);
    if (urgent.length === 0) this.urgent = null;
    return message;
  }

  private takeUrgent(match: Match): unknown[] {
    const { urgent } = this;
    if (urgent === null) return [];
    const taken = urgent.takeAll(match);
    if (urgent.length === 0) this.urgent = null;
    return taken;
  }

  /** Takes out the oldest ordinary message that matches, or {@link EMPTY}. It is nearly always the first. */
  takeOldest(match: Match): unknown {
    if (this.first === EMPTY) return EMPTY;
    if (!match(this.first)) return this.rest === null ? EMPTY : this.rest.take(match);
    const message = this.first;
    this.advance();
    return message;
  }

  /** Whether a message waits that matches; looks from the oldest on, and no further than that. */
  some(match: Match): boolean {
    if (this.urgent?.some(match)) return true;
    if (this.first === EMPTY) return false;
    return match(this.first) || this.rest?.some(match) === true;
  }

  /** The first ordinary message is gone: the next one takes its place. */
  private advance(): void {
    const { rest } = this;
    if (rest === null) {
      this.first = EMPTY;
      return;
    }
    this.first = rest.shift();
    if (rest.length === 0 && rest.room > KEEP) this.rest = null;
  }
}
