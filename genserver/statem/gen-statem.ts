import { answer, type From } from "../../runtime/call.ts";
import type { ProtocolOf, Ref } from "../../runtime/protocol.ts";
import type { Failed, Ignore, Stop } from "../../runtime/results.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import { startFunction } from "../../runtime/start-function.ts";
import { startProcess } from "../../runtime/starting.ts";
import type { Async, Caller, ChildSpec, Protocol, Reason, Self } from "../../runtime/types.ts";
import { started, stopServer } from "../genserver.ts";
import { requestCollection } from "../request/request-collection.ts";
import { checkResponse, receiveResponse, sendRequest, waitResponse } from "../request/requests.ts";
import { type Args, flagsOf, hibernationOf, specOf, split } from "../start-options.ts";
import type { CodeChange } from "../sys/code-change.ts";
import type { Status } from "../sys/system-host.ts";
import { statemBehaviour } from "./statem.ts";
import type { CallAction, EnterAction, ProtocolAction, Some, StatemAction } from "./statem-actions.ts";
import type { StatemEvent } from "./statem-events.ts";
import { Statem } from "./statem-machine.ts";
import { compileStatem } from "./statem-module.ts";
import type { KeepState, NextState, RepeatState, StopAndReply } from "./statem-results.ts";

type Going<State, Data, A> =
  | NextState<State, Data, Some<A>>
  | KeepState<Data, Some<A>>
  | RepeatState<Data, Some<A>>
  | StopAndReply<Data, Some<A>>;
/** What a callback returns that handles an event. */
export type EventResult<State, Data, A = StatemAction> = Async<Going<State, Data, A> | Stop<Data, never>>;
/** What `handleCall` returns: `stop(reason, data, value)` answers the call, as `{ reply: value }` does. */
export type CallResult<State, Data> = Async<Going<State, Data, CallAction> | Stop<Data, any>>;
/** What `handleEnter` returns: it may not go on to another state, postpone, or insert events. */
export type EnterResult<Data> = Async<
  Exclude<Going<never, Data, EnterAction>, { tag: "nextState" }> | Stop<Data, never>
>;
/** What `init` returns: the first state, its data, and actions. */
export type InitResult<State, Data> = Async<
  NextState<State, Data, Some<StatemAction>> | Ignore | Failed | Stop<any, never>
>;

/** The events that one state handles; the module itself is such a table, for those that a state has no entry for. */
export interface StateTable<State, Data, Info = any> {
  /** Requests that are answered. A machine that is asked for what its state does not have crashes. */
  readonly handleCall?: {
    readonly [request: string]: (payload: any, data: Data, self: Self<Info>, from: From) => CallResult<State, Data>;
  };
  /** Requests that nobody waits for. */
  readonly handleCast?: {
    readonly [request: string]: (payload: any, data: Data, self: Self<Info>) => EventResult<State, Data>;
  };
  /** Every other message. */
  handleInfo?(message: Info, data: Data, self: Self<Info>): EventResult<State, Data>;
  /** What `{ nextEvent: { type: "internal", content } }` has inserted. */
  handleInternal?(content: any, data: Data, self: Self<Info>): EventResult<State, Data>;
  /** `{ stateTimeout }`: as long in this state. */
  handleStateTimeout?(content: any, data: Data, self: Self<Info>): EventResult<State, Data>;
  /** `{ eventTimeout }`: as long without an event. */
  handleEventTimeout?(content: any, data: Data, self: Self<Info>): EventResult<State, Data>;
  /** `{ genericTimeout, name }`, by name. */
  readonly handleGenericTimeout?: {
    readonly [name: string]: (content: any, data: Data, self: Self<Info>) => EventResult<State, Data>;
  };
}

/** A state: what is done when it is entered, and the events it handles. */
export interface StateCallbacks<State, Data, Info = any> extends StateTable<State, Data, Info> {
  /** Runs when the state is entered from another (`from`), at the start, and at `repeatState` (from itself). */
  handleEnter?(from: State, data: Data, self: Self<Info>): EnterResult<Data>;
}

/** What `formatStatus` is given: events and timeouts are as reports show them. */
export interface StatemStatus<State = unknown, Data = unknown> extends Status {
  readonly state: State;
  readonly data: Data;
  readonly queue: readonly unknown[];
  readonly postponed: readonly unknown[];
  readonly timeouts: readonly unknown[];
}

interface Life<State, Data, Info> {
  init(arg: any, self: Self<Info>): InitResult<State, Data>;
  /** As in a {@link GenServer}: at a stop, at a crash, and, when exits are trapped, at the parent's order. */
  terminate?(reason: Reason, state: State, data: Data, self: Self<Info>): Async<void>;
  /** Runs once before the machine sleeps, as in a {@link GenServer}; returns the data, made small. */
  hibernate?(state: State, data: Data, self: Self<Info>): Async<KeepState<Data, readonly []> | Stop<Data, never>>;
  /** What reports and `sys.getStatus` show: returns the status with what is secret replaced, and every key still there. */
  formatStatus?(status: StatemStatus<State, Data>): Status;
  /** Makes this module's state and data of those of the `previous` module. Default: they are as they were. */
  codeChange?(
    change: CodeChange,
    state: any,
    data: any,
    self: Self<Info>,
  ): Async<NextState<State, Data, readonly []> | Failed>;
}

