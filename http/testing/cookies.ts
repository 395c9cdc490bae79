import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import { CookieJar, type PutCookieOptions } from "../conn/cookie-jar.ts";
import { type Cookies, serializeCookie } from "../conn/cookies.ts";
import { SessionState } from "../conn/session-state.ts";
import { systemTime } from "../conn/system-time.ts";
import { adapterOf } from "./sent.ts";

/**
 * Has the client send a cookie, plain, or signed or encrypted as {@link Conn.putRespCookie} does (Plug:
 * `put_req_cookie/4`). It must be put before the cookies are fetched.
 *
 * @example
 * const known = putReqCookie(conn("GET", "/"), "user", { id: 1 }, { sign: true });
 * expect(known.fetchCookies({ signed: ["user"] }).cookies.user).toEqual({ id: 1 });
 */
export function putReqCookie<A extends object>(
  conn: Conn<A>,
  name: string,
  value: unknown,
  options: Pick<PutCookieOptions, "sign" | "encrypt" | "maxAge"> = {},
): Conn<A> {
  const sealing = { secret: () => conn.secretKeyBase, now: () => systemTime(conn.self) };
  const { resp } = new CookieJar({}, {}).put(name, value, options, sealing);
  return withCookies("putReqCookie", conn, { ...conn.reqCookies, [name]: resp[name]?.value ?? "" });
}

/** Has the client send a cookie no more (Plug: `delete_req_cookie/2`). */
export function deleteReqCookie<A extends object>(conn: Conn<A>, name: string): Conn<A> {
  const { [name]: _, ...rest } = conn.reqCookies;
  return withCookies("deleteReqCookie", conn, rest);
}

/**
 * Has the client send the cookies that it sent with another request, as that one's response has changed them: what a
 * browser does (Plug: `recycle_cookies/2`), whatever their paths and domains.
 *
 * @example
 * const visits = (it: Conn) => it.putRespCookie("visits", String(Number(it.cookies.visits ?? 0) + 1)).text("");
 * const first = await call(visits, conn("GET", "/"));
 * const second = await call(visits, recycleCookies(conn("GET", "/"), first));
 * expect(second.cookies.visits).toBe("2");
 */
export function recycleCookies<A extends object>(next: Conn<A>, old: Conn<any>): Conn<A> {
  const cookies: Record<string, string> = { ...next.reqCookies, ...old.reqCookies };
  for (const text of setCookiesOf(old)) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
    if (/; max-age=(?:0|-\d+)(?:;|$)/i.test(text)) delete cookies[name];
    else cookies[name] = value;
  }
  return withCookies("recycleCookies", next, cookies);
}

/** What the client was told to keep, or would be if the response were sent now. */
function setCookiesOf(conn: Conn<any>): readonly string[] {
  const adapter = adapterOf("recycleCookies", conn);
  if (conn.state === "set" && !conn.exchange.sent) conn.sendResp();
  if (adapter.sent !== undefined)
    return adapter.sent.headers.flatMap(([name, text]) => (name === "set-cookie" ? text : []));
  return Object.entries(conn.respCookies).map(([name, { value, ...options }]) => serializeCookie(name, value, options));
}

function withCookies<A extends object>(what: string, conn: Conn<A>, cookies: Cookies): Conn<A> {
  adapterOf(what, conn);
  if (conn.cookies !== conn.reqCookies) {
    throw new BadArgument(`${what}: expected a conn whose cookies are not fetched yet, got: ${show(conn)}`);
  }
  const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  const others = conn.reqHeaders.filter(([name]) => name !== "cookie");
  return conn.putRequest({ headers: pairs.length === 0 ? others : [...others, ["cookie", pairs.join("; ")]] });
}

/**
 * Puts values into the session (Plug: `init_test_session/2`), whether a session plug comes later, which keeps them over
 * those of its store, or never. {@link conn} takes them as the option `session`.
 *
 * @example
 * const member = initTestSession(conn("GET", "/"), { userId: 1 });
 * expect(member.getSession("userId")).toBe(1);
 */
export function initTestSession<A extends object>(conn: Conn<A>, values: Readonly<Record<string, unknown>>): Conn<A> {
  const { sessionState } = conn;
  if (sessionState !== undefined && sessionState.data === undefined) {
    throw new BadArgument(
      "initTestSession: expected a conn before its session plug, or after fetchSession, got: one between the two",
    );
  }
  const start = sessionState === undefined ? conn.putSessionState(NONE) : conn;
  return Object.entries(values).reduce((next, [key, value]) => next.putSession(key, value), start);
}

/** A session without a store. */
const NONE = new SessionState((conn) => conn, {}, undefined);
