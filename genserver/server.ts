import type { Behaviour } from "../runtime/behaviour.ts";
import { Call, Cast } from "../runtime/call.ts";
import { BadReturnValue, ExitSignal, isClean, reasonOf, Undefined } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { timeout as idle } from "../runtime/plain-process.ts";
import type { Process } from "../runtime/process.ts";
import { defineReport } from "../runtime/reports.ts";
import { type Next, NONE, Result } from "../runtime/results.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Timer } from "../runtime/timers.ts";
import type { Exit, Pid, Reason } from "../runtime/types.ts";
import type { Module } from "./module.ts";

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** A message came that the server's module has no `handleInfo` for; it was dropped. */
    "genserver.unhandled": [measurements: {}, metadata: { pid: Pid; label: string; message: unknown }];
  }
}

defineReport(
  "genserver.unhandled",
  "warning",
  (_, { label, message }) => `${label} has no handleInfo, and dropped: ${show(message)}`,
);

/** The order of `GenServer.stop`, as a message. */
export class Terminate {
  readonly reason: Reason;
  /** The server has begun to stop because of it. */
  obeyed = false;
  constructor(reason: Reason) {
    this.reason = reason;
  }
}

class Continue {
  readonly token: unknown;
  constructor(token: unknown) {
    this.token = token;
  }
}

/** What a server process keeps: its module, the user's state, and its idle timer. */
export class Server {
  readonly module: Module;
  state: unknown;
  timer: Timer | null = null;
  constructor(module: Module, arg: unknown) {
    this.module = module;
    this.state = arg;
  }
}

type Callback = (...args: any[]) => unknown;
type Pending = void | Promise<void>;

/** The receive loop of every server (OTP: `gen_server:loop`). Synchronous callbacks make no promise and no closure. */
export const serverBehaviour: Behaviour = {
  kind: "genserver",

  start(process) {
    const server = process.state as Server;
    return invoke(process, server, "init", server.module.source.init, server.state, undefined, undefined);
  },

  receive(process, message) {
    const server = process.state as Server;
    if (server.timer !== null) {
      server.timer.cancel();
      server.timer = null;
    }
    if (message instanceof Call) return requested(process, server, "handleCall", message);
    if (message instanceof Cast) return requested(process, server, "handleCast", message);
    if (message instanceof Continue) return continued(process, server, message);
    if (message instanceof Terminate) message.obeyed = true;
    if (message instanceof Terminate || isParentExit(process, message)) {
      return terminate(process, server, message.reason, undefined, NONE, { callback: "a stop from outside", message });
    }
    const { handleInfo } = server.module.source;
    if (handleInfo !== undefined) return invoke(process, server, "handleInfo", handleInfo, message, message, undefined);
    if (message !== idle) unhandled(process, message);
  },
};

/** Drops a message that a server has no use for, and says so. */
export function unhandled(process: Process, message: unknown): void {
  const metadata = { pid: process.pid, label: process.describe(), message };
  process.kernel.telemetry.emit("genserver.unhandled", {}, metadata);
}

export function isParentExit(process: Process, message: unknown): message is Exit {
  return (
    process.parent !== null &&
    typeof message === "object" &&
    message !== null &&
    (message as Exit).tag === "exit" &&
    (message as Exit).pid === process.parent
  );
}

function requested(
  process: Process,
  server: Server,
  callback: "handleCall" | "handleCast",
  message: Call | Cast,
): Pending {
  const table = callback === "handleCall" ? server.module.calls : server.module.casts;
  const handler = table.get(message.request);
  const from = message instanceof Call ? message : undefined;
  if (handler !== undefined) return invoke(process, server, callback, handler, message.payload, message, from);
  const known = [...table.keys()].join(", ") || "none";
  const missing = new Undefined(
    `${callback} of ${process.describe()} has no ${show(message.request)}; it has: ${known}`,
  );
  return failed(process, server, callback, message, from, missing);
}

function continued(process: Process, server: Server, { token }: Continue): Pending {
  const { handleContinue } = server.module.source;
  if (handleContinue !== undefined)
    return invoke(process, server, "handleContinue", handleContinue, token, token, undefined);
  const missing = new Undefined(
    `${process.describe()} was told to continue with ${show(token)}, but has no handleContinue`,
  );
  return failed(process, server, "handleContinue", token, undefined, missing);
}

/** Runs one callback and does what it says. */
function invoke(
  process: Process,
  server: Server,
  callback: string,
  run: Callback,
  input: unknown,
  message: unknown,
  from: Call | undefined,
): Pending {
  let result: unknown;
  try {
    // `init` reads (arg, self), every other callback (input, state, self).
    result =
      callback === "init"
        ? enter(process, server, run, input, process, undefined, undefined)
        : enter(process, server, run, input, server.state, process, from);
  } catch (thrown) {
    return failed(process, server, callback, message, from, thrown);
  }
  if (!isThenable(result)) return apply(process, server, callback, message, from, result);
  server.module.asynchronous = true;
  return Promise.resolve(result).then(
    (value) => settled(process, () => apply(process, server, callback, message, from, value)),
    (thrown) => settled(process, () => failed(process, server, callback, message, from, thrown), thrown),
  );
}

/** Calls into the module; where a stray error finds its process, if the module has asynchronous code. */
function enter(
  process: Process,
  { module }: Server,
  run: Callback,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
): unknown {
  return module.asynchronous ? process.within(run, a, b, c, d) : run(a, b, c, d);
}

