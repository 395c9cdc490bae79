import { checkArray, checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import type { Exchange } from "../conn/exchange.ts";
import { asToken, hostOfToken, hostToken, isMasked, mask, newToken } from "../crypto/csrf-token.ts";
import { InvalidCrossOriginRequestError, InvalidCsrfTokenError } from "../errors.ts";

export interface CsrfOptions {
  /**
   * What becomes of a request without a good token: it is refused with 403 (`"exception"`, the default), or goes on with
   * a session that is empty, and whose changes are not kept (`"clearSession"`).
   */
  readonly with?: "exception" | "clearSession";
  /** Where the session has its token. Default `"_csrf_token"`. */
  readonly sessionKey?: string;
  /** Other hosts for which tokens may have been made, and from which requests may come; `.a.example` is all below. */
  readonly allowHosts?: readonly string[];
  /**
   * Believes the browser, where that says where a request comes from (`sec-fetch-site`): what is from this site needs no
   * token, what is from another is refused even with one. Where it says nothing the token counts. Default false.
   */
  readonly secFetchSite?: boolean;
}

type Config = Required<CsrfOptions>;

/** The token of a request, whichever conn one holds. */
interface State {
  readonly sessionKey: string;
  /** Undefined when there is none yet, or it was deleted. */
  token: string | undefined;
  /** As it was handed out in this request. */
  masked: string | undefined;
  deleted: boolean;
}

const states = new WeakMap<Exchange, State>();

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const PARAM = "_csrf_token";
const HEADER = "x-csrf-token";
const SKIP = "plugSkipCsrfProtection";

/**
 * Refuses requests that another site has a browser send with this site's session (Plug: `Plug.CSRFProtection`): all but GET,
 * HEAD and OPTIONS need the token of their session, in the body as `_csrf_token` or in the header `x-csrf-token`. A page
 * gets it from {@link getCsrfToken}, and only then there is one. Answers to GET that are scripts are refused too, unless
 * they were asked for by `XMLHttpRequest`: another site could embed them. Both are a 403.
 *
 * It needs a session that is fetched, and for the body a parser before it. A request with
 * `conn.putPrivate("plugSkipCsrfProtection", true)` is let through. Options that are none are a `BadArgument` when the
 * pipeline is built.
 *
 * @example
 * const browser = pipeline()
 *   .plug(plug(Session, { store: cookieStore({ signingSalt: "Kx7v0lqN" }), key: "_chat", sameSite: "lax" }))
 *   .plug((conn) => conn.fetchSession())
 *   .plug(plug(CsrfProtection, { secFetchSite: true }));
 */
export const CsrfProtection = {
  name: "CsrfProtection",

  init: (options?: CsrfOptions): Config => {
    const given = checkOptions("CsrfProtection", options ?? {});
    const { with: how = "exception", sessionKey = PARAM, allowHosts = [], secFetchSite = false } = given;
    if (how !== "exception" && how !== "clearSession") {
      throw new BadArgument(`CsrfProtection: expected with to be exception or clearSession, got: ${show(how)}`);
    }
    return { with: how, sessionKey, allowHosts: checkArray("CsrfProtection allowHosts", allowHosts), secFetchSite };
  },

  call: <A extends object>(conn: Conn<A>, config: Config): Conn<A> => {
    const { sessionKey } = config;
    const known = states.get(conn.exchange);
    const state = known ?? { sessionKey, token: undefined, masked: undefined, deleted: false };
    if (known === undefined) {
      state.token = asToken(conn.getSession(sessionKey));
      states.set(conn.exchange, state);
    }
    const checked = SAFE.has(conn.method) || skips(conn) ? conn : verified(conn, state, config);
    return known === undefined ? checked.registerBeforeSend((it) => beforeSend(it, state, config)) : checked;
  },
};

const skips = (conn: Conn<any>): boolean => conn.private[SKIP] === true;

function verified<A extends object>(conn: Conn<A>, state: State, config: Config): Conn<A> {
  const wrong = complaint(conn, state, config);
  if (wrong === undefined) return conn;
  if (config.with === "clearSession") return conn.configureSession({ ignore: true }).clearSession();
  throw new InvalidCsrfTokenError(403, wrong);
}

/** What is wrong with a request; nothing if it may change something. */
function complaint(conn: Conn<any>, { token }: State, config: Config): string | undefined {
  const site = config.secFetchSite ? conn.getReqHeader("sec-fetch-site") : undefined;
  if (site === "same-origin" || site === "none") return undefined;
  if (site !== undefined && !comesFromAllowed(conn, config)) return `the request comes from another site (${site})`;
  const given = [conn.bodyFetched ? conn.bodyParams[PARAM] : undefined, conn.getReqHeader(HEADER)];
  if (token !== undefined && given.some((one) => isGood(conn, token, one, config))) return undefined;
  const expected = `expected the token of this session as ${PARAM} in the body or as ${HEADER} in the header`;
  if (given.some((one) => one !== undefined)) return `${expected}, got: one that is not of this session`;
  return `${expected}, got: none${conn.bodyFetched ? "" : " (the body was not parsed before)"}`;
}

function isGood(conn: Conn<any>, token: string, given: unknown, { allowHosts }: Config): boolean {
  if (typeof given !== "string") return false;
  if (isMasked(given, token)) return true;
  if (!given.includes(".") || conn.settings.secretKeyBase === undefined) return false;
  const host = hostOfToken(conn.secretKeyBase, token, given);
  return host !== undefined && (host === conn.host || isAllowed(host, allowHosts));
}

const isAllowed = (host: string, allowHosts: readonly string[]): boolean =>
  allowHosts.some((allowed) => (allowed.startsWith(".") ? host.endsWith(allowed) : host === allowed));

function comesFromAllowed(conn: Conn<any>, { allowHosts }: Config): boolean {
  const origin = conn.getReqHeader("origin") ?? "";
  return URL.canParse(origin) && isAllowed(new URL(origin).hostname, allowHosts);
}

/** The session gets a token that was handed out, and loses one that was deleted. */
function beforeSend(conn: Conn<any>, state: State, config: Config): Conn<any> {
  if (isForeignScript(conn, config)) {
    throw new InvalidCrossOriginRequestError(
      403,
      "a script that another site may have embedded: expected it to be asked for by XMLHttpRequest",
    );
  }
  const { sessionKey, token, masked, deleted } = state;
  const stored = conn.getSession(sessionKey);
  if (masked !== undefined && stored !== token) return conn.putSession(sessionKey, token);
  return deleted && masked === undefined && stored !== undefined ? conn.deleteSession(sessionKey) : conn;
}

function isForeignScript(conn: Conn<any>, { secFetchSite }: Config): boolean {
  if (conn.method !== "GET" || skips(conn)) return false;
  if (!conn.getRespHeaders("content-type").some((type) => /^(?:text|application)\/javascript\b/i.test(type)))
    return false;
  if (secFetchSite && conn.getReqHeader("sec-fetch-site") === "same-origin") return false;
  return !conn.getReqHeaders("x-requested-with").includes("XMLHttpRequest");
}

/**
 * The token for the forms of a page (Plug: `get_csrf_token`): 56 characters, others for each request, and good as long as the
 * session is. Throws a `BadArgument` if no {@link CsrfProtection} has run.
 *
 * @example
 * const form = (conn: Conn) => conn.html(`<input type="hidden" name="_csrf_token" value="${getCsrfToken(conn)}">`);
 */
export function getCsrfToken(conn: Conn<any>): string {
  const state = stateOf(conn, "getCsrfToken");
  state.token ??= newToken();
  state.masked ??= mask(state.token);
  return state.masked;
}

/**
 * The token for a form that sends to `url` (Plug: `get_csrf_token_for`). For another host than this one it is good there
 * alone, and only if that shares this site's session and secret.
 *
 * @example
 * const token = (conn: Conn) => conn.text(getCsrfTokenFor(conn, "https://pay.example.com/orders"));
 */
export function getCsrfTokenFor(conn: Conn<any>, url: string): string {
  const masked = getCsrfToken(conn);
  const target = URL.parse(url, HERE);
  if (target === null) throw new BadArgument(`getCsrfTokenFor: expected a path or a URL, got: ${show(url)}`);
  const host = target.hostname;
  if (target.origin === HERE || host === conn.host) return masked;
  return hostToken(conn.secretKeyBase, stateOf(conn, "getCsrfTokenFor").token as string, host);
}

/** Stands for the host of the request, in what names none. */
const HERE = "http://here.invalid";

/**
 * Forgets the session's token (Plug: `delete_csrf_token`): the next one asked for is new. To be called when somebody logs in
 * or out, together with `configureSession({ renew: true })`.
 *
 * @example
 * const logOut = (conn: Conn) => {
 *   deleteCsrfToken(conn);
 *   return conn.configureSession({ drop: true }).redirect("/");
 * };
 */
export function deleteCsrfToken(conn: Conn<any>): void {
  const state = stateOf(conn, "deleteCsrfToken");
  state.token = undefined;
  state.masked = undefined;
  state.deleted = true;
}

/**
 * Whether a token that a client has shown is that of a session (Plug: `valid_state_and_csrf_token?`): for what is not a
 * request of a pipeline, such as a WebSocket. `sessionToken` is what the session has under `_csrf_token`.
 *
 * @example
 * expect(isCsrfToken("made up", "a".repeat(24))).toBe(false);
 */
export function isCsrfToken(shown: unknown, sessionToken: unknown): boolean {
  const token = asToken(sessionToken);
  return token !== undefined && typeof shown === "string" && isMasked(shown, token);
}

function stateOf(conn: Conn<any>, what: string): State {
  const state = states.get(conn.exchange);
  if (state !== undefined) return state;
  throw new BadArgument(`${what}: expected plug(CsrfProtection) earlier in the pipeline, got: none`);
}
