import type { From } from "./call.ts";
import type { Name, Pid, Protocol } from "./types.ts";

// What a behaviour module's tables say about the process that runs it, inferred.

/** What a callback does not declare, or leaves to inference (`any`), it has no use for; `unknown` takes anything. */
type Unused<F> = F extends (...args: infer A) => any ? (A extends [] ? true : IsAny<A[0]>) : true;
type IsAny<T> = 0 extends 1 & T ? true : false;
type Payload<F> =
  Unused<F> extends true
    ? []
    : F extends (payload: infer P, ...rest: any) => any
      ? [P] extends [void]
        ? []
        : undefined extends P
          ? [payload?: P]
          : [payload: P]
      : [];
type ReplyOf<R> = R extends { tag: "reply" | "stop"; value: infer V }
  ? V
  : R extends { actions: infer A }
    ? A extends readonly (infer E)[]
      ? OwnReply<E>
      : OwnReply<A>
    : never;
/** An action that answers the call at hand; one with `to` answers another. */
type OwnReply<A> = A extends { reply: infer V } ? (A extends { to: object } ? never : V) : never;
type Value<F> = F extends (...args: any) => infer R ? ReplyOf<Awaited<R>> : never;
type At<M, K extends string> = M extends { [P in K]: infer T } ? T : {};

// A state machine has a table for each state: what it understands is what one of them does, beside the module's own.

type Both<U> = (U extends unknown ? (each: U) => void : never) extends (each: infer I) => void ? I : never;
type KeysOf<T> = T extends unknown ? keyof T : never;
type Handler<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;
type Tables<M, K extends string> = At<M, K> | (M extends { states: infer S } ? EachTable<S[keyof S], K> : never);
type EachTable<S, K extends string> = S extends unknown ? At<S, K> : never;
type Args<F> = F extends unknown ? Payload<F> : never;
/** What all states take: one that ignores the payload takes what the others want. */
type PayloadOfAll<F> = [Exclude<Args<F>, []>] extends [never] ? [] : List<Both<Exclude<Args<F>, []>>>;
type List<T> = T extends readonly any[] ? T : never;
type MessageOf<M> = M extends { handleInfo(message: infer I, ...rest: any): any } ? [I] : never;
type EachMessage<S> = S extends unknown ? MessageOf<S> : never;
type Infos<M> = MessageOf<M> | (M extends { states: infer S } ? EachMessage<S[keyof S]> : never);
type First<T> = T extends readonly [infer I] ? I : never;

/** Who asked, and what type of answer it waits for. */
export interface ReplyTo<V> extends From {
  readonly [answer]?: (value: V) => V;
}
declare const answer: unique symbol;

// A `handleEvent` declares what it understands by the type of its events.

type EventsOf<M> = M extends { handleEvent(event: infer E, ...rest: any): any } ? E : never;
type Request<E, Type> = E extends { type: Type; request: infer K } ? K & string : never;
type OfRequest<E, Type, K> = E extends { type: Type; request: K } ? E : never;
type PayloadOfEvent<E> = E extends { payload: infer P } ? Payload<(payload: P) => void> : [];
type AnswerOf<E> = E extends { from: ReplyTo<infer V> } ? V : never;

/** What a state machine with one `handleEvent` understands. */
export interface EventProtocol<E> extends Protocol {
  calls: {
    [K in Request<E, "call">]: (
      ...payload: PayloadOfEvent<OfRequest<E, "call", K>>
    ) => AnswerOf<OfRequest<E, "call", K>>;
  };
  casts: { [K in Request<E, "cast">]: (...payload: PayloadOfEvent<OfRequest<E, "cast", K>>) => void };
  info: E extends { type: "info"; content: infer I } ? I : never;
}

/** What a state machine with tables by state understands. */
export interface StateProtocol<M> extends Protocol {
  calls: {
    [K in KeysOf<Tables<M, "handleCall">>]: (
      ...payload: PayloadOfAll<Handler<Tables<M, "handleCall">, K>>
    ) => Value<Handler<Tables<M, "handleCall">, K>>;
  };
  casts: {
    [K in KeysOf<Tables<M, "handleCast">>]: (...payload: PayloadOfAll<Handler<Tables<M, "handleCast">, K>>) => void;
  };
  info: [Infos<M>] extends [never] ? never : First<Both<Infos<M>>>;
}

/** What a server understands. */
export interface ServerProtocol<M> extends Protocol {
  calls: {
    [K in keyof At<M, "handleCall">]: (...payload: Payload<At<M, "handleCall">[K]>) => Value<At<M, "handleCall">[K]>;
  };
  casts: { [K in keyof At<M, "handleCast">]: (...payload: Payload<At<M, "handleCast">[K]>) => void };
  info: M extends { handleInfo(message: infer I, ...rest: any): any } ? I : never;
}

/** What the process that runs the module `M` understands. */
export type ProtocolOf<M> = M extends { handleEvent: unknown }
  ? EventProtocol<EventsOf<M>>
  : M extends { states: object }
    ? StateProtocol<M>
    : ServerProtocol<M>;

/** The address of a running `M`: `Ref<typeof Counter>`. */
export type Ref<M> = Pid<ProtocolOf<M>>;

/** The arguments that `M.init` wants: none, an optional one, or one. */
export type InitArg<M> = M extends { init: infer F } ? Arg<F> : never;
type Arg<F> =
  Unused<F> extends true
    ? []
    : F extends (arg: infer A, ...rest: any) => any
      ? undefined extends A
        ? [arg?: A]
        : [arg: A]
      : never;

/**
 * A name that survives restarts. `name<typeof Room>("lobby")` knows what a Room understands.
 *
 * @example
 * const lobby = name<typeof Room>("lobby");
 * await self.call(lobby, "history");
 */
export const name = <M = any>(name: string): Name<M extends object ? ProtocolOf<M> : any> => ({ name });
