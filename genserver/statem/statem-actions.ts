import type { From } from "../../runtime/call.ts";
import { show } from "../../runtime/inspect.ts";
import type { ReplyTo } from "../../runtime/protocol.ts";
import type { Milliseconds, Protocol } from "../../runtime/types.ts";
import type { StateModule } from "./gen-statem.ts";
import type { NextEvent } from "./statem-events.ts";

type Kind =
  | "reply"
  | "postpone"
  | "nextEvent"
  | "stateTimeout"
  | "eventTimeout"
  | "genericTimeout"
  | "hibernate"
  | "changeCallbackModule"
  | "pushCallbackModule"
  | "popCallbackModule";

/** One action is one thing: its key, and none of the other actions'. */
type Only<K extends Kind> = { readonly [Other in Exclude<Kind, K>]?: never };

/**
 * Milliseconds; `0` comes before what is in the mailbox, but after what is in line already. `"infinity"` and `"cancel"`
 * end a timeout that runs, `"update"` gives it another content and lets it run.
 */
export type Time = Milliseconds | "infinity" | "cancel" | "update";

interface Timing {
  /** What the timeout says when it comes. Default `undefined`. */
  readonly content?: unknown;
  /** The time is a moment of `self.now()`, not from now on. */
  readonly abs?: boolean;
}

export type TimeoutAction =
  /** Cancelled by a change of state. */
  | (Only<"stateTimeout"> & Timing & { readonly stateTimeout: Time })
  /** Cancelled by any event. */
  | (Only<"eventTimeout"> & Timing & { readonly eventTimeout: Time })
  /** One for each name (any value, compared as a Map's keys are), cancelled by that name only. */
  | (Only<"genericTimeout"> & Timing & { readonly genericTimeout: Time; readonly name: unknown });

export type ReplyAction<V = unknown, F extends From = From> = Only<"reply"> & { readonly reply: V; readonly to: F };

/** What a callback that is called at the entry of a state may ask for. */
export type EnterAction =
  | ReplyAction
  | TimeoutAction
  | (Only<"postpone"> & { readonly postpone: false })
  | (Only<"hibernate"> & { readonly hibernate: boolean });

type OtherAction =
  | TimeoutAction
  /** Puts the event back, until the state changes. */
  | (Only<"postpone"> & { readonly postpone: boolean })
  /** Legal, and without effect: a process at rest costs nothing here. */
  | (Only<"hibernate"> & { readonly hibernate: boolean })
  /** Handled before any event that waits. */
  | (Only<"nextEvent"> & { readonly nextEvent: NextEvent })
  | (Only<"changeCallbackModule"> & { readonly changeCallbackModule: StateModule })
  | (Only<"pushCallbackModule"> & { readonly pushCallbackModule: StateModule })
  | (Only<"popCallbackModule"> & { readonly popCallbackModule: true });

/** What a callback asks for with the next state (OTP: `gen_statem:action()`). */
export type StatemAction = ReplyAction | OtherAction;

/** As {@link StatemAction}; in `handleCall`, a reply without `to` is the answer to the call at hand. */
export type CallAction = StatemAction | (Only<"reply"> & { readonly reply: unknown; readonly to?: never });

/** The replies that a protocol has. */
type ReplyOf<Calls> = {
  [K in keyof Calls]: Calls[K] extends (...args: any) => infer V ? ReplyAction<V, ReplyTo<V>> : never;
}[keyof Calls];

/** As {@link StatemAction}, with replies of the types that the protocol declares. */
export type ProtocolAction<P extends Protocol> = OtherAction | ReplyOf<P["calls"]>;

export type Some<A> = A | readonly A[];

const TIMING = ["content", "abs"];
const EXTRAS: ReadonlyMap<string, readonly string[]> = new Map<Kind, readonly string[]>([
  ["reply", ["to"]],
  ["postpone", []],
  ["nextEvent", []],
  ["stateTimeout", TIMING],
  ["eventTimeout", TIMING],
  ["genericTimeout", [...TIMING, "name"]],
  ["hibernate", []],
  ["changeCallbackModule", []],
  ["pushCallbackModule", []],
  ["popCallbackModule", []],
]);

/** Which action it is, if it is one, and nothing else. */
export function kindOf(action: unknown): Kind | undefined {
  if (typeof action !== "object" || action === null) return undefined;
  const keys = Object.keys(action);
  const kind = keys.find((key) => EXTRAS.has(key)) as Kind | undefined;
  if (kind === undefined) return undefined;
  const extras = EXTRAS.get(kind) as readonly string[];
  return keys.every((key) => key === kind || extras.includes(key)) ? kind : undefined;
}

/** Whether a timeout's time is one; a moment cannot be updated or cancelled (OTP: the options are for times). */
export function isTime({ abs }: Timing, time: unknown): time is Time {
  if (abs !== undefined && typeof abs !== "boolean") return false;
  if (time === "infinity") return true;
  if (time === "cancel" || time === "update") return abs === undefined;
  return typeof time === "number" && (abs === true ? !Number.isNaN(time) : time >= 0);
}

/** A callback asked for something that cannot be done (OTP: `{bad_action_from_state_function, Action}` and its kin). */
export class BadAction extends Error {
  override readonly name = "BadAction";
  readonly action: unknown;
  constructor(callback: string, expected: string, action: unknown) {
    super(`${callback} asked for what it may not: expected ${expected}, got: ${show(action)}`);
    this.action = action;
  }
}
