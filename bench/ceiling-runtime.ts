// What hornbeam is measured against: the least that a runtime like OTP can do on one JavaScript thread. Mailboxes, a run
// queue, reductions and turns for I/O, links, monitors, exits; calls and timers are in ceiling-time.ts. No names, no types,
// no checks, no system messages, no reports, few links each. A measuring stick, not a library.

const IDLE = 0;
const READY = 1;
const BUSY = 2;
const DEAD = 3;

/** Messages handled or sent in one turn of a process, and between two looks at the clock. */
const SLICE = 2000;
const CHECK = 1024;
/** How long processes run before I/O gets a turn, in ms. */
const TURN = 1;

const NOTHING = Symbol("no message");
const NO_RING: unknown[] = [];
/** What a handler returns that ends its process. */
export const DONE = Symbol("done");

export type Handler = (message: any, self: Process) => unknown;

export class Process {
  status = IDLE;
  traps = false;
  readonly handler: Handler;
  state: any;
  // The mailbox: the oldest message, and a ring of a power of two for the others.
  first: unknown = NOTHING;
  ring = NO_RING;
  head = 0;
  waiting = 0;
  /** The next in the run queue. */
  next: Process | null = null;
  place = 0;
  links: Process[] | null = null;
  watchers: Monitor | null = null;
  watching: Monitor | null = null;
  reason: unknown = undefined;

  constructor(handler: Handler, state: unknown) {
    this.handler = handler;
    this.state = state;
  }
}

/** Who lives. Places are used again. */
const processes: (Process | null)[] = [];
const places: number[] = [];

export function spawn(handler: Handler, state: unknown): Process {
  const process = new Process(handler, state);
  process.place = places.length > 0 ? (places.pop() as number) : processes.length;
  processes[process.place] = process;
  return process;
}

let work = 0;

export function send(to: Process, message: unknown): void {
  if (to.status === DEAD) return;
  work++;
  if (to.first === NOTHING) to.first = message;
  else {
    if (to.waiting === to.ring.length) widen(to);
    to.ring[(to.head + to.waiting++) & (to.ring.length - 1)] = message;
  }
  if (to.status === IDLE) ready(to);
}

function widen(process: Process): void {
  const { ring, head } = process;
  process.ring = ring.length === 0 ? [null, null, null, null] : new Array(2 * ring.length).fill(null);
  for (let i = 0; i < ring.length; i++) process.ring[i] = ring[(head + i) & (ring.length - 1)];
  process.head = 0;
}

let queue: Process | null = null;
let last: Process | null = null;
let armed = false;
let until = 0;
let check = 0;
let settled = false;

function ready(process: Process): void {
  process.status = READY;
  if (last === null) queue = process;
  else last.next = process;
  last = process;
  if (armed) return;
  armed = true;
  queueMicrotask(run);
}

/** Settles a promise. Its continuation comes before the next process does. */
export function settle(tell: (value: any) => void, value: unknown): void {
  settled = true;
  tell(value);
}

function runLater(): void {
  until = performance.now() + TURN;
  run();
}

function run(): void {
  for (let process = queue; process !== null; process = queue) {
    queue = process.next;
    if (queue === null) last = null;
    process.next = null;
    if (process.status === READY) turn(process);
    if (work >= check) {
      check = work + CHECK;
      if (performance.now() >= until) {
        setImmediate(runLater);
        return;
      }
    }
    if (settled) {
      settled = false;
      queueMicrotask(run);
      return;
    }
  }
  armed = false;
}

function turn(process: Process): void {
  const limit = work + SLICE;
  try {
    do {
      const message = process.first;
      if (process.waiting === 0) process.first = NOTHING;
      else shift(process);
      work++;
      const result = process.handler(message, process);
      if (result === undefined) continue;
      if (result === DONE) return end(process, "normal");
      if (result instanceof Promise) return suspend(process, result);
    } while (process.first !== NOTHING && work < limit);
  } catch (thrown) {
    return end(process, thrown);
  }
  if (process.status === READY) rest(process);
}

function shift(process: Process): void {
  const { ring, head } = process;
  process.first = ring[head];
  ring[head] = null;
  process.head = (head + 1) & (ring.length - 1);
  process.waiting--;
}

