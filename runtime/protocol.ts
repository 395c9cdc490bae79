import type { Name, Pid, Protocol } from "./types.ts";

// What a behaviour module's tables say about the process that runs it, inferred.

type Payload<F> = F extends (payload: infer P, ...rest: any) => any
  ? unknown extends P
    ? []
    : [P] extends [void]
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
export type InitArg<M> = M extends { init(arg: infer A, ...rest: any): any }
  ? unknown extends A
    ? []
    : undefined extends A
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
