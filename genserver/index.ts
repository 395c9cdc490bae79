export { answer, type From } from "../runtime/call.ts";
export {
  type AnyStatem,
  type EventStatem,
  GenStatem,
  type StateCallbacks,
  type StateModule,
  type StateTable,
} from "./gen-statem.ts";
export { child, GenServer, type StartOptions, start, startLink } from "./genserver.ts";
export { BadAction, type EnterAction, type StatemAction } from "./statem-actions.ts";
export type { NextEvent, StatemEvent } from "./statem-events.ts";
export {
  keepState,
  keepStateAndData,
  nextState,
  repeatState,
  repeatStateAndData,
  stopAndReply,
} from "./statem-results.ts";
