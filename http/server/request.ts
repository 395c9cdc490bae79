import { STATUS_CODES } from "node:http";
import { BadArgument, isClean } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Reason } from "../../runtime/types.ts";
import type { Headers } from "../conn/adapter.ts";
import { Conn } from "../conn/conn.ts";
import type { Exchange } from "../conn/exchange.ts";
import { HttpError, NotSentError } from "../errors.ts";
import { renderError } from "../phoenix/render-errors.ts";
import { runStep } from "../pipeline/plug.ts";
import type { Step } from "../pipeline/step.ts";

/**
 * Serves one request: what a request's process does. An error below 500 is the client's, and is answered here; every
 * other is a crash, and whoever watches the process answers for it.
 */
export function serve(exchange: Exchange, plug: Step): Async<void> {
  let result: Async<void>;
  try {
    const conn = runStep(plug, new Conn(exchange));
    result = conn instanceof Conn ? finish(conn) : conn.then(finish);
  } catch (error) {
    return answerError(exchange, error);
  }
  return isThenable(result) ? result.then(undefined, (error) => answerError(exchange, error)) : result;
}

/** The end of the pipeline: a response that was set is sent, and one that is missing is an error that says so. */
export function finish(conn: unknown): Async<void> {
  if (!(conn instanceof Conn)) {
    throw new BadArgument(`expected the pipeline to return a conn, got: ${show(conn)}`);
  }
  const { exchange } = conn;
  if (conn.state === "set" && !exchange.sent) conn.sendResp();
  if (!exchange.sent) throw notSent(conn);
  if (exchange.held !== undefined) return exchange.held.then(() => exchange.end());
  return exchange.end();
}

/** Says what to write instead; if a change was lost, that is what went wrong. */
function notSent(conn: Conn<any>): NotSentError {
  const { step } = conn.exchange;
  const status = conn.status ?? (conn.halted ? 401 : 200);
  const body = BODILESS.has(status) ? "" : (STATUS_CODES[status] ?? "");
  const meant = `did you mean conn.sendResp(${status}, "${body}")${conn.halted ? ".halt()" : ""}?`;
  const put = conn.status === undefined ? "" : ` with status ${status}, and putStatus() sends nothing`;
  const why = conn.halted ? `it was halted by ${step}, and halt() sends nothing` : `it ended in ${step}${put}`;
  const lost = conn.exchange.lostIn(conn);
  const hint = lost === undefined ? meant : `${lost}: go on with the conn that each change returns`;
  return new NotSentError(`${conn.method} ${conn.requestPath} got no response: ${why}; ${hint}`);
}

const BODILESS = new Set([204, 304]);

function answerError(exchange: Exchange, error: unknown): void {
  if (!(error instanceof HttpError) || error.status >= 500) throw error;
  if (exchange.sent && exchange.answered === error) return;
  if (exchange.sent) throw error;
  sendError(exchange, error.status, error.message);
}

/** The status that a crash is answered with: what its error asks for, 503 when the server made it end, else 500. */
export function statusOf(reason: Reason): number {
  if (reason instanceof HttpError) return reason.status;
  return isClean(reason) ? 503 : 500;
}

/** An answer with a status, as the server's error views show it, or plain. The details of a failure of ours stay in the report. */
export function sendError(exchange: Exchange, status: number, message = STATUS_CODES[status] ?? "Error"): void {
  const page = renderError(exchange, status, message);
  exchange.markSent(status);
  exchange.adapter.send(status, errorHeaders(page?.type ?? PLAIN), page?.body ?? `${status} ${message}\n`);
}

const PLAIN = "text/plain; charset=utf-8";

const errorHeaders = (type: string): Headers => [
  ["content-type", type],
  ["cache-control", "no-store"],
];
