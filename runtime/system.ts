import type { Behaviour } from "./behaviour.ts";
import { call } from "./call.ts";
import { type Driver, realDriver } from "./driver.ts";
import { BadArgument, CallError, StartError } from "./errors.ts";
import { Kernel } from "./kernel.ts";
import { plainBehaviour, plainState } from "./plain-process.ts";
import { BUSY, DEAD, IDLE, READY, type Status } from "./process.ts";
import { type Level, printReports } from "./reports.ts";
import type { ProcessSelf } from "./self.ts";
import { ended, stopProcess } from "./stopping.ts";
import { catchStrays } from "./strays.ts";
import type { Telemetry } from "./telemetry.ts";
import type {
  Caller,
  CallOptions,
  ChildSpec,
  Milliseconds,
  Name,
  Pid,
  ProcessFunction,
  Protocol,
  Reason,
  Shutdown,
  SpawnOptions,
  Target,
} from "./types.ts";

export interface SystemOptions {
  /** The clock, the dice and the queue. Default: the real ones. */
  readonly driver?: Driver;
  /** The lowest level of report to print on standard error, or `false` for none. Default `"info"`. */
  readonly reports?: Level | false;
  /** End the process that caused a stray throw or rejection, instead of Node. Default true. */
  readonly catchStrays?: boolean;
  /**
   * Let each call remember where it was made, for the report of a server that crashes in it. Costs some microseconds a
   * call, so it is for development. Default false.
   */
  readonly callStacks?: boolean;
}

/** What a listing says of a process. */
export interface ProcessInfo {
  readonly pid: Pid;
  readonly label: string;
  readonly name: string | undefined;
  readonly status: "waiting" | "ready" | "busy" | "exiting";
  readonly messages: number;
  readonly links: readonly Pid[];
  /** Whom it watches: with monitors, and with calls that are not answered. */
  readonly monitors: readonly Pid[];
  readonly parent: Pid | undefined;
}

/** A world of processes: its own names, clock and telemetry. Most programs have one, made by `run`. */
export interface System extends Caller {
  readonly telemetry: Telemetry;
  now(): Milliseconds;
  /** Starts a child under the root of the system. Rejects with a `StartError`, also when the child is ignored. */
  start<P extends Protocol>(child: ChildSpec<P>): Promise<Pid<P>>;
  /** Runs a function as a process that nobody is linked to. */
  spawn<T>(run: ProcessFunction<T>, options?: SpawnOptions): Pid;
  /** Sends an exit signal. */
  exit(pid: Pid, reason: Reason): void;
  /** Stops the children in reverse order, each within its `shutdown`, then whatever still runs. */
  stop(reason?: Reason): Promise<void>;
  /** The living processes, oldest first. */
  processes(): readonly ProcessInfo[];
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

  constructor(options: SystemOptions) {
    this.kernel = new Kernel(options.driver ?? realDriver());
    this.kernel.callStacks = options.callStacks === true;
    if (options.reports !== false) printReports(this.telemetry, options.reports);
    this.releaseStrays = options.catchStrays === false ? () => {} : catchStrays();
    this.self = this.kernel.spawn(null, rootBehaviour, undefined, { link: false, label: "root", trapExit: true });
    this.kernel.root = this.self;
  }

  get telemetry(): Telemetry {
    return this.kernel.telemetry;
  }

  now(): Milliseconds {
    return this.kernel.driver.now();
  }

  async start<P extends Protocol>(child: ChildSpec<P>): Promise<Pid<P>> {
    if (this.stopping !== undefined) throw new BadArgument("start: the system is stopping");
    const pid = await child.start(this.self);
    if (pid === "ignore") throw new StartError("ignore", child.id);
    const shutdown = child.shutdown ?? (child.type === "supervisor" ? "infinity" : 5000);
    this.children.set(pid, shutdown);
    ended(this.self, pid).then(() => this.children.delete(pid));
    return pid;
  }

  spawn(run: ProcessFunction, options: SpawnOptions = {}): Pid {
    return this.kernel.spawn(this.self, plainBehaviour, plainState(run), { ...options, link: false }).pid;
  }

  stop(reason: Reason = "shutdown"): Promise<void> {
    this.stopping ??= this.stopAll(reason);
    return this.stopping;
  }

  private async stopAll(reason: Reason): Promise<void> {
    for (const [pid, shutdown] of [...this.children].reverse()) await stopProcess(this.self, pid, shutdown, reason);
    for (const process of this.kernel.table.list()) if (process !== this.self) process.end("killed");
    this.self.end("shutdown");
    this.timersLeft = this.kernel.timers.clear();
    this.releaseStrays();
  }

  processes(): readonly ProcessInfo[] {
    return this.kernel.table
      .list()
      .filter((process) => process !== this.self)
      .map((process) => ({
        pid: process.pid,
        label: process.describe(),
        name: process.registered,
        status: STATUS[process.status],
        messages: process.messageCount,
        links: [...(process.links ?? [])].map((peer) => peer.pid),
        monitors: process.watched(),
        parent: process.parent ?? undefined,
      }));
  }

  call(to: Target, request: string, ...payload: unknown[]): Promise<any> {
    if (this.self.dead) return Promise.reject(new CallError("noproc", request, "anybody: the system has stopped"));
    return call(this.self, to, request, payload[0], {});
  }
  cast(to: Target, request: string, ...payload: unknown[]): void {
    this.self.cast(to, request, ...payload);
  }
  send(to: Target, message: unknown): void {
    this.self.send(to, message);
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

const STATUS: { readonly [S in Status]: ProcessInfo["status"] } = {
  [IDLE]: "waiting",
  [READY]: "ready",
  [BUSY]: "busy",
  [DEAD]: "exiting",
};

/** The root has no work of its own: whoever needs to know of a child's end watches it. */
const rootBehaviour: Behaviour = {
  kind: "root",
  start() {},
  receive() {},
};
