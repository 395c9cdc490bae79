import { underTerms } from "../../runtime/call.ts";
import { BadReturnValue, reasonOf, Undefined } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { NONE, Result } from "../../runtime/results.ts";
import { isThenable } from "../../runtime/thenable.ts";
import { type Callback, enter, isFailure, settled } from "../callback.ts";
import { failedInit } from "../ending.ts";
import { listed } from "../module.ts";
import { Internal, isParentExit, type Pending, recordReply, type SystemHost } from "../sys/system-host.ts";
import { unhandled } from "../unhandled.ts";
import { sameState } from "./same-state.ts";
import { BadAction, kindOf } from "./statem-actions.ts";
import { badReturn, EXPECTED, ended, named, type Phase, terminate } from "./statem-ending.ts";
import type { Occurrence } from "./statem-events.ts";
import { Hibernation } from "./statem-hibernation.ts";
import type { Statem } from "./statem-machine.ts";
import { CALLBACK } from "./statem-module.ts";
import { KEEP, keepStateAndData, Transition } from "./statem-results.ts";
import { statemSystem } from "./statem-system.ts";

const STAY = keepStateAndData();

/** A message to oneself, always the first: there are events that come before the mailbox. */
class NextInLine extends Internal {
  serve(process: Process): Pending {
    const statem = process.state as Statem;
    const event = statem.takeInLine();
    if (event !== undefined) return handle(process, statem, event);
  }
}
const NEXT = new NextInLine();

const HIBERNATION = new Hibernation((process, statem) => {
  statem.begin(undefined);
  const { module, state, data } = statem;
  return invoke(process, statem, "hibernate", module.source.hibernate, state, data, process, undefined);
});

/** The receive loop of every state machine (OTP: `gen_statem:loop`). One event at a time, so that others get a turn. */
export const statemBehaviour: SystemHost = {
  kind: "genstatem",
  ...statemSystem,

  start(process) {
    const statem = process.state as Statem;
    return invoke(process, statem, "init", statem.module.source.init, statem.data, process, undefined, undefined);
  },

  receive(process, message) {
    if (message instanceof Internal) return message.serve(process);
    if (isParentExit(process, message)) return statemBehaviour.terminate(process, message.reason, message);
    const statem = process.state as Statem;
    if (statem.timer !== null) {
      statem.timer.cancel();
      statem.timer = null;
    }
    const event = statem.eventOf(message);
    if (event !== undefined) return handle(process, statem, event);
    prepare(process, statem);
  },

  terminate(process, reason, message) {
    return terminate(process, process.state as Statem, reason, "a stop from outside", message, undefined);
  },
};

/** A call that came with a deadline passes it on to what is called while it is handled. */
function handle(process: Process, statem: Statem, event: Occurrence): Pending {
  const { from } = event;
  if (from === undefined || from.terms === null) return dispatch(process, statem, event);
  return underTerms(process, from, () => dispatch(process, statem, event));
}

function dispatch(process: Process, statem: Statem, event: Occurrence): Pending {
  statem.begin(event);
  const { handleEvent } = statem.module;
  if (handleEvent !== undefined) {
    return invoke(process, statem, "event", handleEvent, event, statem.state, statem.data, process);
  }
  const entry = statem.module.states?.get(statem.state)?.callbacks[event.type];
  const key = event.type === "genericTimeout" ? event.name : event.request;
  const callback = entry instanceof Map ? (entry.get(key) as Callback | undefined) : (entry as Callback | undefined);
  if (callback !== undefined) {
    const input = event.type === "call" || event.type === "cast" ? event.payload : event.content;
    return invoke(process, statem, "event", callback, input, statem.data, process, event.from);
  }
  if (event.type === "info" && statem.module.states?.has(statem.state)) {
    unhandled(process, event.content);
    return concluded(process, statem, "event", STAY);
  }
  return threw(process, statem, "event", missing(process, statem, event, key, entry));
}

/** What comes before the next message; nothing does in a machine that waits, and then it may sleep. */
function prepare(process: Process, statem: Statem): void {
  if (statem.inLine) process.unshift(NEXT);
  else if (statem.hibernating || statem.hibernateAfter !== null) HIBERNATION.prepare(process, statem);
}

function missing(
  process: Process,
  { module, state }: Statem,
  event: Occurrence,
  key: unknown,
  entry: unknown,
): Undefined {
  const states = module.states as ReadonlyMap<unknown, unknown>;
  if (!states.has(state)) {
    return new Undefined(`${process.describe()}: expected a state of ${listed(states.keys())}, got: ${show(state)}`);
  }
  const callback = `${CALLBACK[event.type]} of ${process.describe()} in the state ${show(state)}`;
  if (!(entry instanceof Map)) return new Undefined(`${callback}: expected a function, got: undefined`);
  return new Undefined(`${callback}: expected ${listed(entry.keys())}, got: ${show(key)}`);
}

