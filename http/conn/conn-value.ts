import type { Body, Headers } from "./adapter.ts";
import { Assigned } from "./assigned.ts";
import type { Conn } from "./conn.ts";
import type { CookieJar } from "./cookie-jar.ts";
import type { Exchange } from "./exchange.ts";
import { emptyParams, type Params } from "./query.ts";
import { RequestView } from "./request-view.ts";
import type { SessionState } from "./session-state.ts";
import { splitPath } from "./split-path.ts";

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

export type Hook = (conn: Conn<any>) => Conn<any>;

/** A conn that is being made: its fields are written once, before anybody else sees it. */
export type Draft<Assigns extends object> = Conn<Assigns> & {
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
const DEFAULT_HEADERS: Headers = [["cache-control", "max-age=0, private, must-revalidate"]];

/**
 * What a conn consists of, and what plugs keep in it. All of its fields are here, after the two of the request. They are
 * only declared, and set by the constructor alone: a request makes many conns, and each field would be written twice.
 */
export abstract class ConnValue<Assigns extends object> extends RequestView {
  /** How many of the changes of its request are in it. */
  declare readonly changes: number;
  /** The segments of the path that are still to be matched; empty ones do not count, and none is decoded. */
  declare readonly pathInfo: readonly string[];
  /** The segments that routers above have taken. */
  declare readonly scriptName: readonly string[];
  declare readonly pathParams: Params;
  declare protected body: Params | undefined;
  declare protected given: Params | undefined;
  declare private assigned: Assigned;
  /** Like assigns, for libraries: keys begin with the name of one (Plug: `private`). */
  declare readonly private: Readonly<Record<string, unknown>>;
  declare readonly halted: boolean;
  declare readonly status: number | undefined;
  declare readonly state: ConnState;
  declare readonly respHeaders: Headers;
  declare readonly respBody: Body | undefined;
  declare protected hooks: readonly Hook[];
  declare protected jar: CookieJar | undefined;
  declare protected session: SessionState | undefined;

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

  /** A copy to write to, for a change that will be missed if the copy is lost; before the response is sent, if `what`. */
  protected abstract changed(what?: string): Draft<Assigns>;
  /** A copy to write to, for what nobody will miss. */
  protected abstract copy(): Draft<Assigns>;
  /** This conn, where there is nothing to change. */
  protected abstract unchanged(): Conn<Assigns>;

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
  /** Stops the pipeline here. It sends nothing, and says nothing of the response. */
  halt(): Halted {
    const next = this.changed();
    next.halted = true;
    return next as unknown as Halted;
  }

  // ── the path ──

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
}
