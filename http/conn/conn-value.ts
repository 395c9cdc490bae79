import type { Body, Headers } from "./adapter.ts";
import { Assigned } from "./assigned.ts";
import type { Conn } from "./conn.ts";
import type { Exchange } from "./exchange.ts";
import { Incoming } from "./incoming.ts";
import { type ConnState, Outgoing } from "./outgoing.ts";
import { emptyParams, NO_PARAMS, type Params } from "./query.ts";
import { RequestView } from "./request-view.ts";

/** What a plug that stops the pipeline returns: it goes no further, so it has a type of its own. */
export interface Halted {
  readonly halted: true;
  readonly state: ConnState;
}

/** A conn that is being made: its fields are written once, before anybody else sees it. */
export type Draft<Assigns extends object> = Conn<Assigns> & {
  private: Readonly<Record<string, unknown>>;
  halted: boolean;
};

const NOTHING_ASSIGNED = Assigned.of(Object.freeze({}));
const UNSET = new Outgoing();

/**
 * What a conn consists of, and what plugs keep in it. All of its fields are here, after the two of the request. They are
 * only declared, and set by the constructor alone: a request makes many conns, and each field would be written twice.
 */
export abstract class ConnValue<Assigns extends object> extends RequestView {
  declare protected outgoing: Outgoing;
  /** How many of the changes of its request are in it. */
  declare readonly changes: number;
  declare private assigned: Assigned;
  /** Like assigns, for libraries: keys begin with the name of one (Plug: `private`). */
  declare readonly private: Readonly<Record<string, unknown>>;
  declare readonly halted: boolean;

  constructor(exchange: Exchange, from: Conn<any> | undefined = undefined, changes = 0) {
    super(exchange, from === undefined ? new Incoming(exchange.head) : from.incoming);
    this.outgoing = from === undefined ? UNSET : from.outgoing;
    this.changes = changes;
    this.assigned = from === undefined ? NOTHING_ASSIGNED : from.assigned;
    this.private = from === undefined ? NO_PARAMS : from.private;
    this.halted = from === undefined ? false : from.halted;
  }

  /** The segments of the path that are still to be matched; empty ones do not count, and none is decoded. */
  get pathInfo(): readonly string[] {
    return this.incoming.pathInfo;
  }
  /** The segments that routers above have taken. */
  get scriptName(): readonly string[] {
    return this.incoming.scriptName;
  }
  get pathParams(): Params {
    return this.incoming.pathParams;
  }
  get status(): number | undefined {
    return this.outgoing.status;
  }
  get state(): ConnState {
    return this.outgoing.state;
  }
  get respHeaders(): Headers {
    return this.outgoing.headers;
  }
  get respBody(): Body | undefined {
    return this.outgoing.body;
  }

  /** A copy to write to, for a change that will be missed if the copy is lost; before the response is sent, if `what`. */
  protected abstract changed(what?: string): Draft<Assigns>;
  /** A copy to write to, for what nobody will miss. */
  protected abstract copy(): Draft<Assigns>;
  /** The request of a conn that is being made, to write to. */
  protected ownIncoming(): Incoming {
    this.incoming = new Incoming(this.incoming.head, this.incoming);
    return this.incoming;
  }
  /** The response of a conn that is being made, to write to. */
  protected ownOutgoing(): Outgoing {
    this.outgoing = new Outgoing(this.outgoing);
    return this.outgoing;
  }
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
    const incoming = next.ownIncoming();
    incoming.scriptName = [...this.scriptName, ...this.pathInfo.slice(0, depth)];
    incoming.pathInfo = this.pathInfo.slice(depth);
    return next;
  }
  restorePath(from: Conn<any>): Conn<Assigns> {
    const next = this.copy();
    const incoming = next.ownIncoming();
    incoming.scriptName = from.scriptName;
    incoming.pathInfo = from.pathInfo;
    return next;
  }
  putPathParams(params: Params): Conn<Assigns> {
    const next = this.copy();
    next.ownIncoming().pathParams = Object.assign(emptyParams(), this.pathParams, params);
    return next;
  }
  /** What a router does once a route has matched, in one step. */
  enterRoute(params: Params, assigns: object | undefined, values: Readonly<Record<string, unknown>>): Conn<any> {
    const next = this.copy();
    const { pathParams } = this;
    if (params !== NO_PARAMS) {
      next.ownIncoming().pathParams =
        pathParams === NO_PARAMS ? params : Object.assign(emptyParams(), pathParams, params);
    }
    next.private = this.private === NO_PARAMS ? values : { ...this.private, ...values };
    if (assigns !== undefined) next.assigned = Assigned.of({ ...this.assigns, ...assigns });
    return next;
  }
}
