import type { Body, Headers } from "./adapter.ts";
import type { Conn } from "./conn.ts";
import type { CookieJar } from "./cookie-jar.ts";
import type { SessionState } from "./session-state.ts";

/**
 * Where a response stands (Plug: `Plug.Conn`): nothing is set; it is set and not sent yet, and how; it is sent, whole, in
 * chunks or as a file; another protocol has taken over.
 */
export type ConnState = "unset" | "set" | "setChunked" | "setFile" | "sent" | "chunked" | "file" | "upgraded";

export type Hook = (conn: Conn<any>) => Conn<any>;

const NO_HOOKS: readonly Hook[] = [];
const DEFAULT_HEADERS: Headers = [["cache-control", "max-age=0, private, must-revalidate"]];

/** What a conn has of its response. Conns share it: who changes something of it takes a copy. */
export class Outgoing {
  declare status: number | undefined;
  declare state: ConnState;
  declare headers: Headers;
  declare body: Body | undefined;
  /** Called before it is sent, in this order. */
  declare hooks: readonly Hook[];
  declare jar: CookieJar | undefined;
  declare session: SessionState | undefined;

  constructor(from?: Outgoing) {
    this.status = from?.status;
    this.state = from === undefined ? "unset" : from.state;
    this.headers = from === undefined ? DEFAULT_HEADERS : from.headers;
    this.body = from?.body;
    this.hooks = from === undefined ? NO_HOOKS : from.hooks;
    this.jar = from?.jar;
    this.session = from?.session;
  }
}
