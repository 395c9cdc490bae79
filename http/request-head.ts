import type { IncomingMessage } from "node:http";
import type { Headers, RequestHead } from "./adapter.ts";
import { HttpError } from "./errors.ts";
import { decodeQuery, type Params } from "./query.ts";

/** What a request says before its body, read from `node:http`. Its headers are listed when somebody asks for them. */
class NodeRequestHead implements RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly query: string;
  readonly remoteIp: string;
  private readonly raw: readonly string[];
  private list: Headers | undefined = undefined;
  private decoded: Params | undefined = undefined;

  constructor(request: IncomingMessage, scheme: "http" | "https", target: Target, remoteIp: string) {
    this.method = request.method ?? "GET";
    this.scheme = scheme;
    [this.host, this.port] = authorityOf(target.host, scheme);
    this.path = target.path;
    this.query = target.query;
    this.raw = request.rawHeaders;
    this.remoteIp = remoteIp;
  }

  get headers(): Headers {
    this.list ??= pairs(this.raw);
    return this.list;
  }

  header(name: string): string | undefined {
    const { raw } = this;
    for (let i = 0; i < raw.length; i += 2) {
      const key = raw[i] as string;
      if (key.length === name.length && key.toLowerCase() === name) return raw[i + 1];
    }
    return undefined;
  }

  get queryParams(): Params {
    this.decoded ??= decodeQuery(this.query);
    return this.decoded;
  }
}

/** Reads and checks a head: Node's parser lets all of this through (RFC 9112 §3, §6). Throws an HttpError. */
export function headOf(request: IncomingMessage, remoteIp: string): RequestHead {
  const { rawHeaders } = request;
  let hosts = 0;
  let host = "";
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    if (name.length === HOST.length && name.toLowerCase() === HOST) {
      hosts++;
      host = value;
    } else if (name.length === TRANSFER_ENCODING.length && name.toLowerCase() === TRANSFER_ENCODING) {
      checkTransferEncoding(request, value);
    }
  }
  if (request.httpVersionMajor !== 1) throw new HttpError(505, `HTTP/${request.httpVersion} is not spoken here`);
  if (hosts === 0 && request.httpVersionMinor > 0) throw new HttpError(400, "the request has no Host");
  if (hosts > 1) throw new HttpError(400, "the request has more than one Host");
  const scheme = (request.socket as { readonly encrypted?: boolean }).encrypted === true ? "https" : "http";
  return new NodeRequestHead(request, scheme, targetOf(request.method, request.url ?? "/", host), remoteIp);
}

const HOST = "host";
const TRANSFER_ENCODING = "transfer-encoding";

function pairs(raw: readonly string[]): Headers {
  return Array.from({ length: raw.length / 2 }, (_, i) => [
    (raw[2 * i] as string).toLowerCase(),
    raw[2 * i + 1] as string,
  ]);
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
