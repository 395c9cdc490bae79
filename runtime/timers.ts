import type { Driver } from "./driver.ts";
import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import type { Milliseconds, TimerRef } from "./types.ts";

/** A pending moment. Its owner, if it has one, takes it along when it ends: the two list fields are the owner's. */
export class Timer implements TimerRef {
  readonly at: Milliseconds;
  readonly order: number;
  /** Its place in the heap; -1 when it has fired or been cancelled. */
  index = -1;
  /** Nobody waits for it: it neither keeps the program alive nor counts as pending. */
  readonly quiet: boolean;
  /** The code of its owner waits for it. */
  wakes = false;
  private readonly timers: Timers;
  private readonly action: (timer: Timer) => void;
  owner: TimerOwner | null = null;
  before: Timer | null = null;
  after: Timer | null = null;

  constructor(timers: Timers, at: Milliseconds, order: number, action: (timer: Timer) => void, quiet: boolean) {
    this.timers = timers;
    this.at = at;
    this.order = order;
    this.action = action;
    this.quiet = quiet;
  }

  cancel(): boolean {
    if (this.index < 0) return false;
    this.timers.remove(this);
    this.release();
    return true;
  }

  fire(): void {
    this.release();
    this.action(this);
  }

  get ref(): number {
    return this.order;
  }

  read(): Milliseconds | undefined {
    return this.index < 0 ? undefined : this.timers.left(this);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  private release(): void {
    const { owner, before, after } = this;
    if (owner === null) return;
    if (before === null) owner.timers = after;
    else before.after = after;
    if (after !== null) after.before = before;
    this.owner = this.before = this.after = null;
  }
}

export interface TimerOwner {
  timers: Timer | null;
}

/** All timers of a system: a binary heap over the driver's one alarm. Two that are due at once fire in the order set. */
export class Timers {
  private readonly driver: Driver;
  private readonly heap: Timer[] = [];
  private orders = 1;
  private armed: Milliseconds | undefined;
  private armedQuietly = false;
  private quiet = 0;
  /** Those that the program waits for: neither quiet nor endless. */
  private loud = 0;

  constructor(driver: Driver) {
    this.driver = driver;
  }

  /** How many there are that somebody waits for. */
  get pending(): number {
    return this.heap.length - this.quiet;
  }

  /** Runs `action` after `delay`. A timer with an owner is cancelled at its owner's exit. */
  set(delay: Milliseconds, action: (timer: Timer) => void, owner: TimerOwner | null): Timer {
    checkDelay(delay);
    return this.setAt(this.driver.now() + delay, action, owner);
  }

  /** As {@link set}, at a moment of the driver's clock. */
  setAt(at: Milliseconds, action: (timer: Timer) => void, owner: TimerOwner | null): Timer {
    const timer = new Timer(this, at, this.orders++, action, false);
    if (owner !== null) {
      timer.owner = owner;
      timer.after = owner.timers;
      if (owner.timers !== null) owner.timers.before = timer;
      owner.timers = timer;
    }
    this.add(timer);
    return timer;
  }

  /** A timer that belongs to nobody and that nobody waits for: the program may end before it. */
  setQuietly(delay: Milliseconds, action: () => void): Timer {
    const timer = new Timer(this, this.driver.now() + delay, this.orders++, action, true);
    this.add(timer);
    return timer;
  }

  /** How long until a pending timer fires. */
  left(timer: Timer): Milliseconds {
    return Math.max(0, timer.at - this.driver.now());
  }

  remove(timer: Timer): void {
    this.count(timer, -1);
    const last = this.heap.pop() as Timer;
    const { index } = timer;
    timer.index = -1;
    if (last !== timer) {
      this.up(last, index);
      this.down(last, last.index);
    }
    if (this.loud === 0) this.arm();
  }

  /** The owner of each pending timer. */
  *owners(): Generator<TimerOwner | null> {
    for (const { owner } of this.heap) yield owner;
  }

  /** Forgets all of them, because the system has stopped. Returns how many there still were that somebody waits for. */
  clear(): number {
    const left = this.pending;
    for (const timer of [...this.heap]) timer.cancel();
    return left;
  }

  private readonly due = (): void => {
    this.armed = undefined;
    const now = this.driver.now();
    for (let first = this.heap[0]; first !== undefined && first.at <= now; first = this.heap[0]) {
      this.remove(first);
      first.fire();
    }
    this.arm();
  };

  /** An alarm that comes too early costs one look; so a cancelled head only clears it when nothing is left. */
  private arm(): void {
    const first = this.heap[0]?.at;
    const at = first === Number.POSITIVE_INFINITY ? undefined : first;
    const quietly = this.loud === 0;
    const early = at === this.armed || (at !== undefined && this.armed !== undefined && this.armed < at);
    if (early && (at === undefined || quietly === this.armedQuietly)) return;
    this.armed = at;
    this.armedQuietly = quietly;
    this.driver.alarm(at, this.due, quietly);
  }

  private add(timer: Timer): void {
    this.count(timer, 1);
    this.heap.push(timer);
    this.up(timer, this.heap.length - 1);
    this.arm();
  }

  private count(timer: Timer, by: 1 | -1): void {
    if (timer.quiet) this.quiet += by;
    else if (timer.at !== Number.POSITIVE_INFINITY) this.loud += by;
  }

  private up(timer: Timer, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = this.heap[(index - 1) >> 1] as Timer;
      if (earlier(parent, timer)) break;
      this.put(parent, index);
      index = (index - 1) >> 1;
    }
    this.put(timer, index);
  }

  private down(timer: Timer, from: number): void {
    let index = from;
    for (;;) {
      const left = this.heap[2 * index + 1];
      const right = this.heap[2 * index + 2];
      if (left === undefined) break;
      const child = right !== undefined && earlier(right, left) ? right : left;
      if (earlier(timer, child)) break;
      const { index: place } = child;
      this.put(child, index);
      index = place;
    }
    this.put(timer, index);
  }

  private put(timer: Timer, index: number): void {
    this.heap[index] = timer;
    timer.index = index;
  }
}

/** Infinity is for ever. */
export function checkDelay(delay: Milliseconds): void {
  if (typeof delay !== "number" || !(delay >= 0))
    throw new BadArgument(`expected a time of 0 ms or more, got: ${show(delay)}`);
}

export function checkTime(at: Milliseconds): void {
  if (typeof at !== "number" || Number.isNaN(at)) throw new BadArgument(`expected a time in ms, got: ${show(at)}`);
}

/** Stands for a timer that can never fire: its receiver is gone. */
export const EXPIRED: TimerRef = { ref: 0, cancel: () => false, read: () => undefined, [Symbol.dispose]() {} };

const earlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
