import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isAsync } from "../../runtime/thenable.ts";
import { type Callback, table } from "../module.ts";
import type { Occurrence } from "./statem-events.ts";

/** One state made ready: its tables as Maps, each filled up with the module's own entries. */
export interface CompiledState {
  readonly enter: Callback | undefined;
  /** By type of event: one callback for all of them, or one for each request or name. */
  readonly callbacks: { readonly [type in Occurrence["type"]]: Callback | ReadonlyMap<unknown, Callback> | undefined };
}

/** A state machine made ready. `states` is undefined when one `handleEvent` serves all of them. */
export interface StatemModule {
  readonly source: any;
  readonly states: ReadonlyMap<unknown, CompiledState> | undefined;
  readonly handleEvent: Callback | undefined;
  readonly handleEnter: Callback | undefined;
  /** Whether a callback has returned a promise, or will: its code then runs where stray errors find their process. */
  asynchronous: boolean;
}

const compiled = new WeakMap<object, StatemModule>();

/** How a report calls the callback of each type of event. */
export const CALLBACK: { readonly [type in Occurrence["type"]]: string } = {
  call: "handleCall",
  cast: "handleCast",
  info: "handleInfo",
  internal: "handleInternal",
  stateTimeout: "handleStateTimeout",
  eventTimeout: "handleEventTimeout",
  genericTimeout: "handleGenericTimeout",
};

export function compileStatem(source: any): StatemModule {
  if (typeof source !== "object" || source === null) {
    throw new BadArgument(`expected the module of a state machine, got: ${show(source)}`);
  }
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const { states, handleEvent, handleEnter, init, terminate, hibernate, codeChange, formatStatus } = source;
  if ((states === undefined) === (handleEvent === undefined)) {
    throw new BadArgument(`expected a module with either states or handleEvent, got: ${show(source)}`);
  }
  const own = { handleEvent, handleEnter, init, terminate, hibernate, codeChange };
  for (const [name, callback] of Object.entries({ ...own, formatStatus })) checked(name, callback);
  const table = states === undefined ? undefined : compileStates(source, states);
  const callbacks = [...Object.values(own), ...[...(table?.values() ?? [])].flatMap(all)];
  const asynchronous = callbacks.some(isAsync);
  const module: StatemModule = { source, states: table, handleEvent, handleEnter, asynchronous };
  compiled.set(source, module);
  return module;
}

function compileStates(source: any, states: unknown): Map<string, CompiledState> {
  if (typeof states !== "object" || states === null) {
    throw new BadArgument(`expected states to be a table of states, got: ${show(states)}`);
  }
  if (source.handleEnter !== undefined) {
    throw new BadArgument("expected handleEnter in the states that want it, got: one beside them");
  }
  return new Map(Object.entries(states).map(([name, state]) => [name, compileState(name, state, source)]));
}

function compileState(name: string, state: any, common: any): CompiledState {
  if (typeof state !== "object" || state === null) {
    throw new BadArgument(`expected the state ${show(name)} to be a table of callbacks, got: ${show(state)}`);
  }
  const one = (callback: string) => checked(`${name}.${callback}`, state[callback] ?? common[callback]);
  const many = (callback: string) =>
    new Map<unknown, Callback>([
      ...table(callback, common[callback]),
      ...table(`${name}.${callback}`, state[callback]),
    ]);
  return {
    enter: checked(`${name}.handleEnter`, state.handleEnter),
    callbacks: {
      call: many(CALLBACK.call),
      cast: many(CALLBACK.cast),
      info: one(CALLBACK.info),
      internal: one(CALLBACK.internal),
      stateTimeout: one(CALLBACK.stateTimeout),
      eventTimeout: one(CALLBACK.eventTimeout),
      genericTimeout: many(CALLBACK.genericTimeout),
    },
  };
}

const all = ({ enter, callbacks }: CompiledState): unknown[] => [
  enter,
  ...Object.values(callbacks).flatMap((entry) => (entry instanceof Map ? [...entry.values()] : [entry])),
];

function checked(what: string, callback: unknown): Callback | undefined {
  if (callback === undefined || typeof callback === "function") return callback as Callback | undefined;
  throw new BadArgument(`expected ${what} to be a function, got: ${show(callback)}`);
}
