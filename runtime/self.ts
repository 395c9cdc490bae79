import { nothing } from "./afterlife.ts";
import { AliasAddress } from "./alias.ts";
import { ancestorsOf } from "./ancestors.ts";
import { Cast, call } from "./call.ts";
import { CallerWith, NO_OPTIONS } from "./caller.ts";
import { checkOptions } from "./checks.ts";
import { BadArgument, MailboxFull } from "./errors.ts";
import { show } from "./inspect.ts";
import { Loop } from "./loop.ts";
import { MessageTimer, NameTimer } from "./message-timer.ts";
import { HeldName } from "./name-ref.ts";
import { nameOf } from "./names.ts";
import { Address, addressOf, NOBODY, showTarget } from "./pid.ts";
import { plainBehaviour, plainState, receive } from "./plain-process.ts";
import { Process } from "./process.ts";
import { newRef } from "./ref.ts";
import type { Telemetry } from "./telemetry.ts";
import { checkDelay, checkTime, EXPIRED, type Timer } from "./timers.ts";
import type {
  Alias,
  AliasOptions,
  Caller,
  CallOptions,
  Milliseconds,
  MonitorOptions,
  MonitorRef,
  Name,
  NameRef,
  Pid,
  ProcessFunction,
  Reason,
  Self,
  SendOptions,
  SpawnOptions,
  Target,
  TimerRef,
} from "./types.ts";
import { Monitor } from "./watch.ts";

/**
 * A process as its own code sees it. What a dead process asks for is not done: every operation with an effect looks
 * first, and tells the telemetry bus of a zombie.
 */
export class ProcessSelf extends Process implements Self {
  // ── talking ──

  call(to: Target, request: string, ...payload: unknown[]): Promise<any> {
    return call(this, to, request, this.kernel.pass(payload[0]), NO_OPTIONS);
  }

  cast(to: Target, request: string, ...payload: unknown[]): void {
    if (this.gone("cast")) return;
    this.kernel.scheduler.reductions++;
    this.kernel.names.resolve(to)?.deliver(new Cast(request, this.kernel.pass(payload[0])));
  }

  send(to: Target | Alias, message: unknown, options?: SendOptions): void {
    if (this.dead) return this.zombie("send");
    const { kernel } = this;
    kernel.scheduler.reductions++;
    const passed = kernel.pass(message);
    if (!(to instanceof Address)) return this.sendElsewhere(to, passed, options);
    const { process } = to;
    if (process !== null && !process.deliver(passed)) refused(process);
  }

  /** Apart from {@link send}, so that what nearly every message takes is short enough for V8 to inline. */
  private sendElsewhere(to: Target | Alias, message: unknown, options: SendOptions | undefined): void {
    if (to instanceof AliasAddress) {
      const { process } = to;
      if (process !== null && !to.deliver(process, message, options)) refused(process);
      return;
    }
    const process = this.kernel.names.resolve(to as Target);
    if (process !== undefined) {
      if (!process.deliver(message)) refused(process);
    } else if (!isPid(to as Target)) {
      throw new BadArgument(`send: expected a name that somebody holds, got: ${showTarget(to as Target)}`);
    }
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

  get ancestors(): readonly Pid[] {
    return ancestorsOf(this.pid);
  }

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
    if (this.dead) return nothing(this, "sleep");
    return new Promise((resolve) => {
      const wake = () => this.kernel.scheduler.settle(this, resolve, undefined, "sleep");
      this.kernel.timers.setToWake(delay, wake, this);
    });
  }

  sendAfter(message: unknown, delay: Milliseconds, to: Target = this.pid): TimerRef {
    checkDelay(delay);
    const timer = this.timer("sendAfter", delay, to, message, false);
    return timer === undefined ? EXPIRED : this.kernel.timers.start(timer);
  }

  sendAt(message: unknown, at: Milliseconds, to: Target = this.pid): TimerRef {
    checkTime(at);
    const timer = this.timer("sendAt", at, to, message, false);
    return timer === undefined ? EXPIRED : this.kernel.timers.startAt(timer);
  }

  startTimer(message: unknown, delay: Milliseconds, to: Target = this.pid): TimerRef {
    checkDelay(delay);
    const timer = this.timer("startTimer", delay, to, message, true);
    return timer === undefined ? EXPIRED : this.kernel.timers.start(timer);
  }

