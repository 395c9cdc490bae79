import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { TLSSocket } from "node:tls";
import { processOf } from "../runtime/self.ts";
import type { Milliseconds, Self } from "../runtime/types.ts";
import type { Adapter, Body, Headers, RequestHead } from "./adapter.ts";
import { HttpError } from "./errors.ts";
import type { OpenFile } from "./file.ts";

/** The adapter over `node:http`. Asks `last` whether the answer is to be the last one of its connection. */
export class NodeAdapter implements Adapter {
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly last: (response: ServerResponse) => boolean;

  constructor(request: IncomingMessage, response: ServerResponse, last: (response: ServerResponse) => boolean) {
    this.request = request;
    this.response = response;
    this.last = last;
  }

  send(status: number, headers: Headers, body: Body): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    this.writeHead(status, headers, length);
    this.response.end(body);
  }

  async sendFile(status: number, headers: Headers, { handle, offset, length }: OpenFile): Promise<void> {
    this.writeHead(status, headers, length);
    if (this.request.method === "HEAD" || length === 0) {
      this.response.end();
      return;
    }
    try {
      await pipeline(
        handle.createReadStream({ start: offset, end: offset + length - 1, autoClose: false }),
        this.response,
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    }
  }

  readBody(limit: number, timeout: Milliseconds, by: Self): Promise<Uint8Array> {
    const { request } = this;
    const self = processOf(by);
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const done = (settle: () => void): void => {
        timer.cancel();
        request.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
        settle();
      };
      // What is left unread cannot be followed by another request: the connection ends with the answer.
      const refuse = (status: number, message: string): void =>
        done(() => {
          request.pause();
          this.response.shouldKeepAlive = false;
          reject(new HttpError(status, message));
        });
      const onData = (chunk: Uint8Array): void => {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > limit) refuse(413, `the body is longer than ${limit} bytes`);
      };
      const onEnd = (): void => done(() => resolve(Buffer.concat(chunks)));
      const onBroken = (): void => done(() => reject(new HttpError(400, "the body broke off")));
      const late = (): void => refuse(408, `the body did not arrive within ${timeout} ms`);
      const timer = self.kernel.timers.set(timeout, late, self);
      request.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
    });
  }

  /** The head as one flat list: Node writes it as it stands. */
  private writeHead(status: number, headers: Headers, length: number): void {
    if (this.last(this.response)) this.response.shouldKeepAlive = false;
    const flat: string[] = [];
    let measured = false;
    for (const [name, value] of headers) {
      flat.push(name, value);
      measured ||= name === "content-length";
    }
    const bodiless = status === 204 || status < 200;
    if (!measured && !bodiless && status !== 304) flat.push("content-length", String(length));
    this.response.writeHead(status, flat);
  }
}

/** What a request says, checked: Node's parser lets these through (RFC 9112 §3, §6). Throws an HttpError. */
export function headOf(request: IncomingMessage): RequestHead {
  const { rawHeaders, socket } = request;
  const headers: [string, string][] = [];
  let hosts = 0;
  let hostHeader = "";
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    headers.push([name, value]);
    if (name === "host") {
      hosts++;
      hostHeader = value;
    } else if (name === "transfer-encoding") checkTransferEncoding(request, value);
  }
  if (request.httpVersionMajor !== 1) throw new HttpError(505, `HTTP/${request.httpVersion} is not spoken here`);
  if (hosts === 0 && request.httpVersionMinor > 0) throw new HttpError(400, "the request has no Host");
  if (hosts > 1) throw new HttpError(400, "the request has more than one Host");
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
  const target = targetOf(request.method, request.url ?? "/", hostHeader);
  const [host, port] = authorityOf(target.host, scheme);
  return {
    method: request.method ?? "GET",
    scheme,
    host,
    port,
    path: target.path,
    query: target.query,
    headers,
    remoteAddress: socket.remoteAddress ?? "",
  };
}

function checkTransferEncoding(request: IncomingMessage, value: string): void {
  if (request.httpVersionMinor === 0) throw new HttpError(400, "HTTP/1.0 has no Transfer-Encoding");
  if (value.trim().toLowerCase() !== "chunked") throw new HttpError(501, `the transfer coding ${value} is not known`);
}

/** Origin form, absolute form (whose host wins), or `*` for OPTIONS. */
function targetOf(method: string | undefined, url: string, host: string): Target {
  const absolute = url.startsWith("/") ? null : ABSOLUTE.exec(url);
  const origin = absolute === null ? url : (absolute[2] as string).replace(/^(?!\/)/, "/");
  const at = origin.indexOf("?");
  const path = at < 0 ? origin : origin.slice(0, at);
  if (!path.startsWith("/") && (path !== "*" || method !== "OPTIONS"))
    throw new HttpError(400, "the request target is not a path");
  return { host: absolute?.[1] ?? host, path, query: at < 0 ? "" : origin.slice(at + 1) };
}

interface Target {
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;
const AUTHORITY = /^(\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::(\d{0,5}))?$/i;

function authorityOf(authority: string, scheme: "http" | "https"): readonly [host: string, port: number] {
  const match = AUTHORITY.exec(authority);
  if (match === null) throw new HttpError(400, "the Host is not one");
  const port = match[2] === undefined || match[2] === "" ? undefined : Number(match[2]);
  return [(match[1] as string).toLowerCase(), port ?? (scheme === "https" ? 443 : 80)];
}
