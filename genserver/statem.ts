import type { Behaviour } from "../runtime/behaviour.ts";
import { BadReturnValue, isClean, reasonOf, Undefined } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Process } from "../runtime/process.ts";
import { NONE, Result } from "../runtime/results.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Reason } from "../runtime/types.ts";
import { isFailure, type Pending, settled } from "./callback.ts";
import type { Callback } from "./module.ts";
import { sameState } from "./same-state.ts";
import { isParentExit, Terminate, unhandled } from "./server.ts";
import { BadAction, kindOf } from "./statem-actions.ts";
import type { Occurrence } from "./statem-events.ts";
import type { Statem } from "./statem-machine.ts";
import { CALLBACK, listed } from "./statem-module.ts";
import { KEEP, keepStateAndData, Transition } from "./statem-results.ts";

const STAY = keepStateAndData();

/** Which callback of the machine runs. */
type Phase = "init" | "event" | "enter";

/** The receive loop of every state machine (OTP: `gen_statem:loop`). One event at a time, so that others get a turn. */
export const statemBehaviour: Behaviour = {
  kind: "genstatem",

  start(process) {
    const statem = process.state as Statem;
    return invoke(process, statem, "init", statem.module.source.init, statem.data, process, undefined, undefined);
  },

  receive(process, message) {
    const statem = process.state as Statem;
    if (message instanceof Terminate) message.obeyed = true;
    if (message instanceof Terminate || isParentExit(process, message)) {
      return terminate(process, statem, message.reason, "a stop from outside", message);
    }
    const event = statem.eventOf(message);
    if (event !== undefined) return handle(process, statem, event);
  },
};

function handle(process: Process, statem: Statem, event: Occurrence): Pending {
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

function missing(
  process: Process,
  { module, state }: Statem,
  event: Occurrence,
  key: unknown,
  entry: unknown,
): Undefined {
  const states = module.states as ReadonlyMap<unknown, unknown>;
  if (!states.has(state)) {
    return new Undefined(`${process.describe()} has no state ${show(state)}; it has: ${listed(states.keys())}`);
  }
  const callback = `${CALLBACK[event.type]} of ${process.describe()} in the state ${show(state)}`;
  if (!(entry instanceof Map)) return new Undefined(`there is no ${callback}`);
  return new Undefined(`${callback} has no ${show(key)}; it has: ${listed(entry.keys())}`);
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
    result = statem.module.asynchronous ? process.within(run, a, b, c, d) : run(a, b, c, d);
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
      if (result.value !== NONE) from?.answer(result.value);
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
  return failedInit(process, new BadReturnValue("init", "nextState, ignore, error or stop", result));
}

function failedInit(process: Process, reason: Reason): void {
  process.kernel.reportCrash(process, reason, { callback: "init" });
  process.end(reason);
}

function transition(process: Process, statem: Statem, phase: Phase, result: Transition): Pending {
  const { tag, state, data, actions } = result;
  const changes = state !== KEEP && !sameState(state, statem.nextState);
  if (changes && phase === "enter") return badReturn(process, statem, phase, result);
  if (tag === "stopAndReply") return replied(process, statem, phase, result);
  if (state !== KEEP) statem.nextState = state;
  if (data !== KEEP) statem.nextData = data;
  return acted(process, statem, phase, actions, changes || tag === "repeatState");
}

/** Takes the actions; then the state is entered, if it is, and the transition is complete. */
function acted(process: Process, statem: Statem, phase: Phase, actions: unknown, enters: boolean): Pending {
  const refused = actions === undefined ? undefined : refusal(statem, phase, actions, false);
  if (refused !== undefined) return ended(process, statem, phase, refused);
  const { module, state, nextState, nextData } = statem;
  if (enters && module.handleEnter !== undefined) {
    return invoke(process, statem, "enter", module.handleEnter, state, nextState, nextData, process);
  }
  const callback = enters ? module.states?.get(nextState)?.enter : undefined;
  if (callback !== undefined) return invoke(process, statem, "enter", callback, state, nextData, process, undefined);
  statem.complete(process);
}

/** Takes one action after the other, up to one that may not be: why it may not. */
function refusal(statem: Statem, phase: Phase, actions: unknown, repliesOnly: boolean): Error | undefined {
  const entering = phase === "enter";
  for (const action of Array.isArray(actions) ? actions : [actions]) {
    try {
      if ((!repliesOnly || kindOf(action) === "reply") && statem.act(action, entering)) continue;
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
  return ended(process, statem, phase, refusal(statem, phase, actions, true) ?? reason);
}

function badReturn(process: Process, statem: Statem, phase: Phase, result: unknown): Pending {
  if (phase === "init") return initialised(process, statem, result);
  const expected =
    phase === "enter"
      ? "keepState, repeatState or stop, in the same state"
      : "nextState, keepState, repeatState, stop or stopAndReply";
  return ended(process, statem, phase, new BadReturnValue(named(statem, phase), expected, result));
}

/** A callback threw: a result that is thrown counts as returned, an exit ends the machine, the rest is a crash. */
function threw(process: Process, statem: Statem, phase: Phase, thrown: unknown): Pending {
  if (process.dead) return process.crash(thrown);
  if (!isFailure(thrown)) return concluded(process, statem, phase, thrown);
  if (phase === "init") return failedInit(process, reasonOf(thrown));
  return terminate(process, statem, reasonOf(thrown), named(statem, phase), statem.event?.describe());
}

/** The machine ends with the state and data that the transition had come to. */
function ended(process: Process, statem: Statem, phase: Phase, reason: Reason): Pending {
  const callback = named(statem, phase);
  statem.arrive();
  return terminate(process, statem, reason, callback, statem.event?.describe());
}

/** How a report calls the callback that ran. */
function named({ module, event, state, nextState }: Statem, phase: Phase): string {
  if (phase === "init") return "init";
  const inAllStates = module.handleEvent !== undefined;
  if (phase === "enter") return inAllStates ? "handleEnter" : `${String(nextState)}.handleEnter`;
  if (inAllStates || event === undefined) return "handleEvent";
  const { type, name, request } = event;
  const key = type === "genericTimeout" ? String(name) : request;
  return [String(state), CALLBACK[type], ...(key === "" ? [] : [key])].join(".");
}

/** `terminate` runs, and then the process ends. A throw in it is the new reason. */
function terminate(process: Process, statem: Statem, reason: Reason, callback: string, message: unknown): Pending {
  const { state, data, module } = statem;
  const finish = (last: Reason): void => {
    if (!process.dead && !isClean(last)) {
      const by = last === reason ? { callback, message } : { callback: "terminate", message: reason };
      process.kernel.reportCrash(process, last, { ...by, state: { state, data }, ...statem.backlog() });
    }
    process.end(last);
  };
  const failed = (thrown: unknown): void => finish(isFailure(thrown) ? reasonOf(thrown) : reason);
  let pending: unknown;
  try {
    const run: Callback | undefined = module.source.terminate;
    if (run !== undefined) {
      pending = module.asynchronous
        ? process.within(run, reason, state, data, process)
        : run(reason, state, data, process);
    }
  } catch (thrown) {
    return failed(thrown);
  }
  if (!isThenable(pending)) return finish(reason);
  return Promise.resolve(pending).then(
    () => settled(process, () => finish(reason)),
    (thrown) => settled(process, () => failed(thrown), thrown),
  );
}