function rest(process: Process): void {
  if (process.first !== NOTHING) return ready(process);
  process.status = IDLE;
  if (process.ring.length > 64) process.ring = NO_RING;
}

/** One message at a time: the mailbox is shut until the handler has come to its end. */
function suspend(process: Process, result: Promise<unknown>): void {
  process.status = BUSY;
  result.then(
    (value) => {
      if (value === DONE) end(process, "normal");
      else if (process.status === BUSY) rest(process);
    },
    (thrown) => end(process, thrown),
  );
}

export function link(a: Process, b: Process): void {
  if (b.status === DEAD) return signal(a, b, b.reason);
  if (a.links === null) a.links = [b];
  else if (!a.links.includes(b)) a.links.push(b);
  if (b.links === null) b.links = [a];
  else if (!b.links.includes(a)) b.links.push(a);
}

function unlink(links: Process[] | null, process: Process): void {
  const at = links === null ? -1 : links.indexOf(process);
  if (at < 0) return;
  const last = links?.pop() as Process;
  if (links !== null && at < links.length) links[at] = last;
}

/** In the list of whom it watches and in that of who watches, so that it is taken out of both at once; and the message. */
export class Monitor {
  readonly watcher: Process;
  readonly target: Process;
  active: boolean;
  reason: unknown = "noproc";
  above: Monitor | null = null;
  below: Monitor | null = null;
  left: Monitor | null = null;
  right: Monitor | null = null;

  constructor(watcher: Process, target: Process) {
    this.watcher = watcher;
    this.target = target;
    this.active = target.status !== DEAD;
    if (!this.active) return;
    this.below = target.watchers;
    if (this.below !== null) this.below.above = this;
    target.watchers = this;
    this.right = watcher.watching;
    if (this.right !== null) this.right.left = this;
    watcher.watching = this;
  }

  cancel(): void {
    if (!this.active) return;
    const { above, below, left, right } = this;
    if (above !== null) above.below = below;
    else this.target.watchers = below;
    if (below !== null) below.above = above;
    if (left !== null) left.right = right;
    else this.watcher.watching = right;
    if (right !== null) right.left = left;
    this.above = this.below = this.left = this.right = null;
    this.active = false;
  }

  fire(reason: unknown): void {
    this.cancel();
    this.reason = reason;
    send(this.watcher, this);
  }
}

/** Asks for one message, the monitor, when `target` ends. */
export function monitor(watcher: Process, target: Process): Monitor {
  const made = new Monitor(watcher, target);
  if (!made.active) send(watcher, made);
  return made;
}

export class Exit {
  readonly from: Process | null;
  readonly reason: unknown;
  constructor(from: Process | null, reason: unknown) {
    this.from = from;
    this.reason = reason;
  }
}

export function exit(process: Process, reason: unknown): void {
  if (process.traps && reason !== "kill") send(process, new Exit(null, reason));
  else end(process, reason === "kill" ? "killed" : reason);
}

function signal(to: Process, from: Process, reason: unknown): void {
  if (to.traps) send(to, new Exit(from, reason));
  else if (reason !== "normal") end(to, reason);
}

/** Who is still to be buried, and why: a list, as a chain of links may be longer than the stack. */
const dying: unknown[] = [];
let burying = false;

function end(process: Process, reason: unknown): void {
  if (burying) {
    dying.push(reason, process);
    return;
  }
  burying = true;
  bury(process, reason);
  while (dying.length > 0) bury(dying.pop() as Process, dying.pop());
  burying = false;
}

function bury(process: Process, reason: unknown): void {
  if (process.status === DEAD) return;
  const { links, place } = process;
  process.status = DEAD;
  process.reason = reason;
  process.first = NOTHING;
  process.ring = NO_RING;
  process.waiting = 0;
  process.state = process.links = null;
  processes[place] = null;
  places.push(place);
  if (links !== null) {
    for (const other of links) {
      unlink(other.links, process);
      signal(other, process, reason);
    }
  }
  while (process.watchers !== null) process.watchers.fire(reason);
  while (process.watching !== null) process.watching.cancel();
}
