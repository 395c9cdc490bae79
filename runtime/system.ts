import type { AccountingOptions } from "./accounting.ts";
import type { Behaviour } from "./behaviour.ts";
import { call } from "./call.ts";
import { type Driver, realDriver } from "./driver.ts";
import { BadArgument, StartError } from "./errors.ts";
import { show } from "./inspect.ts";
import { Kernel } from "./kernel.ts";
import type { Loop, LoopProtocol } from "./loop.ts";
import type { Passing } from "./passing.ts";
import { addressOf, pidIn } from "./pid.ts";
import { infoOf, type ProcessInfo } from "./process-info.ts";
import { type Level, printReports } from "./reports.ts";
import { type ProcessSelf, processOf } from "./self.ts";
import { ended, stopProcess } from "./stopping.ts";
import { catchStrays } from "./strays.ts";
import type { Telemetry } from "./telemetry.ts";
import { checkDelay } from "./timers.ts";
import type {
  Alias,
  Caller,
  CallOptions,
  ChildSpec,
  Milliseconds,
  Name,
  Pid,
  ProcessFunction,
  Protocol,
  Reason,
  SendOptions,
  Shutdown,
  SpawnOptions,
  Target,
  WithExtra,
} from "./types.ts";

export interface SystemOptions {
  /** The clock, the dice and the queue. Default: the real ones. */
  readonly driver?: Driver;
  /** The lowest level of report to print on standard error, or `false` for none. Default `"info"`. */
  readonly reports?: Level | false;
  /** End the process that caused a stray throw or rejection, instead of Node. Default true. */
  readonly catchStrays?: boolean;
  /** What becomes of the data in messages; a policy for development, see {@link Passing}. Default `"share"`. */
  readonly messages?: Passing;
  /**
   * Keeps account of the time that processes spend in their callbacks, and warns of a callback that blocks the thread
   * (`process.blocked`). Costs a look at the clock a message. Default: off; `run` turns it on.
   */
  readonly accounting?: boolean | AccountingOptions;
  /**
   * Let each call remember where it was made, for the report of a server that crashes in it. Costs some microseconds a
   * call, so it is for development. Default false.
   */
  readonly callStacks?: boolean;
  /**
   * How long the asynchronous code of a process that has ended may go on before that is told (`process.unfinished`, a
   * warning). Default 5000 ms; `"infinity"`: never.
   */
  readonly unfinishedAfter?: Milliseconds | "infinity";
}

/** A world of processes: its own names, clock and telemetry. Most programs have one, made by `run`. */
export interface System extends Caller {
  readonly telemetry: Telemetry;
  now(): Milliseconds;
  /** Starts a child under the root of the system. Rejects with a `StartError`, also when the child is ignored. */
  start<P extends Protocol>(child: ChildSpec<P, Pid<P> | WithExtra<P>>): Promise<Pid<P>>;
  /** Runs a function, or a {@link loop}, as a process that nobody is linked to. */
  spawn<M>(run: Loop<M>, options?: SpawnOptions): Pid<LoopProtocol<M>>;
  spawn<T>(run: ProcessFunction<T>, options?: SpawnOptions): Pid;
  /** Sends an exit signal. */
  exit(pid: Pid, reason: Reason): void;
  /** Stops the children in reverse order, each within its `shutdown`, then whatever still runs. */
  stop(reason?: Reason): Promise<void>;
  /** The living processes, oldest first. */
  processes(): readonly ProcessInfo[];
  /** One of them; `undefined` when it has ended (OTP: `process_info/1`). */
  processInfo(pid: Pid): ProcessInfo | undefined;
  /** Stops the system at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a system.
 *
 * @example
 * const world = system();
 * const counter = await start(world, Counter, 0);
 * console.log(await world.call(counter, "add", 2));
 * await world.stop();
 */
export function system(options: SystemOptions = {}): System {
  return new LiveSystem(options);
}

export class LiveSystem implements System {
  readonly kernel: Kernel;
  /** The process that the system speaks as, and the parent of its children. */
  readonly self: ProcessSelf;
  private readonly children = new Map<Pid, Shutdown>();
  private readonly releaseStrays: () => void;
  private stopping: Promise<void> | undefined;
  /** Timers that nobody took along when everything had ended. */
  protected timersLeft = 0;

