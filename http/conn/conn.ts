import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async, Milliseconds } from "../../runtime/types.ts";
import { checkSecret } from "../crypto/key-generator.ts";
import { InvalidHeaderError, UnfetchedError } from "../errors.ts";
import type { Body, BodyPart, Headers, Takeover } from "./adapter.ts";
import { Assigned } from "./assigned.ts";
import { type BodyInput, bodyOf } from "./body.ts";
import { CookieJar, type FetchCookiesOptions, type PutCookieOptions, type RespCookie } from "./cookie-jar.ts";
import type { CookieOptions } from "./cookies.ts";
import type { Exchange } from "./exchange.ts";
import { type FileRange, openFile } from "./file.ts";
import { GivenHead, type HeadValues } from "./given-head.ts";
import { checkHeader, deleteHeader, getHeader, getHeaders, mergeHeaders, putHeader, updateHeader } from "./headers.ts";
import { escapeHtml } from "./html.ts";
import { checkLocal } from "./local-path.ts";
import { emptyParams, type Params } from "./query.ts";
import { RequestView } from "./request-view.ts";
import type { SessionOptions, SessionState } from "./session-state.ts";
import { type HttpStatus, statusCode } from "./status.ts";
import { systemTime } from "./system-time.ts";

/**
 * Where a response stands (Plug: `Plug.Conn`): nothing is set; it is set and not sent yet, and how; it is sent, whole, in
 * chunks or as a file; another protocol has taken over.
 */
export type ConnState = "unset" | "set" | "setChunked" | "setFile" | "sent" | "chunked" | "file" | "upgraded";

/** What a plug that stops the pipeline returns: it goes no further, so it has a type of its own. */
export interface Halted {
  readonly halted: true;
  readonly state: ConnState;
}

type Hook = (conn: Conn<any>) => Conn<any>;

const DEFAULT_HEADERS: Headers = [["cache-control", "max-age=0, private, must-revalidate"]];
const BODY_LIMIT = 8_000_000;
const PART_LENGTH = 1_000_000;
const BODY_TIMEOUT: Milliseconds = 15_000;

export interface BodyOptions {
  /** In bytes. Default 8,000,000 for a whole body, 1,000,000 for a part. */
  readonly length?: number;
  /** How long to wait. Default 15,000 ms. */
  readonly timeout?: Milliseconds;
}

/**
 * A request and its response as one immutable value: every method returns another (Plug: `Plug.Conn`). Nothing is lost
 * by holding an old one, but what is done to a conn counts only if it is returned.
 */
export class Conn<Assigns extends object = {}> extends RequestView {
  /** How many of the changes of its request are in it. */
  readonly changes: number;
  /** The segments of the path that are still to be matched; empty ones do not count, and none is decoded. */
  readonly pathInfo: readonly string[];
  /** The segments that routers above have taken. */
  readonly scriptName: readonly string[];
  readonly pathParams: Params;
  private body: Params | undefined;
  private given: Params | undefined;
  private assigned: Assigned;
  /** Like assigns, for libraries: keys begin with the name of one (Plug: `private`). */
  readonly private: Readonly<Record<string, unknown>>;
  readonly halted: boolean;
  readonly status: number | undefined;
  readonly state: ConnState;
  readonly respHeaders: Headers;
  readonly respBody: Body | undefined;
  private hooks: readonly Hook[];
  private jar: CookieJar | undefined;
  private session: SessionState | undefined;

  constructor(exchange: Exchange, from: Conn<any> | undefined = undefined, changes = 0) {
    super(exchange, from === undefined ? exchange.head : from.head);
    this.changes = changes;
    if (from === undefined) {
      this.pathInfo = splitPath(exchange.head.path);
      this.scriptName = NOTHING;
      this.pathParams = NO_PARAMS;
      this.body = undefined;
      this.given = undefined;
      this.assigned = NOTHING_ASSIGNED;
      this.private = NO_PARAMS;
      this.halted = false;
      this.status = undefined;
      this.state = "unset";
      this.respHeaders = DEFAULT_HEADERS;
      this.respBody = undefined;
      this.hooks = NO_HOOKS;
      this.jar = undefined;
      this.session = undefined;
    } else {
      this.pathInfo = from.pathInfo;
      this.scriptName = from.scriptName;
      this.pathParams = from.pathParams;
      this.body = from.body;
      this.given = from.given;
      this.assigned = from.assigned;
      this.private = from.private;
      this.halted = from.halted;
      this.status = from.status;
      this.state = from.state;
      this.respHeaders = from.respHeaders;
      this.respBody = from.respBody;
      this.hooks = from.hooks;
      this.jar = from.jar;
      this.session = from.session;
    }
  }

