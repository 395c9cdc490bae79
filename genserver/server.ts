import { Call, Cast, underTerms } from "../runtime/call.ts";
import { BadReturnValue, reasonOf, Undefined } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { timeout as idle } from "../runtime/plain-process.ts";
import type { Process } from "../runtime/process.ts";
import { isNext, type Next, NONE, Result } from "../runtime/results.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Milliseconds } from "../runtime/types.ts";
import { type Callback, enter, expected, isFailure, named, type Server, settled } from "./callback.ts";
import { failedInit, terminate } from "./ending.ts";
import { idleTimeout, startTimer } from "./idle.ts";
import { listed } from "./module.ts";
import { changeModule } from "./sys/code-change.ts";
import {
  Internal,
  isParentExit,
  messageWaits,
  type Pending,
  recordReply,
  type SystemHost,
  Terminate,
} from "./sys/system-host.ts";
import { unhandled } from "./unhandled.ts";

export { unhandled };

/** What runs right after a callback that asked for it, before any message. */
class Continue extends Internal {
  readonly token: unknown;
  constructor(token: unknown) {
    super();
    this.token = token;
  }
  serve(process: Process): Pending {
    return continued(process, process.state as Server, this.token);
  }
}

/** What runs before a server sleeps. As in OTP, messages that wait go first, and the server does not sleep. */
class Hibernate extends Internal {
  serve(process: Process): Pending {
    const server = process.state as Server;
    const { hibernate } = server.module.source;
    if (hibernate === undefined || messageWaits(process)) return;
    const run: Callback = (_, state, self) => hibernate(state, self);
    return invoke(process, server, "hibernate", run, undefined, undefined, undefined);
  }
}
const HIBERNATE = new Hibernate();

/** The receive loop of every server (OTP: `gen_server:loop`). Synchronous callbacks make no promise and no closure. */
export const serverBehaviour: SystemHost = {
  kind: "genserver",

  start(process) {
    const server = process.state as Server;
    return invoke(process, server, "init", server.module.source.init, server.state, undefined, undefined);
  },

  stop(process, reason) {
    process.enqueue(new Terminate(reason));
  },

  receive(process, message) {
    const server = process.state as Server;
    if (server.timer !== null && !(message instanceof Internal)) {
      server.timer.cancel();
      server.timer = null;
    }
    if (message instanceof Call) return called(process, server, message);
    if (message instanceof Cast) return requested(process, server, "handleCast", message);
    if (message instanceof Internal) return message.serve(process);
    if (isParentExit(process, message)) return serverBehaviour.terminate(process, message.reason, message);
    const { handleInfo } = server.module.source;
    if (handleInfo !== undefined) return invoke(process, server, "handleInfo", handleInfo, message, message, undefined);
    if (message !== idle) unhandled(process, message);
  },

  getState: (process) => (process.state as Server).state,

  setState(process, state) {
    (process.state as Server).state = state;
  },

  status: (process) => ({ state: (process.state as Server).state }),

  formatStatus: (process) => (process.state as Server).module.source.formatStatus,

  codeChange: (process, module, extra) => changeModule(process, process.state as Server, module, extra),

  terminate(process, reason, message) {
    const doing = { callback: "a stop from outside", message };
    return terminate(process, process.state as Server, reason, undefined, NONE, doing);
  },
};

/** A call that came with a deadline passes it on to what is called while it is handled. */
function called(process: Process, server: Server, call: Call): Pending {
  if (call.terms === null) return requested(process, server, "handleCall", call);
  return underTerms(process, call, () => requested(process, server, "handleCall", call));
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
  const missing = new Undefined(
    `${callback} of ${process.describe()}: expected ${listed(table.keys())}, got: ${show(message.request)}`,
  );
  return failed(process, server, callback, message, from, missing);
}

function continued(process: Process, server: Server, token: unknown): Pending {
  const { handleContinue } = server.module.source;
  if (handleContinue !== undefined)
    return invoke(process, server, "handleContinue", handleContinue, token, token, undefined);
  const missing = new Undefined(
    `handleContinue of ${process.describe()}: expected a function, got: undefined (told to continue with ${show(token)})`,
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
  if (result instanceof Result || !isThenable(result)) {
    return apply(process, server, callback, message, from, result);
  }
  server.module.asynchronous = true;
  return Promise.resolve(result).then(
    (value) => settled(process, () => apply(process, server, callback, message, from, value)),
    (thrown) => settled(process, () => failed(process, server, callback, message, from, thrown), thrown),
  );
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
        return after(process, server, result.next, callback);
      case "reply":
        if (from === undefined) break;
        server.state = result.state;
        if (process.behaviour !== serverBehaviour) recordReply(process, result.value, from);
        from.answer(result.value);
        return after(process, server, result.next, callback);
      case "stop":
        if (result.value !== NONE && from === undefined) break;
        if (callback === "init") return failedInit(process, result.reason);
        server.state = result.state;
        return terminate(process, server, result.reason, from, result.value, { callback, message });
      case "ok":
        if (callback !== "init") break;
        server.state = result.state;
        process.starting?.ack();
        return after(process, server, result.next, callback);
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

/** What comes before the next message: a continue is put in front of them, an idle timeout waits for none to come. */
function after(process: Process, server: Server, next: Next | undefined, callback: string): void {
  if (next === undefined) {
    if (server.hibernateAfter !== null) hibernateLater(process, server, server.hibernateAfter, callback);
    return;
  }
  if ("continue" in next) {
    process.unshift(new Continue(next.continue));
    return;
  }
  if ("timeout" in next && next.timeout !== "infinity") idleTimeout(process, server, next.timeout, next);
  else if (next.hibernate !== true && server.hibernateAfter !== null) {
    hibernateLater(process, server, server.hibernateAfter, callback);
  }
  if (next.hibernate === true && callback !== "hibernate" && !messageWaits(process)) process.push(HIBERNATE);
}

/** A server that has just hibernated is woken by the next message, and not by time. */
function hibernateLater(process: Process, server: Server, delay: Milliseconds, callback: string): void {
  if (callback !== "hibernate") startTimer(process, server, delay, HIBERNATE);
}
