import { isIP } from "node:net";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";

export type ForwardedHeader = "x-forwarded-for" | "x-forwarded-host" | "x-forwarded-port" | "x-forwarded-proto";

export interface RewriteOnOptions {
  /** The headers that are believed. A function is asked once, when the plug is built. */
  readonly headers: readonly ForwardedHeader[] | ForwardedHeader | (() => readonly ForwardedHeader[]);
  /**
   * How many proxies of yours a request comes through, for `x-forwarded-for`: each adds one address on the right, so the
   * client's is that many from there. Default: the one on the left is taken, as in Plug, which a client can make up.
   */
  readonly trust?: number;
}

interface Ready {
  readonly headers: readonly ForwardedHeader[];
  readonly trust: number | undefined;
}

/**
 * Believes what a proxy says of the request that it has got: scheme, host, port and the client's address (Plug:
 * `Plug.RewriteOn`). Only for servers that nobody reaches but through that proxy, and only for headers that it sets or
 * removes: each is named. A header that comes twice, or makes no sense, changes nothing.
 *
 * @example
 * pipeline().plug(plug(RewriteOn, { headers: ["x-forwarded-for", "x-forwarded-proto"], trust: 1 }))
 */
export const RewriteOn = {
  name: "RewriteOn",

  init: (given: RewriteOnOptions | RewriteOnOptions["headers"]): Ready => {
    const { headers, trust } = isOptions(given) ? given : { headers: given, trust: undefined };
    const named = typeof headers === "function" ? headers() : headers;
    const list = typeof named === "string" ? [named] : named;
    for (const header of Array.isArray(list) ? list : [list]) {
      if (Object.hasOwn(REWRITES, header)) continue;
      const known = Object.keys(REWRITES).join(", ");
      throw new BadArgument(`RewriteOn: expected headers among ${known}, got: ${show(header)}`);
    }
    if (trust !== undefined && !(Number.isInteger(trust) && trust > 0)) {
      throw new BadArgument(`RewriteOn: expected trust to be how many proxies there are, got: ${show(trust)}`);
    }
    return { headers: list, trust };
  },

  call: <A extends object>(conn: Conn<A>, { headers, trust }: Ready): Conn<A> =>
    headers.reduce((rewritten, header) => REWRITES[header](rewritten, header, trust), conn as Conn<any>),
};

const isOptions = (given: unknown): given is RewriteOnOptions =>
  typeof given === "object" && given !== null && !Array.isArray(given);

type Rewrite = (conn: Conn<any>, header: ForwardedHeader, trust: number | undefined) => Conn<any>;

const REWRITES: Readonly<Record<ForwardedHeader, Rewrite>> = {
  "x-forwarded-proto": (conn, header) => {
    const scheme = SCHEMES[only(conn, header) ?? ""];
    if (scheme === undefined || scheme === conn.scheme) return conn;
    const port = conn.port === PORTS[conn.scheme] ? PORTS[scheme] : conn.port;
    return conn.putRequest({ scheme, port });
  },

  "x-forwarded-host": (conn, header) => {
    const host = HOST.exec(only(conn, header) ?? "")?.[1];
    return host === undefined ? conn : conn.putRequest({ host: host.toLowerCase() });
  },

  "x-forwarded-port": (conn, header) => {
    const text = only(conn, header) ?? "";
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port > 0 && port < 65_536 ? conn.putRequest({ port }) : conn;
  },

  "x-forwarded-for": (conn, header, trust) => {
    // Each proxy may have added to the header, or put another one after it: which is the same.
    const text = trust === undefined ? only(conn, header) : conn.getReqHeaders(header).join(",");
    const hops = (text ?? "").split(",").map((hop) => hop.trim());
    const remoteIp = trust === undefined ? hops[0] : hops.at(-Math.min(trust, hops.length));
    return remoteIp === undefined || isIP(remoteIp) === 0 ? conn : conn.putRequest({ remoteIp });
  },
};

const SCHEMES: Readonly<Record<string, "http" | "https">> = Object.assign(Object.create(null), {
  http: "http",
  https: "https",
  wss: "https",
});
const PORTS = { http: 80, https: 443 };
/** A name or an address, whose port is left out: nothing that would end the host in a URL. */
const HOST = /^([\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

function only(conn: Conn<any>, header: ForwardedHeader): string | undefined {
  const values = conn.getReqHeaders(header);
  return values.length === 1 ? values[0] : undefined;
}