/**
 * A state machine, by states (OTP: `gen_statem` with `state_functions`). Each state is a table of the events that it
 * handles; the callbacks read *(input, data, self)* and return the next state and data in one of `nextState ·
 * keepState · keepStateAndData · repeatState · repeatStateAndData · stop · stopAndReply`, with the actions to take.
 *
 * @example
 * const Door = {
 *   init: () => nextState("closed", { opened: 0 }),
 *   states: {
 *     closed: {
 *       handleCall: { open: (_, { opened }) => nextState("open", { opened: opened + 1 }, { reply: "come in" }) },
 *     },
 *     open: {
 *       handleEnter: (_, data) => keepState(data, { stateTimeout: 60_000 }),
 *       handleCall: { open: () => keepStateAndData({ reply: "it is open" }) },
 *       handleStateTimeout: (_, data) => nextState("closed", data),
 *     },
 *   },
 * } satisfies GenStatem<"closed" | "open", { readonly opened: number }>;
 *
 * const door = await GenStatem.start(self, Door);
 * expect(await self.call(door, "open")).toBe("come in");
 */
export interface GenStatem<State extends string, Data, Info = any>
  extends Life<State, Data, Info>,
    StateTable<State, Data, Info> {
  readonly states: { readonly [S in State]: StateCallbacks<State, Data, Info> };
  readonly handleEvent?: never;
}

/**
 * A state machine with one function for all events (OTP: `handle_event_function`). A state may be any value; arrays and
 * plain objects are the same state when what is in them is. What it understands is declared by `P`.
 *
 * @example
 * interface Switch {
 *   calls: { flip(): boolean };
 *   casts: {};
 *   info: never;
 * }
 * const Lamp = {
 *   init: () => nextState({ on: false }, 0),
 *   handleEvent: (event, { on }, flips) =>
 *     event.type === "call"
 *       ? nextState({ on: !on }, flips + 1, { reply: !on, to: event.from })
 *       : keepStateAndData(),
 * } satisfies EventStatem<{ readonly on: boolean }, number, Switch>;
 *
 * const lamp = await GenStatem.start(self, Lamp);
 * expect(await self.call(lamp, "flip")).toBe(true);
 */
export interface EventStatem<State, Data, P extends Protocol = any> extends Life<State, Data, P["info"]> {
  handleEvent(
    event: StatemEvent<P>,
    state: State,
    data: Data,
    self: Self<P["info"]>,
  ): EventResult<State, Data, ProtocolAction<P>>;
  /** As {@link StateCallbacks.handleEnter}, for all states. */
  handleEnter?(from: State, state: State, data: Data, self: Self<P["info"]>): EnterResult<Data>;
  readonly states?: never;
}

interface AnyEventStatem extends Life<any, any, any> {
  handleEvent(event: any, state: any, data: any, self: any): EventResult<any, any>;
  handleEnter?(from: any, state: any, data: any, self: any): EnterResult<any>;
}
/** Any state machine. */
export type AnyStatem = GenStatem<any, any> | AnyEventStatem;
/** A module that a running machine goes on with: nobody starts it, so it needs no `init`. */
export type StateModule = Omit<GenStatem<any, any>, "init"> | Omit<AnyEventStatem, "init">;

/**
 * Starts a state machine that nobody is linked to (OTP: `gen_statem:start/3`). As the `start` of a GenServer: rejects
 * with a `StartError`, also when `init` returned `ignore`.
 */
async function start<M extends AnyStatem>(by: Caller, module: M, ...args: Args<M>): Promise<Ref<M>> {
  return started(await startStatem(processOf(by), false, module, args), module);
}

/** Starts a state machine linked to `self`, its parent (OTP: `gen_statem:start_link/3`). */
async function startLink<M extends AnyStatem>(self: Self, module: M, ...args: Args<M>): Promise<Ref<M>> {
  return started(await startStatem(processOf(self), true, module, args), module);
}

/** A child spec that starts `module` with an argument and options; as the `child` of a GenServer. */
function child<M extends AnyStatem>(module: M, ...args: Args<M>): ChildSpec<ProtocolOf<M>> {
  const { arg, options } = split(module, args);
  const hibernateAfter = hibernationOf(options);
  return {
    ...specOf(options, "genstatem"),
    start: startFunction({
      behaviour: statemBehaviour,
      flags: flagsOf(options, true),
      state: () => new Statem(compileStatem(module), arg, hibernateAfter),
    }),
  };
}

function startStatem(by: ProcessSelf, link: boolean, module: AnyStatem, args: readonly unknown[]) {
  const { arg, options } = split(module, args);
  const statem = new Statem(compileStatem(module), arg, hibernationOf(options));
  return startProcess(by, statemBehaviour, statem, flagsOf(options, link));
}

/**
 * The functions of the behaviour. It is called, cast to and sent to like any process: `self.call(lock, "unlock", code)`.
 * A call's late reply is always dropped, so there is no `dirty_timeout` to ask for.
 */
export const GenStatem = {
  start,
  startLink,
  child,
  stop: stopServer,
  reply: answer,
  sendRequest,
  waitResponse,
  receiveResponse,
  checkResponse,
  requestCollection,
};
