import type { Call } from "../../runtime/call.ts";
import { BadReturnValue, reasonOf } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Reason } from "../../runtime/types.ts";
import { type Callback, enter, isFailure, settled } from "../callback.ts";
import { tell } from "../report.ts";
import type { Pending } from "../sys/system-host.ts";
import type { Statem } from "./statem-machine.ts";
import { CALLBACK } from "./statem-module.ts";

// How state machines end.

/** Which callback of the machine runs. */
export type Phase = "init" | "event" | "enter" | "hibernate";

/** What a callback may return. */
export const EXPECTED: { readonly [P in Phase]: string } = {
  init: "nextState, ignore, error or stop",
  event: "nextState, keepState, repeatState, stop or stopAndReply",
  enter: "keepState, repeatState or stop, in the same state",
  hibernate: "keepState without actions, or stop",
};

export function badReturn(process: Process, statem: Statem, phase: Phase, result: unknown): Pending {
  return ended(process, statem, phase, new BadReturnValue(named(statem, phase), EXPECTED[phase], result));
}

/** The machine ends with the state and data that the transition had come to. */
export function ended(process: Process, statem: Statem, phase: Phase, reason: Reason): Pending {
  const callback = named(statem, phase);
  statem.arrive();
  return terminate(process, statem, reason, callback, statem.event?.describe(), statem.event?.from);
}

/** How a report calls the callback that ran. */
export function named({ module, event, state, nextState }: Statem, phase: Phase): string {
  if (phase === "init" || phase === "hibernate") return phase;
  const inAllStates = module.handleEvent !== undefined;
  if (phase === "enter") return inAllStates ? "handleEnter" : `${text(nextState)}.handleEnter`;
  if (inAllStates || event === undefined) return "handleEvent";
  const { type, name, request } = event;
  const key = type === "genericTimeout" ? text(name) : request;
  return [text(state), CALLBACK[type], ...(key === "" ? [] : [key])].join(".");
}

/** A state or a name may be any value, also one that has no text. */
const text = (value: unknown): string => (typeof value === "string" ? value : show(value));

/** `terminate` runs, and then the process ends. A throw in it is the new reason. */
export function terminate(
  process: Process,
  statem: Statem,
  reason: Reason,
  callback: string,
  message: unknown,
  call: Call | undefined,
): Pending {
  const finish = (last: Reason): void => {
    const own = last === reason;
    if (!process.dead) tell(process, last, own ? callback : "terminate", own ? message : reason, call);
    process.end(last);
  };
  const failed = (thrown: unknown): void => finish(isFailure(thrown) ? reasonOf(thrown) : reason);
  let pending: unknown;
  try {
    const run: Callback | undefined = statem.module.source.terminate;
    if (run !== undefined) pending = enter(process, statem, run, reason, statem.state, statem.data, process);
  } catch (thrown) {
    return failed(thrown);
  }
  if (!isThenable(pending)) return finish(reason);
  return Promise.resolve(pending).then(
    () => settled(process, () => finish(reason)),
    (thrown) => settled(process, () => failed(thrown), thrown),
  );
}
