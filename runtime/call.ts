import { CallError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { showTarget } from "./pid.ts";
import type { Process } from "./process.ts";
import { checkDelay, type Timer } from "./timers.ts";
import type { CallOptions, Pid, Reason, Target } from "./types.ts";
import { Watch } from "./watch.ts";

/** Who asked: keep it to answer later, from wherever, with {@link answer}. */
export interface From {
  readonly pid: Pid;
  readonly ref: number;
}

export const DEFAULT_CALL_TIMEOUT = 5000;

/**
 * A request on its way: the message in the server's mailbox, the caller's monitor of the server, the deadline and the
 * reply address are this one object. The reply goes past the caller's mailbox, so a full one cannot delay it.
 */
export class Call extends Watch implements From {
  readonly pid: Pid;
  readonly request: string;
  readonly payload: unknown;
  private readonly kernel: Kernel;
  private readonly to: Target;
  private readonly resolve: (value: unknown) => void;
  private readonly reject: (error: unknown) => void;
  private timer: Timer | null = null;

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
  send(caller: Process, timeout: CallOptions["timeout"], message: unknown = this): void {
    const { kernel } = this;
    if (timeout !== undefined && timeout !== "infinity") checkDelay(timeout);
    const target = kernel.names.resolve(this.to);
    if (target === undefined) return this.fail("noproc");
    if (target === caller) return this.fail("callingSelf");
    this.attach(caller, target);
    if (timeout !== "infinity") {
      this.timer = kernel.timers.set(timeout ?? DEFAULT_CALL_TIMEOUT, () => this.expire(), null);
    }
    kernel.scheduler.reductions++;
    target.deliver(message);
  }

  /** The caller's death, its timeout or an earlier answer make this a no-op (OTP: the alias is gone). */
  answer(value: unknown): void {
    if (!this.detach()) return;
    this.kernel.scheduler.giveWay();
    this.resolve(value);
  }

  /** Rejects the call with an error that is the caller's. */
  refuse(error: unknown): void {
    if (!this.detach()) return;
    this.kernel.scheduler.giveWay();
    this.reject(error);
  }

  fire(reason: Reason): void {
    this.fail(reason);
  }

  override detach(): boolean {
    this.timer?.cancel();
    this.timer = null;
    return super.detach();
  }

  private expire(): void {
    if (this.detach()) this.fail("timeout");
  }

  private fail(reason: Reason): void {
    this.kernel.scheduler.giveWay();
    this.reject(new CallError(reason, this.request, showTarget(this.to)));
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

/** Answers a call, now or later, from any process; harmless when the caller no longer waits (OTP: `gen_server:reply/2`). */
export function answer<V>(from: From, value: V): void {
  (from as Call).answer(value);
}

export function call(
  caller: Process,
  to: Target,
  request: string,
  payload: unknown,
  options: CallOptions,
): Promise<any> {
  if (caller.dead) {
    caller.zombie("call");
    return new Promise(() => {});
  }
  return new Promise((resolve, reject) => {
    new Call(caller, to, request, payload, resolve, reject).send(caller, options.timeout);
  });
}
