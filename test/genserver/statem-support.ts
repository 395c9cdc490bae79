import type { Async, From, Pid, Self } from "hornbeam";
import { keepStateAndData, nextState } from "hornbeam/genserver";

/** What a callback was called with. */
export interface At {
  readonly type: string;
  readonly content: any;
  readonly state: any;
  readonly data: any;
  readonly self: Self;
  /** Only in a call. */
  readonly from: From;
}
/** What a callback does: the test says it with the event. */
export type Act = (at: At) => Async<any>;

export interface Setup {
  /** Default: the state "a", and an empty log as data. */
  readonly init?: (self: Self) => Async<any>;
  readonly enter?: (at: At) => Async<any>;
  /** What happens at an event whose content is no function. Default: it is added to the log. */
  readonly other?: Act;
  readonly terminate?: (reason: any, state: any, data: any, self: Self) => Async<void>;
  /** More callbacks. */
  readonly more?: object;
}

export const STATES = ["a", "b", "c"] as const;

/** The two callback modes; what OTP's suite tests in both is tested in both. */
export const MODES = ["by states", "by handleEvent"] as const;
export type Mode = (typeof MODES)[number];

/** A state machine that does in each callback what the event says. */
export function scripted(mode: Mode, setup: Setup = {}): any {
  const other = setup.other ?? log;
  const run = (at: At): unknown => (typeof at.content === "function" ? at.content(at) : other(at));
  const none = undefined as never;
  const life = {
    init: (_: unknown, self: Self) => (setup.init ?? (() => nextState("a", [])))(self),
    ...(setup.terminate && { terminate: setup.terminate }),
    ...setup.more,
  };
  const enter = setup.enter;

  if (mode === "by handleEvent") {
    return {
      ...life,
      ...(enter && {
        handleEnter: (from: any, state: any, data: any, self: Self) =>
          enter({ type: "enter", content: from, state, data, self, from: none }),
      }),
      handleEvent: (event: any, state: any, data: any, self: Self) => {
        const content = event.type === "call" || event.type === "cast" ? event.payload : event.content;
        const type = event.type === "genericTimeout" ? event.name : event.type;
        return run({ type, content, state, data, self, from: event.from });
      },
    };
  }

  const table = (state: string) => {
    const on =
      (type: string) =>
      (content: any, data: any, self: Self, from: From = none) =>
        run({ type, content, state, data, self, from });
    return {
      ...(enter && {
        handleEnter: (from: any, data: any, self: Self) =>
          enter({ type: "enter", content: from, state, data, self, from: none }),
      }),
      handleCall: { act: on("call") },
      handleCast: { act: on("cast") },
      handleInfo: on("info"),
      handleInternal: on("internal"),
      handleStateTimeout: on("stateTimeout"),
      handleEventTimeout: on("eventTimeout"),
      handleGenericTimeout: { t1: on("t1"), t2: on("t2") },
    };
  };
  return { ...life, states: Object.fromEntries(STATES.map((state) => [state, table(state)])) };
}

const log = ({ type, content, state, data }: At): any =>
  nextState(state, [...data, content === undefined ? type : `${type} ${content}`]);

/** Its data. */
export const dataOf = (by: { call: any }, pid: Pid): Promise<any> => by.call(pid, "act", ({ data }: At) => tell(data));

/** Its state. */
export const stateOf = (by: { call: any }, pid: Pid): Promise<any> =>
  by.call(pid, "act", ({ state }: At) => tell(state));

const tell = (value: unknown) => keepStateAndData({ reply: value });
