import { STATUS_CODES } from "node:http";
import { HttpError } from "../errors.ts";

/** The parser has read a request that says `Connection: close`, and there is more: that answer is the last anyway. */
const AFTER_CLOSE = "HPE_CLOSED_CONNECTION";

/** What the parser's error means to the client. What is not here is a 400 (RFC 9110 §15.5, §15.6). */
const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_PAUSED_H2_UPGRADE: 505,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const TEXT: Readonly<Record<number, string>> = {
  408: "the request did not arrive in time",
  413: "the chunk extensions are too long",
  414: "the request target is too long",
  431: "the headers are too long",
  505: "only HTTP/1.0 and HTTP/1.1 are spoken here",
};

/** The parts of an error of Node's parser that it documents, and those that it has. */
interface ParserError extends NodeJS.ErrnoException {
  readonly reason?: string;
  readonly bytesParsed?: number;
  readonly rawPacket?: Uint8Array;
}

/** An answer; nothing, because the connection ends with the answer before it; or the client is not there any more. */
export type Refusal = HttpError | "nothing" | "gone";

/** How a request is answered that Node's parser has refused, or waits for no longer. */
export function refusalOf(error: ParserError): Refusal {
  const { code = "", reason = "" } = error;
  if (code === AFTER_CLOSE) return "nothing";
  if (!code.startsWith("HPE_") && code !== "ERR_HTTP_REQUEST_TIMEOUT") return "gone";
  const status = statusOf(code, error);
  return new HttpError(status, TEXT[status] ?? (reason === "" ? "the request broke off" : reason));
}

function statusOf(code: string, error: ParserError): number {
  if (code === "HPE_HEADER_OVERFLOW") return isRequestLine(error) ? 414 : 431;
  if (code === "HPE_INVALID_VERSION" && error.reason === "Invalid HTTP version") return 505;
  return STATUS[code] ?? 400;
}

/** The line in which the parser stopped: a method, a space, and a target that has no end. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (rawPacket === undefined) return false;
  const start = rawPacket.lastIndexOf(LF, bytesParsed - 1) + 1;
  return REQUEST_LINE.test(Buffer.from(rawPacket.subarray(start, start + LONGEST_METHOD + 1)).toString("latin1"));
}

const LF = 0x0a;
const LONGEST_METHOD = 16;
const REQUEST_LINE = /^[A-Z-]+ /;

/** An answer on a connection that no response belongs to. It is the last. */
export function farewell({ status, message }: HttpError): string {
  const body = `${status} ${message}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${new Date().toUTCString()}`,
    "Content-Type: text/plain; charset=utf-8",
    "Cache-Control: no-store",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
