import type { Headers, RequestHead } from "./adapter.ts";
import { getHeader } from "./headers.ts";
import { decodeQuery, type Params } from "./query.ts";

/** What can be said of a request; the rest of its head follows from it. */
export type HeadValues = Omit<RequestHead, "header" | "queryParams">;

/** A request's head from given values: in a test, or where a plug changes what the client has sent. */
export class GivenHead implements RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly remoteIp: string;
  private decoded: Params | undefined = undefined;

  constructor(from: HeadValues, changes: Partial<HeadValues> = {}) {
    this.method = changes.method ?? from.method;
    this.scheme = changes.scheme ?? from.scheme;
    this.host = changes.host ?? from.host;
    this.port = changes.port ?? from.port;
    this.path = changes.path ?? from.path;
    this.query = changes.query ?? from.query;
    this.headers = changes.headers ?? from.headers;
    this.remoteIp = changes.remoteIp ?? from.remoteIp;
  }

  header(name: string): string | undefined {
    return getHeader(this.headers, name);
  }

  get queryParams(): Params {
    this.decoded ??= decodeQuery(this.query);
    return this.decoded;
  }
}