  // ── the request ──

  /** Replaces the first header of that name. `host` is not set so: it is `conn.host` (Plug: `put_req_header/3`). */
  putReqHeader(name: string, value: string): Conn<Assigns> {
    return this.withReqHeaders("putReqHeader", putHeader(this.reqHeaders, reqName(name, value), value));
  }
  mergeReqHeaders(headers: Readonly<Record<string, string>> | Headers): Conn<Assigns> {
    return this.withReqHeaders("mergeReqHeaders", mergeHeaders(this.reqHeaders, headers, reqName));
  }
  /** Adds headers before those that are there. */
  prependReqHeaders(headers: Headers): Conn<Assigns> {
    const added = headers.map(([name, value]) => [reqName(name, value), value] as const);
    return this.withReqHeaders("prependReqHeaders", [...added, ...this.reqHeaders]);
  }
  /** Changes the first header of that name with `update`, or adds it with `initial`. */
  updateReqHeader(name: string, initial: string, update: (value: string) => string): Conn<Assigns> {
    const headers = updateHeader(this.reqHeaders, reqName(name, initial), initial, checking(name, update));
    return this.withReqHeaders("updateReqHeader", headers);
  }
  deleteReqHeader(name: string): Conn<Assigns> {
    return this.withReqHeaders("deleteReqHeader", deleteHeader(this.reqHeaders, name.toLowerCase()));
  }

  private withReqHeaders(what: string, headers: Headers): Conn<Assigns> {
    this.exchange.checkUnsent(what);
    return this.putRequest({ headers });
  }

  /** Another request line: what plugs do that take a request for another one, such as Head or RewriteOn. */
  putRequest(changes: Partial<HeadValues>): Conn<Assigns> {
    const next = this.changed();
    next.head = new GivenHead(this.head, changes);
    return next;
  }

  // ── parameters ──

  /** Whether a parser has run. */
  get bodyFetched(): boolean {
    return this.body !== undefined;
  }
  /** What a parser made of the body. Throws `UnfetchedError` before one ran (Plug: `body_params`). */
  get bodyParams(): Params {
    if (this.body === undefined) {
      throw new UnfetchedError(
        "conn.bodyParams is not there yet; expected a plug before that reads the body: plug(Parsers)",
      );
    }
    return this.body;
  }
  /**
   * All parameters: those of the path over those of the body, over those that were put before, over those of the query
   * (Plug: `params`). Without a parser there are none of the body.
   */
  get params(): Params {
    return Object.assign(
      emptyParams(),
      this.given ?? this.queryParams,
      this.given ? undefined : this.body,
      this.pathParams,
    );
  }
  /**
   * Decodes the query now, so that what is wrong with it is an error here; parameters that were put before have
   * precedence over its (Plug: `fetch_query_params/2`).
   */
  fetchQueryParams(): Conn<Assigns> {
    const { queryParams } = this.head;
    if (this.given === undefined) return this;
    const next = this.copy();
    next.given = Object.assign(emptyParams(), queryParams, this.given);
    return next;
  }
  /** Puts other parameters in the place of those of query and body. */
  putParams(params: Params): Conn<Assigns> {
    const next = this.changed();
    next.given = params;
    return next;
  }
  putPathParams(params: Params): Conn<Assigns> {
    const next = this.copy();
    next.pathParams = Object.assign(emptyParams(), this.pathParams, params);
    return next;
  }
  /** What a router does once a route has matched, in one step. */
  enterRoute(params: Params, assigns: object | undefined, values: Readonly<Record<string, unknown>>): Conn<any> {
    const next = this.copy();
    next.pathParams = this.pathParams === NO_PARAMS ? params : Object.assign(emptyParams(), this.pathParams, params);
    next.private = this.private === NO_PARAMS ? values : { ...this.private, ...values };
    if (assigns !== undefined) next.assigned = Assigned.of({ ...this.assigns, ...assigns });
    return next;
  }
  putBodyParams(params: Params): Conn<Assigns> {
    const next = this.copy();
    next.body = params;
    if (this.given !== undefined) next.given = Object.assign(emptyParams(), this.given, params);
    return next;
  }

