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
type ReplyOf<R> = R extends { tag: "reply" | "stop"; value: infer V } ? V : never;
type Value<F> = F extends (...args: any) => infer R ? ReplyOf<Awaited<R>> : never;
type At<M, K extends string> = M extends { [P in K]: infer T } ? T : {};

/** What the process that runs the module `M` understands. */
export interface ProtocolOf<M> extends Protocol {
  calls: {
    [K in keyof At<M, "handleCall">]: (...payload: Payload<At<M, "handleCall">[K]>) => Value<At<M, "handleCall">[K]>;
  };
  casts: { [K in keyof At<M, "handleCast">]: (...payload: Payload<At<M, "handleCast">[K]>) => void };
  info: M extends { handleInfo(message: infer I, ...rest: any): any } ? I : never;
}

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
