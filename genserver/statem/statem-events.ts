import type { Call, From } from "../../runtime/call.ts";
import type { ReplyTo } from "../../runtime/protocol.ts";
import type { Protocol } from "../../runtime/types.ts";

type First<F> = F extends (payload: infer P, ...rest: any) => any ? (unknown extends P ? undefined : P) : undefined;
type Value<F> = F extends (...args: any) => infer V ? V : never;

type CallEvents<Calls> = {
  readonly [K in keyof Calls & string]: {
    readonly type: "call";
    readonly request: K;
    readonly payload: First<Calls[K]>;
    readonly from: ReplyTo<Value<Calls[K]>>;
  };
}[keyof Calls & string];

type CastEvents<Casts> = {
  readonly [K in keyof Casts & string]: {
    readonly type: "cast";
    readonly request: K;
    readonly payload: First<Casts[K]>;
  };
}[keyof Casts & string];

/** What `handleEvent` is given: a request, a message, or what the machine has caused itself. */
export type StatemEvent<P extends Protocol = any> =
  | CallEvents<P["calls"]>
  | CastEvents<P["casts"]>
  | { readonly type: "info"; readonly content: P["info"] }
  | { readonly type: "internal" | "stateTimeout" | "eventTimeout"; readonly content: any }
  | { readonly type: "genericTimeout"; readonly name: any; readonly content: any };

/** An event that `{ nextEvent }` inserts. What is left out is `undefined`. */
export type NextEvent =
  | { readonly type: "call"; readonly request: string; readonly payload?: unknown; readonly from: From }
  | { readonly type: "cast"; readonly request: string; readonly payload?: unknown }
  | { readonly type: "info" | "internal" | "stateTimeout" | "eventTimeout"; readonly content?: unknown }
  | { readonly type: "genericTimeout"; readonly name: unknown; readonly content?: unknown };

export type EventType = NextEvent["type"];

/** The one shape behind all events: what waits, what is postponed, and what `handleEvent` sees. */
export class Occurrence {
  readonly type: EventType;
  /** Of a call and a cast. */
  readonly request: string;
  readonly payload: unknown;
  /** Of a call. */
  readonly from: Call | undefined;
  /** Of a generic timeout. */
  readonly name: unknown;
  /** Of what is no request. */
  readonly content: unknown;

  constructor(
    type: EventType,
    request: string,
    payload: unknown,
    from: Call | undefined,
    name: unknown,
    content: unknown,
  ) {
    this.type = type;
    this.request = request;
    this.payload = payload;
    this.from = from;
    this.name = name;
    this.content = content;
  }

  static request(type: "call" | "cast", request: string, payload: unknown, from: Call | undefined): Occurrence {
    return new Occurrence(type, request, payload, from, undefined, undefined);
  }

  static other(type: EventType, content: unknown, name?: unknown): Occurrence {
    return new Occurrence(type, "", undefined, undefined, name, content);
  }

  /** As a report shows it. */
  describe(): object {
    const { type, request, payload, from, name, content } = this;
    if (type === "call") return { call: request, payload, from: from?.pid };
    if (type === "cast") return { cast: request, payload };
    return type === "genericTimeout" ? { genericTimeout: name, content } : { [type]: content };
  }
}
