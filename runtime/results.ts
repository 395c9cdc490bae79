import type { Milliseconds, Reason } from "./types.ts";

// One vocabulary for what every callback returns, and one object shape for all of it.

/** What the process does right after the callback, before its next message. */
export type Next =
  | IdleTimeout
  /** `handleContinue` runs with it, before any message. */
  | { readonly continue: unknown }
  /** When no message waits, the module's `hibernate` runs before the process sleeps. */
  | { readonly hibernate: true };

/** If no message comes in time, this one does. Any message cancels it, a system message does not. */
export interface IdleTimeout {
  /** A plain 0 lets a message that waits already win. */
  readonly timeout: Milliseconds | "infinity";
  /** What `handleInfo` gets instead of {@link Timeout}. With it, a timeout of 0 comes before messages that wait. */
  readonly message?: unknown;
  /** `timeout` is a moment in the time of `self.now()`. Default false. */
  readonly abs?: boolean;
  /** Hibernates meanwhile. */
  readonly hibernate?: true;
}

/** Whether a callback may return it as its next step. */
export function isNext(next: unknown): next is Next | undefined {
  if (next === undefined) return true;
  if (typeof next !== "object" || next === null) return false;
  if ("hibernate" in next && next.hibernate !== true && next.hibernate !== undefined) return false;
  if (!("timeout" in next)) return "continue" in next || ("hibernate" in next && next.hibernate === true);
  const { timeout, abs } = next as { timeout: unknown; abs?: unknown };
  if (abs !== undefined && typeof abs !== "boolean") return false;
  if (timeout === "infinity") return true;
  return typeof timeout === "number" && (abs === true ? !Number.isNaN(timeout) : timeout >= 0);
}

export interface Ok<S> {
  readonly tag: "ok";
  readonly state: S;
  readonly value: unknown;
  readonly next: Next | undefined;
}
export interface Reply<V, S> {
  readonly tag: "reply";
  readonly state: S;
  readonly value: V;
  readonly next: Next | undefined;
}
export interface Refused<V, S> {
  readonly tag: "refused";
  readonly state: S;
  readonly value: V;
}
export interface NoReply<S> {
  readonly tag: "noreply";
  readonly state: S;
  readonly value: undefined;
  readonly next: Next | undefined;
}
export interface Stop<S, V = unknown> {
  readonly tag: "stop";
  readonly state: S;
  readonly value: V;
  readonly reason: Reason;
}
export interface Failed {
  readonly tag: "error";
  readonly reason: unknown;
}
export interface Ignore {
  readonly tag: "ignore";
}

export type Tag = "ok" | "reply" | "refused" | "noreply" | "stop" | "error" | "ignore";

/** The one shape behind all results: V8 sees a single hidden class wherever a result is read. */
export class Result {
  readonly tag: Tag;
  readonly state: any;
  readonly value: any;
  readonly next: Next | undefined;
  readonly reason: any;
  constructor(tag: Tag, state: unknown, value: unknown, next: Next | undefined, reason: unknown) {
    this.tag = tag;
    this.state = state;
    this.value = value;
    this.next = next;
    this.reason = reason;
  }
}

/** "No reply": `undefined` is a legal reply. */
export const NONE: unique symbol = Symbol("none");

/** `init`, `join` and `connect` succeeded with this state. */
export const ok = <S>(state: S, next?: Next): Ok<S> => new Result("ok", state, undefined, next, undefined) as Ok<S>;

/** Answers the request with `value` and goes on with `state`. */
export const reply = <V, S>(value: V, state: S, next?: Next): Reply<V, S> =>
  new Result("reply", state, value, next, undefined) as Reply<V, S>;

/** Answers a channel push with the status `error` (Phoenix: `{:reply, {:error, value}, socket}`). */
export const refuse = <V, S>(value: V, state: S): Refused<V, S> =>
  new Result("refused", state, value, undefined, undefined) as Refused<V, S>;

/** Goes on with `state`, without an answer. */
export const noreply = <S>(state: S, next?: Next): NoReply<S> =>
  new Result("noreply", state, undefined, next, undefined) as NoReply<S>;

/** Ends the process: `terminate` runs, then a `value` that was given is sent as the reply (OTP: `{stop, …}`). */
export const stop: {
  <S>(reason: Reason, state: S): Stop<S, never>;
  <S, V>(reason: Reason, state: S, value: V): Stop<S, V>;
} = (reason: Reason, state: unknown, ...value: unknown[]): any =>
  new Result("stop", state, value.length === 0 ? NONE : value[0], undefined, reason);

/** The start fails with `reason`, cleanly: the process ends as `normal` and nobody crashes (OTP 26: `{error, _}`). */
export const error = (reason: unknown): Failed =>
  new Result("error", undefined, undefined, undefined, reason) as Failed;

/** The start is called off: not an error, and a supervisor goes on without the child. */
export const ignore: Ignore = new Result("ignore", undefined, undefined, undefined, undefined) as Ignore;