  /** Reads the whole body, once: 413 beyond `length`, 408 when it does not arrive in time (Plug: `read_body/2`). */
  async readBody({ length = BODY_LIMIT, timeout = BODY_TIMEOUT }: BodyOptions = {}): Promise<Uint8Array> {
    return this.exchange.readWholeBody("readBody", { length, timeout });
  }
  /** Reads the next `length` bytes of the body, or some more; `more` says whether anything may follow. */
  async readBodyPart({ length = PART_LENGTH, timeout = BODY_TIMEOUT }: BodyOptions = {}): Promise<BodyPart> {
    return this.exchange.readBody("readBodyPart", { length, timeout });
  }

  // ── cookies ──

  /** The request's cookies by name, with those that were opened and those that were put (Plug: `cookies`). */
  get cookies(): Readonly<Record<string, unknown>> {
    return this.jar?.cookies ?? this.reqCookies;
  }
  get respCookies(): Readonly<Record<string, RespCookie>> {
    return this.jar?.resp ?? (NO_PARAMS as Record<string, never>);
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
    const jar = change(this.jar ?? CookieJar.of(this.head));
    // Who only looks at what was fetched need not go on with the conn that has it.
    const next = what === undefined ? this.copy() : this.changed();
    next.jar = jar;
    return next;
  }

  // ── the session ──

  /** Fetches the session, once (Plug: `fetch_session/2`): synchronous when its store is. */
  fetchSession(): Async<Conn<Assigns>> {
    if (this.session === undefined) {
      throw new BadArgument("fetchSession: expected plug(Session, ...) earlier in the pipeline, got: none");
    }
    return this.session.data === undefined ? this.session.fetch(this) : this;
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
    return this.session;
  }
  /** Puts a session in the place of the one that is there: what a session plug does. */
  putSessionState(state: SessionState): Conn<Assigns> {
    return this.withSession(undefined, state);
  }

  private fetchedSession(what: string): SessionState & { readonly data: Readonly<Record<string, unknown>> } {
    const { session } = this;
    if (session?.data !== undefined) return session as SessionState & { readonly data: {} };
    throw new UnfetchedError(`${what}: the session is not fetched; expected fetchSession in a plug before`);
  }

  private withSession(what: string | undefined, state: SessionState): Conn<Assigns> {
    const next = what === undefined ? this.copy() : this.changed(what);
    next.session = state;
    return next;
  }

  // ── the conn as a value ──

  /** What plugs have assigned (Plug: `assigns`). */
  get assigns(): Readonly<Assigns> {
    return this.assigned.values as Assigns;
  }
  assign<K extends string, V>(key: K, value: V): Conn<Assigns & { readonly [P in K]: V }> {
    const next = this.changed();
    next.assigned = this.assigned.with(key, value);
    return next as Conn<any>;
  }
  mergeAssigns<More extends object>(assigns: More): Conn<Assigns & Readonly<More>> {
    const next = this.changed();
    next.assigned = Assigned.of({ ...this.assigns, ...assigns });
    return next as Conn<any>;
  }
  putPrivate(key: string, value: unknown): Conn<Assigns> {
    return this.mergePrivate({ [key]: value });
  }
  mergePrivate(values: Readonly<Record<string, unknown>>): Conn<Assigns> {
    const next = this.changed();
    next.private = { ...this.private, ...values };
    return next;
  }
  /** What a forward does: the target sees the rest of the path. Undone by {@link Conn.restorePath}. */
  enterPath(depth: number): Conn<Assigns> {
    const next = this.copy();
    next.scriptName = [...this.scriptName, ...this.pathInfo.slice(0, depth)];
    next.pathInfo = this.pathInfo.slice(depth);
    return next;
  }
  restorePath(from: Conn<any>): Conn<Assigns> {
    const next = this.copy();
    next.scriptName = from.scriptName;
    next.pathInfo = from.pathInfo;
    return next;
  }
  /** Stops the pipeline here. It sends nothing, and says nothing of the response. */
  halt(): Halted {
    const next = this.changed();
    next.halted = true;
    return next as unknown as Halted;
  }

  // ── the response before it is sent ──

