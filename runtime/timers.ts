import type { Driver } from "./driver.ts";
import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import { newRef } from "./ref.ts";
import type { Milliseconds, TimerRef } from "./types.ts";
import { Entry, Wheel } from "./wheel.ts";

/** How many are kept for the next look at the clock before they are looked through. */
const FRESH = 64;

/** A pending moment. Its owner, if it has one, takes it along when it ends. */
export abstract class Timer extends Entry implements TimerRef {
  private readonly timers: Timers;
  owner: TimerOwner | null = null;
  private ownerBefore: Timer | null = null;
  private ownerAfter: Timer | null = null;

  /** `at` is a delay until the clock is looked at. */
  constructor(timers: Timers, at: Milliseconds, owner: TimerOwner | null, order = newRef()) {
    super(at, order);
    this.timers = timers;
    this.wait();
    if (owner === null) return;
    this.owner = owner;
    this.ownerAfter = owner.timers;
    if (owner.timers !== null) owner.timers.ownerBefore = this;
    owner.timers = this;
  }

  /** Nobody waits for it: it neither keeps the program alive nor counts as pending. */
  get quiet(): boolean {
    return false;
  }

  /** The code of its owner waits for it. */
  get wakes(): boolean {
    return false;
  }

  /** Its time has come; it is not its owner's any more. */
  protected abstract act(owner: TimerOwner | null): void;

  /** The next of those that its owner has. */
  get nextOfOwner(): Timer | null {
    return this.ownerAfter;
  }

  /** It is `now`: from here its delay counts. */
  begin(now: Milliseconds): void {
    if (!this.waits) return;
    this.at += now;
    this.timers.place(this);
  }

  cancel(): boolean {
    if (!this.waits) return false;
    this.release();
    this.timers.left(this);
    return true;
  }

  fire(): void {
    const { owner } = this;
    this.release();
    this.timers.left(this);
    this.act(owner);
  }

  get ref(): number {
    return this.order;
  }

  read(): Milliseconds | undefined {
    return this.waits ? this.timers.until(this) : undefined;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  private release(): void {
    this.leave();
    const { owner, ownerBefore, ownerAfter } = this;
    if (owner === null) return;
    if (ownerBefore === null) owner.timers = ownerAfter;
    else ownerBefore.ownerAfter = ownerAfter;
    if (ownerAfter !== null) ownerAfter.ownerBefore = ownerBefore;
    this.owner = this.ownerBefore = this.ownerAfter = null;
  }
}

export interface TimerOwner {
  timers: Timer | null;
}

/** A timer that calls a function. */
class ActionTimer extends Timer {
  private readonly action: () => void;

  constructor(timers: Timers, at: Milliseconds, owner: TimerOwner | null, action: () => void, order?: number) {
    super(timers, at, owner, order);
    this.action = action;
  }

  protected act(): void {
    this.action();
  }
}

class WakingTimer extends ActionTimer {
  override get wakes(): boolean {
    return true;
  }
}

class QuietTimer extends ActionTimer {
  override get quiet(): boolean {
    return true;
  }
}

/** What begins to run at the next look at the clock. */
interface Fresh {
  /** Whether it still is to. */
  readonly waits: boolean;
  begin(now: Milliseconds): void;
}

/**
 * All timers of a system: a wheel over the driver's one alarm. A delay counts from the first look at the clock after it
 * was set, which the scheduler takes at least once a turn: a timer is never early, and one that is cancelled before (as
 * that of nearly every call) costs no look at all. Two that are due at once fire in the order set.
 */
export class Timers {
  private readonly driver: Driver;
  private readonly resolution: Milliseconds;
  private readonly wheel = new Wheel();
  private readonly fresh: Fresh[] = [];
  /** Asks for a look at the clock. */
  private readonly stir: () => void;
  private armed: Milliseconds | undefined;
  private armedQuietly = false;
  /** How many there are that somebody waits for. */
  pending = 0;
  /** Those of them that the program waits for: the endless ones are not. */
  private loud = 0;

  constructor(driver: Driver, stir: () => void) {
    this.driver = driver;
    this.resolution = driver.resolution ?? 0;
    this.stir = stir;
  }

  /** Runs `action` after `delay`. A timer with an owner is cancelled at its owner's exit. */
  set(delay: Milliseconds, action: () => void, owner: TimerOwner | null): Timer {
    checkDelay(delay);
    return this.start(new ActionTimer(this, delay, owner, action));
  }

