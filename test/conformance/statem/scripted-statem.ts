import { BadReturnValue, exit, type From, type Reason, type Self, stop } from "hornbeam";
import {
  BadAction,
  keepState,
  keepStateAndData,
  nextState,
  repeatState,
  repeatStateAndData,
  stopAndReply,
} from "hornbeam/genserver";

/** What a recording has of one result of a callback. */
export type Scripted =
  | { readonly ret: "next_state"; readonly state: string; readonly actions: readonly Acted[] }
  | {
      readonly ret: "same_state" | "keep_state" | "keep_state_and_data" | "repeat_state" | "repeat_state_and_data";
      readonly actions: readonly Acted[];
    }
  | { readonly ret: "stop"; readonly reason: string }
  | { readonly ret: "stop_and_reply"; readonly reason: string; readonly actions: readonly Acted[] }
  | { readonly ret: "throw"; readonly result: Scripted }
  | { readonly ret: "raise" | "exit" | "bad" };

export type Acted = readonly [kind: string, ...rest: readonly (string | number | boolean)[]];
export type Mode = "sf" | "sfe" | "he" | "hee";

export interface Scenario {
  readonly module: Mode;
  readonly complex: boolean;
  readonly init: { readonly state: string; readonly actions: readonly Acted[] };
  readonly handlers: Readonly<Record<string, readonly Scripted[]>>;
  readonly enters: Readonly<Record<string, readonly Scripted[]>>;
  readonly ops: readonly (
    | { readonly op: "burst"; readonly items: readonly (readonly [kind: string, key: string, caller?: string])[] }
    | { readonly op: "stop"; readonly reason: string }
  )[];
}

const KEYS = ["k1", "k2", "k3", "k4", "k5", "k6"] as const;
const STATES = ["a", "b", "c"] as const;
const TYPES: Readonly<Record<string, string>> = { state_timeout: "stateTimeout", timeout: "eventTimeout" };

const entries = <K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;

