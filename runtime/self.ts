import { Cast, call } from "./call.ts";
import { BadArgument } from "./errors.ts";
import { nameOf } from "./names.ts";
import { addressOf, NOBODY, showTarget } from "./pid.ts";
import { plainBehaviour, plainState, receive } from "./plain-process.ts";
import { Process } from "./process.ts";
import type { Telemetry } from "./telemetry.ts";
import { checkDelay } from "./timers.ts";
import type {
  Caller,
  CallOptions,
  Milliseconds,
  MonitorRef,
  Name,
  Pid,
  ProcessFunction,
  Reason,
  Self,
  SpawnOptions,
  Target,
  TimerRef,
} from "./types.ts";
import { Monitor } from "./watch.ts";

const NO_OPTIONS: CallOptions = {};

/**
 * A process as its own code sees it. What a dead process asks for is not done: every operation with an effect looks
 * first, and tells the telemetry bus of a zombie.
 */
export class ProcessSelf extends Process implements Self {
  // ── talking ──

  call(to: Target, request: string, ...payload: unknown[]): Promise<any> {
    return call(this, to, request, payload[0], NO_OPTIONS);
  }

  cast(to: Target, request: string, ...payload: unknown[]): void {
    if (this.gone("cast")) return;
    this.kernel.scheduler.reductions++;
    this.kernel.names.resolve(to)?.deliver(new Cast(request, payload[0]));
  }

  send(to: Target, message: unknown): void {
    if (this.gone("send")) return;
    this.kernel.scheduler.reductions++;
    const target = this.kernel.names.resolve(to);
    if (target !== undefined) target.deliver(message);
    else if (!isPid(to)) throw new BadArgument(`send: no process is registered as ${showTarget(to)}`);
  }

  whereis(name: Name): Pid | undefined {
    return this.kernel.names.whereis(name)?.pid;
  }

  isAlive(pid: Pid): boolean {
    return addressOf(pid).process?.dead === false;
  }

  with(options: CallOptions): Caller {
    return new CallerWith(this, options);
  }

  // ── the world ──

  get telemetry(): Telemetry {
    return this.kernel.telemetry;
  }

  now(): Milliseconds {
    return this.kernel.driver.now();
  }

  random(): number {
    return this.kernel.driver.random();
  }

  sleep(delay: Milliseconds): Promise<void> {
    if (this.gone("sleep")) return new Promise(() => {});
    return new Promise((resolve) => {
      this.kernel.timers.set(delay, resolve, this);
    });
  }

  sendAfter(message: unknown, delay: Milliseconds, to: Target = this.pid): TimerRef {
    checkDelay(delay);
    if (this.gone("sendAfter")) return EXPIRED;
    const { names, timers } = this.kernel;
    if (!isPid(to)) {
      nameOf(to);
      return timers.set(delay, () => names.whereis(to)?.deliver(message), this.kernel.root);
    }
    const target = addressOf(to).process;
    return target === null || target.dead ? EXPIRED : timers.set(delay, () => target.deliver(message), target);
  }

  // ── other processes ──

  spawn(run: ProcessFunction, options: SpawnOptions = {}): Pid {
    return this.start(run, options, false).pid;
  }

  spawnLink(run: ProcessFunction, options: SpawnOptions = {}): Pid {
    return this.start(run, options, true).pid;
  }

  spawnMonitor(run: ProcessFunction, options: SpawnOptions = {}): { pid: Pid; monitor: MonitorRef } {
    const process = this.start(run, options, false);
    return { pid: process.pid, monitor: this.monitor(process.pid) };
  }

  monitor(target: Target): MonitorRef {
    const named = isPid(target) ? undefined : target;
    const process = this.kernel.names.resolve(target);
    const monitor = new Monitor(this, isPid(target) ? target : (process?.pid ?? NOBODY), named);
    if (this.gone("monitor") || process === this) return monitor;
    if (process === undefined) monitor.fire("noproc");
    else monitor.attach(this, process);
    return monitor;
  }

  link(pid: Pid): void {
    if (this.gone("link")) return;
    const address = addressOf(pid);
    if (address.process === null || address.process.dead) this.linkFailed(address);
    else this.linkTo(address.process);
  }

  unlink(pid: Pid): void {
    const { process } = addressOf(pid);
    if (!this.gone("unlink") && process !== null) this.unlinkFrom(process);
  }

  exit(pid: Pid, reason: Reason): void {
    const { process } = addressOf(pid);
    if (!this.gone("exit")) process?.signalled(this.pid, reason, false);
  }

  receive(match?: (message: any) => boolean, timeout?: Milliseconds): Promise<any> {
    if (this.gone("receive")) return new Promise(() => {});
    try {
      return receive(this, match, timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  register(name: Name, pid: Pid = this.pid): void {
    if (this.gone("register")) return;
    const { process } = addressOf(pid);
    if (process === null)
      throw new BadArgument(`register: ${pid} is not alive, so it cannot have the name ${name.name}`);
    this.kernel.names.register(name, process);
  }

  unregister(name: Name): void {
    if (!this.gone("unregister")) this.kernel.names.unregister(name);
  }

  private start(run: ProcessFunction, options: SpawnOptions, link: boolean): Process {
    return this.kernel.spawn(this, plainBehaviour, plainState(run), { ...options, link });
  }

  private gone(operation: string): boolean {
    if (!this.dead) return false;
    this.zombie(operation);
    return true;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.describe();
  }
}

/** A caller with other defaults. */
class CallerWith implements Caller {
  private readonly process: ProcessSelf;
  private readonly options: CallOptions;
  constructor(process: ProcessSelf, options: CallOptions) {
    this.process = process;
    this.options = options;
  }
  call(to: Target, request: string, ...payload: unknown[]): Promise<any> {
    return call(this.process, to, request, payload[0], this.options);
  }
  cast(to: Target, request: string, ...payload: unknown[]): void {
    this.process.cast(to, request, ...payload);
  }
  send(to: Target, message: unknown): void {
    this.process.send(to, message);
  }
  whereis(name: Name): Pid | undefined {
    return this.process.whereis(name);
  }
  isAlive(pid: Pid): boolean {
    return this.process.isAlive(pid);
  }
  with(options: CallOptions): Caller {
    return new CallerWith(this.process, { ...this.options, ...options });
  }
  /** @internal */
  get self(): ProcessSelf {
    return this.process;
  }
  /** @internal */
  get callOptions(): CallOptions {
    return this.options;
  }
}

/** The process that a caller speaks for. Every `Caller` of the library has one; a system's is its root. */
export function processOf(caller: Caller): ProcessSelf {
  if (caller instanceof ProcessSelf) return caller;
  const self = (caller as { self?: unknown } | undefined)?.self;
  if (self instanceof ProcessSelf) return self;
  throw new BadArgument("expected a process (self) or a system");
}

/** What a caller was made {@link Caller.with}. */
export const optionsOf = (caller: Caller): CallOptions =>
  caller instanceof CallerWith ? caller.callOptions : NO_OPTIONS;

const isPid = (to: Target): to is Pid => typeof (to as Pid | undefined)?.id === "number";

const EXPIRED: TimerRef = { cancel: () => false, [Symbol.dispose]() {} };
