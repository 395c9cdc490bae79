import { nothing } from "../../runtime/afterlife.ts";
import { PromisedCall } from "../../runtime/call.ts";
import { optionsOf } from "../../runtime/caller.ts";
import { checkFunction } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { processOf } from "../../runtime/self.ts";
import type { Async, Caller, Pid, Reason, Target } from "../../runtime/types.ts";
import type { Debug, Statistics, SystemEvent, Tracer } from "./debug.ts";
import {
  formatStatus,
  hostOf,
  logOf,
  overseerOf,
  relieve,
  type Status,
  type SystemHost,
  SystemRequest,
  statusOf,
  Terminate,
} from "./system-host.ts";

/** What `sys.getStatus` says of a process. `status` is as the module's `formatStatus` shows it. */
export interface ProcessStatus {
  readonly pid: Pid;
  readonly label: string;
  readonly kind: string;
  readonly parent: Pid | undefined;
  readonly suspended: boolean;
  /** Messages that wait in the mailbox, and those that are kept for the resume. */
  readonly messages: number;
  readonly status: Status;
}

/** The events that `sys.log` keeps when it is not told how many. */
const LOG_SIZE = 10;

/**
 * Looks into a running server, holds it, and changes it (OTP: `sys`). Each request takes its turn among the server's
 * messages, is served between two callbacks, by a suspended server too, and cancels no idle timeout. As a call, it
 * rejects with a `CallError` (`noproc`, `timeout` after 5000 ms or what `self.with` says, …), and otherwise with what went
 * wrong: the server goes on as it was.
 *
 * @example
 * const counter = await start(self, Counter, 41);
 * await sys.replaceState(self, counter, (count: number) => count + 1);
 * expect(await sys.getState(self, counter)).toBe(42);
 * await sys.suspend(self, counter);
 * const answer = self.call(counter, "add", 1); // waits
 * await sys.resume(self, counter);
 * expect(await answer).toBe(43);
 */
export const sys = {
  /** The state of the server, as it is. */
  getState: (by: Caller, target: Target): Promise<any> =>
    ask(by, target, "getState", (process, host) => host.getState(process)),

  /** Sets the state to what `replace` makes of it. If that throws, the state stays, and the error is the asker's. */
  replaceState: async <S = any>(by: Caller, target: Target, replace: (state: S) => Async<S>): Promise<S> => {
    checkFunction("replaceState", replace);
    return ask(by, target, "replaceState", async (process, host) => {
      const state = await replace(host.getState(process) as S);
      if (!process.dead) host.setState(process, state);
      return state;
    });
  },

  /** What the server shows of itself, as its `formatStatus` puts it. */
  getStatus: (by: Caller, target: Target): Promise<ProcessStatus> =>
    ask(by, target, "getStatus", (process) => status(process)),

  /** From now on the server handles no messages but those of `sys`; it keeps all others, in order. */
  suspend: (by: Caller, target: Target): Promise<void> =>
    ask(by, target, "suspend", (process) => {
      overseerOf(process).suspended = true;
    }),

  /** The server goes on, with what has come meanwhile. */
  resume: (by: Caller, target: Target): Promise<void> =>
    ask(by, target, "resume", (process) => {
      overseerOf(process).resume(process);
      relieve(process);
    }),

  /**
   * Goes on with another module: its `codeChange` makes the new state of the old one, and may refuse. Only while the
   * server is suspended. Who calls by pid goes on with the types of the old module.
   */
  changeCode: (by: Caller, target: Target, module: object, extra?: unknown): Promise<void> =>
    ask(by, target, "changeCode", (process, host) => {
      if (!overseerOf(process).suspended) {
        relieve(process);
        throw new BadArgument(`changeCode: expected a suspended process, got: ${process.describe()}`);
      }
      return host.codeChange(process, module, extra);
    }),

  /** Tells the server to stop, suspended or not: `terminate` runs. `GenServer.stop` also waits for the end. */
  terminate: (by: Caller, target: Target, reason: Reason): Promise<void> =>
    ask(by, target, "terminate", (process) => process.unshift(new Terminate(reason))),

  /**
   * Tells of each message that the server gets and each reply that its callbacks return: `true` emits the event
   * `sys.trace`, a function is called, `false` ends it. A function that throws is removed.
   */
  trace: (by: Caller, target: Target, tracer: Tracer | boolean): Promise<void> => {
    if (typeof tracer !== "boolean" && typeof tracer !== "function") {
      return Promise.reject(new BadArgument(`trace: expected a function or a boolean, got: ${show(tracer)}`));
    }
    return debug(by, target, "trace", (observer) => {
      observer.tracer = tracer;
    });
  },

  /** Keeps the last events: `true` (10), how many, or `false` for none. `"get"` gives them, oldest first. */
  log,

  /** Counts messages: `true` starts anew, `false` ends it. `"get"` gives the counts. `undefined`: it is off. */
  statistics,
};

function log(by: Caller, target: Target, what: "get"): Promise<readonly SystemEvent[] | undefined>;
function log(by: Caller, target: Target, what: number | boolean): Promise<void>;
function log(by: Caller, target: Target, what: "get" | number | boolean): Promise<unknown> {
  if (what === "get") return debug(by, target, "log", (observer) => observer.log);
  const size = typeof what === "boolean" ? (what ? LOG_SIZE : 0) : what;
  if (!Number.isInteger(size) || size < 0) {
    return Promise.reject(new BadArgument(`log: expected how many events to keep, got: ${show(what)}`));
  }
  return debug(by, target, "log", (observer) => observer.keepLog(size));
}

function statistics(by: Caller, target: Target, what: "get"): Promise<Statistics | undefined>;
function statistics(by: Caller, target: Target, what: boolean): Promise<void>;
function statistics(by: Caller, target: Target, what: "get" | boolean): Promise<unknown> {
  return debug(by, target, "statistics", (observer, process) => {
    const now = process.kernel.driver.now();
    return what === "get" ? observer.statistics(now) : observer.count(what, now);
  });
}

function debug(by: Caller, target: Target, name: string, act: (observer: Debug, process: Process) => unknown) {
  return ask(by, target, name, (process) => {
    const result = act(overseerOf(process).debug, process);
    relieve(process);
    return result;
  });
}

function status(process: Process): ProcessStatus {
  const overseer = overseerOf(process);
  const log = logOf(process);
  const given = log === undefined ? statusOf(process) : { ...statusOf(process), log };
  const result: ProcessStatus = {
    pid: process.pid,
    label: process.describe(),
    kind: process.behaviour.kind,
    parent: process.parent ?? undefined,
    suspended: overseer.suspended,
    messages: process.queueLength,
    status: formatStatus(process, given),
  };
  relieve(process);
  return result;
}

type Operation = (process: Process, host: SystemHost) => unknown;

/** Sends a system request and waits for its answer. A process that serves none is not asked. */
async function ask(by: Caller, target: Target, name: string, operation: Operation): Promise<any> {
  const caller = processOf(by);
  const options = optionsOf(by);
  if (caller.dead) return nothing(caller, `sys.${name}`);
  const process = caller.kernel.names.resolve(target);
  if (process !== undefined && process !== caller) hostOf(process);
  return new Promise((resolve, reject) => {
    const call = new PromisedCall(caller, target, `sys.${name}`, undefined, resolve, reject);
    call.send(caller, options, new SystemRequest(call, operation));
  });
}
