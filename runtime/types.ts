// The vocabulary of the whole family: addresses, reasons, signals, and what a process or a system can do.

import type { Loop, LoopProtocol } from "./loop.ts";
import type { Telemetry } from "./telemetry.ts";

declare const protocol: unique symbol;

/** What a process understands: its calls, its casts, and the plain messages its `handleInfo` takes. */
export interface Protocol {
  calls: object;
  casts: object;
  info: unknown;
}

/** An address you can send to. `P` exists only in the type system. Never reused within a system. */
export interface Pid<out P extends Protocol = any> extends AsyncDisposable {
  readonly id: number;
  readonly [protocol]?: P;
  /**
   * At the end of an `await using` scope: the process is asked to stop with reason `shutdown` (a server by its
   * `terminate`), and killed when it has not ended within 5000 ms. Resolves when it is gone.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A name that stands for whoever holds it now: it survives restarts. Made by {@link name}, or a key of a directory (a
 * registry, a partitioned supervisor), which then finds the process (Erlang: `{via, Module, Key}`).
 */
export interface Name<out P extends Protocol = any> {
  /** Of a key, how messages write it. */
  readonly name: string;
  /** Whose key it is. */
  readonly via?: Target;
  readonly key?: unknown;
  /** What a registry keeps beside the pid when a process starts under this name. */
  readonly value?: unknown;
  readonly [protocol]?: P;
}

export type Target<P extends Protocol = any> = Pid<P> | Name<P>;

/**
 * An address that its process can withdraw, by {@link Self.unalias}: what is sent to it from then on is dropped
 * (OTP: `erlang:alias/1`). Whoever has it can send to it, and nothing else.
 */
export interface Alias<out P extends Protocol = any> {
  readonly ref: number;
  readonly [protocol]?: P;
}

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

/** The message that a monitor sends when its target has ended (OTP: `'DOWN'`). Its tag is the monitor's, if it has one. */
export interface Down<Tag = "down"> {
  readonly tag: Tag;
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

/** The message of a timer that was started with {@link Self.startTimer} (OTP: `{timeout, TimerRef, Msg}`). */
export interface TimerMessage<T = unknown> {
  readonly tag: "timer";
  /** The `ref` of the timer. */
  readonly ref: number;
  readonly message: T;
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
  /**
   * Sends a plain message (OTP: `!`). A dead pid or a withdrawn alias is fine; a name that nobody holds throws a
   * `BadArgument`.
   */
  send<P extends Protocol>(to: Target<P> | Alias<P>, message: P["info"], options?: SendOptions): void;
  whereis<P extends Protocol>(name: Name<P>): Pid<P> | undefined;
  isAlive(pid: Pid): boolean;
  /** The same caller with other defaults: `self.with({ timeout: 500 }).call(…)`. */
  with(options: CallOptions): Caller;
}

/** Options of a message. */
export interface SendOptions {
  /**
   * Puts the message before the ordinary ones, behind other urgent ones. Only through an alias that was made with
   * `priority`: the receiver decides who may overtake. Without effect otherwise (OTP 28: `erlang:send/3`, `priority`).
   */
  readonly priority?: boolean;
}

export interface AliasOptions {
  /** Withdrawn by the first message that comes through it. Default false (OTP: `alias([reply])`). */
  readonly reply?: boolean;
  /** Lets senders overtake, see {@link SendOptions.priority}. Default false. */
  readonly priority?: boolean;
}

export interface MonitorOptions<Tag = "down"> {
  /** The `tag` of the message, instead of `"down"` (OTP: `{tag, Term}`). */
  readonly tag?: Tag;
  /**
   * Makes an alias of the same `ref`. It is withdrawn by {@link Self.unalias} only (`explicitUnalias`); also when the
   * monitor is cancelled or fires (`demonitor`); or also by the first message through it, which cancels the monitor
   * (`replyDemonitor`). Of a monitor of oneself it leads nowhere. (OTP: `{alias, explicit_unalias | demonitor |
   * reply_demonitor}`.)
   */
  readonly alias?: "explicitUnalias" | "demonitor" | "replyDemonitor";
  /** The message goes before ordinary ones. Default false (OTP 28). */
  readonly priority?: boolean;
}

export interface MonitorRef extends Disposable {
  readonly ref: number;
  /** False when it has fired, was cancelled, or never could fire. */
  readonly active: boolean;
  /** The alias that was asked for with it. */
  readonly alias: Alias | undefined;
  /**
   * Ends the monitor (OTP: `demonitor/2`). With `flush`, a `Down` that already waits in the mailbox goes too.
   * True when the monitor was still active.
   */
  cancel(options?: { readonly flush?: boolean }): boolean;
}

export interface TimerRef extends Disposable {
  readonly ref: number;
  /** True when the timer was still pending (OTP: `erlang:cancel_timer/1`). */
  cancel(): boolean;
  /** How long until it fires; `undefined` when it has fired or was cancelled (OTP: `erlang:read_timer/1`). */
  read(): Milliseconds | undefined;
}

/** A name that is held: given back at the end of a `using` scope. */
export interface NameRef extends Disposable {
  readonly name: Name;
  readonly pid: Pid;
}

/**
 * What becomes of messages that find a mailbox full. Signals, replies and what the library itself has to say (the news of
 * groups and registries, timeouts of state machines, results of tasks) always get in, and are never dropped for others.
 */
export interface MailboxOptions {
  /** How many messages may wait. A whole number from 1 up. */
  readonly limit: number;
  /**
   * `"dropNewest"`: the message that comes is dropped. `"dropOldest"`: the ordinary message that waits longest is.
   * `"refuse"`: it is dropped, and `send` throws {@link MailboxFull}. `"exit"`: the process ends with the reason
   * `"mailboxFull"`. A call whose message is dropped is rejected with the reason `"mailboxFull"`; a cast never fails.
   */
  readonly overflow: "dropNewest" | "dropOldest" | "refuse" | "exit";
}

export interface SpawnOptions {
  /** Registered before the process runs; the spawn throws `AlreadyStarted` when the name is taken. */
  readonly name?: Name;
  /** What reports call the process; a function is asked when a report is written. */
  readonly label?: Label;
  readonly trapExit?: boolean;
  /** Links the process as it is made, as `spawnLink` does (OTP: `spawn_opt`, `link`). */
  readonly link?: boolean;
  /** Default: no limit. */
  readonly mailbox?: MailboxOptions;
}

export type Label = string | (() => string) | { describe(): string };
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
  /** Who started this process, who started that one, and so on (OTP: `'$ancestors'`). */
  readonly ancestors: readonly Pid[];
  /** On whose behalf this process works: of a task its starter first, then that one's callers (Elixir: `$callers`). */
  readonly callers: readonly Pid[];
  /** The event bus of the system. */
  readonly telemetry: Telemetry;
  /** Monotonic time. */
  now(): Milliseconds;
  /** A number in [0, 1). */
  random(): number;
  sleep(delay: Milliseconds): Promise<void>;
  /**
   * Sends `message` to this process, or to `to`, after `delay` (OTP: `erlang:send_after/3`). Gone when the receiver (a
   * pid) ends. A delay has no upper limit.
   */
  sendAfter(message: Info, delay: Milliseconds, to?: Target): TimerRef;
  /** As {@link sendAfter}, at a time of {@link now}; at once when that is past (OTP: `{abs, true}`). */
  sendAt(message: Info, at: Milliseconds, to?: Target): TimerRef;
  /** As {@link sendAfter}, as a {@link TimerMessage} that says which timer it was (OTP: `erlang:start_timer/3`). */
  startTimer(message: unknown, delay: Milliseconds, to?: Target): TimerRef;
  /** Asks for one {@link Down} when the target ends; a target that is not there gives `noproc` at once. */
  monitor<Tag = "down">(target: Target, options?: MonitorOptions<Tag>): MonitorRef;
  /** Makes an address of this process that it can withdraw (OTP: `erlang:alias/1`). */
  alias(options?: AliasOptions): Alias<{ calls: {}; casts: {}; info: Info }>;
  /** Withdraws an alias of this process. True when it was in use (OTP: `erlang:unalias/1`). */
  unalias(alias: Alias): boolean;
  /** Ties two processes together: the exit of one is a signal to the other. Throws `noproc` unless exits are trapped. */
  link(pid: Pid): void;
  unlink(pid: Pid): void;
  /** Runs a function, or a {@link loop}, as a process. It first runs when this one gives way. */
  spawn<M>(run: Loop<M>, options?: SpawnOptions): Pid<LoopProtocol<M>>;
  spawn<T>(run: ProcessFunction<T>, options?: SpawnOptions): Pid;
  spawnLink<M>(run: Loop<M>, options?: SpawnOptions): Pid<LoopProtocol<M>>;
  spawnLink<T>(run: ProcessFunction<T>, options?: SpawnOptions): Pid;
  spawnMonitor<M>(
    run: Loop<M>,
    options?: SpawnOptions & { readonly monitor?: MonitorOptions<any> },
  ): { readonly pid: Pid<LoopProtocol<M>>; readonly monitor: MonitorRef };
  spawnMonitor<T>(
    run: ProcessFunction<T>,
    options?: SpawnOptions & { readonly monitor?: MonitorOptions<any> },
  ): { readonly pid: Pid; readonly monitor: MonitorRef };
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
  register(name: Name, pid?: Pid): NameRef;
  unregister(name: Name): void;
  /** Hands a resource to this process: it is disposed at its exit, before anyone hears of it. */
  own<T extends Disposable>(resource: T): T;
  /** Takes a resource back, undisposed. */
  disown(resource: Disposable): void;
}

export type Restart = "permanent" | "transient" | "temporary";
export type Shutdown = Milliseconds | "brutalKill" | "infinity";
export type ChildType = "worker" | "supervisor";

/** A process with what its start had to say besides (OTP: `{ok, Pid, Extra}`). It is handed on, and not kept. */
export interface WithExtra<out P extends Protocol = any, out E = unknown> {
  readonly pid: Pid<P>;
  readonly extra: E;
}

/**
 * How long restarts of one child wait, the longer the more often it has failed. Attempt *n* waits
 * `first * factor ** (n - 1)`, at most `max`. The count begins anew when the child has run for `calm`.
 */
export interface Backoff {
  /** Above 0. */
  readonly first: Milliseconds;
  /** From 1 up. Default 2. */
  readonly factor?: number;
  /** Default 30,000 ms, or `first` if that is longer. */
  readonly max?: Milliseconds;
  /** The part of each wait that chance may take off: 0 (none) to 1. Default 0. */
  readonly jitter?: number;
  /** Default: `max`. */
  readonly calm?: Milliseconds;
}

/** How a supervisor starts, restarts and stops a child (OTP: `supervisor:child_spec()`). */
export interface ChildSpec<out P extends Protocol = any, out R extends Pid | WithExtra = Pid<P>> {
  readonly id: string;
  /** Starts the child linked to `parent`. Rejects with a `StartError`. */
  readonly start: (parent: Self) => Promise<R | "ignore">;
  /** Default `"permanent"`. */
  readonly restart?: Restart;
  /** How long the child may take to stop before it is killed. Default 5000 ms, for a supervisor `"infinity"`. */
  readonly shutdown?: Shutdown;
  /** Default `"worker"`. */
  readonly type?: ChildType;
  /** Default false. */
  readonly significant?: boolean;
  /** Restarts of this child wait. Default: what its supervisor says, which is at once, as in OTP. */
  readonly backoff?: Backoff;
}
