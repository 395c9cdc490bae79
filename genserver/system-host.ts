import type { Behaviour } from "../runtime/behaviour.ts";
import type { Call } from "../runtime/call.ts";
import { BadArgument } from "../runtime/errors.ts";
import type { Process } from "../runtime/process.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async, Exit, Reason } from "../runtime/types.ts";
import { Debug, type SystemEvent } from "./debug.ts";

// How a process is looked into, held and changed from outside (OTP: `sys`), for any behaviour that is a `SystemHost`.

export type Pending = void | Promise<void>;

/** What `formatStatus` is given, and returns: what a behaviour's reports and its status show. */
export interface Status {
  readonly state: unknown;
  /** In a crash report: the message that was being handled. */
  readonly message?: unknown;
  /** In a crash report: why the process ends. */
  readonly reason?: unknown;
  /** The last events, while `sys.log` is on. */
  readonly log?: readonly SystemEvent[];
  /** What else a behaviour has. */
  readonly [more: string]: unknown;
}

/**
 * A behaviour that serves system messages. At the end of its `receive` chain it hands them to {@link serveSystem}, and
 * it ends with its `terminate` when it gets a {@link Terminate} or the exit of its parent ({@link isParentExit}).
 */
export interface SystemHost extends Behaviour {
  getState(process: Process): unknown;
  /** Sets what `getState` gives. A throw is the asker's, and the state stays. */
  setState(process: Process, state: unknown): void;
  /** What the status shows before it is redacted: the state, and what else the behaviour has. */
  status(process: Process): Status;
  /** The module's `formatStatus`. */
  formatStatus(process: Process): ((status: any) => unknown) | undefined;
  /** Goes on with another module; only while suspended. A throw is the asker's, and everything stays. */
  codeChange(process: Process, module: unknown, extra: unknown): Async<void>;
  /** Ends the process from outside: `terminate` runs. `message` is what told it to. */
  terminate(process: Process, reason: Reason, message: unknown): Pending;
}

type Operation = (process: Process, host: SystemHost) => Async<unknown>;

/** A request to the process itself, past its module's callbacks: served between them, in its place in the mailbox. */
export class SystemMessage {
  readonly from: Call;
  readonly operation: Operation;
  constructor(from: Call, operation: Operation) {
    this.from = from;
    this.operation = operation;
  }
}

/** The order to stop, as a message: `GenServer.stop`. */
export class Terminate {
  readonly reason: Reason;
  /** The process has begun to stop because of it. */
  obeyed = false;
  constructor(reason: Reason) {
    this.reason = reason;
  }
}

/** The exit of the one who started it with a link is the order to stop. */
export function isParentExit(process: Process, message: unknown): message is Exit {
  return (
    process.parent !== null &&
    typeof message === "object" &&
    message !== null &&
    (message as Exit).tag === "exit" &&
    (message as Exit).pid === process.parent
  );
}

/** Does what a system message asks for, and answers it. What goes wrong is the asker's, and the process goes on. */
export function serveSystem(process: Process, { from, operation }: SystemMessage): Pending {
  const refuse = (error: unknown): void => from.refuse(error);
  try {
    const result = operation(process, hostOf(process));
    if (!isThenable(result)) return from.answer(result);
    return Promise.resolve(result).then((value) => from.answer(value), refuse);
  } catch (error) {
    refuse(error);
  }
}

/**
 * Stands before the behaviour of a process that is suspended or observed, so that one that is neither pays nothing.
 * While suspended it serves system messages and orders to stop, and keeps all others, in order, for the resume.
 */
export class Overseer implements Behaviour {
  readonly host: SystemHost;
  readonly debug = new Debug();
  suspended = false;
  private kept: unknown[] = [];

  constructor(host: SystemHost) {
    this.host = host;
  }

  get kind(): string {
    return this.host.kind;
  }

  get keepsMessages(): boolean {
    return this.kept.length > 0;
  }

  start(process: Process): Pending {
    return this.host.start(process);
  }

  receive(process: Process, message: unknown): Pending {
    if (message instanceof SystemMessage) return serveSystem(process, message);
    if (!this.suspended) {
      this.debug.record(process, { tag: "in", message });
      return this.host.receive(process, message);
    }
    if (message instanceof Terminate) message.obeyed = true;
    if (message instanceof Terminate || isParentExit(process, message)) {
      return this.host.terminate(process, message.reason, message);
    }
    this.kept.push(message);
  }

  flush(process: Process, match: (message: unknown) => boolean): void {
    const found = this.kept.findIndex(match);
    if (found >= 0) this.kept.splice(found, 1);
    else this.host.flush?.(process, match);
  }

  /** What was kept is handled before what has come since. */
  resume(process: Process): void {
    this.suspended = false;
    for (const message of this.kept.reverse()) process.unshift(message);
    this.kept = [];
  }
}

/** The overseer of a process; made when it is first needed. */
export function overseerOf(process: Process): Overseer {
  if (process.behaviour instanceof Overseer) return process.behaviour;
  const overseer = new Overseer(hostOf(process));
  process.behaviour = overseer;
  return overseer;
}

/** Takes the overseer away again when it has nothing to do. */
export function relieve(process: Process): void {
  const { behaviour } = process;
  if (behaviour instanceof Overseer && !behaviour.suspended && behaviour.debug.off) process.behaviour = behaviour.host;
}

/** The behaviour as a host; throws for a process that does not serve system messages. */
export function hostOf(process: Process): SystemHost {
  const { behaviour } = process;
  if (behaviour instanceof Overseer) return behaviour.host;
  if ("codeChange" in behaviour) return behaviour as SystemHost;
  throw new BadArgument(`expected a process that serves system messages, got: ${process.describe()}`);
}

/** Tells who observes the process of an answer; a behaviour calls it when `process.behaviour` is not its own. */
export function recordReply(process: Process, value: unknown, to: Call): void {
  const { behaviour } = process;
  if (behaviour instanceof Overseer) behaviour.debug.record(process, { tag: "out", value, to: to.pid });
}

/** Whether a message of the user's waits: a system message neither cancels a timeout nor wakes anybody. */
export function messageWaits(process: Process): boolean {
  if (process.behaviour instanceof Overseer && process.behaviour.keepsMessages) return true;
  return process.messageCount > 0 && process.some(isForUser);
}

const isForUser = (message: unknown): boolean => !(message instanceof SystemMessage);

/**
 * A status as the module's `formatStatus` shows it. One that throws, or returns what is no status, hides everything:
 * what it was to redact must not be seen because it failed.
 */
export function formatStatus(process: Process, status: Status): Status {
  const format = hostOf(process).formatStatus(process);
  if (format === undefined) return status;
  try {
    const formatted = format({ ...status });
    if (isStatus(formatted, status)) return formatted;
    return hidden(status, "formatStatus returned something that is no status");
  } catch {
    return hidden(status, "formatStatus threw");
  }
}

/** As in OTP: the same keys, with other values. */
const isStatus = (formatted: unknown, { ...status }: Status): formatted is Status => {
  if (typeof formatted !== "object" || formatted === null) return false;
  const keys = Object.keys(formatted);
  return keys.length === Object.keys(status).length && keys.every((key) => key in status);
};

const hidden = (status: Status, why: string): Status =>
  Object.fromEntries(Object.keys(status).map((key) => [key, `[hidden: ${why}]`])) as unknown as Status;
