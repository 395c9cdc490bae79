import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Milliseconds, Self } from "../runtime/types.ts";
import type { Body, Headers } from "./adapter.ts";
import type { Exchange } from "./exchange.ts";
import { type FileRange, openFile } from "./file.ts";
import { checkHeader, deleteHeader, getHeader, putHeader } from "./headers.ts";
import { decodeQuery, emptyParams, type Params } from "./query.ts";

export type ConnState = "unset" | "set" | "sent" | "chunked" | "file" | "upgraded";

/** What a plug that stops the pipeline returns: it goes no further, so it has a type of its own. */
export interface Halted {
  readonly halted: true;
  readonly state: ConnState;
}

type Hook = (conn: Conn<any>) => Conn<any>;

const DEFAULT_HEADERS: Headers = [["cache-control", "max-age=0, private, must-revalidate"]];
const BODY_LIMIT = 8_000_000;
const BODY_TIMEOUT: Milliseconds = 15_000;

/**
 * A request and its response as one immutable value: every method returns another (Plug: `Plug.Conn`). Nothing is lost
 * by holding an old one, but what is done to a conn counts only if it is returned.
 */
export class Conn<Assigns extends object = {}> {
  readonly exchange: Exchange;
  readonly pathInfo: readonly string[];
  readonly scriptName: readonly string[];
  readonly pathParams: Params;
  /** What the body was parsed to; `undefined` before a parser ran. */
  readonly bodyParams: Params | undefined;
  readonly assigns: Readonly<Assigns>;
  readonly halted: boolean;
  readonly status: number | undefined;
  readonly state: ConnState;
  readonly respHeaders: Headers;
  readonly respBody: Body | undefined;
  private readonly hooks: readonly Hook[];

  constructor(exchange: Exchange, from: Fields = fresh(exchange)) {
    this.exchange = exchange;
    this.pathInfo = from.pathInfo;
    this.scriptName = from.scriptName;
    this.pathParams = from.pathParams;
    this.bodyParams = from.bodyParams;
    this.assigns = from.assigns as Assigns;
    this.halted = from.halted;
    this.status = from.status;
    this.state = from.state;
    this.respHeaders = from.respHeaders;
    this.respBody = from.respBody;
    this.hooks = from.hooks;
  }

  // ── the request ──

  get method(): string {
    return this.exchange.head.method;
  }
  get scheme(): "http" | "https" {
    return this.exchange.head.scheme;
  }
  get host(): string {
    return this.exchange.head.host;
  }
  get port(): number {
    return this.exchange.head.port;
  }
  get requestPath(): string {
    return this.exchange.head.path;
  }
  get queryString(): string {
    return this.exchange.head.query;
  }
  /** In order, with duplicates, names in lower case. */
  get reqHeaders(): Headers {
    return this.exchange.head.headers;
  }
  get remoteAddress(): string {
    return this.exchange.head.remoteAddress;
  }
  /** The process that serves this request. */
  get self(): Self {
    return this.exchange.self;
  }
  /** Aborted when the request's process ends: it is done, its client has gone, or the server stops. */
  get signal(): AbortSignal {
    return this.exchange.self.signal;
  }
  /** Decoded anew each time. */
  get queryParams(): Params {
    return decodeQuery(this.queryString);
  }
  /** The parameters of the path, over those of the body, over those of the query. */
  get params(): Params {
    return Object.assign(emptyParams(), this.queryParams, this.bodyParams, this.pathParams);
  }

  getReqHeader(name: string): string | undefined {
    return getHeader(this.reqHeaders, name.toLowerCase());
  }

  /** Reads the whole body, once. Default limit 8,000,000 bytes (413 beyond), and 15,000 ms (408). */
  async readBody(limit = BODY_LIMIT, timeout = BODY_TIMEOUT): Promise<Uint8Array> {
    if (this.exchange.bodyTaken) {
      throw new BadArgument(
        "readBody: the body can be read once, and was; keep what it gave, in an assign for instance",
      );
    }
    this.exchange.bodyTaken = true;
    return this.exchange.adapter.readBody(limit, timeout, this.self);
  }

  // ── the conn as a value ──

  assign<K extends string, V>(key: K, value: V): Conn<Assigns & { readonly [P in K]: V }> {
    return this.copy({ assigns: { ...this.assigns, [key]: value } }) as unknown as Conn<
      Assigns & { readonly [P in K]: V }
    >;
  }

