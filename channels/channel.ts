import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Failed, NoReply, Ok, Refused, Reply, Stop } from "../runtime/results.ts";
import type { Async, Reason } from "../runtime/types.ts";
import type { Socket } from "./socket.ts";

/**
 * A conversation about one topic with one client (Phoenix: `Phoenix.Channel`). Each join is a process of its own; its
 * state is its socket.
 *
 * @example
 * const Echo = {
 *   join: (_topic, _payload, socket) => ok(socket),
 *   handleIn: { echo: (payload, socket) => reply(payload, socket) },
 * } satisfies Channel;
 */
export interface Channel<Assigns extends object = {}, Info = any> {
  /** `ok(socket)`, `reply(payload, socket)` to accept with a payload, `error(payload)` to refuse. */
  join(
    topic: string,
    payload: any,
    socket: Socket<any>,
  ): Async<Ok<Socket<Assigns>> | Reply<any, Socket<Assigns>> | Failed>;
  /** What clients may send. An event that is not here crashes the channel, as in Phoenix; the client joins again. */
  readonly handleIn?: {
    readonly [event: string]: (
      payload: any,
      socket: Socket<Assigns>,
    ) => Async<
      | Reply<any, Socket<Assigns>>
      | Refused<any, Socket<Assigns>>
      | NoReply<Socket<Assigns>>
      | Stop<Socket<Assigns>, any>
    >;
  };
  /** Its keys are the intercepted events: broadcasts that come here instead of going straight to the client. */
  readonly handleOut?: {
    readonly [event: string]: (
      payload: any,
      socket: Socket<Assigns>,
    ) => Async<NoReply<Socket<Assigns>> | Stop<Socket<Assigns>, never>>;
  };
  handleInfo?(message: Info, socket: Socket<Assigns>): Async<NoReply<Socket<Assigns>> | Stop<Socket<Assigns>, never>>;
  /**
   * Runs when the client left (`{ shutdown: "left" }`) or has gone (`{ shutdown: "closed" }`), and when the channel
   * stops or crashes in a callback. Not at an exit signal.
   */
  terminate?(reason: Reason, socket: Socket<Assigns>): Async<void>;
}

type Handler = (payload: unknown, socket: Socket<any>) => unknown;

/** A channel made ready: its tables as Maps, because the names of events come from the network. */
export interface ChannelModule {
  readonly source: Channel<any, any>;
  readonly handleIn: ReadonlyMap<string, Handler>;
  readonly handleOut: ReadonlyMap<string, Handler>;
}

export function compileChannel(source: Channel<any, any>): ChannelModule {
  if (typeof source?.join !== "function") throw new BadArgument(`expected a channel with a join, got: ${show(source)}`);
  return { source, handleIn: table("handleIn", source.handleIn), handleOut: table("handleOut", source.handleOut) };
}

function table(what: string, entries: object | undefined): ReadonlyMap<string, Handler> {
  for (const [event, handler] of Object.entries(entries ?? {})) {
    if (typeof handler !== "function") {
      throw new BadArgument(`expected ${what}.${event} to be a function, got: ${show(handler)}`);
    }
  }
  return new Map(Object.entries(entries ?? {}));
}

/** A topic pattern: exact, or a prefix that ends in `*`. */
export function topicMatches(pattern: string, topic: string): boolean {
  return pattern.endsWith("*") ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern;
}