  /** As {@link set}, of a timer that the code of its owner waits for. */
  setToWake(delay: Milliseconds, action: () => void, owner: TimerOwner): Timer {
    checkDelay(delay);
    return this.start(new WakingTimer(this, delay, owner, action));
  }

  /** A timer that belongs to nobody and that nobody waits for: the program may end before it. */
  setQuietly(delay: Milliseconds, action: () => void): Timer {
    return this.start(new QuietTimer(this, delay, null, action));
  }

  /** As {@link set}, at a moment of the driver's clock. `order`: what it is the timer of was made before the timer. */
  setAt(at: Milliseconds, action: () => void, owner: TimerOwner | null, order?: number): Timer {
    return this.startAt(new ActionTimer(this, at, owner, action, order));
  }

  /** Starts a timer whose `at` is a delay. */
  start<T extends Timer>(timer: T): T {
    this.count(timer, 1);
    this.beginSoon(timer);
    return timer;
  }

  /** Starts a timer whose `at` is a moment of the driver's clock. */
  startAt<T extends Timer>(timer: T): T {
    this.count(timer, 1);
    this.place(timer);
    this.arm();
    return timer;
  }

  /** Has something begin at the next look at the clock. */
  beginSoon(fresh: Fresh): void {
    this.fresh.push(fresh);
    if (this.fresh.length === 1) this.stir();
    else if (this.fresh.length >= FRESH) this.tidy();
  }

  /** Many have come since the last look: those that wait no more are dropped, and if many are left, a look is taken. */
  private tidy(): void {
    const { fresh } = this;
    let count = 0;
    for (const each of fresh) if (each.waits) fresh[count++] = each;
    fresh.length = count;
    if (count > FRESH / 2) this.begin(this.driver.now());
  }

  /** Whether anything waits to begin. */
  get unbegun(): boolean {
    return this.fresh.length > 0;
  }

  /** The clock was looked at: what was set since the last time begins, and what is due need not wait for the alarm. */
  look(now: Milliseconds): void {
    this.begin(now);
    if (this.armed !== undefined && this.armed <= now) this.expire(now);
  }

  private begin(now: Milliseconds): void {
    const { fresh } = this;
    if (fresh.length === 0) return;
    for (let i = 0; i < fresh.length; i++) fresh[i]?.begin(now);
    fresh.length = 0;
    this.arm();
  }

  place(timer: Timer): void {
    if (this.resolution > 0) timer.at = Math.ceil(timer.at / this.resolution) * this.resolution;
    this.wheel.add(timer);
  }

  /** How long until a pending timer fires. */
  until(timer: Timer): Milliseconds {
    const now = this.driver.now();
    this.begin(now);
    return Math.max(0, timer.at - now);
  }

  /** A timer was cancelled, or fires. */
  left(timer: Timer): void {
    this.count(timer, -1);
    if (this.loud === 0) this.arm();
  }

  /** Those that are pending. */
  list(): readonly Timer[] {
    return this.all();
  }

  /** The owner of each pending timer. */
  *owners(): Generator<TimerOwner | null> {
    for (const timer of this.all()) yield timer.owner;
  }

  /** Forgets all of them, because the system has stopped. Returns how many there still were that somebody waits for. */
  clear(): number {
    const left = this.pending;
    for (const timer of this.all()) timer.cancel();
    return left;
  }

  private all(): readonly Timer[] {
    this.begin(this.driver.now());
    return [...this.wheel.entries()] as Timer[];
  }

  private readonly due = (): void => {
    this.armed = undefined;
    this.expire(this.driver.now());
  };

  private expire(now: Milliseconds): void {
    this.fire(this.wheel.expire(now) as Timer[]);
    this.arm();
  }

  /** Their time has come. One that fires may cancel another. */
  protected fire(timers: readonly Timer[]): void {
    for (const timer of timers) if (timer.waits) timer.fire();
  }

  /** An alarm that comes too early costs one look; so a cancelled head only clears it when nothing is left. */
  private arm(): void {
    const { next } = this.wheel;
    const at = next === Number.POSITIVE_INFINITY ? undefined : next;
    const quietly = this.loud === 0;
    const early = at === this.armed || (at !== undefined && this.armed !== undefined && this.armed < at);
    if (early && (at === undefined || quietly === this.armedQuietly)) return;
    this.armed = at;
    this.armedQuietly = quietly;
    this.driver.alarm(at, this.due, quietly);
  }

  private count(timer: Timer, by: 1 | -1): void {
    if (timer.quiet) return;
    this.pending += by;
    if (timer.at !== Number.POSITIVE_INFINITY) this.loud += by;
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
