import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ChildSpec, Pid } from "../runtime/types.ts";
import { Conn, splitPath } from "./conn.ts";
import { NoRouteError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { named, type PlugFn, runPlug, showPlug } from "./plug.ts";
import { finish, sendError } from "./request.ts";
import type { SocketHandler } from "./socket-handler.ts";

/** An upgrade request as `node:http` hands it over. */
export interface RawUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

type Mount = readonly [path: readonly string[], handler: SocketHandler];

/** The socket handlers of a server, each below its path. */
export class Mounts {
  private readonly mounts: readonly Mount[];

  constructor(sockets: Readonly<Record<string, SocketHandler>>) {
    this.mounts = Object.entries(sockets).map(([path, handler]) => [splitPath(path), handler]);
  }

  /** The one below whose path a request target is. */
  find(target: string): Mount | undefined {
    if (this.mounts.length === 0) return undefined;
    const path = splitPath(target.split("?", 1)[0] as string);
    return this.mounts.find(([mount]) => mount.every((segment, i) => path[i] === segment));
  }

  /** Requests below a mount that are no upgrades are the handler's first, and then the plug's. */
  before(plug: PlugFn<any, any>): PlugFn<any, any> {
    if (this.mounts.length === 0) return plug;
    return named(showPlug(plug), (conn: Conn<any>) => {
      const [mount, handler] = this.find(conn.requestPath) ?? [];
      return (mount && handler?.request?.(conn.enterPath(mount.length))) ?? runPlug(plug, conn);
    });
  }

  /** Asks the handler that is mounted there. True when it has taken the socket over, by `start`. */
  async upgrade(
    exchange: Exchange,
    raw: RawUpgrade,
    start: (child: ChildSpec) => Promise<Pid | "ignore">,
  ): Promise<boolean> {
    const conn = new Conn(exchange);
    const mounted = this.find(conn.requestPath);
    if (mounted === undefined) {
      sendError(exchange, 404, new NoRouteError(conn.method, conn.requestPath).message);
      return false;
    }
    const [mount, handler] = mounted;
    exchange.plug = `socket /${mount.join("/")}`;
    const refused = await handler.upgrade(conn.enterPath(mount.length), { ...raw, start });
    if (refused !== undefined) finish(refused);
    return refused === undefined;
  }
}
