import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Level } from "../../runtime/reports.ts";
import type { Conn, Halted } from "../conn/conn.ts";
import { RewriteOn, type RewriteOnOptions } from "./rewrite-on.ts";

export interface SslOptions {
  /** What a proxy is believed, first of all: with one that ends TLS at least `["x-forwarded-proto"]`. See {@link RewriteOn}. */
  readonly rewriteOn?: RewriteOnOptions | RewriteOnOptions["headers"];
  /** Tells browsers to come by https from now on. Default true. */
  readonly hsts?: boolean;
  /** For how long, in seconds. Default 31,536,000: a year. */
  readonly expires?: number;
  /** Asks for a place in the lists that browsers bring along. Default false. */
  readonly preload?: boolean;
  /** Includes all subdomains. Default false. */
  readonly subdomains?: boolean;
  /** What is left alone. Default the hosts `localhost` and `127.0.0.1`. */
  readonly exclude?: Exclusions;
  /**
   * Where requests are sent, with a port if it is not 443; a function is asked each time. Default: the host that the client
   * says it wants, which it may have made up: give one where answers are cached.
   */
  readonly host?: string | (() => string);
  /** At which level a redirect is reported, or not at all. Default `"info"`. */
  readonly log?: Level | false;
}

export interface Exclusions {
  readonly hosts?: readonly string[];
  readonly paths?: readonly string[];
  readonly conn?: (conn: Conn<any>) => boolean;
}

interface Ready {
  readonly rewriteOn: ReturnType<typeof RewriteOn.init>;
  readonly hsts: string | undefined;
  readonly isExcluded: (conn: Conn<any>) => boolean;
  readonly hostOf: (conn: Conn<any>) => string;
  readonly log: Level | false;
}

/**
 * Has everything come by https: other requests are redirected, with 301 for GET and HEAD and with 307, which keeps method
 * and body, for the rest; the answers to those that did have a `strict-transport-security` header (Plug: `Plug.SSL`).
 *
 * @example
 * pipeline().plug(plug(Ssl, { rewriteOn: ["x-forwarded-proto"], host: "example.com" }))
 */
export const Ssl = {
  name: "Ssl",

  init: (options: SslOptions = {}): Ready => {
    const { rewriteOn = [], exclude = { hosts: ["localhost", "127.0.0.1"] }, host, log = "info" } = options;
    if (host !== undefined && typeof host !== "string" && typeof host !== "function") {
      throw new BadArgument(`Ssl: expected host to be text or a function, got: ${show(host)}`);
    }
    const hostOf = typeof host === "function" ? host : (conn: Conn<any>) => host ?? conn.host;
    return { rewriteOn: RewriteOn.init(rewriteOn), hsts: hstsOf(options), isExcluded: excluding(exclude), hostOf, log };
  },

  call: <A extends object>(given: Conn<A>, { rewriteOn, hsts, isExcluded, hostOf, log }: Ready): Conn<A> | Halted => {
    const conn = RewriteOn.call(given, rewriteOn);
    if (isExcluded(conn)) return conn;
    if (conn.scheme === "https") return hsts === undefined ? conn : conn.putRespHeader(HSTS, hsts);
    const { method, requestPath, queryString } = conn;
    const status = method === "GET" || method === "HEAD" ? 301 : 307;
    const location = `https://${hostOf(conn)}${requestPath}${queryString === "" ? "" : `?${queryString}`}`;
    if (log !== false) {
      conn.exchange.log(log, `Ssl is redirecting ${method} ${requestPath} to ${location} with status ${status}`);
    }
    return conn.putRespHeader("location", location).sendResp(status, "").halt();
  },
};

const HSTS = "strict-transport-security";

function hstsOf({ hsts = true, expires = 31_536_000, preload = false, subdomains = false }: SslOptions) {
  if (!(Number.isInteger(expires) && expires >= 0)) {
    throw new BadArgument(`Ssl: expected expires to be a number of seconds, got: ${show(expires)}`);
  }
  if (!hsts) return undefined;
  return `max-age=${expires}${preload ? "; preload" : ""}${subdomains ? "; includeSubDomains" : ""}`;
}

function excluding(exclude: Exclusions): Ready["isExcluded"] {
  const { hosts = [], paths = [], conn: fits } = exclude;
  if (!Array.isArray(hosts) || !Array.isArray(paths) || (fits !== undefined && typeof fits !== "function")) {
    throw new BadArgument(`Ssl: expected exclude to be { hosts, paths, conn }, got: ${show(exclude)}`);
  }
  return (conn) => hosts.includes(conn.host) || paths.includes(conn.requestPath) || fits?.(conn) === true;
}
