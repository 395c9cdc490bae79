export { answer, type From } from "../runtime/call.ts";
export { Agent, type AgentRef } from "./agent.ts";
export { child, GenServer, start, startLink } from "./genserver.ts";
export type { MultiCall } from "./request/multi-call.ts";
export type { Outcome, Response, SentRequest } from "./request/request.ts";
export type { RequestCollection } from "./request/request-collection.ts";
export type { NoReplyYet, NoRequest, ResponseOptions, WaitTime } from "./request/requests.ts";
export type { StartOptions } from "./start-options.ts";
export {
  type AnyStatem,
  type EventStatem,
  GenStatem,
  type StateCallbacks,
  type StateModule,
  type StatemStatus,
  type StateTable,
} from "./statem/gen-statem.ts";
export { BadAction, type EnterAction, type StatemAction } from "./statem/statem-actions.ts";
export type { NextEvent, StatemEvent } from "./statem/statem-events.ts";
export {
  type KeepState,
  keepState,
  keepStateAndData,
  type NextState,
  nextState,
  type RepeatState,
  repeatState,
  repeatStateAndData,
  type StopAndReply,
  stopAndReply,
} from "./statem/statem-results.ts";
export { type CodeChange, CodeChangeError } from "./sys/code-change.ts";
export type { Statistics, SystemEvent, Tracer } from "./sys/debug.ts";
export { type ProcessStatus, sys } from "./sys/sys.ts";
export type { Status } from "./sys/system-host.ts";
