import { nothing } from "./afterlife.ts";
import { BadArgument, CallError } from "./errors.ts";
import { show } from "./inspect.ts";
import { type Address, showTarget } from "./pid.ts";
import type { Process } from "./process.ts";
import { checkDelay, type Timer } from "./timers.ts";
import type { CallOptions, Milliseconds, Pid, Reason, Target } from "./types.ts";
import { Watch } from "./watch.ts";

/** Who asked: keep it to answer later, from wherever, with {@link answer}. */
export interface From {
  readonly pid: Pid;
  readonly ref: number;
}

export const DEFAULT_CALL_TIMEOUT = 5000;

type Pending = void | Promise<void>;

/** What goes along with a call that has more than a timeout. */
interface Terms {
  /** The moment by which everything that the call causes must have its answer. */
  readonly deadline: Milliseconds | null;
  /** Stops listening for an abort. */
  readonly release: (() => void) | null;
  /** Where the call was made; only with the system's option `callStacks`. */
  readonly site: { readonly stack?: string } | null;
}

/**
 * A request on its way: the message in the server's mailbox, the caller's monitor of the server, the deadline and the
 * reply address are this one object. The reply goes past the caller's mailbox, so a full one cannot delay it.
 */
export abstract class Call extends Watch implements From {
  declare readonly pid: Address;
  declare readonly request: string;
  declare readonly payload: unknown;
  declare private readonly to: Target;
  /** How long the answer may take. */
  declare private timeout: Milliseconds | "infinity";
  /** Of a call that has waited for longer than until the next look at the clock. */
  declare private timer: Timer | null;
  /** Null for most calls: the one field that a server looks at for deadlines. */
  declare terms: Terms | null;

  constructor(caller: Process, to: Target, request: string, payload: unknown) {
    super();
    this.pid = caller.pid;
    this.to = to;
    this.request = request;
    this.payload = payload;
    this.timeout = "infinity";
    this.timer = null;
    this.terms = null;
  }

  /** The outcome reaches the caller. */
  protected abstract succeed(caller: Process, value: unknown): void;
  protected abstract fail(caller: Process, error: unknown): void;

  /** Delivers itself, or a `message` that carries it. */
  send(caller: Process, options: CallOptions, message: unknown = this): void {
    const target = caller.kernel.names.resolve(this.to);
    if (target === caller) this.end(caller, "callingSelf");
    else this.sendTo(target, caller, options, message);
  }

  /** `entry` is the function that was called: a recorded stack begins above it. */
  sendTo(
    target: Process | undefined,
    caller: Process,
    options: CallOptions,
    message: unknown = this,
    entry: Function = call,
  ): void {
    const { kernel } = caller;
    const { deadline, signal } = options;
    // A deadline that is asked for stands in place of the default; one that is inherited only comes on top.
    const { timeout = deadline === undefined ? DEFAULT_CALL_TIMEOUT : "infinity" } = options;
    if (timeout !== "infinity") checkDelay(timeout);
    this.timeout = timeout;
    if (deadline !== undefined || signal !== undefined || caller.deadline !== null || kernel.callStacks) {
      const terms = this.agree(caller, deadline, signal, entry);
      if (terms === undefined) return;
      this.terms = terms;
      if (terms.deadline !== null) {
        const left = terms.deadline - kernel.driver.now();
        if (timeout === "infinity" || left < timeout) this.timeout = left;
      }
    }
    if (target === undefined) return this.end(caller, "noproc");
    this.attach(caller, target);
    if (this.timeout !== "infinity") kernel.timers.beginSoon(this);
    kernel.scheduler.reductions++;
    if (message === this) target.deliver(this);
    else target.enqueue(message);
  }

  /** The caller's death, its timeout or an earlier answer make this a no-op (OTP: the alias is gone). */
  answer(value: unknown): void {
    const { watcher } = this;
    if (watcher === null) return;
    // A value that cannot be passed is the fault of who answers: the call still waits when this throws.
    const passed = watcher.kernel.pass(value);
    this.detach();
    this.succeed(watcher, passed);
  }

  /** Rejects the call with an error that is the caller's. */
  refuse(error: unknown): void {
    const { watcher } = this;
    if (watcher !== null && this.detach()) this.fail(watcher, error);
  }

  fire(reason: Reason): void {
    const { process } = this.pid;
    if (process !== null) this.end(process, reason);
  }

  override detach(): boolean {
    if (this.timer !== null) {
      this.timer.cancel();
      this.timer = null;
    }
    if (this.terms !== null) this.terms.release?.();
    return super.detach();
  }

  get waits(): boolean {
    return this.active;
  }

