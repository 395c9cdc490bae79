import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { defineReport, type Level } from "../../runtime/reports.ts";
import { processOf } from "../../runtime/self.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Pid } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import { type CookieOptions, checkCookie } from "../conn/cookies.ts";
import { SessionState } from "../conn/session-state.ts";
import { NO_SESSION, type SessionStore, type StoredSession } from "./session/session-store.ts";

declare module "../../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** A client has sent the cookie of a session that is not there: it has ended, or the cookie is not ours. */
    "http.session.unknown": [measurements: {}, metadata: { pid: Pid; request: string; key: string; level: Level }];
  }
}

defineReport(
  "http.session.unknown",
  ({ level }) => level,
  (_, { request, key }) =>
    `${request}: no session for cookie ${key}: it has ended, or was not made with this secret and salt`,
);

export interface SessionPlugOptions
  extends Pick<CookieOptions, "domain" | "path" | "maxAge" | "secure" | "httpOnly" | "sameSite" | "extra"> {
  /** Where sessions are kept: {@link cookieStore}, {@link tableStore}, or one of your own. */
  readonly store: SessionStore;
  /** The name of the cookie. */
  readonly key: string;
  /** At which level a cookie without a session is reported; false for not at all. Default `"debug"`. */
  readonly log?: Level | false;
}

interface Config {
  readonly store: SessionStore;
  readonly key: string;
  readonly log: Level | false;
  readonly cookie: CookieOptions;
}

/**
 * Has a session ready for `conn.fetchSession()` (Plug: `Plug.Session`). Its cookie is sent when the session was written,
 * renewed or dropped, and not when it was only read. The cookie's options are those of `conn.putRespCookie`: secure by
 * itself over https, hidden from scripts, for the path `/`; `maxAge` is in seconds. Options that are none are a
 * `BadArgument` when the pipeline is built.
 *
 * @example
 * const browser = pipeline()
 *   .plug(plug(Session, { store: cookieStore({ signingSalt: "Kx7v0lqN" }), key: "_chat", sameSite: "lax" }))
 *   .plug((conn) => conn.fetchSession());
 */
export const Session = {
  name: "Session",

  init: (options: SessionPlugOptions): Config => {
    const { store, key, log = "debug", ...cookie } = checkOptions("Session", options);
    for (const what of ["get", "put", "delete"] as const) {
      if (typeof store?.[what] !== "function") {
        throw new BadArgument(`Session: expected a store with get, put and delete, got: ${show(store)}`);
      }
    }
    if (typeof key !== "string") throw new BadArgument(`Session: expected a key (a string), got: ${show(key)}`);
    checkCookie(key, "", { ...cookie, secure: cookie.secure ?? true });
    return { store, key, log, cookie };
  },

  call: <A extends object>(conn: Conn<A>, config: Config): Conn<A> => {
    // What a test has put before stays.
    const early = conn.sessionState;
    return conn.putSessionState(new SessionState((it) => fetch(it, config, early), undefined, undefined));
  },
};

function fetch(conn: Conn<any>, config: Config, early: SessionState | undefined): Async<Conn<any>> {
  const cookie = conn.cookies[config.key];
  if (typeof cookie !== "string") return fetched(conn, config, early, NO_SESSION);
  const stored = config.store.get(conn, cookie);
  if (isThenable(stored)) return stored.then((found) => known(conn, config, early, found));
  return known(conn, config, early, stored);
}

function known(conn: Conn<any>, config: Config, early: SessionState | undefined, stored: StoredSession): Conn<any> {
  const { key, log } = config;
  if (stored.id === undefined && log !== false) {
    const { kernel } = processOf(conn.self);
    const request = `${conn.method} ${conn.requestPath}`;
    kernel.telemetry.emit("http.session.unknown", {}, { pid: conn.self.pid, request, key, level: log });
  }
  return fetched(conn, config, early, stored);
}

function fetched(
  conn: Conn<any>,
  config: Config,
  early: SessionState | undefined,
  { id, data }: StoredSession,
): Conn<any> {
  const fetch = (it: Conn<any>): Conn<any> => it;
  const state = new SessionState(fetch, { ...data, ...early?.data }, early?.change);
  return conn.putSessionState(state).registerBeforeSend((it) => write(it, config, id));
}

/** Before the response: what was changed is stored, and the cookie is set. */
function write(conn: Conn<any>, { store, key, cookie }: Config, id: string | undefined): Conn<any> {
  const { data = {}, change } = conn.sessionState as SessionState;
  switch (change) {
    case "write":
      return conn.putRespCookie(key, store.put(conn, id, data), cookie);
    case "renew":
      if (id !== undefined) store.delete(conn, id);
      return conn.putRespCookie(key, store.put(conn, undefined, data), cookie);
    case "drop":
      if (id === undefined) return conn;
      store.delete(conn, id);
      return conn.deleteRespCookie(key, cookie);
    default:
      return conn;
  }
}