  putPathParams(params: Params): Conn<Assigns> {
    return this.copy({ pathParams: Object.assign(emptyParams(), this.pathParams, params) });
  }

  putBodyParams(params: Params): Conn<Assigns> {
    return this.copy({ bodyParams: params });
  }

  /** What a forward does: the target sees the rest of the path. Undone by {@link Conn.restorePath}. */
  enterPath(segments: number): Conn<Assigns> {
    const scriptName = [...this.scriptName, ...this.pathInfo.slice(0, segments)];
    return this.copy({ scriptName, pathInfo: this.pathInfo.slice(segments) });
  }

  restorePath(from: Conn<any>): Conn<Assigns> {
    return this.copy({ scriptName: from.scriptName, pathInfo: from.pathInfo });
  }

  /** Stops the pipeline here. It sends nothing, and says nothing of the response. */
  halt(): Halted {
    return this.copy({ halted: true }) as unknown as Halted;
  }

  // ── the response ──

  /** 100 to 999. */
  putStatus(status: number): Conn<Assigns> {
    this.exchange.checkUnsent("putStatus");
    return this.copy({ status: checkStatus(status) });
  }

  getRespHeader(name: string): string | undefined {
    return getHeader(this.respHeaders, name.toLowerCase());
  }

  /** Sets a response header; names are lower-cased. Throws `InvalidHeaderError` on line breaks and NUL. */
  putRespHeader(name: string, value: string): Conn<Assigns> {
    this.exchange.checkUnsent("putRespHeader");
    checkHeader(name, value);
    return this.copy({ respHeaders: putHeader(this.respHeaders, name.toLowerCase(), value) });
  }

  /** Adds a response header beside those of the same name: `set-cookie`, `link`, `vary`. */
  prependRespHeader(name: string, value: string): Conn<Assigns> {
    this.exchange.checkUnsent("prependRespHeader");
    checkHeader(name, value);
    return this.copy({ respHeaders: [[name.toLowerCase(), value], ...this.respHeaders] });
  }

  deleteRespHeader(name: string): Conn<Assigns> {
    this.exchange.checkUnsent("deleteRespHeader");
    return this.copy({ respHeaders: deleteHeader(this.respHeaders, name.toLowerCase()) });
  }

  /** With a charset, by default utf-8 as in Plug also for JSON; with none where `undefined` is given. */
  putRespContentType(type: string, ...given: [charset?: string | undefined]): Conn<Assigns> {
    const charset = given.length === 0 ? "utf-8" : given[0];
    return this.putRespHeader("content-type", charset === undefined ? type : `${type}; charset=${charset}`);
  }

  /** Called with the conn just before its response is sent, the last registered first. */
  registerBeforeSend(hook: Hook): Conn<Assigns> {
    this.exchange.checkUnsent("registerBeforeSend");
    return this.copy({ hooks: [hook, ...this.hooks] });
  }

  /** Sets the response; it is sent by {@link Conn.sendResp}, or when the pipeline ends. */
  resp(status: number, body: Body): Conn<Assigns> {
    return this.set("resp", status, body);
  }

  /** Sends the response: the one that was set, or this one. */
  sendResp(status?: number, body?: Body): Conn<Assigns> {
    if (status === undefined && this.state === "unset") {
      this.exchange.checkUnsent("sendResp");
      throw new BadArgument("sendResp: no response is set; expected a status and a body, or resp(status, body) before");
    }
    const given: readonly [number, Body] =
      status === undefined ? [this.status ?? 200, this.respBody ?? ""] : [status, body ?? ""];
    const last = this.set("sendResp", ...given).runHooks();
    checkFinal(last.status as number);
    this.exchange.markSent(last.status as number);
    try {
      this.exchange.adapter.send(last.status as number, last.respHeaders, last.respBody as Body);
    } catch (error) {
      this.exchange.failedToSend();
      throw error;
    }
    return last.copy({ state: "sent", respBody: undefined });
  }

  /** Sends a file, or a part of one. What is wrong with it is an error before anything is sent. */
  async sendFile(status: number, range: FileRange): Promise<Conn<Assigns>> {
    checkFinal(checkStatus(status));
    this.exchange.checkUnsent("sendFile");
    const file = await openFile(range);
    try {
      const last = this.copy({ status, state: "set" }).runHooks();
      this.exchange.checkUnsent("sendFile");
      this.exchange.markSent(status);
      await this.exchange.adapter.sendFile(status, last.respHeaders, file);
      return last.copy({ state: "file" });
    } catch (error) {
      this.exchange.failedToSend();
      throw error;
    } finally {
      await file.handle.close();
    }
  }

