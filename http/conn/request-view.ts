import type { Pid, Self } from "../../runtime/types.ts";
import type { Endpoint, Headers, PeerData, RequestHead, SslData } from "./adapter.ts";
import { reqCookies } from "./cookie-jar.ts";
import type { Cookies } from "./cookies.ts";
import type { Exchange } from "./exchange.ts";
import { getHeaders } from "./headers.ts";
import type { Incoming } from "./incoming.ts";
import type { Params } from "./query.ts";
import type { Settings } from "./settings.ts";

/** What a conn says of its request. */
export abstract class RequestView {
  declare readonly exchange: Exchange;
  declare protected incoming: Incoming;

  constructor(exchange: Exchange, incoming: Incoming) {
    this.exchange = exchange;
    this.incoming = incoming;
  }

  protected get head(): RequestHead {
    return this.incoming.head;
  }

  get method(): string {
    return this.head.method;
  }
  get scheme(): "http" | "https" {
    return this.head.scheme;
  }
  get host(): string {
    return this.head.host;
  }
  get port(): number {
    return this.head.port;
  }
  /** As it came, neither decoded nor normalised; a forward does not change it. */
  get requestPath(): string {
    return this.head.path;
  }
  get queryString(): string {
    return this.head.query;
  }
  /** In order, with duplicates, names in lower case. */
  get reqHeaders(): Headers {
    return this.head.headers;
  }
  /** The client's address, or the one that a proxy says it has, where a plug trusts it (Plug: `remote_ip`). */
  get remoteIp(): string {
    return this.head.remoteIp;
  }
  /** `https://example.com:8080/path?query`, without the port that is the scheme's (Plug: `request_url/1`). */
  get requestUrl(): string {
    const { scheme, host, port, path, query } = this.head;
    const shown = port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`;
    return `${scheme}://${host}${shown}${path}${query === "" ? "" : `?${query}`}`;
  }
  /** The two ends of the connection, whatever proxies say. */
  get peerData(): PeerData {
    return this.exchange.adapter.peer;
  }
  get sockData(): Endpoint {
    return this.exchange.adapter.sock;
  }
  /** Undefined without TLS. */
  get sslData(): SslData | undefined {
    return this.exchange.adapter.ssl;
  }
  /** `HTTP/1.1` */
  get httpProtocol(): string {
    return this.exchange.adapter.protocol;
  }
  /** The process that serves this request. */
  get self(): Self {
    return this.exchange.self;
  }
  get owner(): Pid {
    return this.exchange.self.pid;
  }
  /** Aborted when the client goes away before it has its response, or is cut off, and only then. */
  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  getReqHeader(name: string): string | undefined {
    return this.head.header(name.toLowerCase());
  }
  /** The values of all headers of that name (Plug: `get_req_header/2`). */
  getReqHeaders(name: string): readonly string[] {
    return getHeaders(this.reqHeaders, name.toLowerCase());
  }
  /** Decoded once a request. 414 beyond 1,000,000 bytes, 400 for bad UTF-8. */
  get queryParams(): Params {
    return this.head.queryParams;
  }
  /** What the request's cookies were, as they came. */
  get reqCookies(): Cookies {
    return reqCookies(this.head);
  }
  /** What the conns of this server have in common. */
  get settings(): Settings {
    return this.exchange.settings;
  }
}
