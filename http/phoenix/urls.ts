import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import { encodeQuery, type QueryData } from "../conn/query.ts";
import type { UrlParts } from "../conn/settings.ts";

/**
 * The path of this request, with its query, or with another one: `{}` is none. Empty segments are left out (Phoenix:
 * `current_path/2`).
 *
 * @example
 * const where = (conn: Conn) => conn.json([currentPath(conn), currentPath(conn, { page: 2 }), currentPath(conn, {})]);
 * expect((await request(sim, where, "GET", "/a//b?x=1")).json()).toEqual(["/a/b?x=1", "/a/b?page=2", "/a/b"]);
 */
export function currentPath(conn: Conn<any>, query?: QueryData): string {
  const path = `/${[...conn.scriptName, ...conn.pathInfo].join("/")}`;
  const text = query === undefined ? conn.queryString : encodeQuery(query);
  return text === "" ? path : `${path}?${text}`;
}

/** The URL of this request, as {@link url} makes it (Phoenix: `current_url/2`). */
export const currentUrl = (conn: Conn<any>, query?: QueryData): string => url(conn, currentPath(conn, query));

/**
 * The URL of a path of this site. Scheme, host and port are those of the option `url` of {@link http}; without it they are
 * the request's, and whoever sends a request may write any host: set `url` before links are sent by mail (Phoenix: `url/1`).
 *
 * @example
 * const link = (conn: Conn) => conn.text(url(conn, "/confirm"));
 * expect((await request(sim, link, "GET", "/")).body).toBe("http://www.example.com/confirm");
 */
export const url = (conn: Conn<any>, path: string): string =>
  base(conn, siteParts(conn)) + below(siteParts(conn), path);

/** The path of a static file, below the `path` of `staticUrl`, or of `url` (Phoenix: `static_path/2`). */
export const staticPath = (conn: Conn<any>, path: string): string => below(staticParts(conn), path);

/** The URL of a static file (Phoenix: `static_url/2`). */
export const staticUrl = (conn: Conn<any>, path: string): string =>
  base(conn, staticParts(conn)) + below(staticParts(conn), path);

/** Has {@link url} and {@link currentUrl} begin otherwise in this request (Phoenix: `put_router_url/2`). */
export const putRouterUrl = <A extends object>(conn: Conn<A>, parts: UrlParts): Conn<A> => conn.putPrivate(SITE, parts);

/** Has {@link staticPath} and {@link staticUrl} begin otherwise in this request (Phoenix: `put_static_url/2`). */
export const putStaticUrl = <A extends object>(conn: Conn<A>, parts: UrlParts): Conn<A> =>
  conn.putPrivate(STATIC, parts);

const SITE = "phoenixRouterUrl";
const STATIC = "phoenixStaticUrl";

const siteParts = (conn: Conn<any>): UrlParts | undefined =>
  (conn.private[SITE] as UrlParts | undefined) ?? conn.settings.url;
const staticParts = (conn: Conn<any>): UrlParts | undefined =>
  (conn.private[STATIC] as UrlParts | undefined) ?? conn.settings.staticUrl ?? siteParts(conn);

function below(parts: UrlParts | undefined, path: string): string {
  if (typeof path !== "string" || !path.startsWith("/")) {
    throw new BadArgument(`expected a path that starts with "/", got: ${show(path)}`);
  }
  return (parts?.path ?? "").replace(/\/$/, "") + path;
}

function base(conn: Conn<any>, parts: UrlParts = {}): string {
  const scheme = parts.scheme ?? conn.scheme;
  const usual = scheme === "https" ? 443 : 80;
  const own = parts.scheme === undefined && parts.host === undefined ? conn.port : usual;
  const port = parts.port ?? own;
  return `${scheme}://${parts.host ?? conn.host}${port === usual ? "" : `:${port}`}`;
}
