import type { Accounting } from "./accounting.ts";
import type { Driver } from "./driver.ts";
import { lasting, NOTHING } from "./lasting.ts";
import { EMPTY } from "./mailbox.ts";
import { BUSY, DEAD, IDLE, type Process, READY, START } from "./process.ts";
import { detached } from "./strays.ts";
import type { Timers } from "./timers.ts";
import type { Milliseconds } from "./types.ts";
import { watchUnfinished } from "./unfinished.ts";

/** Reductions (a message handled or sent) before a process goes to the back of the queue. */
const SLICE = 2000;
/** Reductions, and separate runs of the loop, between two looks at the clock. */
const CHECK = 1024;
const CHECK_RUNS = 32;
/** How long processes run before I/O gets a turn. */
const TURN: Milliseconds = 1;

/** What somebody waits for has come, and has still to be told. */
class Settlement {
  readonly waiter: Process;
  readonly tell: (value: any) => void;
  readonly value: unknown;
  next: Settlement | null = null;
  constructor(waiter: Process, tell: (value: any) => void, value: unknown) {
    this.waiter = waiter;
    this.tell = tell;
    this.value = value;
  }
}

/**
 * A direct run loop over an intrusive queue, fair among processes, that gives the thread back: to continuations as soon
 * as a promise was settled, to I/O after about a millisecond.
 */
export class Scheduler {
  private readonly driver: Driver;
  private readonly timers: Timers;
  private head: Process | null = null;
  private tail: Process | null = null;
  private armed = false;
  private runs = 0;
  private until: Milliseconds = 0;
  /** Promises to be settled, the oldest first. */
  private settlement: Settlement | null = null;
  private lastSettlement: Settlement | null = null;
  /** What processes have done in this run; sends count, or one callback could flood the others for a whole slice. */
  reductions = 0;
  /** Who is told how long each process holds the thread, if anybody is; and since when it does. */
  accounting: Accounting | null = null;
  private since: Milliseconds = 0;

  constructor(driver: Driver, timers: Timers) {
    this.driver = driver;
    this.timers = timers;
  }

  ready(process: Process): void {
    process.status = READY;
    process.next = null;
    if (this.tail === null) this.head = process;
    else this.tail.next = process;
    this.tail = process;
    if (!this.armed) this.wake();
  }

  /**
   * Settles a promise that `waiter` waits for, by `tell`: before the next process runs, but not in the middle of anything,
   * and one at a time, so that what ends the waiter in the same instant, or what another one does first, is heeded. Who
   * is dead then is not told; the system itself is nobody's code, and always is. `_what` it waits for, a simulation shows.
   */
  settle(waiter: Process, tell: (value: any) => void, value: unknown, _what?: string): void {
    const settlement = new Settlement(waiter, tell, value);
    if (this.lastSettlement === null) this.settlement = settlement;
    else this.lastSettlement.next = settlement;
    this.lastSettlement = settlement;
    if (!this.armed) this.wake();
  }

  /** A process's asynchronous callback came to its end. */
  resume(process: Process): void {
    if (process.status !== BUSY) return;
    process.busyWith(EMPTY);
    if (process.messageCount > 0) this.ready(process);
    else process.status = IDLE;
  }

  /** Runs soon, if only to look at the clock. */
  stir(): void {
    if (!this.armed) this.wake();
  }

  /**
   * Something outside, such as a socket, has called in, and is about to make a process ready: that runs as soon as it says
   * {@link leave}, below its call, and not in a turn of its own. False when it is to wait for a run that is due already.
   */
  enter(): boolean {
    if (this.armed) return false;
    this.armed = true;
    return true;
  }

  leave(entered: boolean): void {
    if (!entered) return;
    this.reductions = 0;
    if (this.accounting !== null) this.since = this.driver.now();
    if (this.head !== null) this.runFirst(this.head);
    if (this.idle) this.armed = false;
    else this.runSoon();
  }

  /** There is nothing to do, not even to look at the clock. */
  private get idle(): boolean {
    return this.head === null && this.settlement === null && !this.timers.unbegun;
  }

