import type { Reason } from "../../runtime/types.ts";
import type { CallAction, ReplyAction, Some } from "./statem-actions.ts";

// What the callbacks of a state machine return, beside `stop`, `ignore` and `error`; one object shape for all of it.

export interface NextState<S, D, A> {
  readonly tag: "nextState";
  readonly state: S;
  readonly data: D;
  readonly actions: A;
}
export interface KeepState<D, A> {
  readonly tag: "keepState";
  readonly data: D;
  readonly actions: A;
}
export interface RepeatState<D, A> {
  readonly tag: "repeatState";
  readonly data: D;
  readonly actions: A;
}
export interface StopAndReply<D, A> {
  readonly tag: "stopAndReply";
  readonly data: D;
  readonly actions: A;
  readonly reason: Reason;
}

export type TransitionTag = (NextState<0, 0, 0> | KeepState<0, 0> | RepeatState<0, 0> | StopAndReply<0, 0>)["tag"];

/** "As it was": `undefined` is legal data. */
export const KEEP: unique symbol = Symbol("keep");

/** The one shape behind these results. */
export class Transition {
  readonly tag: TransitionTag;
  readonly state: unknown;
  readonly data: unknown;
  readonly actions: unknown;
  readonly reason: any;
  constructor(tag: TransitionTag, state: unknown, data: unknown, actions: unknown, reason: unknown) {
    this.tag = tag;
    this.state = state;
    this.data = data;
    this.actions = actions;
    this.reason = reason;
  }
}

type None = readonly [];

/**
 * Goes on in `state`, with `data`. If that is another state: what was postponed comes again, the state timeout is
 * cancelled, and the state's `handleEnter` runs. Also what `init` returns (OTP: `{next_state, State, Data, Actions}`).
 */
export const nextState: {
  <const S, D>(state: S, data: D): NextState<S, D, None>;
  <const S, D, const A extends Some<CallAction>>(state: S, data: D, actions: A): NextState<S, D, A>;
} = (state: unknown, data: unknown, actions: unknown = undefined): any =>
  new Transition("nextState", state, data, actions, undefined);

/** Stays in the state, with other data (OTP: `{keep_state, Data, Actions}`). */
export const keepState: {
  <D>(data: D): KeepState<D, None>;
  <D, const A extends Some<CallAction>>(data: D, actions: A): KeepState<D, A>;
} = (data: unknown, actions: unknown = undefined): any => new Transition("keepState", KEEP, data, actions, undefined);

/** Stays as it is (OTP: `keep_state_and_data`). */
export const keepStateAndData: {
  (): KeepState<never, None>;
  <const A extends Some<CallAction>>(actions: A): KeepState<never, A>;
} = (actions: unknown = undefined): any => new Transition("keepState", KEEP, KEEP, actions, undefined);

/** As {@link keepState}, and `handleEnter` runs again. Nothing else is as after a change of state (OTP: `repeat_state`). */
export const repeatState: {
  <D>(data: D): RepeatState<D, None>;
  <D, const A extends Some<CallAction>>(data: D, actions: A): RepeatState<D, A>;
} = (data: unknown, actions: unknown = undefined): any => new Transition("repeatState", KEEP, data, actions, undefined);

/** As {@link repeatState}, with the data as it is. */
export const repeatStateAndData: {
  (): RepeatState<never, None>;
  <const A extends Some<CallAction>>(actions: A): RepeatState<never, A>;
} = (actions: unknown = undefined): any => new Transition("repeatState", KEEP, KEEP, actions, undefined);

type Replies = Some<ReplyAction | Extract<CallAction, { readonly to?: never; readonly reply: unknown }>>;

/** Sends the replies, then ends the process as `stop` does (OTP: `{stop_and_reply, Reason, Replies, Data}`). */
export const stopAndReply: {
  <const A extends Replies>(reason: Reason, replies: A): StopAndReply<never, A>;
  <const A extends Replies, D>(reason: Reason, replies: A, data: D): StopAndReply<D, A>;
} = (reason: Reason, replies: unknown, ...data: unknown[]): any =>
  new Transition("stopAndReply", KEEP, data.length === 0 ? KEEP : data[0], replies, reason);
