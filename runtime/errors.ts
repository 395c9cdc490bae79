import { show, showBrief } from "./inspect.ts";
import type { Pid, Reason } from "./types.ts";

/** A call of the library was given something that it cannot work with (OTP: `badarg`). */
export class BadArgument extends Error {
  override readonly name = "BadArgument";
}

/** A link to a process that is not there, made by a process that does not trap exits (OTP: `error:noproc`). */
export class NoProcess extends Error {
  override readonly name = "NoProcess";
}

/** A message was refused because the mailbox that it was sent to is full, and its process wants senders to know. */
export class MailboxFull extends Error {
  override readonly name = "MailboxFull";
  constructor(receiver: string, limit: number) {
    super(`send: expected room in the mailbox of ${receiver}, got: ${limit} messages, which is its limit`);
  }
}

/**
 * A call did not get its reply. `reason` is `noproc`, `timeout`, `callingSelf`, `mailboxFull`, `aborted` (then `cause` is
 * what the signal was aborted with), or the reason the server ended with.
 */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly reason: Reason;
  readonly request: string;
  constructor(reason: Reason, request: string, target: string, cause: unknown = reason) {
    super(
      `call ${show(request)} to ${target}: expected a reply, got: ${explain(reason)}`,
      cause !== reason || reason instanceof Error ? { cause } : {},
    );
    this.reason = reason;
    this.request = request;
  }
}

/**
 * A task has no result. `reason` is `timeout`, `ignored` (it was given up before), or what the task exited with; a task
 * that crashed with an Error gives that Error itself.
 */
export class TaskError extends Error {
  override readonly name = "TaskError";
  readonly reason: Reason;
  constructor(reason: Reason, text: string) {
    super(text);
    this.reason = reason;
  }
}

const explain = (reason: Reason): string => {
  if (reason === "noproc") return "noproc (no such process)";
  if (reason === "timeout") return "timeout (no reply in time; the server may still do the work)";
  if (reason === "mailboxFull") return "mailboxFull (the server has more to do than its mailbox holds)";
  if (reason === "callingSelf") return "callingSelf (a process that calls itself would wait for ever)";
  if (reason === "aborted") return "aborted (by the signal that it was made with)";
  if (reason instanceof Error) return `${showBrief(reason)} (the server crashed)`;
  return `${show(reason)} (the server ended)`;
};

/** A process could not be started. `reason` is what OTP gives in `{error, Reason}`. */
export class StartError extends Error {
  override readonly name: string = "StartError";
  readonly reason: unknown;
  /** `why`: what to tell of the reason, where that is only a part of it. */
  constructor(reason: unknown, what = "the process", why = reason, expected = "a process that is up") {
    super(`start of ${what}: expected ${expected}, got: ${showBrief(why)}`, why instanceof Error ? { cause: why } : {});
    this.reason = reason;
  }
}

/** The name is held by another process: `pid` is the one. (OTP: `{already_started, Pid}`.) */
export class AlreadyStarted extends StartError {
  override readonly name = "AlreadyStarted";
  readonly pid: Pid;
  constructor(pid: Pid, name: string) {
    super({ alreadyStarted: pid }, show(name), pid, "nobody of that name");
    this.pid = pid;
  }
}

/**
 * For a `catch` behind a start: the pid of the process that was there already, or the error again.
 *
 * @example
 * const room = await DynamicSupervisor.startChild(self, rooms, child(Room, topic, { name })).catch(alreadyStarted);
 */
export function alreadyStarted(error: unknown): Pid {
  if (error instanceof AlreadyStarted) return error.pid;
  throw error;
}

/** A callback returned something that it may not return (OTP: `{bad_return_value, V}`). */
export class BadReturnValue extends Error {
  override readonly name = "BadReturnValue";
  readonly value: unknown;
  constructor(callback: string, expected: string, value: unknown) {
    super(`${callback} returned a value that it may not return: expected ${expected}, got: ${show(value)}`);
    this.value = value;
  }
}

/** Something other than an Error was thrown and nobody caught it (OTP: `{nocatch, V}`). */
export class NoCatch extends Error {
  override readonly name = "NoCatch";
  readonly value: unknown;
  constructor(value: unknown) {
    super(`expected an Error to be thrown, got: ${show(value)}`);
    this.value = value;
  }
}

/** A request or callback that the module does not have (OTP: `undef`). */
export class Undefined extends Error {
  override readonly name = "Undefined";
}

/** Thrown by {@link exit}: ends the process with `reason` unless it is caught. Not an Error: it has no stack to pay for. */
export class ExitSignal {
  readonly reason: Reason;
  constructor(reason: Reason) {
    this.reason = reason;
  }
}

/** Ends the calling process with `reason` (OTP: `exit/1`). To end another process: `self.exit(pid, reason)`. */
export function exit(reason: Reason): never {
  throw new ExitSignal(reason);
}

/** The exit reason that an uncaught throw stands for. */
export function reasonOf(thrown: unknown): Reason {
  if (thrown instanceof ExitSignal) return thrown.reason;
  return thrown instanceof Error ? thrown : new NoCatch(thrown);
}

/** `normal`, `shutdown` and `{ shutdown }`: nothing went wrong. An Error is none of them, whatever its fields. */
export function isClean(reason: unknown): boolean {
  if (reason === "normal" || reason === "shutdown") return true;
  return typeof reason === "object" && reason !== null && "shutdown" in reason && !(reason instanceof Error);
}