  /** 100 to 999, or a name such as `"notFound"`. */
  putStatus(status: HttpStatus): Conn<Assigns> {
    const code = statusCode(status);
    const next = this.changed("putStatus");
    next.status = code;
    return next;
  }
  getRespHeader(name: string): string | undefined {
    return getHeader(this.respHeaders, name.toLowerCase());
  }
  getRespHeaders(name: string): readonly string[] {
    return getHeaders(this.respHeaders, name.toLowerCase());
  }
  /** Replaces the first header of that name, or adds it. Throws `InvalidHeaderError` on line breaks and NUL. */
  putRespHeader(name: string, value: string): Conn<Assigns> {
    return this.withRespHeaders("putRespHeader", putHeader(this.respHeaders, respName(name, value), value));
  }
  mergeRespHeaders(headers: Readonly<Record<string, string>> | Headers): Conn<Assigns> {
    return this.withRespHeaders("mergeRespHeaders", mergeHeaders(this.respHeaders, headers, respName));
  }
  /** Adds headers before those that are there, also of the same name: `link`, `vary`. */
  prependRespHeaders(headers: Headers): Conn<Assigns> {
    const added = headers.map(([name, value]) => [respName(name, value), value] as const);
    return this.withRespHeaders("prependRespHeaders", [...added, ...this.respHeaders]);
  }
  /** Changes the first header of that name with `update`, or adds it with `initial`. */
  updateRespHeader(name: string, initial: string, update: (value: string) => string): Conn<Assigns> {
    const headers = updateHeader(this.respHeaders, respName(name, initial), initial, checking(name, update));
    return this.withRespHeaders("updateRespHeader", headers);
  }
  /** Removes the first header of that name. */
  deleteRespHeader(name: string): Conn<Assigns> {
    return this.withRespHeaders("deleteRespHeader", deleteHeader(this.respHeaders, name.toLowerCase()));
  }
  /** With a charset, by default utf-8 as in Plug also for JSON; with none where `undefined` is given. */
  putRespContentType(type: string, ...given: [charset?: string | undefined]): Conn<Assigns> {
    const charset = given.length === 0 ? "utf-8" : given[0];
    return this.putRespHeader("content-type", charset === undefined ? type : `${type}; charset=${charset}`);
  }
  /** Called with the conn just before its response is sent, the last registered first. It must not send. */
  registerBeforeSend(hook: Hook): Conn<Assigns> {
    const next = this.changed("registerBeforeSend");
    next.hooks = [hook, ...this.hooks];
    return next;
  }
  /** The response leaves once `promise` is settled: for what must be written before the client may know. */
  holdResponse(promise: Promise<unknown>): Conn<Assigns> {
    this.exchange.checkUnsent("holdResponse");
    this.exchange.hold(promise);
    return this;
  }

  private withRespHeaders(what: string, headers: Headers): Conn<Assigns> {
    const next = this.changed(what);
    next.respHeaders = headers;
    return next;
  }

  // ── sending ──

