import { nothing } from "./afterlife.ts";
import { BadArgument, CallError } from "./errors.ts";
import { show } from "./inspect.ts";
import type { Kernel } from "./kernel.ts";
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
export class Call extends Watch implements From {
  readonly pid: Address;
  readonly request: string;
  readonly payload: unknown;
  private readonly kernel: Kernel;
  private readonly to: Target;
  private readonly resolve: (value: unknown) => void;
  private readonly reject: (error: unknown) => void;
  private timer: Timer | null = null;
  /** Null for most calls: the one field that a server looks at for deadlines. */
  terms: Terms | null = null;

  constructor(
    caller: Process,
    to: Target,
    request: string,
    payload: unknown,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.pid = caller.pid;
    this.kernel = caller.kernel;
    this.to = to;
    this.request = request;
    this.payload = payload;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Delivers itself, or a `message` that carries it. */
  send(caller: Process, options: CallOptions, message: unknown = this): void {
    const target = this.kernel.names.resolve(this.to);
    if (target === caller) this.fail("callingSelf");
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
    const { kernel } = this;
    const { deadline, signal } = options;
    // A deadline that is asked for stands in place of the default; one that is inherited only comes on top.
    const { timeout = deadline === undefined ? DEFAULT_CALL_TIMEOUT : "infinity" } = options;
    if (timeout !== "infinity") checkDelay(timeout);
    let delay = timeout;
    if (deadline !== undefined || signal !== undefined || caller.deadline !== null || kernel.callStacks) {
      const terms = this.agree(caller, deadline, signal, entry);
      if (terms === undefined) return;
      this.terms = terms;
      if (terms.deadline !== null) {
        const left = terms.deadline - kernel.driver.now();
        if (delay === "infinity" || left < delay) delay = left;
      }
    }
    if (target === undefined) return this.fail("noproc");
    this.attach(caller, target);
    if (delay !== "infinity") this.timer = kernel.timers.set(delay, () => this.expire(), null);
    kernel.scheduler.reductions++;
    if (message === this) target.deliver(this);
    else target.enqueue(message);
  }

  /** The caller's death, its timeout or an earlier answer make this a no-op (OTP: the alias is gone). */
  answer(value: unknown): void {
    const { watcher } = this;
    if (watcher === null) return;
    // A value that cannot be passed is the fault of who answers: the call still waits when this throws.
    const passed = this.kernel.pass(value);
    this.detach();
    this.tell(watcher, this.resolve, passed);
  }

  /** Rejects the call with an error that is the caller's. */
  refuse(error: unknown): void {
    const { watcher } = this;
    if (watcher !== null && this.detach()) this.tell(watcher, this.reject, error);
  }

  fire(reason: Reason): void {
    this.fail(reason);
  }

  override detach(): boolean {
    this.timer?.cancel();
    this.timer = null;
    if (this.terms !== null) this.terms.release?.();
    return super.detach();
  }

  /** Whether the call may go out at all: neither aborted, nor too late already. What it then goes out with. */
  private agree(
    caller: Process,
    deadline: Milliseconds | undefined,
    signal: AbortSignal | undefined,
    entry: Function,
  ): Terms | undefined {
    const until = earliest(caller.deadline, checkDeadline(deadline));
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new BadArgument(`expected an AbortSignal, got: ${show(signal)}`);
    }
    if (signal?.aborted) return this.fail("aborted", signal.reason);
    if (until !== null && until <= this.kernel.driver.now()) return this.fail("timeout");
    const release = signal === undefined ? null : this.listen(signal);
    const site: { stack?: string } | null = this.kernel.callStacks ? {} : null;
    if (site !== null) Error.captureStackTrace(site, entry);
    return { deadline: until, release, site };
  }

  private listen(signal: AbortSignal): () => void {
    const abort = (): void => {
      if (this.detach()) this.fail("aborted", signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    return () => signal.removeEventListener("abort", abort);
  }

  private expire(): void {
    if (this.detach()) this.fail("timeout");
  }

  private fail(reason: Reason, cause: unknown = reason): undefined {
    this.terms?.release?.();
    const { process } = this.pid;
    const error = new CallError(reason, this.request, showTarget(this.to), cause);
    if (process !== null) this.tell(process, this.reject, error);
  }

  /** The outcome reaches the caller. */
  protected tell(caller: Process, settle: (value: unknown) => void, value: unknown): void {
    this.kernel.scheduler.settle(caller, settle, value);
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
    new Call(caller, to, request, payload, resolve, reject).send(caller, options);
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