/** An asynchronous callback came to its end; if the process did so before it, nothing of it counts. */
function settled(process: Process, go: () => Pending, thrown?: unknown): Pending {
  if (!process.dead) return go();
  if (thrown === undefined) process.zombie("settle");
  else process.crash(thrown);
}

function apply(
  process: Process,
  server: Server,
  callback: string,
  message: unknown,
  from: Call | undefined,
  result: unknown,
): Pending {
  if (process.dead) return;
  if (result instanceof Result && isNext(result.next)) {
    switch (result.tag) {
      case "noreply":
        if (callback === "init") break;
        server.state = result.state;
        return after(process, server, result.next);
      case "reply":
        if (from === undefined) break;
        server.state = result.state;
        from.answer(result.value);
        return after(process, server, result.next);
      case "stop":
        if (result.value !== NONE && from === undefined) break;
        if (callback === "init") return failedInit(process, result.reason);
        server.state = result.state;
        return terminate(process, server, result.reason, from, result.value, { callback, message });
      case "ok":
        if (callback !== "init") break;
        server.state = result.state;
        process.starting?.ack();
        return after(process, server, result.next);
      case "ignore":
        if (callback !== "init") break;
        return process.starting?.abandon({ ignore: true }, "normal");
      case "error":
        if (callback !== "init") break;
        return process.starting?.abandon({ failure: result.reason }, "normal");
    }
  }
  return failed(
    process,
    server,
    callback,
    message,
    from,
    new BadReturnValue(named(callback, message), expected(callback), result),
  );
}

const named = (callback: string, message: unknown): string =>
  message instanceof Call || message instanceof Cast ? `${callback}.${message.request}` : callback;

/** What a report shows of a message: of a request, what was asked and by whom. */
const input = (message: unknown): unknown => {
  if (message instanceof Call) return { call: message.request, payload: message.payload, from: message.pid };
  return message instanceof Cast ? { cast: message.request, payload: message.payload } : message;
};

const expected = (callback: string): string => {
  if (callback === "init") return "ok, ignore, error or stop";
  return callback === "handleCall" ? "reply, noreply or stop" : "noreply or stop";
};

/** A callback threw: a result that is thrown counts as returned, an exit ends the server, the rest is a crash. */
function failed(
  process: Process,
  server: Server,
  callback: string,
  message: unknown,
  from: Call | undefined,
  thrown: unknown,
): Pending {
  if (process.dead) return process.crash(thrown);
  if (thrown instanceof Result) return apply(process, server, callback, message, from, thrown);
  const reason = isFailure(thrown)
    ? reasonOf(thrown)
    : new BadReturnValue(named(callback, message), expected(callback), thrown);
  if (callback !== "init") return terminate(process, server, reason, undefined, NONE, { callback, message });
  return failedInit(process, reason);
}

/** An Error or an exit; any other value that is thrown counts as returned (OTP: a throw is a return). */
const isFailure = (thrown: unknown): boolean => thrown instanceof Error || thrown instanceof ExitSignal;

function failedInit(process: Process, reason: Reason): void {
  process.kernel.reportCrash(process, reason, { callback: "init" });
  process.end(reason);
}

/** `terminate` runs first; then the reply of a stop is sent, whatever became of it; then the process ends. */
function terminate(
  process: Process,
  server: Server,
  reason: Reason,
  from: Call | undefined,
  value: unknown,
  cause: { readonly callback: string; readonly message: unknown },
): Pending {
  const finish = (last: Reason): void => {
    if (value !== NONE) from?.answer(value);
    const by = last === reason ? cause : { callback: "terminate", message: reason };
    if (!process.dead && !isClean(last)) {
      const doing = { callback: named(by.callback, by.message), message: input(by.message), state: server.state };
      process.kernel.reportCrash(process, last, doing);
    }
    process.end(last);
  };
  let pending: unknown;
  try {
    const run: Callback | undefined = server.module.source.terminate;
    if (run !== undefined) pending = enter(process, server, run, reason, server.state, process, undefined);
  } catch (thrown) {
    return finish(isFailure(thrown) ? reasonOf(thrown) : reason);
  }
  if (!isThenable(pending)) return finish(reason);
  return Promise.resolve(pending).then(
    () => settled(process, () => finish(reason)),
    (thrown) => settled(process, () => finish(isFailure(thrown) ? reasonOf(thrown) : reason), thrown),
  );
}

function isNext(next: unknown): next is Next | undefined {
  if (next === undefined) return true;
  if (typeof next !== "object" || next === null) return false;
  if ("timeout" in next) return next.timeout === "infinity" || (typeof next.timeout === "number" && next.timeout >= 0);
  return "continue" in next || ("hibernate" in next && next.hibernate === true);
}

/** What comes before the next message: a continue is put in front of them, an idle timeout waits for none to come. */
function after(process: Process, server: Server, next: Next | undefined): void {
  if (next === undefined) return;
  if ("continue" in next) {
    process.unshift(new Continue(next.continue));
    return;
  }
  if (!("timeout" in next) || next.timeout === "infinity" || process.messageCount > 0) return;
  if (next.timeout === 0) process.push(idle);
  else server.timer = process.kernel.timers.set(next.timeout, () => expire(process, server), process);
}

/** A message that came first has cancelled the timeout, even if it was not handled yet. */
function expire(process: Process, server: Server): void {
  server.timer = null;
  if (process.messageCount === 0) process.deliver(idle);
}