  /** Sets the response; it is sent by {@link Conn.sendResp}, or when the pipeline ends. */
  resp(status: HttpStatus, body: BodyInput): Conn<Assigns> {
    return this.set("resp", status, body);
  }
  /** Sends the response: the one that was set, or this one. */
  sendResp(status?: HttpStatus, body?: BodyInput): Conn<Assigns> {
    if (status === undefined && this.state === "unset") {
      this.exchange.checkUnsent("sendResp");
      throw new BadArgument("sendResp: no response is set; expected a status and a body, or resp(status, body) before");
    }
    return this.sendSet(
      status === undefined
        ? this.set("sendResp", this.status ?? 200, this.respBody ?? "")
        : this.set("sendResp", status, body ?? ""),
    );
  }
  private sendSet(ready: Draft<Assigns>): Conn<Assigns> {
    const last = ready.beforeSend("set");
    this.exchange.sendWhole(checkFinal(last.status as number), last.headersWithCookies(), last.respBody as Body);
    if (this.hooks.length > 0) return last.become("sent");
    // What no hook has seen is nobody else's yet.
    ready.state = "sent";
    ready.respBody = undefined;
    return ready;
  }
  /** Sends a file, or a part of one. What is wrong with it is an error before anything is sent. */
  async sendFile(status: HttpStatus, range: FileRange): Promise<Conn<Assigns>> {
    const code = checkFinal(statusCode(status));
    this.exchange.checkUnsent("sendFile");
    const file = await openFile(range);
    try {
      const ready = this.changed("sendFile");
      ready.status = code;
      ready.state = "setFile";
      const last = ready.beforeSend("setFile");
      const final = checkFinal(last.status as number);
      const headers = last.headersWithCookies();
      await this.exchange.send(final, (output) => output.sendFile(final, headers, file));
      return last.become("file");
    } finally {
      await file.handle.close();
    }
  }
  /** Begins a response whose parts are sent with {@link Conn.chunk}; it ends with the pipeline. */
  sendChunked(status: HttpStatus): Conn<Assigns> {
    const code = checkFinal(statusCode(status));
    const ready = this.changed("sendChunked");
    ready.status = code;
    ready.state = "setChunked";
    const last = ready.beforeSend("setChunked");
    const final = checkFinal(last.status as number);
    const headers = last.headersWithCookies();
    this.exchange.send(final, (output) => output.sendChunked(final, headers));
    return last.become("chunked");
  }
  /** Sends a part: `"closed"` when the client has gone. Await it, and a client that is slow slows you down. */
  chunk(data: BodyInput): Async<"ok" | "closed"> {
    if (this.state !== "chunked") {
      throw new BadArgument(`chunk: expected a conn that sendChunked has returned, got: ${show(this)}`);
    }
    const part = bodyOf("chunk", data);
    return part.length === 0 ? "ok" : this.exchange.chunk(part);
  }
  /** Sends an informational response before the real one, 100 to 199: 103 for early hints. HTTP/1.0 clients get none. */
  inform(status: HttpStatus, headers: Headers = []): Conn<Assigns> {
    this.informed(status, headers);
    return this;
  }
  /** Like {@link Conn.inform}; throws where the client's protocol has none (Plug: `inform!/3`). */
  informOrThrow(status: HttpStatus, headers: Headers = []): Conn<Assigns> {
    if (this.informed(status, headers)) return this;
    throw new BadArgument(`informOrThrow: expected a protocol with informational responses, got: ${this.httpProtocol}`);
  }
  private informed(status: HttpStatus, headers: Headers): boolean {
    const code = checkInformational(statusCode(status));
    this.exchange.checkUnsent("inform");
    for (const [name, value] of headers) checkHeader(name, value);
    return this.exchange.adapter.inform(code, headers);
  }
  /** Hands the connection to another protocol once the pipeline has ended (Plug: `upgrade_adapter/3`). */
  upgrade(protocol: string, takeover: Takeover): Conn<Assigns> {
    const ready = this.changed("upgrade");
    if (!this.exchange.adapter.upgrade(protocol, takeover, this.respHeaders)) {
      throw new BadArgument(
        `upgrade: expected a protocol that the client asks for and this server has, got: ${protocol}`,
      );
    }
    this.exchange.markSent(101);
    ready.state = "upgraded";
    return ready;
  }

  text(text: string): Conn<Assigns> {
    return this.sendAs("text", "text/plain; charset=utf-8", text);
  }
  html(html: string): Conn<Assigns> {
    return this.sendAs("html", "text/html; charset=utf-8", html);
  }
  /** Sends `value` as JSON, with the status that was put, or 200. */
  json(value: unknown): Conn<Assigns> {
    const body: string | undefined = JSON.stringify(value);
    if (body === undefined) throw new BadArgument(`json: expected a value that JSON has, got: ${show(value)}`);
    return this.sendAs("json", "application/json; charset=utf-8", body);
  }
  /**
   * Redirects, with the status that was put, or 302: within this site to a path, elsewhere only when it is said
   * (Phoenix: `redirect/2`).
   */
  redirect(to: string | { readonly external: string }): Conn<Assigns> {
    const location = typeof to === "object" && to !== null ? to.external : checkLocal(to);
    const moved = this.putStatus(this.status ?? 302).putRespHeader("location", location);
    return moved.html(`<html><body>You are being <a href="${escapeHtml(location)}">redirected</a>.</body></html>`);
  }

  private set(what: string, status: HttpStatus, body: BodyInput): Draft<Assigns> {
    const code = statusCode(status);
    const next = this.changed(what);
    next.respBody = bodyOf(what, body);
    next.status = code;
    next.state = "set";
    return next;
  }

