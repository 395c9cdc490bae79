import type { IncomingMessage } from "node:http";
import type { Headers, RequestHead } from "../conn/adapter.ts";
import { decodeQuery, NO_PARAMS, type Params } from "../conn/query.ts";
import { isSameName } from "../conn/same-name.ts";
import { HttpError } from "../errors.ts";
import type { Bounds } from "./limits.ts";

type Scheme = "http" | "https";

/** What a request says before its body, read from `node:http`. Its headers are listed when somebody asks for them. */
class NodeRequestHead implements RequestHead {
  declare readonly method: string;
  declare readonly scheme: Scheme;
  declare readonly host: string;
  declare readonly port: number;
  declare readonly path: string;
  declare readonly query: string;
  declare readonly remoteIp: string;
  declare private readonly raw: readonly string[];
  declare private list: Headers | undefined;
  declare private decoded: Params | undefined;

  constructor(request: IncomingMessage, scheme: Scheme, authority: Authority, target: Target, remoteIp: string) {
    this.method = request.method as string;
    this.scheme = scheme;
    this.host = authority.host;
    this.port = authority.port ?? (scheme === "https" ? 443 : 80);
    this.path = target.path;
    this.query = target.query;
    this.remoteIp = remoteIp;
    this.raw = request.rawHeaders;
    this.list = undefined;
    this.decoded = undefined;
  }

  get headers(): Headers {
    this.list ??= pairs(this.raw);
    return this.list;
  }

  header(name: string): string | undefined {
    const { raw } = this;
    for (let i = 0; i < raw.length; i += 2) {
      if (isSameName(raw[i] as string, name)) return raw[i + 1];
    }
    return undefined;
  }

  get queryParams(): Params {
    this.decoded ??= this.query === "" ? NO_PARAMS : decodeQuery(this.query);
    return this.decoded;
  }
}

/**
 * Reads and checks a head. All of this is let through by Node's parser, and refused by RFC 9112 §2.3, §3.2 and §6, by
 * RFC 9110 §4.2.1, §7.2 and §7.4, or by the limits. Throws an HttpError.
 */
export function headOf(request: IncomingMessage, remoteIp: string, limits: Bounds): RequestHead {
  const { rawHeaders } = request;
  if (request.httpVersionMajor !== 1) throw new HttpError(505, `HTTP/${request.httpVersion} is not spoken here`);
  if (rawHeaders.length > 2 * limits.maxHeaders) throw new HttpError(431, `more than ${limits.maxHeaders} headers`);
  let host: string | undefined;
  let framings = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (isSameName(name, HOST)) {
      if (host !== undefined) throw new HttpError(400, "the request has more than one Host");
      host = rawHeaders[i + 1] as string;
    } else if (isSameName(name, CONTENT_LENGTH)) {
      framings++;
    } else if (isSameName(name, TRANSFER_ENCODING)) {
      checkTransferEncoding(request, rawHeaders[i + 1] as string);
      framings++;
    }
  }
  if (framings > 1) throw new HttpError(400, "the end of the body is said more than once");
  if (host === undefined && request.httpVersionMinor > 0) throw new HttpError(400, "the request has no Host");
  const scheme = (request.socket as { readonly encrypted?: boolean }).encrypted === true ? "https" : "http";
  const target = targetOf(request, scheme, limits);
  // The target's host wins, but that does not make the Host right.
  const authority = authorityOf(host ?? "");
  return new NodeRequestHead(request, scheme, target.authority ?? authority, target, remoteIp);
}

const HOST = "host";
const CONTENT_LENGTH = "content-length";
const TRANSFER_ENCODING = "transfer-encoding";

function pairs(raw: readonly string[]): Headers {
  const list: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) list.push([(raw[i] as string).toLowerCase(), raw[i + 1] as string]);
  return list;
}

/** RFC 9112 §6.1: where chunked is not the last coding, nobody knows where the body ends. */
function checkTransferEncoding(request: IncomingMessage, value: string): void {
  if (request.httpVersionMinor === 0) throw new HttpError(400, "HTTP/1.0 has no Transfer-Encoding");
  const coding = value.toLowerCase();
  if (coding === "chunked") return;
  if (!ENDS_CHUNKED.test(coding)) throw new HttpError(400, "the last transfer coding is not chunked");
  throw new HttpError(501, "no transfer coding is known but chunked");
}

/** Known by their names or not, tokens, and then chunked, once. */
const ENDS_CHUNKED =
  /^(?!chunked\b)[!#$%&'*+\-.^_`|~\da-z]+(?:[ \t]*,[ \t]*(?!chunked\b)[!#$%&'*+\-.^_`|~\da-z]+)*[ \t]*,[ \t]*chunked$/;

interface Target {
  /** Of a whole URL. */
  readonly authority: Authority | undefined;
  readonly path: string;
  readonly query: string;
}

/** A path, a whole URL, or `*` for OPTIONS; an authority is for CONNECT, which comes another way (RFC 9112 §3.2). */
function targetOf(request: IncomingMessage, scheme: Scheme, limits: Bounds): Target {
  const url = request.url as string;
  if (url.length > limits.maxUrlLength) throw new HttpError(414, "the request target is too long");
  if (url.charCodeAt(0) === SLASH) return split(url, undefined);
  if (url === "*" && request.method === "OPTIONS") return { authority: undefined, path: "*", query: "" };
  const absolute = ABSOLUTE.exec(url);
  if (absolute === null) throw new HttpError(400, "the request target is not a path");
  if (url.charCodeAt(4) !== COLON && scheme === "http") {
    throw new HttpError(421, "what is asked for over https is not answered without it");
  }
  const authority = authorityOf(absolute[1] as string);
  if (authority.host === "") throw new HttpError(400, "the request target has no host");
  const rest = absolute[2] as string;
  return split(rest.startsWith("/") ? rest : `/${rest}`, authority);
}

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION = 0x3f;
const HASH = 0x23;

/** Targets are short, as a rule: one walk through them takes less time than a search for each of two characters. */
function split(target: string, authority: Authority | undefined): Target {
  let at = target.length;
  for (let i = 0; i < target.length; i++) {
    const char = target.charCodeAt(i);
    if (char === HASH) throw new HttpError(400, "the request target has a fragment");
    if (char === QUESTION && at === target.length) at = i;
  }
  return { authority, path: target.slice(0, at), query: target.slice(at + 1) };
}

/** Who is asked, and on which port if it says so. */
export interface Authority {
  readonly host: string;
  readonly port: number | undefined;
}

/** Most requests name the host that the one before them named. */
let lastText = "";
let lastAuthority: Authority = { host: "", port: undefined };

export function authorityOf(text: string): Authority {
  if (text === lastText) return lastAuthority;
  const match = AUTHORITY.exec(text);
  const port = match?.[2] === undefined || match[2] === "" ? undefined : Number(match[2]);
  if (match === null || (port !== undefined && port > HIGHEST_PORT)) throw new HttpError(400, "the Host is not one");
  lastAuthority = { host: (match[1] as string).toLowerCase(), port };
  lastText = text;
  return lastAuthority;
}

const HIGHEST_PORT = 65_535;
/** RFC 3986 §3.2, without a user. */
const AUTHORITY = /^(\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::(\d{0,5}))?$/i;
