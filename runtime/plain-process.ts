import type { Behaviour } from "./behaviour.ts";
import { checkFunction } from "./checks.ts";
import { BadArgument, isClean } from "./errors.ts";
import { EMPTY } from "./mailbox.ts";
import { BUSY, type Process, READY } from "./process.ts";
import { Queue } from "./queue.ts";
import { runAs } from "./strays.ts";
import { isThenable } from "./thenable.ts";
import { checkDelay, type Timer } from "./timers.ts";
import type { Milliseconds, ProcessFunction, Self, Timeout } from "./types.ts";
import { watchUnfinished } from "./unfinished.ts";

/** What `receive` and a server's idle timeout deliver when the time is up. */
export const timeout: Timeout = Object.freeze({ tag: "timeout" });

type Match = (message: unknown) => boolean;
interface Receiver {
  readonly match: Match | undefined;
  readonly resolve: (message: unknown) => void;
  readonly reject: (error: unknown) => void;
  timer: Timer | undefined;
  /** The time is up, but messages that came in time are still to be looked at. */
  overdue: boolean;
}

/** The state of a process in direct style: its function, what it waits for, and what it has passed over. */
export class PlainState {
  declare readonly run: ProcessFunction;
  declare receiver: Receiver | undefined;
  /** Messages that an earlier `receive` did not want, oldest first (Erlang's save queue); those that go before others apart. */
  declare saved: Queue | undefined;
  declare savedUrgent: Queue | undefined;
  constructor(run: ProcessFunction) {
    this.run = run;
    this.receiver = undefined;
    this.saved = undefined;
    this.savedUrgent = undefined;
  }

  /** The function returned `_value`, and the process lives. */
  returned(process: Process, _value: unknown): void {
    process.end("normal");
  }

  threw(process: Process, thrown: unknown): void {
    process.crash(thrown);
  }
}

export function plainState(run: ProcessFunction): unknown {
  return new PlainState(checkFunction("spawn", run));
}

/** A process that runs one function and ends with it: `normal`, or what it throws. */
export const plainBehaviour: Behaviour = {
  kind: "process",

  start: (process) => startPlain(process, runAs),

  keepsOrder: true,

  receive(process, message) {
    const state = process.state as PlainState;
    const { receiver } = state;
    const urgent = wasUrgent(process);
    if (receiver === undefined || !wants(process, state, receiver, message)) {
      keep(state, message, urgent);
      if (state.receiver?.overdue && process.messageCount === 0) timeUp(process, state, state.receiver);
      return;
    }
    settle(process, state, receiver.resolve, message);
  },

  kept(process) {
    const { saved, savedUrgent } = process.state as PlainState;
    return (saved?.length ?? 0) + (savedUrgent?.length ?? 0);
  },

  flush(process, match) {
    const { saved, savedUrgent } = process.state as PlainState;
    savedUrgent?.takeAll(match);
    saved?.takeAll(match);
  },
};

/** Runs its function; `enter` is how its code is made known as its own. */
export function startPlain(process: Process, enter: typeof runAs): void {
  const state = process.state as PlainState;
  let result: unknown;
  try {
    result = enter(process, invoke, state.run, process as unknown as Self);
  } catch (thrown) {
    return state.threw(process, thrown);
  }
  if (!isThenable(result)) {
    if (!process.dead) state.returned(process, result);
    return;
  }
  if (process.dead) watchUnfinished(process);
  else if (state.receiver === undefined) process.status = BUSY;
  result.then(
    (value) => {
      if (over(process)) state.returned(process, value);
      else if (!isClean(process.reason)) process.zombie("settle");
    },
    (thrown) => {
      over(process);
      state.threw(process, thrown);
    },
  );
}

function wasUrgent({ extras }: Process): boolean {
  if (extras?.urgent !== true) return false;
  extras.urgent = false;
  return true;
}

function keep(state: PlainState, message: unknown, urgent: boolean): void {
  if (urgent) {
    state.savedUrgent ??= new Queue();
    state.savedUrgent.push(message);
  } else {
    state.saved ??= new Queue();
    state.saved.push(message);
  }
}

const invoke = (run: ProcessFunction, self: Self): unknown => run(self);

/** The function has come to its end, so there is nothing that could go on. Whether the process has lived to see it. */
function over(process: Process): boolean {
  if (process.dead) process.finished();
  else process.status = READY;
  return !process.dead;
}

/** A `match` that throws is the receiver's own fault: its `receive` rejects, and the message stays. */
function wants(process: Process, state: PlainState, receiver: Receiver, message: unknown): boolean {
  try {
    return receiver.match === undefined || receiver.match(message);
  } catch (thrown) {
    settle(process, state, receiver.reject, thrown);
    return false;
  }
}

function settle(process: Process, state: PlainState, tell: (value: unknown) => void, value: unknown): void {
  state.receiver?.timer?.cancel();
  state.receiver = undefined;
  process.status = BUSY;
  process.kernel.scheduler.settle(process, tell, value, "receive");
}

/** Selective receive: first what was passed over before, then the mailbox. */
export function receive(process: Process, match: Match | undefined, after: Milliseconds | undefined): Promise<any> {
  const state: unknown = process.state;
  if (!(state instanceof PlainState)) {
    const got = `${process.describe()}, which gets its messages in a callback`;
    throw new BadArgument(`receive: expected a process that runs a function, got: ${got}`);
  }
  if (state.receiver !== undefined)
    throw new BadArgument(`receive: expected one at a time, got: another one of ${process.describe()}`);
  const waiting = takeFirst(process, state, match);
  if (waiting !== EMPTY) return Promise.resolve(waiting);
  if (after !== undefined) checkDelay(after);
  return new Promise((resolve, reject) => {
    const receiver: Receiver = { match, resolve, reject, timer: undefined, overdue: after === 0 };
    state.receiver = receiver;
    if (after === 0 && process.messageCount === 0) return timeUp(process, state, receiver);
    if (after !== undefined && after > 0) {
      receiver.timer = process.kernel.timers.set(after, () => expire(process, state, receiver), process);
    }
    process.kernel.scheduler.resume(process);
  });
}

/** An urgent message goes before those that an earlier `receive` has passed over. */
function takeFirst(process: Process, state: PlainState, match: Match | undefined): unknown {
  const kept = takeKept(state.savedUrgent, match);
  if (kept !== EMPTY || state.saved === undefined) return kept;
  const urgent = process.takeUrgentFirst(match);
  if (urgent === EMPTY) return takeKept(state.saved, match);
  wasUrgent(process);
  return urgent;
}

function takeKept(kept: Queue | undefined, match: Match | undefined): unknown {
  if (kept === undefined) return EMPTY;
  return match === undefined ? kept.shift() : kept.take(match);
}

/** Messages that wait are looked at before the time is up: a timeout of 0 takes what is there. */
function expire(process: Process, state: PlainState, receiver: Receiver): void {
  if (process.messageCount > 0) receiver.overdue = true;
  else timeUp(process, state, receiver);
}

function timeUp(process: Process, state: PlainState, receiver: Receiver): void {
  settle(process, state, receiver.resolve, timeout);
}