  /** Sends what is of a type, unless another was put, with the status that was put. */
  private sendAs(what: string, type: string, body: string): Conn<Assigns> {
    const ready = this.changed(what);
    if (getHeader(ready.respHeaders, "content-type") === undefined) {
      ready.respHeaders = [...ready.respHeaders, ["content-type", type]];
    }
    ready.respBody = body;
    ready.status ??= 200;
    ready.state = "set";
    return this.sendSet(ready);
  }

  /** Runs the hooks, after which the response must be as it was: `state`. */
  private beforeSend(state: ConnState): Conn<Assigns> {
    const { exchange } = this;
    if (this.hooks.length === 0) {
      exchange.checkNewest(this);
      return this;
    }
    let conn: Conn<any> = this;
    exchange.sending = true;
    try {
      for (const hook of this.hooks) {
        const next: unknown = hook(conn);
        if (next instanceof Conn) conn = next;
        else throw new BadArgument(`a beforeSend hook must return a conn, got: ${show(next)}`);
      }
    } catch (error) {
      exchange.excuse();
      throw error;
    } finally {
      exchange.sending = false;
    }
    exchange.checkNewest(conn);
    if (conn.state === state) return conn;
    throw new BadArgument(
      `a beforeSend hook may change the response, but not how it is sent, got: ${conn.state} for ${state}`,
    );
  }

  private headersWithCookies(): Headers {
    return this.jar === undefined ? this.respHeaders : this.jar.addTo(this.respHeaders, systemTime(this.self));
  }

  private become(state: ConnState): Conn<Assigns> {
    const next = this.copy();
    next.state = state;
    next.respBody = undefined;
    return next;
  }

  /** A copy to write to, for a change that will be missed if the copy is lost; before the response is sent, if `what`. */
  private changed(what?: string): Draft<Assigns> {
    const { exchange } = this;
    if (what !== undefined) exchange.checkUnsent(what);
    const next = new Conn(exchange, this, this.changes + 1);
    exchange.changed(next, this);
    return next as Draft<Assigns>;
  }

  private copy(): Draft<Assigns> {
    const next = new Conn(this.exchange, this, this.changes);
    this.exchange.copied(next, this);
    return next as Draft<Assigns>;
  }

  override toString(): string {
    return `#Conn<${this.method} ${this.requestPath} ${this.state}${this.halted ? " halted" : ""}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A conn that is being made: its fields are written once, before anybody else sees it. */
type Draft<Assigns extends object> = Conn<Assigns> & {
  pathInfo: readonly string[];
  scriptName: readonly string[];
  pathParams: Params;
  private: Readonly<Record<string, unknown>>;
  halted: boolean;
  status: number | undefined;
  state: ConnState;
  respHeaders: Headers;
  respBody: Body | undefined;
};

const NOTHING: readonly string[] = [];
const NO_HOOKS: readonly Hook[] = [];
const NOTHING_ASSIGNED = Assigned.of(Object.freeze({}));
const NO_PARAMS: Params = Object.freeze(emptyParams());

/** Empty segments do not count: `//a//b/` is `/a/b`. Not decoded. */
export function splitPath(path: string): readonly string[] {
  const segments: string[] = [];
  for (let start = 0, end = 0; end >= 0; start = end + 1) {
    end = path.indexOf("/", start);
    const segment = end < 0 ? path.slice(start) : path.slice(start, end);
    if (segment !== "") segments.push(segment);
  }
  return segments;
}

/** What is below 200 announces a response, and is none (RFC 9110 §15.2). */
function checkFinal(status: number): number {
  if (status >= 200) return status;
  throw new BadArgument(`expected a status from 200 to 999 to send, got: ${show(status)}`);
}

function checkInformational(status: number): number {
  if (status < 200 && status !== 101) return status;
  throw new BadArgument(`expected an informational status, 100 to 199 and not 101, got: ${show(status)}`);
}

function respName(name: string, value: string): string {
  checkHeader(name, value);
  return name.toLowerCase();
}

/** What an update makes of a value is checked like a value that is put. */
const checking =
  (name: string, update: (value: string) => string) =>
  (value: string): string => {
    const updated = update(value);
    checkHeader(name, updated);
    return updated;
  };

function reqName(name: string, value: string): string {
  const checked = respName(name, value);
  if (checked !== "host") return checked;
  throw new InvalidHeaderError("the host is not set as a header, but with putRequest({ host })");
}
