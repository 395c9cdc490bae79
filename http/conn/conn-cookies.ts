import { BadArgument } from "../../runtime/errors.ts";
import type { Async } from "../../runtime/types.ts";
import { checkSecret } from "../crypto/key-generator.ts";
import { UnfetchedError } from "../errors.ts";
import type { Headers } from "./adapter.ts";
import type { Conn } from "./conn.ts";
import { ConnRequest } from "./conn-request.ts";
import { CookieJar, type FetchCookiesOptions, type PutCookieOptions, type RespCookie } from "./cookie-jar.ts";
import type { CookieOptions } from "./cookies.ts";
import { emptyParams } from "./query.ts";
import type { SessionOptions, SessionState } from "./session-state.ts";
import { systemTime } from "./system-time.ts";

const NO_COOKIES = Object.freeze(emptyParams()) as Record<string, never>;

/** The cookies of a conn, and the session that one of them stands for. */
export abstract class ConnCookies<Assigns extends object> extends ConnRequest<Assigns> {
  /** The request's cookies by name, with those that were opened and those that were put (Plug: `cookies`). */
  get cookies(): Readonly<Record<string, unknown>> {
    return this.outgoing.jar?.cookies ?? this.reqCookies;
  }
  get respCookies(): Readonly<Record<string, RespCookie>> {
    return this.outgoing.jar?.resp ?? NO_COOKIES;
  }
  /** Opens cookies that were signed or encrypted; one that is too old, or not ours, is then as if it were not there. */
  fetchCookies(options: FetchCookiesOptions = {}): Conn<Assigns> {
    return this.withJar(undefined, (jar) => jar.open(options, this.reqCookies, this.sealing));
  }
  /** Sets a cookie. Secure by itself over https (Plug: `put_resp_cookie/4`). */
  putRespCookie(name: string, value: unknown, options: PutCookieOptions = {}): Conn<Assigns> {
    const secured = { ...this.secured(), ...options };
    return this.withJar("putRespCookie", (jar) => jar.put(name, value, secured, this.sealing));
  }
  /** Has the browser forget a cookie; path and domain must be those that it was set with. */
  deleteRespCookie(name: string, options: CookieOptions = {}): Conn<Assigns> {
    return this.withJar("deleteRespCookie", (jar) => jar.delete(name, { ...this.secured(), ...options }));
  }
  /** What this server signs and encrypts with. Throws when it was given none, or one that is too short. */
  get secretKeyBase(): string {
    const secret: unknown = this.settings.secretKeyBase;
    checkSecret(secret);
    return secret;
  }

  private get sealing() {
    return { secret: () => this.secretKeyBase, now: () => systemTime(this.self) };
  }

  private secured(): CookieOptions {
    return this.scheme === "https" ? { secure: true } : {};
  }

  private withJar(what: string | undefined, change: (jar: CookieJar) => CookieJar): Conn<Assigns> {
    if (what !== undefined) this.exchange.checkUnsent(what);
    const jar = change(this.outgoing.jar ?? CookieJar.of(this.head));
    // Who only looks at what was fetched need not go on with the conn that has it.
    const next = what === undefined ? this.copy() : this.changed();
    next.ownOutgoing().jar = jar;
    return next;
  }

  /** The headers of the response, and those that set its cookies. */
  protected headersWithCookies(): Headers {
    return this.outgoing.jar === undefined
      ? this.respHeaders
      : this.outgoing.jar.addTo(this.respHeaders, systemTime(this.self));
  }

  // ── the session ──

  /** Fetches the session, once (Plug: `fetch_session/2`): synchronous when its store is. */
  fetchSession(): Async<Conn<Assigns>> {
    if (this.outgoing.session === undefined) {
      throw new BadArgument("fetchSession: expected plug(Session, ...) earlier in the pipeline, got: none");
    }
    const conn = this.unchanged();
    return this.outgoing.session.data === undefined ? this.outgoing.session.fetch(conn) : conn;
  }
  /** The whole session, or what it has under a key. */
  getSession(): Readonly<Record<string, unknown>>;
  getSession<T = unknown>(key: string): T | undefined;
  getSession(key?: string): unknown {
    const { data } = this.fetchedSession("getSession");
    return key === undefined ? data : Object.hasOwn(data, key) ? data[key] : undefined;
  }
  putSession(key: string, value: unknown): Conn<Assigns> {
    return this.withSession("putSession", this.fetchedSession("putSession").put(key, value));
  }
  deleteSession(key: string): Conn<Assigns> {
    return this.withSession("deleteSession", this.fetchedSession("deleteSession").delete(key));
  }
  /** Empties the session, and keeps it. */
  clearSession(): Conn<Assigns> {
    return this.withSession("clearSession", this.fetchedSession("clearSession").clear());
  }
  /** Gives it a new id, ends it, or forgets what was changed (Plug: `configure_session/2`). */
  configureSession(options: SessionOptions): Conn<Assigns> {
    return this.withSession("configureSession", this.fetchedSession("configureSession").configure(options));
  }
  /** The session as its plug sees it. */
  get sessionState(): SessionState | undefined {
    return this.outgoing.session;
  }
  /** Puts a session in the place of the one that is there: what a session plug does. */
  putSessionState(state: SessionState): Conn<Assigns> {
    return this.withSession(undefined, state);
  }

  private fetchedSession(what: string): SessionState & { readonly data: Readonly<Record<string, unknown>> } {
    const { session } = this.outgoing;
    if (session?.data !== undefined) return session as SessionState & { readonly data: {} };
    throw new UnfetchedError(`${what}: the session is not fetched; expected fetchSession in a plug before`);
  }

  private withSession(what: string | undefined, state: SessionState): Conn<Assigns> {
    const next = what === undefined ? this.copy() : this.changed(what);
    next.ownOutgoing().session = state;
    return next;
  }
}
