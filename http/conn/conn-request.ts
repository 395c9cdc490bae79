import type { Milliseconds } from "../../runtime/types.ts";
import { InvalidHeaderError, UnfetchedError } from "../errors.ts";
import type { BodyPart, Headers } from "./adapter.ts";
import type { Conn } from "./conn.ts";
import { ConnValue } from "./conn-value.ts";
import { GivenHead, type HeadValues } from "./given-head.ts";
import { checking, deleteHeader, mergeHeaders, nameOf, putHeader, updateHeader } from "./headers.ts";
import { emptyParams, type Params } from "./query.ts";

const BODY_LIMIT = 8_000_000;
const PART_LENGTH = 1_000_000;
const BODY_TIMEOUT: Milliseconds = 15_000;

export interface BodyOptions {
  /** In bytes. Default 8,000,000 for a whole body, 1,000,000 for a part. */
  readonly length?: number;
  /** How long to wait. Default 15,000 ms. */
  readonly timeout?: Milliseconds;
}

/** What plugs make of the request of a conn: another head, parameters, a body that is read. */
export abstract class ConnRequest<Assigns extends object> extends ConnValue<Assigns> {
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
    next.ownIncoming().head = new GivenHead(this.head, changes);
    return next;
  }

  // ── parameters and body ──

  /** Whether a parser has run. */
  get bodyFetched(): boolean {
    return this.incoming.body !== undefined;
  }
  /** What a parser made of the body. Throws `UnfetchedError` before one ran (Plug: `body_params`). */
  get bodyParams(): Params {
    const { body } = this.incoming;
    if (body === undefined) {
      throw new UnfetchedError(
        "conn.bodyParams is not there yet; expected a plug before that reads the body: plug(Parsers)",
      );
    }
    return body;
  }
  /**
   * All parameters: those of the path over those of the body, over those that were put before, over those of the query
   * (Plug: `params`). Without a parser there are none of the body.
   */
  get params(): Params {
    const { given, body, pathParams } = this.incoming;
    return Object.assign(emptyParams(), given ?? this.queryParams, given ? undefined : body, pathParams);
  }
  /**
   * Decodes the query now, so that what is wrong with it is an error here; parameters that were put before have
   * precedence over its (Plug: `fetch_query_params/2`).
   */
  fetchQueryParams(): Conn<Assigns> {
    const { queryParams } = this.head;
    const { given } = this.incoming;
    if (given === undefined) return this.unchanged();
    const next = this.copy();
    next.ownIncoming().given = Object.assign(emptyParams(), queryParams, given);
    return next;
  }
  /** Puts other parameters in the place of those of query and body. */
  putParams(params: Params): Conn<Assigns> {
    const next = this.changed();
    next.ownIncoming().given = params;
    return next;
  }
  putBodyParams(params: Params): Conn<Assigns> {
    const next = this.copy();
    const incoming = next.ownIncoming();
    incoming.body = params;
    if (incoming.given !== undefined) incoming.given = Object.assign(emptyParams(), incoming.given, params);
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
}

function reqName(name: string, value: string): string {
  const checked = nameOf(name, value);
  if (checked !== "host") return checked;
  throw new InvalidHeaderError("the host is not set as a header, but with putRequest({ host })");
}
