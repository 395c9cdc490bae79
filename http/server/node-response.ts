import { ServerResponse, STATUS_CODES } from "node:http";
import type { Headers } from "../conn/adapter.ts";

/**
 * The response of `node:http`, which can also be sent as a whole, in one write: most of what a response costs in Node is
 * that its head and its body may come bit by bit.
 */
export class NodeResponse extends ServerResponse {
  /** All of it, and how it is encoded, once it is there. */
  private whole: string | undefined = undefined;
  private encoding: "latin1" | "utf8" = "latin1";

  /**
   * Makes head and body one text, and returns true: it is sent by {@link NodeResponse.deliver}. Or does nothing, and
   * returns false, where Node has to: it is not this response's turn on its connection, the connection ends with it, or how
   * its body is sent is not the usual way.
   */
  prepare(status: number, headers: Headers, body: string): boolean {
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
    if (length !== body.length) {
      if (!ASCII.test(head)) return false;
      this.encoding = "utf8";
    }
    this.whole = head + body;
    return true;
  }

  /** Sends what was prepared, unless the client has gone. */
  deliver(): void {
    const { socket, whole } = this;
    if (whole === undefined || socket === null || !socket.writable) return;
    this.finished = true;
    // The newest response of a connection stays with it.
    this.whole = "";
    if (socket.write(whole, this.encoding)) this.emit("finish");
    else socket.once("drain", () => this.emit("finish"));
  }

  /** The response has begun: from then on there is no other. */
  get begun(): boolean {
    return this.whole !== undefined || this.headersSent;
  }

  /** All of it has been handed to the system. */
  get done(): boolean {
    return this.whole === undefined ? this.writableFinished : this.socket === null;
  }
}

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
  return head + (dated ? LAST : lastNow());
}

/** Where the head ends, and the connection does not. */
const LAST = "connection: keep-alive\r\n\r\n";
let last: string | undefined;

/** With the date of this second (RFC 9110 §6.6.1), which is looked for once. */
function lastNow(): string {
  if (last === undefined) {
    const now = new Date();
    last = `date: ${now.toUTCString()}\r\n${LAST}`;
    setTimeout(forget, 1000 - now.getMilliseconds()).unref();
  }
  return last;
}

function forget(): void {
  last = undefined;
}