  /** It is `now`, and the answer is not there yet: from here its time counts. */
  begin(now: Milliseconds): void {
    if (this.watcher === null || this.timeout === "infinity") return;
    const { timers } = this.watcher.kernel;
    this.timer = timers.setAt(now + this.timeout, () => this.giveUp("timeout"), null, this.ref);
  }

  /** Whether the call may go out at all: neither aborted, nor too late already. What it then goes out with. */
  private agree(
    caller: Process,
    deadline: Milliseconds | undefined,
    signal: AbortSignal | undefined,
    entry: Function,
  ): Terms | undefined {
    const { kernel } = caller;
    const until = earliest(caller.deadline, checkDeadline(deadline));
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new BadArgument(`expected an AbortSignal, got: ${show(signal)}`);
    }
    if (signal?.aborted) return this.end(caller, "aborted", signal.reason);
    if (until !== null && until <= kernel.driver.now()) return this.end(caller, "timeout");
    const release = signal === undefined ? null : this.listen(signal);
    const site: { stack?: string } | null = kernel.callStacks ? {} : null;
    if (site !== null) Error.captureStackTrace(site, entry);
    return { deadline: until, release, site };
  }

  private listen(signal: AbortSignal): () => void {
    const abort = (): void => this.giveUp("aborted", signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  }

  private giveUp(reason: Reason, cause: unknown = reason): void {
    const { watcher } = this;
    if (watcher !== null && this.detach()) this.end(watcher, reason, cause);
  }

  /** There will be no answer. */
  private end(caller: Process, reason: Reason, cause: unknown = reason): undefined {
    this.terms?.release?.();
    this.fail(caller, new CallError(reason, this.request, showTarget(this.to), cause));
  }
}

/** A call whose caller awaits a promise. */
export class PromisedCall extends Call {
  declare private readonly resolve: (value: unknown) => void;
  declare private readonly reject: (error: unknown) => void;

  constructor(
    caller: Process,
    to: Target,
    request: string,
    payload: unknown,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(caller, to, request, payload);
    this.resolve = resolve;
    this.reject = reject;
  }

  protected succeed(caller: Process, value: unknown): void {
    caller.kernel.scheduler.settle(caller, this.resolve, value, this.request);
  }

  protected fail(caller: Process, error: unknown): void {
    caller.kernel.scheduler.settle(caller, this.reject, error, this.request);
  }
}

/** A request that nobody waits for. */
export class Cast {
  readonly request: string;
  readonly payload: unknown;
  constructor(request: string, payload: unknown) {
    this.request = request;
    this.payload = payload;
  }
}

/** A cast of a server's own module to itself. */
export class Reminder extends Cast {}

/** Casts to oneself: of the library's own, so that it gets in however many messages wait, and is passed as it is. */
export const remind = (process: Process, request: string, payload: unknown): void =>
  process.enqueue(new Reminder(request, payload));

/** Answers a call, now or later, from any process; harmless when the caller no longer waits (OTP: `gen_server:reply/2`). */
export function answer<V>(from: From, value: V): void {
  if (!(from instanceof Call)) throw new BadArgument(`reply: expected a caller (from), got: ${show(from)}`);
  from.answer(value);
}

export function call(
  caller: Process,
  to: Target,
  request: string,
  payload: unknown,
  options: CallOptions,
): Promise<any> {
  if (caller.dead) return nothing(caller, "call", new CallError("noproc", request, showTarget(to)));
  return new Promise((resolve, reject) => {
    new PromisedCall(caller, to, request, payload, resolve, reject).send(caller, options);
  });
}

/**
 * Runs the handling of a call that came with terms: what its process calls meanwhile, also in what is awaited, has the
 * same deadline. One message at a time makes a field of the process exact.
 */
export function underTerms(process: Process, { terms }: Call, handle: () => Pending): Pending {
  if (terms === null || terms.deadline === null) return handle();
  const done = (): void => {
    rare.deadline = null;
  };
  const { rare } = process;
  rare.deadline = terms.deadline;
  const pending = handle();
  if (pending === undefined) return done();
  return pending.finally(done);
}

function checkDeadline(deadline: Milliseconds | undefined): Milliseconds | null {
  if (deadline === undefined || deadline === Number.POSITIVE_INFINITY) return null;
  if (Number.isFinite(deadline)) return deadline;
  throw new BadArgument(`expected a deadline in the time of now(), got: ${show(deadline)}`);
}

const earliest = (a: Milliseconds | null, b: Milliseconds | null): Milliseconds | null =>
  a === null ? b : b === null ? a : Math.min(a, b);
