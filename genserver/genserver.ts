import { nothing } from "../runtime/afterlife.ts";
import type { Behaviour } from "../runtime/behaviour.ts";
import { answer, type From } from "../runtime/call.ts";
import { CallError, StartError } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { showTarget } from "../runtime/pid.ts";
import type { ProtocolOf, Ref } from "../runtime/protocol.ts";
import type { Failed, Ignore, NoReply, Ok, Reply, Stop } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import { type Recipe, startFunction } from "../runtime/start-function.ts";
import { type StartFlags, startProcess } from "../runtime/starting.ts";
import { ended } from "../runtime/stopping.ts";
import { checkDelay } from "../runtime/timers.ts";
import type { Async, Caller, ChildSpec, Milliseconds, Pid, Protocol, Reason, Self, Target } from "../runtime/types.ts";
import { Server } from "./callback.ts";
import { compile } from "./module.ts";
import { abcast, multiCall } from "./request/multi-call.ts";
import { requestCollection } from "./request/request-collection.ts";
import { checkResponse, receiveResponse, sendRequest, waitResponse } from "./request/requests.ts";
import { serverBehaviour } from "./server.ts";
import { type Args, flagsOf, hibernationOf, specOf, split } from "./start-options.ts";
import type { CodeChange } from "./sys/code-change.ts";
import { hostOf, type Status, Terminate } from "./sys/system-host.ts";

/**
 * A server: state that is changed by one message at a time (OTP: `gen_server`). A module is a plain object; its
 * callbacks read *(input, state, self)* and return the next state in one of `ok · reply · noreply · stop · error ·
 * ignore`, at once or as a promise.
 *
 * @example
 * const Counter = {
 *   init: (start: number) => ok(start),
 *   handleCall: { add: (by: number, count) => reply(count + by, count + by) },
 * } satisfies GenServer<number>;
 */
export interface GenServer<State, Info = any> {
  /** `ok(state)`, `ignore`, `error(reason)`, or `stop(reason, undefined)`; the starter waits for it. */
  init(arg: any, self: Self<Info>): Async<Ok<State> | Ignore | Failed | Stop<any, never>>;
  /** Requests that are answered. A server that is asked for what it does not have crashes, as in OTP. */
  readonly handleCall?: {
    readonly [request: string]: (
      payload: any,
      state: State,
      self: Self<Info>,
      from: From,
    ) => Async<Reply<any, State> | NoReply<State> | Stop<State, any>>;
  };
  /** Requests that nobody waits for. */
  readonly handleCast?: {
    readonly [request: string]: (
      payload: any,
      state: State,
      self: Self<Info>,
    ) => Async<NoReply<State> | Stop<State, never>>;
  };
  /** Every other message: `Down`, `Exit` when exits are trapped, `timeout`, and what was sent with `send`. */
  handleInfo?(message: Info, state: State, self: Self<Info>): Async<NoReply<State> | Stop<State, never>>;
  /** Runs right after a callback that returned `{ continue: token }`, before any message. */
  handleContinue?(token: any, state: State, self: Self<Info>): Async<NoReply<State> | Stop<State, never>>;
  /**
   * Runs when the server stops by itself, crashes in a callback, is stopped with {@link GenServer.stop}, or, when it
   * traps exits, is told to stop by its parent. Never at a kill.
   */
  terminate?(reason: Reason, state: State, self: Self<Info>): Async<void>;
  /**
   * Runs once before the server sleeps: after a callback that returned `{ hibernate: true }`, or when no message has come
   * for `hibernateAfter`. Lets go of caches, makes the state small. Not when a message waits; the next one wakes the server.
   */
  hibernate?(state: State, self: Self<Info>): Async<NoReply<State> | Stop<State, never>>;
  /** What reports and `sys.getStatus` show: returns the status with what is secret replaced, and every key still there. */
  formatStatus?(status: Status & { readonly state: State }): Status;
  /** Makes this module's state of that of the `previous` module (`sys.changeCode`). Default: the state as it is. */
  codeChange?(change: CodeChange, state: any, self: Self<Info>): Async<Ok<State> | Failed>;
}

/**
 * Starts a server that nobody is linked to. Rejects with a `StartError`, also when `init` returned `ignore`
 * (OTP: `gen_server:start/3`).
 */
