import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Body, Headers, RequestHead } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";
import { GivenHead } from "../conn/given-head.ts";
import { decodeQuery, emptyParams, encodeQuery, isPlain, type Params } from "../conn/query.ts";
import { DEFAULT_SETTINGS, type Settings } from "../conn/settings.ts";
import { initTestSession } from "./cookies.ts";
import type { TestPeer } from "./test-adapter.ts";

/** What a test says of a request besides its method and target. */
export interface TestRequest extends TestPeer {
  /** By name, or as a list, which may have duplicates. */
  readonly headers?: Readonly<Record<string, string>> | Headers;
  /**
   * Parameters as a parser would have found them in the body, which no parser needs to read then; of GET and HEAD they
   * are added to those of the query. Without a content type it is `multipart/mixed`.
   */
  readonly params?: Readonly<Record<string, unknown>>;
  /** A value that is sent as JSON, with its content type. */
  readonly json?: unknown;
  readonly body?: Body;
  /** Default `"www.example.com"`. */
  readonly host?: string;
  /** Default `"http"`. */
  readonly scheme?: "http" | "https";
  /** Default that of the scheme. */
  readonly port?: number;
  /** Default the address of `peer`. */
  readonly remoteIp?: string;
  /** As a client sends them back: `{ theme: "dark" }`. */
  readonly cookies?: Readonly<Record<string, string>>;
  /** What is in the session: {@link initTestSession}. */
  readonly session?: Readonly<Record<string, unknown>>;
  /** What cookies and sessions are signed and encrypted with. Default: one for tests. */
  readonly secretKeyBase?: string | undefined;
}

/** A request of a test: what its client sends, and what is known of its conn before the first plug. */
export interface GivenRequest {
  readonly head: RequestHead;
  readonly body: Uint8Array;
  readonly peer: TestPeer;
  readonly settings: Settings;
  prepare(conn: Conn): Conn;
}

const SECRET = "a secret for tests, which everybody knows, and which is long enough for all cookies";
const MIXED = "multipart/mixed; boundary=hornbeam";

export function givenRequest(what: string, method: string, target: string, options: TestRequest): GivenRequest {
  const {
    json,
    body,
    params,
    peer,
    session,
    secretKeyBase = "secretKeyBase" in options ? undefined : SECRET,
  } = checkOptions(what, options);
  const bodies = { params, json, body };
  const given = Object.entries(bodies).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw new BadArgument(`${what}: expected one of params, json and body, got: ${show(Object.fromEntries(given))}`);
  }
  const place = placeOf(what, method, target, options);
  const inQuery = method === "GET" || method === "HEAD";
  const query = inQuery && params !== undefined ? encodeQuery({ ...decodeQuery(place.query), ...params }) : place.query;
  return {
    head: new GivenHead({
      ...place,
      query,
      method,
      headers: headersOf(options, inQuery),
      remoteIp: options.remoteIp ?? peer?.address ?? "127.0.0.1",
    }),
    body: Buffer.from(json === undefined ? ((body ?? "") as string) : JSON.stringify(json)),
    peer: options,
    settings: { ...DEFAULT_SETTINGS, secretKeyBase, development: true },
    prepare: (conn) => {
      const parsed = params === undefined || inQuery ? conn : conn.putBodyParams(ownParams(params) as Params);
      return session === undefined ? parsed : initTestSession(parsed, session);
    },
  };
}

type Place = Pick<RequestHead, "scheme" | "host" | "port" | "path" | "query">;

/** `http://host:port`, which counts more than what the options say, then path and query; no client sends what follows `#`. */
const URL = /^(?:(https?):\/\/([^/?#:[\]]+|\[[\da-f:.]+\])(?::(\d+))?(?=[/?#]|$))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/i;

function placeOf(what: string, method: string, target: string, options: TestRequest): Place {
  const [, protocol, host, port, path = "", query = ""] = URL.exec(target) ?? [];
  const absolute = protocol !== undefined && path === "" ? "/" : path;
  if (!absolute.startsWith("/") && (absolute !== "*" || method !== "OPTIONS")) {
    throw new BadArgument(`${what}: expected a path that starts with a slash, or a URL, got: ${show(target)}`);
  }
  const scheme = (protocol?.toLowerCase() as "http" | "https" | undefined) ?? options.scheme ?? "http";
  const ofScheme = scheme === "https" ? 443 : 80;
  return {
    scheme,
    host: host ?? options.host ?? "www.example.com",
    port: port === undefined ? (protocol === undefined ? (options.port ?? ofScheme) : ofScheme) : Number(port),
    path: absolute,
    query,
  };
}

function headersOf({ headers = [], json, params, cookies }: TestRequest, inQuery: boolean): Headers {
  const pairs = Array.isArray(headers) ? (headers as Headers) : Object.entries(headers);
  const list = pairs.map(([name, value]) => [name.toLowerCase(), value] as const);
  const typed = list.some(([name]) => name === "content-type");
  const type = json === undefined ? (params === undefined || inQuery ? undefined : MIXED) : "application/json";
  if (!typed && type !== undefined) list.push(["content-type", type]);
  const sent = Object.entries(cookies ?? {}).map(([name, value]) => `${name}=${value}`);
  if (sent.length > 0) list.push(["cookie", sent.join("; ")]);
  return list;
}

/** As a parser makes them: maps have no prototype, and what is no plain value, such as an upload, is as it is. */
function ownParams(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ownParams);
  if (!isPlain(value)) return value;
  const own = emptyParams();
  for (const [key, each] of Object.entries(value)) own[key] = ownParams(each);
  return own;
}
