import { child } from "../../genserver/genserver.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { ChildSpec, Milliseconds } from "../../runtime/types.ts";
import { type Supervisor, supervisor } from "../../supervisor/supervisor.ts";
import type { UrlParts } from "../conn/settings.ts";
import { checkSecret } from "../crypto/key-generator.ts";
import { checkErrorViews, type ErrorViews } from "../phoenix/render-errors.ts";
import type { PlugFn } from "../pipeline/plug.ts";
import { type Alarm, checkAlarms } from "./alarms.ts";
import { Connections } from "./connections.ts";
import { type DrainerOptions, drainer } from "./drainer.ts";
import { checkHttp2, type Http2Limits } from "./http2-limits.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { Listener } from "./listener.ts";
import { namesOf } from "./names.ts";
import type { SocketHandler } from "./socket-handler.ts";
import { checkTls, type TlsOptions } from "./tls.ts";

/** How a server ends. */
export interface DrainOptions extends Pick<DrainerOptions, "shutdown" | "readyDelay" | "batch"> {
  /** What becomes of requests that come on open connections meanwhile: they are served (the default), or get 503. */
  readonly newRequests?: "serve" | "refuse";
}

export interface HttpOptions {
  /** What every request goes through. */
  readonly plug: PlugFn<any, any>;
  /** WebSockets by path: `{ "/socket": socket(Visitors) }` is served at `/socket/websocket`. */
  readonly sockets?: Readonly<Record<string, SocketHandler>>;
  /** 0 takes a free one; ask for it with {@link httpInfo}. */
  readonly port: number;
  /** Default `"127.0.0.1"`, which is this machine alone; `"::"` is every address it has. */
  readonly host?: string;
  /** Speaks TLS: `{ key, cert }`, of PEM text or paths, and whatever else `node:tls` takes. Default: it does not. */
  readonly tls?: TlsOptions;
  /**
   * Speaks HTTP/2 beside HTTP/1: over TLS to clients that ask for it (ALPN), else to those that begin with its preface
   * ("prior knowledge"). Or its limits. Default: whether there is `tls`.
   */
  readonly http2?: boolean | Partial<Http2Limits>;
  /** What clients may take: connections, requests, time. */
  readonly limits?: Partial<Limits>;
  /** Tell when there are many connections. Default none. */
  readonly alarms?: readonly Alarm[];
  /**
   * How long requests and WebSockets may take to end when the server stops, or more about that; `false` for a server that
   * another {@link drainer} drains, or none. Default 5000 ms.
   */
  readonly drain?: Milliseconds | DrainOptions | false;
  /** How long a connection must have been quiet before it is closed while draining. Default 1000 ms. */
  readonly grace?: Milliseconds;
  /** What cookies and sessions are signed and encrypted with: at least 64 bytes, and the same after a restart. */
  readonly secretKeyBase?: string;
  /**
   * Errors say where in the code a response was sent and a conn was lost, which costs some microseconds each time.
   * Default: whether `NODE_ENV` is `development`.
   */
  readonly development?: boolean;
  /** What the URLs of this site begin with, where that is not what requests say: behind a proxy, in mails. */
  readonly url?: UrlParts;
  /** What the URLs of its static files begin with. Default: `url`. */
  readonly staticUrl?: UrlParts;
  /**
   * How errors are shown, by format: `{ html: ({ status, message }) => …, json: … }`. Default: plain text. A view that
   * fails is reported, and the answer is plain.
   */
  readonly errors?: ErrorViews;
  /** Names the server, for {@link httpInfo} and several servers in one system. Default `"http"`. */
  readonly name?: string;
}

/** More restarts of a server's processes than these, and its supervisor decides. */
const MAX_RESTARTS = 100;

/**
 * An HTTP server as a child: a supervisor of its sockets' processes, its connections, its listener and its drainer, in
 * this order, so that they stop in the order drainer, listener, connections. Each is restarted alone; the listener is
 * linked to the connections, because it cannot go on without them. So a restart never drains.
 *
 * @example
 * http({ port: 4000, plug: site.plug, sockets: { "/socket": socket(Visitors) }, drain: 10_000 })
 */
export function http(options: HttpOptions): ChildSpec {
  if (typeof options?.plug !== "function") {
    throw new BadArgument(`http: expected a plug, got: ${show(options?.plug)}; of a router it is router.plug`);
  }
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    throw new BadArgument(`http: expected a port from 0 to 65535, got: ${show(options.port)}`);
  }
  const drain = drainOf(options.drain);
  checkLimits(options.limits);
  checkAlarms(options.alarms);
  if (options.secretKeyBase !== undefined) checkSecret(options.secretKeyBase);
  if (options.tls !== undefined) checkTls(options.tls);
  if (options.http2 !== undefined) checkHttp2(options.http2);
  checkErrorViews(options.errors);
  if (drain !== undefined) drainer({ server: "http", ...drain });
  return supervisor(HttpServer, options, { id: options.name ?? "http" });
}

const HttpServer = {
  init: ({
    plug,
    sockets = {},
    port,
    host = "127.0.0.1",
    grace = 1000,
    name: server = "http",
    ...rest
  }: HttpOptions) => {
    const { connections, listener } = namesOf(server);
    const services = Object.values(sockets).flatMap(({ children }) => children);
    const limits = checkLimits(rest.limits);
    const alarms = checkAlarms(rest.alarms);
    const drain = drainOf(rest.drain);
    const refusing = drain !== undefined && drain.newRequests === "refuse";
    const { secretKeyBase, development = process.env.NODE_ENV === "development" } = rest;
    const { tls, url, staticUrl, errors } = rest;
    const settings = { secretKeyBase, development, url, staticUrl, errors };
    const http2 = checkHttp2(rest.http2 ?? tls !== undefined);
    const pool = { server, plug, sockets, grace, refusing, settings, limits, alarms, tls, http2 };
    return {
      strategy: "oneForOne",
      maxRestarts: MAX_RESTARTS,
      children: [
        supervisor(Services, services, { id: "sockets" }),
        child(Connections, pool, { id: "connections", name: connections, type: "supervisor" }),
        child(
          Listener,
          { connections, port, host, scheme: tls === undefined ? "http" : "https" },
          { id: "listener", name: listener },
        ),
        ...(drain === undefined ? [] : [drainer({ server, grace, ...drain })]),
      ],
    };
  },
} satisfies Supervisor;

function drainOf(drain: HttpOptions["drain"] = 5000): DrainOptions | undefined {
  if (drain === false) return undefined;
  return typeof drain === "object" ? drain : { shutdown: drain };
}

const Services = {
  init: (children: readonly ChildSpec[]) => ({ strategy: "oneForOne", maxRestarts: MAX_RESTARTS, children }),
} satisfies Supervisor;
