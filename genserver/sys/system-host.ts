import type { Behaviour } from "../../runtime/behaviour.ts";
import { Call, Cast } from "../../runtime/call.ts";
import { BadArgument } from "../../runtime/errors.ts";
import type { Process } from "../../runtime/process.ts";
import { Signal } from "../../runtime/signal.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Exit, Reason } from "../../runtime/types.ts";
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
 * A behaviour that serves system messages: its `receive` calls `serve` of an {@link Internal} message, and ends with its
 * `terminate` at the exit of its parent ({@link isParentExit}). Then suspension, tracing, `sys.getState` and
 * `GenServer.stop` work for its processes, too.
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

/**
 * A message of the library's own, which does what it is for: a behaviour calls its `serve`. It cancels no timeout, is
 * not counted as waiting, and not shown to who observes the process.
 */
export abstract class Internal extends Signal {
  abstract serve(process: Process): Pending;
}

/** A message of the library's own that stands for something the user knows, such as a timeout of a state machine. */
export abstract class Sign extends Signal {
  abstract describe(): unknown;
}

/** An internal message that is served between callbacks also while the process is suspended, in its turn. */
export abstract class SystemMessage extends Internal {}

type Operation = (process: Process, host: SystemHost) => Async<unknown>;

/** A request to the process itself, past its module's callbacks. What goes wrong is the asker's. */
export class SystemRequest extends SystemMessage {
  private readonly from: Call;
  private readonly operation: Operation;
  constructor(from: Call, operation: Operation) {
    super();
    this.from = from;
    this.operation = operation;
  }

  serve(process: Process): Pending {
    const { from } = this;
    const refuse = (error: unknown): void => from.refuse(error);
    try {
      const result = this.operation(process, hostOf(process));
      const answer = (value: unknown): void => from.answer(process.kernel.shown(value));
      if (!isThenable(result)) return answer(result);
      return Promise.resolve(result).then(answer).catch(refuse);
    } catch (error) {
      refuse(error);
    }
  }
}

/** The order to stop: `GenServer.stop`. */
export class Terminate extends SystemMessage {
  readonly reason: Reason;
  /** The process has begun to stop because of it. */
  obeyed = false;
  constructor(reason: Reason) {
    super();
    this.reason = reason;
  }

  serve(process: Process): Pending {
    this.obeyed = true;
    return hostOf(process).terminate(process, this.reason, this);
  }
}

/** The exit of the one who started it with a link is the order to stop; who was started without one is its own parent (OTP). */
export function isParentExit(process: Process, message: unknown): message is Exit {
  return (
    typeof message === "object" &&
    message !== null &&
    (message as Exit).tag === "exit" &&
    (message as Exit).pid === (process.parent ?? process.pid)
  );
}

/**
 * Stands before the behaviour of a process that is suspended or observed, so that one that is neither pays nothing.
 * While suspended it serves system messages and orders to stop, and keeps all others, in order, for the resume.
 */
export class Overseer implements Behaviour {
  readonly host: SystemHost;
  readonly debug = new Debug();
  suspended = false;
  private messages: unknown[] = [];

  constructor(host: SystemHost) {
    this.host = host;
  }

  get kind(): string {
    return this.host.kind;
  }

  /** How many messages it keeps for the resume. */
  kept(process: Process): number {
    return this.messages.length + (this.host.kept?.(process) ?? 0);
  }

  stop(process: Process, reason: Reason): void {
    process.enqueue(new Terminate(reason));
  }

  start(process: Process): Pending {
    return this.host.start?.(process);
  }

  receive(process: Process, message: unknown): Pending {
    if (message instanceof SystemMessage) return message.serve(process);
    if (!this.suspended) {
      if (!(message instanceof Internal)) this.debug.record(process, { tag: "in", message: shown(message) });
      // A function that traced and threw has been removed, and may have been all that there was to do.
      relieve(process);
      return this.host.receive(process, message);
    }
    if (isParentExit(process, message)) return this.host.terminate(process, message.reason, message);
    this.messages.push(message);
  }

  flush(process: Process, match: (message: unknown) => boolean): void {
    this.messages = this.messages.filter((message) => !match(message));
    this.host.flush?.(process, match);
  }

  /** What was kept is handled before what has come since. */
  resume(process: Process): void {
    this.suspended = false;
    process.prepend(this.messages);
    this.messages = [];
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

/** What a process shows of itself, before it is redacted. */
export const statusOf = (process: Process): Status => hostOf(process).status(process);

/** The last events of a process whose log is on. */
export function logOf({ behaviour }: Process): readonly SystemEvent[] | undefined {
  return behaviour instanceof Overseer ? behaviour.debug.log : undefined;
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

/** Whether a message waits that is not internal. */
export function messageWaits(process: Process): boolean {
  if (process.behaviour instanceof Overseer && process.behaviour.kept(process) > 0) return true;
  return process.messageCount > 0 && process.some(isForUser);
}

const isForUser = (message: unknown): boolean => !(message instanceof Internal);

/** What reports and observers see of a message: of a request, what was asked and by whom. */
export function shown(message: unknown): unknown {
  if (message instanceof Call) return { call: message.request, payload: message.payload, from: message.pid };
  if (message instanceof Cast) return { cast: message.request, payload: message.payload };
  return message instanceof Sign ? message.describe() : message;
}

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

/** The reason stays: everybody who watches the process hears of it. */
const hidden = (status: Status, why: string): Status =>
  Object.fromEntries(
    Object.entries(status).map(([key, value]) => [key, key === "reason" ? value : hiddenValue(value, why)]),
  ) as unknown as Status;

const hiddenValue = (value: unknown, why: string): unknown =>
  Array.isArray(value) ? [] : value === undefined ? undefined : `[hidden: ${why}]`;
