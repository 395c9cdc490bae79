import { ServerResponse, STATUS_CODES } from "node:http";
import type { Headers } from "../conn/adapter.ts";

/**
 * The response of `node:http`, which can also be sent as a whole, in one write: most of what a response costs in Node is
 * that its head and its body may come bit by bit.
 */
export class NodeResponse extends ServerResponse {
  private whole = false;

  /**
   * Sends head and body, and returns true; or does nothing, and returns false, where Node has to: it is not this
   * response's turn on its connection, the connection ends with it, or how its body is sent is not the usual way.
   */
  sendWhole(status: number, headers: Headers, body: string): boolean {
    const { socket, req } = this;
    if (body.length > LONGEST) return false;
    if (socket === null || !socket.writable || this.begun || !this.shouldKeepAlive) return false;
    if (req.method === "HEAD" || req.httpVersionMinor !== 1 || status === 204 || status === 304) return false;
    // Whether the connection can go on depends on whether the client has been told to.
    if (req.headers.expect !== undefined) return false;
    const length = Buffer.byteLength(body);
    const head = headOf(status, headers, length);
    if (head === undefined) return false;
    // In Latin-1 what is ASCII is as it is in UTF-8; a head may be either, and is Latin-1.
    const encoding = length === body.length ? "latin1" : ASCII.test(head) ? "utf8" : undefined;
    if (encoding === undefined) return false;
    this.whole = true;
    this.finished = true;
    // Not at once, as ever in Node: the request that it answers may still be being read.
    if (socket.write(head + body, encoding)) process.nextTick(finish, this);
    else socket.once("drain", () => finish(this));
    return true;
  }

  /** The response has begun: from then on there is no other. */
  get begun(): boolean {
    return this.whole || this.headersSent;
  }

  /** All of it has been handed to the system. */
  get done(): boolean {
    return this.whole ? this.socket === null : this.writableFinished;
  }
}

const finish = (response: NodeResponse): boolean => response.emit("finish");

/** A longer one goes in parts, as the client takes it. */
const LONGEST = 65_536;

const ASCII = /^[\0-\x7f]*$/;

/** What decides how a body is sent, and whether something follows it, is for Node to write. */
function isFraming(name: string): boolean {
  switch (name) {
    case "connection":
    case "keep-alive":
    case "transfer-encoding":
    case "trailer":
    case "expect":
      return true;
    default:
      return false;
  }
}

function headOf(status: number, headers: Headers, length: number): string | undefined {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`;
  let measured = false;
  let dated = false;
  for (const [name, value] of headers) {
    if (isFraming(name)) return undefined;
    if (name === "content-length") {
      if (value !== String(length)) return undefined;
      measured = true;
    }
    dated ||= name === "date";
    head += `${name}: ${value}\r\n`;
  }
  if (!measured) head += `content-length: ${length}\r\n`;
  return dated
    ? `${head}connection: keep-alive\r\n\r\n`
    : `${head}date: ${dateNow()}\r\nconnection: keep-alive\r\n\r\n`;
}

let date: string | undefined;

/** Of this second (RFC 9110 §6.6.1), which need not be looked for with each response. */
function dateNow(): string {
  if (date === undefined) {
    const now = new Date();
    date = now.toUTCString();
    setTimeout(forgetDate, 1000 - now.getMilliseconds()).unref();
  }
  return date;
}

function forgetDate(): void {
  date = undefined;
}
