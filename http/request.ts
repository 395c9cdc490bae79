import { STATUS_CODES } from "node:http";
import { BadArgument, isClean } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async, Reason } from "../runtime/types.ts";
import { Conn } from "./conn.ts";
import { HttpError, NotSentError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { type PlugFn, runPlug } from "./plug.ts";

/**
 * Serves one request: what a request's process does. An error below 500 is the client's, and is answered here; every
 * other is a crash, and whoever watches the process answers for it.
 */
export function serve(exchange: Exchange, plug: PlugFn<any, any>): Async<void> {
  let result: Async<Conn<any>>;
  try {
    result = runPlug(plug, new Conn(exchange));
    if (!isThenable(result)) return finish(result);
  } catch (error) {
    return answerError(exchange, error);
  }
  return result.then(finish).catch((error) => answerError(exchange, error));
}

/** The end of the pipeline: a response that was set is sent, and one that is missing is an error that says so. */
export function finish(conn: unknown): void {
  if (!(conn instanceof Conn)) {
    throw new BadArgument(`expected the pipeline to return a conn, got: ${show(conn)}`);
  }
  const { exchange } = conn;
  if (conn.state === "set" && !exchange.sent) conn.sendResp();
  if (exchange.sent || conn.state === "upgraded") return;
  const status = conn.status ?? 200;
  const hint = conn.halted
    ? `it was halted in ${exchange.plug}: send a response before halt()`
    : `it ended in ${exchange.plug}: did you mean sendResp(${status}, "${STATUS_CODES[status] ?? ""}")?`;
  throw new NotSentError(`${conn.method} ${conn.requestPath} got no response; ${hint}`);
}

function answerError(exchange: Exchange, error: unknown): void {
  if (!(error instanceof HttpError) || error.status >= 500 || exchange.sent) throw error;
  sendError(exchange, error.status, error.message);
}

/** The status that a crash is answered with: what its error asks for, 503 when the server made it end, else 500. */
export function statusOf(reason: Reason): number {
  if (reason instanceof HttpError) return reason.status;
  return isClean(reason) ? 503 : 500;
}

/** A plain answer with a status. The details of a failure of ours stay in the report. */
export function sendError(exchange: Exchange, status: number, message = STATUS_CODES[status] ?? "Error"): void {
  exchange.markSent(status);
  const type = "text/plain; charset=utf-8";
  exchange.adapter.send(
    status,
    [
      ["content-type", type],
      ["cache-control", "no-store"],
    ],
    `${status} ${message}\n`,
  );
}
