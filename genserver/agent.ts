import { checkFunction } from "../runtime/checks.ts";
import { BadReturnValue } from "../runtime/errors.ts";
import type { ProtocolOf, Ref } from "../runtime/protocol.ts";
import { type NoReply, noreply, type Ok, ok, type Reply, reply } from "../runtime/results.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async, Caller, ChildSpec, Milliseconds, Self, Target } from "../runtime/types.ts";
import * as server from "./genserver.ts";
import type { StartOptions } from "./start-options.ts";

type Apply<State, V = any> = (state: State, self: Self) => Async<V>;

/**
 * State that others work on with functions of theirs (Elixir: `Agent`). As a type it is the server behind it: a name of an
 * agent is `name<Agent<number>>("hits")`.
 */
export interface Agent<State> {
  init(start: (self: Self) => Async<State>, self: Self): Async<Ok<State>>;
  readonly handleCall: {
    readonly get: (read: Apply<State>, state: State, self: Self) => Async<Reply<any, State>>;
    readonly update: (change: Apply<State, State>, state: State, self: Self) => Async<Reply<void, State>>;
    readonly getAndUpdate: (
      change: Apply<State, readonly [any, State]>,
      state: State,
      self: Self,
    ) => Async<Reply<any, State>>;
  };
  readonly handleCast: {
    readonly update: (change: Apply<State, State>, state: State, self: Self) => Async<NoReply<State>>;
  };
}

/** The address of a running agent. */
export type AgentRef<State> = Ref<Agent<State>>;
type AgentTarget<State> = Target<ProtocolOf<Agent<State>>>;

const AgentServer: Agent<any> = {
  init: (start, self) => later(start(self), ok),
  handleCall: {
    get: (read, state, self) => later(read(state, self), (value) => reply(value, state)),
    update: (change, state, self) => later(change(state, self), (next) => reply(undefined, next)),
    getAndUpdate: (change, state, self) => later(change(state, self), both),
  },
  handleCast: {
    update: (change, state, self) => later(change(state, self), (next) => noreply(next)),
  },
};

/** A function that is not asynchronous makes no promise. */
function later<A, B>(value: Async<A>, then: (value: A) => B): Async<B> {
  return isThenable(value) ? value.then(then) : then(value as A);
}

function both(result: readonly [unknown, unknown]): Reply<unknown, unknown> {
  if (Array.isArray(result) && result.length === 2) return reply(result[0], result[1]);
  throw new BadReturnValue("the function of Agent.getAndUpdate", "[value, state]", result);
}

const checked = <F>(what: string, run: F): F => checkFunction(`Agent.${what}`, run);

/** Reports call an agent by its label, its id or its name, and one that has none of them an agent. */
const called = (options: StartOptions): StartOptions =>
  options.id === undefined && options.name === undefined ? { ...options, id: "agent" } : options;

const within = (by: Caller, timeout: Milliseconds | "infinity" | undefined): Caller =>
  timeout === undefined ? by : by.with({ timeout });

/**
 * Starts an agent that nobody is linked to; `start` runs in it and gives the state. Rejects with a `StartError`
 * (Elixir: `Agent.start/2`).
 *
 * @example
 * const hits = await Agent.start(self, () => 0);
 * await Agent.update(self, hits, (count) => count + 1);
 * await Agent.get(self, hits, (count) => count); // 1
 */
async function start<State>(
  by: Caller,
  init: (self: Self) => Async<State>,
  options: StartOptions = {},
): Promise<AgentRef<State>> {
  return server.start(by, AgentServer, checked("start", init), called(options));
}

/** Starts an agent linked to `self`. Otherwise as `Agent.start`. */
async function startLink<State>(
  self: Self,
  init: (self: Self) => Async<State>,
  options: StartOptions = {},
): Promise<AgentRef<State>> {
  return server.startLink(self, AgentServer, checked("startLink", init), called(options));
}

/** A child spec of an agent. Its id is its name, or `"agent"`. */
function child<State>(
  init: (self: Self) => Async<State>,
  options: StartOptions = {},
): ChildSpec<ProtocolOf<Agent<State>>> {
  return server.child(AgentServer, checked("child", init), called(options));
}

/**
 * The functions run inside the agent, one at a time, and may be asynchronous. One that throws crashes the agent, and the
 * caller gets a `CallError` with that reason. What takes long is better done by the caller.
 */
export const Agent = {
  start,
  startLink,
  child,

  /** What `read` makes of the state. Default `timeout`: 5000 ms. */
  async get<State, V>(
    by: Caller,
    agent: AgentTarget<State>,
    read: (state: State, self: Self) => Async<V>,
    timeout?: Milliseconds | "infinity",
  ): Promise<V> {
    return within(by, timeout).call(agent as Target, "get", checked("get", read));
  },

  /** Puts what `change` returns in the place of the state, and waits until that is done. */
  async update<State>(
    by: Caller,
    agent: AgentTarget<State>,
    change: (state: State, self: Self) => Async<State>,
    timeout?: Milliseconds | "infinity",
  ): Promise<void> {
    return within(by, timeout).call(agent as Target, "update", checked("update", change));
  },

  /** Both: `change` returns `[value, state]`. */
  async getAndUpdate<State, V>(
    by: Caller,
    agent: AgentTarget<State>,
    change: (state: State, self: Self) => Async<readonly [V, State]>,
    timeout?: Milliseconds | "infinity",
  ): Promise<V> {
    return within(by, timeout).call(agent as Target, "getAndUpdate", checked("getAndUpdate", change));
  },

  /** As `update`, without waiting. */
  cast<State>(by: Caller, agent: AgentTarget<State>, change: (state: State, self: Self) => Async<State>): void {
    by.cast(agent as Target, "update", checked("cast", change));
  },

  /** Stops an agent and waits for its end; as `GenServer.stop`. */
  stop: server.stopServer,
};