  private wake(): void {
    this.armed = true;
    this.defer(this.soon());
  }

  private defer(soon: boolean): void {
    this.driver.defer(soon ? this.runSoon : this.runLater, soon);
  }

  /** Runs that are armed one after the other by microtasks count as one turn, however short each is. */
  private soon(): boolean {
    if (++this.runs < CHECK_RUNS) return true;
    this.runs = 0;
    return this.driver.now() < this.until;
  }

  /** Between two processes: timers act in the middle of nothing. */
  private look(): Milliseconds {
    const now = this.driver.now();
    this.timers.look(now);
    this.since = now;
    return now;
  }

  private readonly runSoon = detached(() => this.run());

  private readonly runLater = detached(() => {
    this.until = this.look() + TURN;
    this.runs = 0;
    this.run();
  });

  private run(): void {
    this.reductions = 0;
    let check = CHECK;
    if (this.settlement !== null && this.settleNext()) return this.again();
    if (this.accounting !== null) this.since = this.driver.now();
    for (let process = this.head; process !== null; process = this.head) {
      this.runFirst(process);
      if (this.settlement !== null && this.settleNext()) return this.again();
      if (this.head === null) break;
      if (this.reductions >= check) {
        if (this.look() >= this.until) return this.defer(false);
        check = this.reductions + CHECK;
      }
    }
    if (this.timers.unbegun) this.look();
    this.again();
  }

  /** What is left, if only a look at the clock, goes on behind what was caused now, such as a continuation. */
  private again(): void {
    if (this.idle) this.armed = false;
    else this.defer(this.soon());
  }

  private runFirst(process: Process): void {
    this.head = process.next;
    if (this.head === null) this.tail = null;
    process.next = null;
    if (process.status !== DEAD) this.slice(process);
  }

  /** Tells the first of those who wait and live. False when there is none. */
  private settleNext(): boolean {
    for (let first = this.settlement; first !== null; first = this.settlement) {
      this.settlement = first.next;
      if (first.next === null) this.lastSettlement = null;
      const { waiter } = first;
      if (waiter.dead && waiter !== waiter.kernel.root) continue;
      first.tell(first.value);
      return true;
    }
    return false;
  }

  private slice(process: Process): void {
    const end = this.reductions + SLICE;
    for (;;) {
      const message = process.shift();
      if (message === EMPTY) break;
      this.turn(process, message);
      if (process.status !== READY) return;
      if (process.empty) break;
      if (this.reductions >= end || this.settlement !== null) return this.ready(process);
    }
    process.status = IDLE;
  }

  /** One message. */
  protected turn(process: Process, message: unknown): void {
    this.reductions++;
    const pending = handle(process, message);
    if (this.accounting !== null) this.account(this.accounting, process, message);
    if (pending !== undefined) this.suspend(process, message, pending);
  }

  /** The end of one message is the beginning of the next: one look at the clock for each. */
  private account(accounting: Accounting, process: Process, message: unknown): void {
    const now = this.driver.now();
    accounting.add(process, now - this.since, message);
    this.since = now;
  }

  protected suspend(process: Process, message: unknown, pending: Promise<void>): void {
    if (process.status === READY) process.pause(message);
    else if (process.dead) watchUnfinished(process, message);
    this.resumeAfter(process, pending);
  }

  /** As {@link resume}, when `pending` has come to its end. */
  resumeAfter(process: Process, pending: void | Promise<void>): void {
    if (pending === undefined) return this.resume(process);
    pending.then(
      () => (process.dead ? process.finished() : this.resume(process)),
      (thrown) => {
        process.finished();
        process.crash(thrown);
      },
    );
  }
}

/** One message. What the behaviour throws ends the process. */
function handle(process: Process, message: unknown): void | Promise<void> {
  try {
    return message === START ? process.behaviour.start?.(process) : process.behaviour.receive(process, message);
  } catch (thrown) {
    process.crash(thrown);
  }
}

lasting(new Settlement(NOTHING, () => {}, undefined));
