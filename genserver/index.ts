export { answer, type From } from "../runtime/call.ts";
export { Agent, type AgentRef } from "./agent.ts";
export { type CodeChange, CodeChangeError } from "./code-change.ts";
export type { Statistics, SystemEvent, Tracer } from "./debug.ts";
export {
  type AnyStatem,
  type EventStatem,
  GenStatem,
  type StateCallbacks,
  type StateModule,
  type StatemStatus,
  type StateTable,
} from "./gen-statem.ts";
export { child, GenServer, start, startLink } from "./genserver.ts";
export type { MultiCall } from "./multi-call.ts";
export type { Outcome, Response, SentRequest } from "./request.ts";
export type { RequestCollection } from "./request-collection.ts";
export type { NoReplyYet, NoRequest, ResponseOptions, WaitTime } from "./requests.ts";
export type { StartOptions } from "./start-options.ts";
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
export { type ProcessStatus, sys } from "./sys.ts";
export type { Status } from "./system-host.ts";
