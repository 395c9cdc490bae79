// The vocabulary of the whole family: addresses, reasons, signals, and what a process or a system can do.

import type { Telemetry } from "./telemetry.ts";

declare const protocol: unique symbol;

/** What a process understands: its calls, its casts, and the plain messages its `handleInfo` takes. */
export interface Protocol {
  calls: object;
  casts: object;
  info: unknown;
}

/** An address you can send to. `P` exists only in the type system. Never reused within a system. */
export interface Pid<out P extends Protocol = any> {
  readonly id: number;
  readonly [protocol]?: P;
}

/** A name that stands for whoever holds it now: it survives restarts. Made by {@link name}. */
export interface Name<out P extends Protocol = any> {
  readonly name: string;
  readonly registry?: string;
  readonly [protocol]?: P;
}

export type Target<P extends Protocol = any> = Pid<P> | Name<P>;

/**
 * Why a process ended. `"normal"`, `"shutdown"` and `{ shutdown }` are clean ends, everything else is a failure.
 * Any value may be a reason; an exception is a reason as it is.
 */
export type Reason =
  | "normal"
  | "shutdown"
  | "killed"
  | "kill"
  | "noproc"
  | "timeout"
  | { readonly shutdown: unknown }
  | Error
  | (string & {})
  | object;

/** The message that a monitor sends when its target has ended (OTP: `'DOWN'`). */
export interface Down {
  readonly tag: "down";
  readonly ref: number;
  readonly pid: Pid;
  /** The name, when the monitor was made by name. */
  readonly name: Name | undefined;
  readonly reason: Reason;
}

/** An exit signal as a message: what a process that traps exits receives (OTP: `'EXIT'`). */
export interface Exit {
  readonly tag: "exit";
  readonly pid: Pid;
  readonly reason: Reason;
}

/** The message of a server's idle timeout, and what `receive` resolves to when its time is up. */
export interface Timeout {
  readonly tag: "timeout";
}

/** Milliseconds; fractions are allowed. */
export type Milliseconds = number;
export type Async<T> = T | Promise<T>;

type Fn = (...args: any[]) => any;
type Sig<T, K extends keyof T> = T[K] extends Fn ? T[K] : never;

/** How a call is made: `self.with({ timeout: 500 }).call(…)`. */
export interface CallOptions {
  /**
   * How long a call waits for its reply. Default 5000 ms; none when there is a `deadline`. The server is not told of it
   * (as in OTP): it does the work all the same, and its late reply is dropped.
   */
  readonly timeout?: Milliseconds | "infinity";
  /**
   * The moment, in the time of `self.now()`, by which the reply must be there. It travels: what the server calls while it
   * handles the request must be answered by then, too, and so on. A call whose deadline has passed is not sent.
   */
  readonly deadline?: Milliseconds;
  /** Gives the call up when it is aborted: it rejects as `aborted`, and a late reply is dropped. */
  readonly signal?: AbortSignal;
}

/** Whoever may talk to processes: a process (`self`), a {@link System}, a simulation. */
export interface Caller {
  /**
   * Sends a request and waits for its reply (OTP: `gen_server:call/3`). Rejects with a `CallError` when the target is
   * not there (`noproc`), ends before it answers (its exit reason), does not answer in time (`timeout`), or when the
   * signal that the call was made with is aborted (`aborted`).
   */
  call<P extends Protocol, K extends keyof P["calls"] & string>(
    to: Target<P>,
    request: K,
    ...payload: Parameters<Sig<P["calls"], K>>
  ): Promise<ReturnType<Sig<P["calls"], K>>>;
  /** Sends a request without waiting. Never fails, whoever the target is (OTP: `gen_server:cast/2`). */
  cast<P extends Protocol, K extends keyof P["casts"] & string>(
    to: Target<P>,
    request: K,
    ...payload: Parameters<Sig<P["casts"], K>>
  ): void;
  /** Sends a plain message. A dead pid is fine; a name that nobody holds throws a `BadArgument` (OTP: `!`). */
  send<P extends Protocol>(to: Target<P>, message: P["info"]): void;
  whereis<P extends Protocol>(name: Name<P>): Pid<P> | undefined;
  isAlive(pid: Pid): boolean;
  /** The same caller with other defaults: `self.with({ timeout: 500 }).call(…)`. */
  with(options: CallOptions): Caller;
}