  text(text: string): Conn<Assigns> {
    return this.sendAs("text", "text/plain", text);
  }

  html(html: string): Conn<Assigns> {
    return this.sendAs("html", "text/html", html);
  }

  /** Sends `value` as JSON, with the status that was put, or 200. */
  json(value: unknown): Conn<Assigns> {
    const body: string | undefined = JSON.stringify(value);
    if (body === undefined) throw new BadArgument(`json: expected a value that JSON has, got: ${show(value)}`);
    return this.sendAs("json", "application/json", body);
  }

  /** Redirects within this site: `to` must be a path. With the status that was put, or 302. */
  redirect(to: string): Conn<Assigns> {
    if (!LOCAL.test(to) || FOREIGN.test(to)) {
      throw new BadArgument(`redirect: expected a path of this site that starts with one "/", got: ${show(to)}`);
    }
    const text = to.replaceAll(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
    const moved = this.putStatus(this.status ?? 302).putRespHeader("location", to);
    return moved.html(`<html><body>You are being <a href="${text}">redirected</a>.</body></html>`);
  }

  private set(what: string, status: number, body: Body): Conn<Assigns> {
    checkStatus(status);
    this.exchange.checkUnsent(what);
    checkBody(body);
    return this.copy({ status, respBody: body, state: "set" });
  }

  private sendAs(what: string, type: string, body: string): Conn<Assigns> {
    this.exchange.checkUnsent(what);
    const typed = this.getRespHeader("content-type") === undefined ? this.putRespContentType(type) : this;
    return typed.sendResp(this.status ?? 200, body);
  }

  private runHooks(): Conn<Assigns> {
    let conn: Conn<any> = this;
    this.exchange.sending = true;
    try {
      for (const hook of this.hooks) {
        const next = hook(conn);
        if (!(next instanceof Conn)) throw new BadArgument(`a beforeSend hook must return a conn, got: ${show(next)}`);
        conn = next;
      }
    } finally {
      this.exchange.sending = false;
    }
    return conn;
  }

  private copy(changes: Partial<Fields>): Conn<Assigns> {
    return Object.assign(new Conn<Assigns>(this.exchange, this as unknown as Fields), changes);
  }

  toString(): string {
    return `#Conn<${this.method} ${this.requestPath} ${this.state}${this.halted ? " halted" : ""}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** What makes one conn of a request differ from another. */
interface Fields {
  readonly pathInfo: readonly string[];
  readonly scriptName: readonly string[];
  readonly pathParams: Params;
  readonly bodyParams: Params | undefined;
  readonly assigns: object;
  readonly halted: boolean;
  readonly status: number | undefined;
  readonly state: ConnState;
  readonly respHeaders: Headers;
  readonly respBody: Body | undefined;
  readonly hooks: readonly Hook[];
}

const NO_PARAMS: Params = Object.freeze(emptyParams());

const fresh = (exchange: Exchange): Fields => ({
  pathInfo: splitPath(exchange.head.path),
  scriptName: [],
  pathParams: NO_PARAMS,
  bodyParams: undefined,
  assigns: {},
  halted: false,
  status: undefined,
  state: "unset",
  respHeaders: DEFAULT_HEADERS,
  respBody: undefined,
  hooks: [],
});

const LOCAL = /^\/(?!\/)/;
/** What browsers take for a way out: a backslash, or a tab that they skip. */
const FOREIGN = /\\|[\0-\x20]|^\/%09/;

/** Empty segments do not count: `//a//b/` is `/a/b`. Not decoded. */
export const splitPath = (path: string): readonly string[] => path.split("/").filter((segment) => segment !== "");

function checkStatus(status: number): number {
  if (Number.isInteger(status) && status >= 100 && status <= 999) return status;
  throw new BadArgument(`expected a status from 100 to 999, got: ${show(status)}`);
}

/** What is below 200 announces a response, and is none (RFC 9110 §15.2). */
function checkFinal(status: number): void {
  if (status < 200) throw new BadArgument(`expected a status from 200 to 999 to send, got: ${show(status)}`);
}

function checkBody(body: unknown): void {
  if (typeof body === "string" || body instanceof Uint8Array) return;
  throw new BadArgument(`expected a body that is a string or bytes, got: ${show(body)}`);
}
