export { answer, DEFAULT_CALL_TIMEOUT, type From } from "./call.ts";
export { type Driver, realDriver } from "./driver.ts";
export {
  AlreadyStarted,
  alreadyStarted,
  BadArgument,
  BadReturnValue,
  CallError,
  exit,
  isClean,
  NoCatch,
  NoProcess,
  StartError,
  Undefined,
} from "./errors.ts";
export { timeout } from "./plain-process.ts";
export { Exited } from "./process.ts";
export { type InitArg, name, type ProtocolOf, type Ref, type ReplyTo } from "./protocol.ts";
export { defineReport, type Level, onReport, printReports } from "./reports.ts";
export {
  error,
  type Failed,
  type IdleTimeout,
  type Ignore,
  ignore,
  type Next,
  type NoReply,
  noreply,
  type Ok,
  ok,
  type Refused,
  type Reply,
  refuse,
  reply,
  type Stop,
  stop,
} from "./results.ts";
export { type ProcessInfo, type System, type SystemOptions, system } from "./system.ts";
export type { CrashReport, Telemetry, TelemetryEvents } from "./telemetry.ts";
export type * from "./types.ts";
export { isDown } from "./watch.ts";