export async function start<M extends GenServer<any>>(by: Caller, module: M, ...args: Args<M>): Promise<Ref<M>> {
  const { arg, options } = split(module, args);
  return started(
    await startServer(processOf(by), module, arg, hibernationOf(options), flagsOf(options, false)),
    module,
  );
}

/** Starts a server linked to `self`, its parent (OTP: `gen_server:start_link/3`). Otherwise as {@link start}. */
export async function startLink<M extends GenServer<any>>(self: Self, module: M, ...args: Args<M>): Promise<Ref<M>> {
  const { arg, options } = split(module, args);
  return started(
    await startServer(processOf(self), module, arg, hibernationOf(options), flagsOf(options, true)),
    module,
  );
}

/**
 * A child spec that starts `module` with `arg`.
 *
 * @example
 * child(Room, "lobby", { name: name<typeof Room>("lobby"), restart: "transient" })
 */
export function child<M extends GenServer<any>>(module: M, ...args: Args<M>): ChildSpec<ProtocolOf<M>> {
  const { arg, options } = split(module, args);
  const hibernateAfter = hibernationOf(options);
  const flags = flagsOf(options, true);
  return {
    ...specOf(options, "genserver"),
    start: startFunction(new ServerRecipe(module, arg, hibernateAfter, flags)),
  };
}

/**
 * Stops a server and waits: `terminate` runs, and the server ends with `reason` (OTP: `gen_server:stop/3`). Rejects
 * with a `CallError`: `noproc`, `timeout` (the server still stops), or the reason it really ended with; with a
 * `BadArgument` where the process takes no such order.
 */
export async function stopServer(
  by: Caller,
  target: Target,
  reason: Reason = "normal",
  timeout: Milliseconds | "infinity" = "infinity",
): Promise<void> {
  if (timeout !== "infinity") checkDelay(timeout);
  const caller = processOf(by);
  if (caller.dead) return nothing(caller, "stop");
  const process = caller.kernel.names.resolve(target);
  const failed = (why: Reason) => new CallError(why, "stop", showTarget(target));
  if (process === undefined) throw failed("noproc");
  if (process === caller) throw failed("callingSelf");
  hostOf(process);
  const end = ended(caller, process.pid, timeout);
  const order = new Terminate(reason);
  process.enqueue(order);
  const actual = await end;
  if (actual !== reason || !order.obeyed) throw failed(actual);
}

/** The process behind a pid or a name, if it lives (Elixir: `GenServer.whereis/1`). */
export function whereis<P extends Protocol>(by: Caller, target: Target<P>): Pid<P> | undefined {
  return processOf(by).kernel.names.resolve(target)?.pid as Pid<P> | undefined;
}

/** The functions of the behaviour, under its name. */
export const GenServer = {
  start,
  startLink,
  child,
  stop: stopServer,
  reply: answer,
  whereis,
  multiCall,
  abcast,
  sendRequest,
  waitResponse,
  receiveResponse,
  checkResponse,
  requestCollection,
};

/** A class, not an object with a closure: a dynamic supervisor may keep a million. */
class ServerRecipe implements Recipe {
  private readonly module: GenServer<any>;
  private readonly arg: unknown;
  private readonly hibernateAfter: Milliseconds | null;
  readonly flags: StartFlags;

  constructor(module: GenServer<any>, arg: unknown, hibernateAfter: Milliseconds | null, flags: StartFlags) {
    this.module = module;
    this.arg = arg;
    this.hibernateAfter = hibernateAfter;
    this.flags = flags;
  }

  get behaviour(): Behaviour {
    return serverBehaviour;
  }

  state(): Server {
    return new Server(compile(this.module), this.arg, this.hibernateAfter);
  }
}

function startServer(
  by: ProcessSelf,
  module: GenServer<any>,
  arg: unknown,
  hibernateAfter: Milliseconds | null,
  flags: StartFlags,
): Promise<Pid | "ignore"> {
  return startProcess(by, serverBehaviour, new Server(compile(module), arg, hibernateAfter), flags);
}

export function started<M>(pid: Pid | "ignore", module: M): Ref<M> {
  if (pid === "ignore") throw new StartError("ignore", `the server of ${show(module)}`);
  return pid as Ref<M>;
}
