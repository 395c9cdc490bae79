import { child } from "../genserver/genserver.ts";
import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { name, type ProtocolOf } from "../runtime/protocol.ts";
import type { Caller, ChildSpec, Milliseconds, Name } from "../runtime/types.ts";
import { unwrap } from "../supervisor/refusal.ts";
import { type Supervisor, supervisor } from "../supervisor/supervisor.ts";
import { Connections, type Counts } from "./connections.ts";
import { Drainer } from "./drainer.ts";
import { Listener, type ListenerInfo } from "./listener.ts";
import type { PlugFn } from "./plug.ts";
import type { SocketHandler } from "./socket-handler.ts";

export interface HttpOptions {
  /** What every request goes through. */
  readonly plug: PlugFn<any, any>;
  /** WebSockets by path: `{ "/socket": socket(Visitors) }` is served at `/socket/websocket`. */
  readonly sockets?: Readonly<Record<string, SocketHandler>>;
  /** 0 takes a free one; ask for it with {@link httpInfo}. */
  readonly port: number;
  /** Default `"127.0.0.1"`, which is this machine alone; `"::"` is every address it has. */
  readonly host?: string;
  /** How long requests and WebSockets may take to end when the server stops. Default 5000 ms. */
  readonly drain?: Milliseconds;
  /** How long a connection must have been quiet before it is closed while draining. Default 1000 ms. */
  readonly grace?: Milliseconds;
  /** What cookies and sessions are signed and encrypted with: at least 64 bytes, and the same after a restart. */
  readonly secretKeyBase?: string;
  /**
   * Errors say where in the code a response was sent and a conn was lost, which costs some microseconds each time.
   * Default: whether `NODE_ENV` is `development`.
   */
  readonly development?: boolean;
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
  return supervisor(HttpServer, options, { id: options.name ?? "http" });
}

/** Where a server listens, and how many connections, requests and WebSockets it has. */
export async function httpInfo(by: Caller, server = "http"): Promise<ListenerInfo & Counts> {
  const { listener, connections } = namesOf(server);
  return { ...(await by.call(listener, "info")), ...(await by.call(connections, "counts")) };
}

/** Stops accepting connections; those that are open go on. {@link resume} takes it back. */
export const suspend = (by: Caller, server = "http"): Promise<void> => by.call(namesOf(server).listener, "suspend");

/** Accepts connections again, on the same port. Rejects when that is taken; the server then stays suspended. */
export const resume = (by: Caller, server = "http"): Promise<void> =>
  unwrap(by.call(namesOf(server).listener, "resume"));

const HttpServer = {
  init: ({
    plug,
    sockets = {},
    port,
    host = "127.0.0.1",
    drain = 5000,
    grace = 1000,
    secretKeyBase,
    development = process.env.NODE_ENV === "development",
    name: server = "http",
  }: HttpOptions) => {
    const settings = { secretKeyBase, development };
    const { connections, listener } = namesOf(server);
    const services = Object.values(sockets).flatMap(({ children }) => children);
    return {
      strategy: "oneForOne",
      maxRestarts: MAX_RESTARTS,
      children: [
        supervisor(Services, services, { id: "sockets" }),
        child(
          Connections,
          { plug, sockets, grace, settings },
          { id: "connections", name: connections, type: "supervisor" },
        ),
        child(Listener, { connections, port, host }, { id: "listener", name: listener }),
        child(Drainer, { connections, listener, drain }, { id: "drainer", shutdown: drain + LAST_REPORT }),
      ],
    };
  },
} satisfies Supervisor;

/** What the drainer needs, beyond the time to drain, to say what it cut off. */
const LAST_REPORT: Milliseconds = 500;

const Services = {
  init: (children: readonly ChildSpec[]) => ({ strategy: "oneForOne", maxRestarts: MAX_RESTARTS, children }),
} satisfies Supervisor;

function namesOf(server: string): {
  readonly connections: Name<ProtocolOf<typeof Connections>>;
  readonly listener: Name<ProtocolOf<typeof Listener>>;
} {
  return {
    connections: name<typeof Connections>(`${server}.connections`),
    listener: name<typeof Listener>(`${server}.listener`),
  };
}