  constructor(options: SystemOptions, kernel = new Kernel(options.driver ?? realDriver(), options.messages)) {
    this.kernel = kernel;
    this.kernel.callStacks = options.callStacks === true;
    const { unfinishedAfter = 5000 } = options;
    if (unfinishedAfter !== "infinity") checkDelay(unfinishedAfter);
    this.kernel.unfinishedAfter = unfinishedAfter;
    if (options.accounting) this.kernel.keepAccount(options.accounting === true ? {} : options.accounting);
    if (options.reports !== false) printReports(this.telemetry, options.reports);
    this.releaseStrays = options.catchStrays === false ? () => {} : catchStrays();
    this.self = this.kernel.spawn(null, rootBehaviour, this, { link: false, label: "root", trapExit: true });
    this.kernel.root = this.self;
  }

  get telemetry(): Telemetry {
    return this.kernel.telemetry;
  }

  now(): Milliseconds {
    return this.kernel.driver.now();
  }

  async start<P extends Protocol>(child: ChildSpec<P, Pid<P> | WithExtra<P>>): Promise<Pid<P>> {
    if (this.stopping !== undefined)
      throw new BadArgument("start: expected a system that runs, got: one that is stopping");
    if (typeof child?.start !== "function") throw new BadArgument(`start: expected a child spec, got: ${show(child)}`);
    const started: unknown = await child.start(this.self);
    const pid = pidIn(started);
    if (pid === undefined) throw new StartError(started, child.id);
    const shutdown = child.shutdown ?? (child.type === "supervisor" ? "infinity" : 5000);
    this.children.set(pid, shutdown);
    ended(this.self, pid).then(() => this.children.delete(pid));
    return pid;
  }

  spawn(run: ProcessFunction | Loop, options?: SpawnOptions): Pid {
    return this.self.spawn(run as Loop, options === undefined ? options : { ...options, link: false });
  }

  stop(reason: Reason = "shutdown"): Promise<void> {
    this.stopping ??= this.stopAll(reason);
    return this.stopping;
  }

  private async stopAll(reason: Reason): Promise<void> {
    await this.stopChildren(reason);
    for (const process of this.kernel.table.list()) if (process !== this.self) process.end("killed");
    this.self.end("shutdown");
    this.timersLeft = this.kernel.timers.clear();
    this.releaseStrays();
  }

  /** The first half of a stop. */
  protected async stopChildren(reason: Reason): Promise<void> {
    for (const [pid, shutdown] of [...this.children].reverse()) await stopProcess(this.self, pid, shutdown, reason);
  }

  processes(): readonly ProcessInfo[] {
    const processes = this.kernel.table.list().filter((process) => process !== this.self);
    return processes.map((process) => infoOf(process));
  }

  processInfo(pid: Pid): ProcessInfo | undefined {
    const { process } = addressOf(pid);
    return process === null || process.dead ? undefined : infoOf(process);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  call(to: Target, request: string, ...payload: unknown[]): Promise<any> {
    return call(this.self, to, request, payload[0], {});
  }
  cast(to: Target, request: string, ...payload: unknown[]): void {
    this.self.cast(to, request, ...payload);
  }
  send(to: Target | Alias, message: unknown, options?: SendOptions): void {
    this.self.send(to, message, options);
  }
  exit(pid: Pid, reason: Reason): void {
    this.self.exit(pid, reason);
  }
  whereis(name: Name): Pid | undefined {
    return this.self.whereis(name);
  }
  isAlive(pid: Pid): boolean {
    return this.self.isAlive(pid);
  }
  with(options: CallOptions): Caller {
    return this.self.with(options);
  }
}

/** The system that a caller lives in. */
export function systemOf(by: Caller): LiveSystem {
  return (processOf(by).kernel.root as ProcessSelf).state;
}

/** The root has no work of its own: whoever needs to know of a child's end watches it. Its state is the system. */
const rootBehaviour: Behaviour = {
  kind: "root",
  receive() {},
};
