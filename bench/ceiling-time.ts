// The time of the ceiling: calls, whose deadlines stand in one row as all of them wait equally long, and a wheel of timers.

import { Monitor, type Process, send, settle } from "./ceiling-runtime.ts";

const CALL_TIMEOUT = 5000;
/** How exact the deadlines of calls are, in ms. */
const COARSE = 50;

let oldest: Call | null = null;
let newest: Call | null = null;
let clock: NodeJS.Timeout | undefined;
let coarse = 0;

/** The request, the monitor of the server, the deadline, the address of the reply, and the reply: one object a call. */
export class Call extends Monitor {
  readonly request: unknown;
  value: unknown = undefined;
  resolve: ((value: any) => void) | null = null;
  reject: ((reason: unknown) => void) | null = null;
  readonly deadline: number;
  earlier: Call | null = newest;
  later: Call | null = null;

  constructor(client: Process, server: Process, request: unknown) {
    super(client, server);
    this.request = request;
    if (clock === undefined) {
      clock = setInterval(expire, COARSE).unref();
      coarse = performance.now();
    }
    this.deadline = coarse + CALL_TIMEOUT;
    if (newest === null) oldest = this;
    else newest.later = this;
    newest = this;
  }

  reply(value: unknown): void {
    if (!this.active) return;
    this.cancel();
    this.value = value;
    if (this.resolve === null) send(this.watcher, this);
    else settle(this.resolve, value);
  }

  override fire(reason: unknown): void {
    if (this.reject === null) return super.fire(reason);
    this.cancel();
    settle(this.reject, reason);
  }

  override cancel(): void {
    super.cancel();
    const { earlier, later } = this;
    if (earlier === null) oldest = later;
    else earlier.later = later;
    if (later === null) newest = earlier;
    else later.earlier = earlier;
    this.earlier = this.later = null;
  }
}

function expire(): void {
  coarse = performance.now();
  while (oldest !== null && oldest.deadline < coarse) oldest.fire("timeout");
}

/** Asks; the answer comes as a message, which is the call itself. */
export function ask(client: Process, server: Process, request: unknown): Call {
  const call = new Call(client, server, request);
  if (call.active) send(server, call);
  else call.fire("noproc");
  return call;
}

/** Asks; the answer is what the promise resolves to. */
export function call(client: Process, server: Process, request: unknown): Promise<any> {
  return new Promise((resolve, reject) => {
    const call = new Call(client, server, request);
    call.resolve = resolve;
    call.reject = reject;
    if (call.active) send(server, call);
    else call.fire("noproc");
  });
}

// The wheel: a ring of 256 slots of 1 ms, and four of 64 slots, of 256 ms, 16 s, 17 min and 19 h. What is far off moves
// inwards as its time comes near.

const INNER = 256;
const OUTER = 64;
/** Where the outer rings begin to count: the bits of the time that are left to those within. */
const SHIFTS = [8, 14, 20, 26] as const;
const slots: (Timer | null)[] = new Array(INNER + SHIFTS.length * OUTER).fill(null);
const slotOf = (at: number, ring: 0 | 1 | 2 | 3): number =>
  INNER + ring * OUTER + ((at >>> SHIFTS[ring]) & (OUTER - 1));
/** Ticks of 1 ms since `began`; the wheel turns only while there are timers. */
let tick = 0;
let pending = 0;
let turning: NodeJS.Timeout | undefined;
const began = performance.now();
/** The clock, read anew at each tick and by each 64th timer that is set. */
let time = 0;
let uses = 0;

export class Timer {
  readonly at: number;
  readonly to: Process;
  readonly message: unknown;
  slot = -1;
  before: Timer | null = null;
  after: Timer | null = null;

  constructor(at: number, to: Process, message: unknown) {
    this.at = at;
    this.to = to;
    this.message = message;
  }

  /** True when it had not fired. */
  cancel(): boolean {
    const { slot, before, after } = this;
    if (slot < 0) return false;
    if (before === null) slots[slot] = after;
    else before.after = after;
    if (after !== null) after.before = before;
    this.before = this.after = null;
    this.slot = -1;
    if (--pending === 0) rest();
    return true;
  }
}

export function sendAfter(to: Process, message: unknown, ms: number): Timer {
  if (pending++ === 0) wake();
  else if ((++uses & 63) === 0) time = sinceBegan();
  const timer = new Timer(Math.max(tick, time) + Math.max(1, Math.ceil(ms)), to, message);
  place(timer);
  return timer;
}

const sinceBegan = (): number => Math.floor(performance.now() - began);

function wake(): void {
  tick = time = sinceBegan();
  turning = setInterval(advance, 1);
}

function rest(): void {
  clearInterval(turning);
}

function place(timer: Timer): void {
  const { at } = timer;
  const ahead = at - tick;
  const slot =
    ahead < INNER
      ? at & (INNER - 1)
      : slotOf(at, ahead < 1 << SHIFTS[1] ? 0 : ahead < 1 << SHIFTS[2] ? 1 : ahead < 1 << SHIFTS[3] ? 2 : 3);
  const after = slots[slot] as Timer | null;
  timer.slot = slot;
  timer.after = after;
  if (after !== null) after.before = timer;
  slots[slot] = timer;
}

function advance(): void {
  time = sinceBegan();
  while (tick < time && pending > 0) {
    tick++;
    for (const ring of [0, 1, 2, 3] as const) {
      if ((tick & ((1 << SHIFTS[ring]) - 1)) !== 0) break;
      empty(slotOf(tick, ring), place);
    }
    empty(tick & (INNER - 1), fire);
  }
}

function empty(slot: number, each: (timer: Timer) => void): void {
  let timer = slots[slot] as Timer | null;
  slots[slot] = null;
  while (timer !== null) {
    const { after } = timer;
    timer.before = timer.after = null;
    each(timer);
    timer = after;
  }
}

function fire(timer: Timer): void {
  timer.slot = -1;
  if (--pending === 0) rest();
  send(timer.to, timer.message);
}