/** Runs one callback, where a stray error finds its process if the module has asynchronous code, and does what it says. */
function invoke(
  process: Process,
  statem: Statem,
  phase: Phase,
  run: Callback,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
): Pending {
  let result: unknown;
  try {
    result = enter(process, statem, run, a, b, c, d);
  } catch (thrown) {
    return threw(process, statem, phase, thrown);
  }
  if (!isThenable(result)) return concluded(process, statem, phase, result);
  statem.module.asynchronous = true;
  return Promise.resolve(result).then(
    (value) => settled(process, () => concluded(process, statem, phase, value)),
    (thrown) => settled(process, () => threw(process, statem, phase, thrown), thrown),
  );
}

function concluded(process: Process, statem: Statem, phase: Phase, result: unknown): Pending {
  if (process.dead) return;
  if (phase === "init") return initialised(process, statem, result);
  if (result instanceof Transition) return transition(process, statem, phase, result);
  if (result instanceof Result && result.tag === "stop") {
    const from = phase === "event" ? statem.event?.from : undefined;
    if (result.value === NONE || from !== undefined) {
      if (from !== undefined && result.value !== NONE) {
        recordReply(process, result.value, from);
        from.answer(result.value);
      }
      statem.nextData = result.state;
      return ended(process, statem, phase, result.reason);
    }
  }
  return badReturn(process, statem, phase, result);
}

function initialised(process: Process, statem: Statem, result: unknown): Pending {
  const { starting } = process;
  if (result instanceof Transition && result.tag === "nextState") {
    statem.state = result.state;
    statem.data = result.data;
    starting?.ack();
    statem.begin(undefined);
    return acted(process, statem, "init", result.actions, true);
  }
  if (result instanceof Result) {
    if (result.tag === "ignore") return starting?.abandon({ ignore: true }, "normal");
    if (result.tag === "error") return starting?.abandon({ failure: result.reason }, "normal");
    if (result.tag === "stop" && result.value === NONE) return failedInit(process, result.reason);
  }
  return failedInit(process, new BadReturnValue("init", EXPECTED.init, result));
}

function transition(process: Process, statem: Statem, phase: Phase, result: Transition): Pending {
  const { tag, state, data, actions } = result;
  if (phase === "hibernate") return slept(process, statem, result);
  const changes = state !== KEEP && !sameState(state, statem.nextState);
  if (changes && phase === "enter") return badReturn(process, statem, phase, result);
  if (tag === "stopAndReply") return replied(process, statem, phase, result);
  if (state !== KEEP) statem.nextState = state;
  if (data !== KEEP) statem.nextData = data;
  return acted(process, statem, phase, actions, changes || tag === "repeatState");
}

/** Takes the actions; then the state is entered, if it is, and the transition is complete. */
function acted(process: Process, statem: Statem, phase: Phase, actions: unknown, enters: boolean): Pending {
  const refused = actions === undefined ? undefined : refusal(process, statem, phase, actions, false);
  if (refused !== undefined) return ended(process, statem, phase, refused);
  const { module, state, nextState, nextData } = statem;
  if (enters && module.handleEnter !== undefined) {
    return invoke(process, statem, "enter", module.handleEnter, state, nextState, nextData, process);
  }
  const callback = enters ? module.states?.get(nextState)?.enter : undefined;
  if (callback !== undefined) return invoke(process, statem, "enter", callback, state, nextData, process, undefined);
  statem.complete(process);
  prepare(process, statem);
}

/** `hibernate` may make the data small, and nothing else. */
function slept(process: Process, statem: Statem, result: Transition): Pending {
  const { tag, data, actions } = result;
  if (tag !== "keepState" || actions !== undefined) return badReturn(process, statem, "hibernate", result);
  if (data !== KEEP) statem.data = data;
}

/** Takes one action after the other, up to one that may not be: why it may not. */
function refusal(
  process: Process,
  statem: Statem,
  phase: Phase,
  actions: unknown,
  repliesOnly: boolean,
): Error | undefined {
  const entering = phase === "enter";
  for (const action of Array.isArray(actions) ? actions : [actions]) {
    try {
      if ((!repliesOnly || kindOf(action) === "reply") && statem.act(process, action, entering)) continue;
    } catch (error) {
      return error as Error;
    }
    const expected = repliesOnly ? "replies" : entering ? "a reply with `to`, a timeout or hibernate" : "an action";
    return new BadAction(named(statem, phase), expected, action);
  }
  return undefined;
}

function replied(process: Process, statem: Statem, phase: Phase, { reason, data, actions }: Transition): Pending {
  if (data !== KEEP) statem.nextData = data;
  return ended(process, statem, phase, refusal(process, statem, phase, actions, true) ?? reason);
}

/** A callback threw: a result that is thrown counts as returned, an exit ends the machine, the rest is a crash. */
function threw(process: Process, statem: Statem, phase: Phase, thrown: unknown): Pending {
  if (process.dead) return process.crash(thrown);
  if (!isFailure(thrown)) return concluded(process, statem, phase, thrown);
  if (phase === "init") return failedInit(process, reasonOf(thrown));
  const { event } = statem;
  return terminate(process, statem, reasonOf(thrown), named(statem, phase), event?.describe(), event?.from);
}
