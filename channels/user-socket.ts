import { child } from "../genserver/genserver.ts";
import type { Conn } from "../http/conn/conn.ts";
import { decodeQuery } from "../http/conn/query.ts";
import type { SocketHandler, Upgrade } from "../http/server/socket-handler.ts";
import { BadArgument, BadReturnValue } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { name } from "../runtime/protocol.ts";
import { type Failed, type Ok, Result } from "../runtime/results.ts";
import type { Async, Milliseconds, Name } from "../runtime/types.ts";
import { DynamicSupervisor } from "../supervisor/dynamic-supervisor.ts";
import { type Channel, type ChannelModule, compileChannel } from "./channel.ts";
import { type CheckOrigin, originAllowed } from "./origin.ts";
import { Socket } from "./socket.ts";
import { Transport, type TransportStart } from "./transport.ts";
import { refuseUpgrade, type WebSocketLimits, webSockets } from "./websocket.ts";
import type { Accept, Wire } from "./wire.ts";

/**
 * Who may connect, and which topics there are (Phoenix: `Phoenix.Socket`). Topics are tried in the order in which they
 * are written; a pattern may end in `*`.
 *
 * @example
 * const Visitors = {
 *   connect: (_params, socket) => ok(socket),
 *   channels: { "room:*": RoomChannel },
 * } satisfies UserSocket;
 */
export interface UserSocket {
  /** `ok(socket)` with what was assigned, or `error(reason)`: the upgrade is refused with 403. */
  connect(params: Readonly<Record<string, unknown>>, socket: Socket<any>): Async<Ok<Socket<any>> | Failed>;
  /** The topic on which a `disconnect` broadcast closes this socket's connections. */
  id?(socket: Socket<any>): string | undefined;
  readonly channels: Readonly<Record<string, Channel<any, any>>>;
}

export interface SocketOptions extends Partial<WebSocketLimits> {
  /** Which pages may connect. Default true: those of this host. */
  readonly checkOrigin?: CheckOrigin;
  /** A connection that is silent for so long is closed. Default 60,000 ms; the client's heartbeats count. */
  readonly timeout?: Milliseconds;
  /** Topics a connection may have joined at once. Default 100. */
  readonly maxChannels?: number;
  /** The name of the supervisor of the channels. Default `"channels"`; needed when there are two sockets. */
  readonly name?: string;
}

/** A user socket made ready: what the WebSocket mount and the test kit share. */
export class SocketRoutes {
  readonly channels: Name;
  private readonly source: UserSocket;
  private readonly routes: readonly (readonly [string, ChannelModule])[];
  private readonly limits: { readonly maxChannels: number; readonly idleTimeout: Milliseconds };

  constructor(source: UserSocket, { name: channels = "channels", timeout = 60_000, maxChannels = 100 }: SocketOptions) {
    if (typeof source?.connect !== "function" || typeof source.channels !== "object") {
      throw new BadArgument(`expected a user socket with connect and channels, got: ${show(source)}`);
    }
    this.source = source;
    this.channels = name(channels);
    this.routes = Object.entries(source.channels).map(([pattern, channel]) => [pattern, compileChannel(channel)]);
    this.limits = { maxChannels, idleTimeout: timeout };
  }

  /** Asks `connect`. A refusal is `{ refused }`. */
  async connect(conn: Pick<Conn, "self">, params: Readonly<Record<string, unknown>>): Promise<Connected | Refused> {
    const { self } = conn;
    const seat = { self, transportPid: self.pid, wire: NO_WIRE, topic: "", joinRef: null };
    const result: unknown = await this.source.connect(params, new Socket(seat, {}, false));
    if (result instanceof Result && result.tag === "error") return { refused: result.reason };
    if (!(result instanceof Result) || result.tag !== "ok") throw new BadReturnValue("connect", "ok or error", result);
    const socket = result.state as Socket<any>;
    const id: unknown = this.source.id?.(socket);
    if (id !== undefined && typeof id !== "string") throw new BadReturnValue("id", "a string or undefined", id);
    const { routes, channels, limits } = this;
    return { start: (accept) => ({ accept, socket, id, routes, channels, ...limits }) };
  }
}

interface Connected {
  readonly start: (accept: Accept) => TransportStart;
}
interface Refused {
  readonly refused: unknown;
}

/** A socket that is being connected has nobody to send to yet. */
const NO_WIRE: Wire = { send() {}, close() {}, terminate() {} };

/**
 * Makes what `http` mounts of a user socket: `socket(Visitors)` under `"/socket"` is served at `/socket/websocket`, to
 * the official `phoenix` client, with the serializer of vsn 2.0.0.
 *
 * @example
 * http({ port: 4000, plug: site.plug, sockets: { "/socket": socket(Visitors) } })
 */
export function socket(module: UserSocket, options: SocketOptions = {}): SocketHandler {
  const { checkOrigin = true, maxFrameSize = 10_000_000, maxBuffer = 8_000_000 } = options;
  const routes = new SocketRoutes(module, options);
  const accept = webSockets({ maxFrameSize, maxBuffer });
  return {
    children: [DynamicSupervisor.child({ name: routes.channels })],
    request: (conn) => (isMount(conn) ? conn.sendResp(400, `${NOT_A_WEBSOCKET}\n`) : undefined),
    upgrade: (conn, upgrade) => decide(conn, upgrade, { routes, accept, checkOrigin }),
  };
}

interface Mount {
  readonly routes: SocketRoutes;
  readonly accept: (upgrade: Upgrade) => Accept;
  readonly checkOrigin: CheckOrigin;
}

const isMount = (conn: Conn): boolean => conn.pathInfo.length === 1 && conn.pathInfo[0] === "websocket";
const NOT_A_WEBSOCKET = "expected the header Upgrade: websocket";

/** `~> 2.0.0`; without a version it would be 1.0.0. */
const VSN = /^2\.0\.\d+$/;

async function decide(conn: Conn, upgrade: Upgrade, { routes, accept, checkOrigin }: Mount): Promise<Conn | undefined> {
  if (!isMount(conn)) return conn.sendResp(404, "Not Found\n");
  const broken = refuseUpgrade(conn.method, (header) => conn.getReqHeader(header));
  if (broken !== undefined) return conn.putRespHeader("sec-websocket-version", "13").sendResp(400, `${broken}\n`);
  const params = decodeQuery(conn.queryString);
  const vsn = params.vsn ?? "1.0.0";
  if (typeof vsn !== "string" || !VSN.test(vsn)) return refuse(conn, `vsn ${show(vsn)} is not spoken here`);
  const origin = conn.getReqHeader("origin");
  if (!originAllowed(checkOrigin, origin, conn.getReqHeader("host")))
    return refuse(conn, `origin ${origin} is not allowed`);
  const connected = await routes.connect(conn, params);
  if ("refused" in connected) return refuse(conn, connected.refused);
  const id = `socket ${conn.remoteIp}`;
  const pid = await upgrade.start(child(Transport, connected.start(accept(upgrade)), { id }));
  if (pid !== "ignore") conn.self.telemetry.emit("channels.socket.start", {}, { pid, params });
  return undefined;
}

function refuse(conn: Conn, reason: unknown): Conn {
  conn.self.telemetry.emit("channels.socket.refused", {}, { reason });
  return conn.sendResp(403, "");
}