export interface MonitorRef extends Disposable {
  readonly ref: number;
  /**
   * Ends the monitor (OTP: `demonitor/2`). With `flush`, a `Down` that already waits in the mailbox goes too.
   * True when the monitor was still active.
   */
  cancel(options?: { readonly flush?: boolean }): boolean;
}

export interface TimerRef extends Disposable {
  /** True when the timer was still pending. */
  cancel(): boolean;
}

export interface SpawnOptions {
  /** Registered before the process runs; the spawn throws `AlreadyStarted` when the name is taken. */
  readonly name?: Name;
  /** What reports call the process; a function is asked when a report is written. */
  readonly label?: Label;
  readonly trapExit?: boolean;
}

export type Label = string | (() => string);
export type ProcessFunction<T = unknown> = (self: Self) => Async<T>;

/** A process as its own code sees it. Everything that a process does to the world goes through its `self`. */
export interface Self<Info = any> extends Caller {
  readonly pid: Pid<{ calls: {}; casts: {}; info: Info }>;
  /** Aborted at the exit of this process, with the exit reason. */
  readonly signal: AbortSignal;
  /** When true, exit signals arrive as {@link Exit} messages; `kill` still kills (OTP: `process_flag(trap_exit, _)`). */
  trapExit: boolean;
  /** What reports and process listings call this process. */
  label: Label | undefined;
  /** The event bus of the system. */
  readonly telemetry: Telemetry;
  /** Monotonic time. */
  now(): Milliseconds;
  /** A number in [0, 1). */
  random(): number;
  sleep(delay: Milliseconds): Promise<void>;
  /** Sends `message` to this process, or to `to`, after `delay`. Gone when the receiver (a pid) ends. */
  sendAfter(message: Info, delay: Milliseconds, to?: Target): TimerRef;
  /** Asks for one {@link Down} when the target ends; a target that is not there gives `noproc` at once. */
  monitor(target: Target): MonitorRef;
  /** Ties two processes together: the exit of one is a signal to the other. Throws `noproc` unless exits are trapped. */
  link(pid: Pid): void;
  unlink(pid: Pid): void;
  spawn<T>(run: ProcessFunction<T>, options?: SpawnOptions): Pid;
  spawnLink<T>(run: ProcessFunction<T>, options?: SpawnOptions): Pid;
  spawnMonitor<T>(run: ProcessFunction<T>, options?: SpawnOptions): { readonly pid: Pid; readonly monitor: MonitorRef };
  /** Sends an exit signal (OTP: `exit/2`). `"kill"` cannot be trapped and arrives at others as `"killed"`. */
  exit(pid: Pid, reason: Reason): void;
  /** Takes the next message, or the next one that matches; the others keep their places (OTP: selective `receive`). */
  receive(): Promise<Info>;
  receive<T extends Info>(match: (message: Info) => message is T): Promise<T>;
  receive(match: (message: Info) => boolean): Promise<Info>;
  receive(match: undefined, timeout: Milliseconds): Promise<Info | Timeout>;
  receive<T extends Info>(match: (message: Info) => message is T, timeout: Milliseconds): Promise<T | Timeout>;
  receive(match: (message: Info) => boolean, timeout: Milliseconds): Promise<Info | Timeout>;
  /** Throws `BadArgument` when the name is taken, or the process has one already or is dead (OTP: `register/2`). */
  register(name: Name, pid?: Pid): void;
  unregister(name: Name): void;
  /** Hands a resource to this process: it is disposed at its exit, before anyone hears of it. */
  own<T extends Disposable>(resource: T): T;
  /** Takes a resource back, undisposed. */
  disown(resource: Disposable): void;
}

export type Restart = "permanent" | "transient" | "temporary";
export type Shutdown = Milliseconds | "brutalKill" | "infinity";
export type ChildType = "worker" | "supervisor";

/** How a supervisor starts, restarts and stops a child (OTP: `supervisor:child_spec()`). */
export interface ChildSpec<out P extends Protocol = any> {
  readonly id: string;
  /** Starts the child linked to `parent`. Rejects with a `StartError`. */
  readonly start: (parent: Self) => Promise<Pid<P> | "ignore">;
  /** Default `"permanent"`. */
  readonly restart?: Restart;
  /** How long the child may take to stop before it is killed. Default 5000 ms, for a supervisor `"infinity"`. */
  readonly shutdown?: Shutdown;
  /** Default `"worker"`. */
  readonly type?: ChildType;
  /** Default false. */
  readonly significant?: boolean;
}