/** The four modules of a scenario: by states or with one handleEvent, with and without `handleEnter`. */
export function scriptedModules(scenario: Scenario, tell: (entry: readonly unknown[]) => void): Record<Mode, any> {
  const callers = new Map<string, From>();
  const done = new Map<string, number>();
  const modules: Record<string, any> = {};

  const complex = (state: string): unknown => (scenario.complex ? { state: [state] } : state);
  const simple = (state: any): string => (typeof state === "string" ? state : state.state[0]);

  /** The next result for this event or entry; in the end nothing happens any more. */
  const take = (kind: string, key: string, results: readonly Scripted[] = []): Scripted => {
    const times = done.get(kind + key) ?? 0;
    done.set(kind + key, times + 1);
    return results[times] ?? { ret: "keep_state_and_data", actions: [] };
  };

  const event = (mode: Mode, type: string, key: string, state: unknown, data: number, self: Self): unknown => {
    tell([type, mode, key, simple(state), data]);
    return respond(take("handler", key, scenario.handlers[key]), state, data, self);
  };

  const entered = (mode: Mode, from: unknown, state: unknown, data: number, self: Self): unknown => {
    tell(["enter", mode, simple(from), simple(state), data]);
    return respond(take("enter", simple(state), scenario.enters[simple(state)]), state, data, self);
  };

  const respond = (result: Scripted, state: unknown, data: number, self: Self): any => {
    const actions = "actions" in result ? result.actions.flatMap((action) => translated(action, self)) : [];
    switch (result.ret) {
      case "next_state":
        return nextState(complex(result.state), data + 1, actions);
      case "same_state":
        return nextState(state, data + 1, actions);
      case "keep_state":
        return keepState(data + 1, actions);
      case "keep_state_and_data":
        return keepStateAndData(actions);
      case "repeat_state":
        return repeatState(data + 1, actions);
      case "repeat_state_and_data":
        return repeatStateAndData(actions);
      case "stop":
        return stop(result.reason, data + 1);
      case "stop_and_reply":
        return stopAndReply(result.reason, actions as any, data + 1);
      case "raise":
        throw new Error("oops");
      case "exit":
        return exit("left");
      case "throw":
        throw respond(result.result, state, data, self);
      case "bad":
        return 42;
    }
  };

  const translated = ([kind, ...rest]: Acted, self: Self): any[] => {
    const [first, second] = rest;
    switch (kind) {
      case "reply": {
        const to = callers.get(first as string);
        return to === undefined ? [] : [{ reply: second, to }];
      }
      case "postpone":
        return [{ postpone: first }];
      case "hibernate":
        return [{ hibernate: true }];
      case "bad":
        return [{ noSuch: "action" }];
      case "push":
        return [{ pushCallbackModule: modules[first as string] }];
      case "change":
        return [{ changeCallbackModule: modules[first as string] }];
      case "pop":
        return [{ popCallbackModule: true }];
      case "next_event": {
        if (first === "call") {
          const from = callers.get("c1");
          return from === undefined ? [] : [{ nextEvent: { type: "call", request: second, payload: "c1", from } }];
        }
        if (first === "cast") return [{ nextEvent: { type: "cast", request: second } }];
        if (first === "t1") return [{ nextEvent: { type: "genericTimeout", name: "t1", content: second } }];
        return [{ nextEvent: { type: TYPES[first as string] ?? first, content: second } }];
      }
      default: {
        const abs = rest[2] === "abs";
        const time = abs ? self.now() + (first as number) : first;
        const type = TYPES[kind] === undefined ? { genericTimeout: time, name: kind } : { [TYPES[kind]]: time };
        return [{ ...type, ...(second !== undefined && { content: second }), ...(abs && { abs }) }];
      }
    }
  };

  const life = (mode: Mode) => ({
    init: (_: unknown, self: Self) =>
      nextState(
        complex(scenario.init.state),
        0,
        scenario.init.actions.flatMap((each) => translated(each, self)),
      ),
    terminate: (reason: Reason, state: unknown, data: number) =>
      tell(["terminate", mode, reasonOf(reason), simple(state), data]),
  });

  const called = (mode: Mode, key: string, caller: string, state: unknown, data: number, self: Self, from: From) => {
    callers.set(caller, from);
    return event(mode, "call", key, state, data, self);
  };

  const byStates = (mode: Mode, enters: boolean) => ({
    ...life(mode),
    states: entries(STATES, (state) => {
      const on = (type: string) => (key: string, data: number, self: Self) => event(mode, type, key, state, data, self);
      return {
        ...(enters && {
          handleEnter: (from: string, data: number, self: Self) => entered(mode, from, state, data, self),
        }),
        handleCall: entries(
          KEYS,
          (key) => (caller: string, data: number, self: Self, from: From) =>
            called(mode, key, caller, state, data, self, from),
        ),
        handleCast: entries(KEYS, (key) => (_: unknown, data: number, self: Self) => on("cast")(key, data, self)),
        handleInfo: on("info"),
        handleInternal: on("internal"),
        handleStateTimeout: on("state_timeout"),
        handleEventTimeout: on("timeout"),
        handleGenericTimeout: { t1: on("t1"), t2: on("t2") },
      };
    }),
  });

  const byEvents = (mode: Mode, enters: boolean) => ({
    ...life(mode),
    ...(enters && {
      handleEnter: (from: unknown, state: unknown, data: number, self: Self) => entered(mode, from, state, data, self),
    }),
    handleEvent: (input: any, state: unknown, data: number, self: Self) => {
      switch (input.type) {
        case "call":
          return called(mode, input.request, input.payload, state, data, self, input.from);
        case "cast":
          return event(mode, "cast", input.request, state, data, self);
        case "stateTimeout":
          return event(mode, "state_timeout", input.content, state, data, self);
        case "eventTimeout":
          return event(mode, "timeout", input.content, state, data, self);
        case "genericTimeout":
          return event(mode, input.name, input.content, state, data, self);
        default:
          return event(mode, input.type, input.content, state, data, self);
      }
    },
  });

  modules.sf = byStates("sf", false);
  modules.sfe = byStates("sfe", true);
  modules.he = byEvents("he", false);
  modules.hee = byEvents("hee", true);
  return modules as Record<Mode, any>;
}

/** A reason, as a recording has it. */
export function reasonOf(reason: Reason): string {
  if (reason instanceof BadAction) return "bad_action";
  if (reason instanceof BadReturnValue) return "bad_return";
  return reason instanceof Error ? reason.message : String(reason);
}