  /** A name is looked up when the timer fires, and the timer then belongs to nobody; else it is its receiver's. */
  private timer(operation: string, at: Milliseconds, to: Target, message: unknown, tagged: boolean): Timer | undefined {
    if (this.gone(operation)) return undefined;
    const { kernel } = this;
    const passed = kernel.pass(message);
    if (!isPid(to)) {
      nameOf(to);
      return new NameTimer(kernel, at, to, passed, tagged);
    }
    const { process } = addressOf(to);
    if (process === null || process.dead) return undefined;
    return new MessageTimer(kernel.timers, at, process, passed, tagged);
  }

  // ── other processes ──

  spawn(run: ProcessFunction | Loop, options: SpawnOptions = UNLINKED): Pid {
    return this.start(run, checkOptions("spawn", options)).pid;
  }

  spawnLink(run: ProcessFunction | Loop, options?: SpawnOptions): Pid {
    return this.start(run, options === undefined ? LINKED : { ...options, link: true }).pid;
  }

  spawnMonitor(
    run: ProcessFunction | Loop,
    options: SpawnOptions & { readonly monitor?: MonitorOptions<any> } = UNLINKED,
  ): { pid: Pid; monitor: MonitorRef } {
    const { pid } = this.start(run, checkOptions("spawnMonitor", options));
    return { pid, monitor: this.monitor(pid, options.monitor) };
  }

  monitor(target: Target, options?: MonitorOptions<any>): MonitorRef {
    if (options !== undefined) checkMonitor(options);
    const named = isPid(target) ? undefined : target;
    const process = this.kernel.names.resolve(target);
    const monitor = new Monitor(this, isPid(target) ? target : (process?.pid ?? NOBODY), named, options);
    if (this.gone("monitor") || process === this) {
      // Nobody watches himself; as in OTP, an alias that comes with such a monitor leads nowhere.
      monitor.alias?.withdraw(this);
      return monitor;
    }
    if (process === undefined) monitor.fire("noproc");
    else monitor.attach(this, process);
    return monitor;
  }

  alias(options: AliasOptions = {}): Alias {
    const { reply = false, priority = false } = checkOptions("alias", options);
    const alias = new AliasAddress(this, newRef(), reply, priority);
    if (this.gone("alias")) alias.withdraw(this);
    return alias;
  }

  unalias(alias: Alias): boolean {
    if (!(alias instanceof AliasAddress)) throw new BadArgument(`unalias: expected an alias, got: ${show(alias)}`);
    return !this.gone("unalias") && alias.withdraw(this);
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
    if (this.dead) return nothing(this, "receive");
    try {
      return receive(this, match, timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  register(name: Name, pid: Pid = this.pid): NameRef {
    const registration = new HeldName(this.kernel, name, addressOf(pid));
    if (this.gone("register")) return registration;
    const { process } = addressOf(pid);
    if (process === null) throw new BadArgument(`register: expected a process that is alive, got: ${pid}`);
    this.kernel.names.register(name, process, this);
    return registration;
  }

  unregister(name: Name): void {
    if (!this.gone("unregister")) this.kernel.names.unregister(name, this);
  }

  private start(run: ProcessFunction | Loop, flags: SpawnOptions): Process {
    if (run instanceof Loop) return this.kernel.spawn(this, run, run.state, flags);
    return this.kernel.spawn(this, plainBehaviour, plainState(run), flags);
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

/** The process that a caller speaks for. Every `Caller` of the library has one; a system's is its root. */
export function processOf(caller: Caller): ProcessSelf {
  if (caller instanceof ProcessSelf) return caller;
  const self = (caller as { self?: unknown } | undefined)?.self;
  if (self instanceof ProcessSelf) return self;
  throw new BadArgument(`expected a process (self) or a system, got: ${show(caller)}`);
}

const UNLINKED: SpawnOptions = { link: false };
const LINKED: SpawnOptions = { link: true };

const isPid = (to: Target): to is Pid => typeof (to as Pid | undefined)?.id === "number";

const ALIAS_MODES: readonly unknown[] = [undefined, "explicitUnalias", "demonitor", "replyDemonitor"];

function checkMonitor(options: MonitorOptions<unknown>): void {
  const { alias } = checkOptions("monitor", options);
  if (ALIAS_MODES.includes(alias)) return;
  throw new BadArgument(
    `monitor: expected alias to be explicitUnalias, demonitor or replyDemonitor, got: ${show(alias)}`,
  );
}

/** A full mailbox dropped a message. Whether its sender is told is the receiver's choice. */
function refused(receiver: Process): void {
  const bounds = receiver.extras?.bounds;
  if (bounds?.overflow === "refuse") throw new MailboxFull(receiver.describe(), bounds.limit);
}
