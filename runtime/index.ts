export type { AccountingOptions } from "./accounting.ts";
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
  MailboxFull,
  NoCatch,
  NoProcess,
  StartError,
  TaskError,
  Undefined,
} from "./errors.ts";
export { Exited } from "./exited.ts";
export {
  type GroupEvent,
  type GroupMonitor,
  type GroupWatch,
  isGroupEvent,
  type ProcessGroups,
  pg,
  type ScopeMonitor,
} from "./groups.ts";
export { type Loop, type LoopFunction, type LoopProtocol, loop } from "./loop.ts";
export type { Passing } from "./passing.ts";
export type { Origin } from "./pid.ts";
export { timeout } from "./plain-process.ts";
export { type Init, type InitFunction, type ProcLibOptions, procLib } from "./proc-lib.ts";
export type { ProcessInfo } from "./process-info.ts";
export {
  type EventProtocol,
  type InitArg,
  name,
  type ProtocolOf,
  type Ref,
  type ReplyTo,
  type ServerProtocol,
  type StateProtocol,
} from "./protocol.ts";
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
export { type System, type SystemOptions, system } from "./system.ts";
export { Table } from "./table.ts";
export { Task, type TaskChildOptions, type TaskResult } from "./task/task.ts";
export type { TaskOutcome } from "./task/task-process.ts";
export type { StreamOptions, StreamResult, ZippedResult } from "./task/task-stream.ts";
export type { YieldManyOptions } from "./task/task-wait.ts";
export type { Client, CrashReport, Doing, Telemetry, TelemetryEvents } from "./telemetry.ts";
export type * from "./types.ts";
export type { BusyWith } from "./unfinished.ts";
export { isDown } from "./watch.ts";
