import type { Behaviour } from "./behaviour.ts";
import { checkFunction } from "./checks.ts";
import { BadReturnValue } from "./errors.ts";
import type { Process } from "./process.ts";
import { NONE, type NoReply, Result, type Stop } from "./results.ts";
import { isAsync, isThenable } from "./thenable.ts";
import type { Async, Protocol, Self } from "./types.ts";

/** What a loop does with a message. When it returns nothing, it goes on with the state that it has. */
export type LoopFunction<State, Message> = (
  message: Message,
  state: State,
  self: Self<Message>,
) => Async<NoReply<State> | Stop<unknown, never> | void>;

/** What a process that runs a loop understands: plain messages. */
export interface LoopProtocol<Message> extends Protocol {
  calls: {};
  casts: {};
  info: Message;
}

type Handle = (...args: any[]) => unknown;

/** What {@link loop} makes: the behaviour of all processes that are spawned with it. */
export class Loop<in Message = any> implements Behaviour {
  readonly kind = "loop";
  /** What each of its processes begins with. */
  readonly state: unknown;
  private readonly handle: Handle;
  /** Whether it has returned a promise, or will: its code then runs where stray errors find their process. */
  private asynchronous: boolean;
  /** Exists only in the type system. */
  declare readonly takes: (message: Message) => void;

  constructor(state: unknown, handle: Handle) {
    this.state = state;
    this.handle = checkFunction("loop", handle);
    this.asynchronous = isAsync(handle);
  }

  receive(process: Process, message: unknown): void | Promise<void> {
    const { handle } = this;
    const result = this.asynchronous
      ? process.within(handle, message, process.state, process, undefined)
      : handle(message, process.state, process);
    if (result === undefined) return;
    if (result instanceof Result || !isThenable(result)) return apply(process, result);
    this.asynchronous = true;
    return Promise.resolve(result).then((value) => {
      if (process.dead) process.zombie("settle");
      else apply(process, value);
    });
  }
}

function apply(process: Process, result: unknown): void {
  if (process.dead || result === undefined) return;
  const known = result instanceof Result && result.next === undefined;
  if (known && result.tag === "noreply") process.state = result.state;
  else if (known && result.tag === "stop" && result.value === NONE) process.end(result.reason);
  else throw new BadReturnValue("a loop", "nothing, noreply(state) or stop(reason, state)", result);
}

/**
 * A process that is one function of a message and a state, without a server around it (Erlang: a function that receives
 * and calls itself). It costs the least: for many small processes, or for very many messages. It is spawned, and may be
 * spawned any number of times; each process begins with `state` itself, so an object that is changed in place is for one
 * process only: make a loop for each. A throw ends it with that reason, `stop` with the given
 * one. It takes plain messages only: what is to be called, supervised or looked into is a {@link GenServer}.
 *
 * @example
 * const counter = self.spawn(
 *   loop(0, (message: "add" | { readonly from: Pid }, count, self) => {
 *     if (message === "add") return noreply(count + 1);
 *     self.send(message.from, count);
 *   }),
 * );
 * self.send(counter, "add");
 * self.send(counter, { from: self.pid });
 * expect(await self.receive()).toBe(1);
 */
export const loop = <State, Message>(state: State, handle: LoopFunction<State, Message>): Loop<Message> =>
  new Loop<Message>(state, handle);
