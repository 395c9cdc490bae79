import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ChildSpec, Pid } from "../../runtime/types.ts";
import { Conn } from "../conn/conn.ts";
import type { Exchange } from "../conn/exchange.ts";
import { splitPath } from "../conn/split-path.ts";
import { runStep } from "../pipeline/plug.ts";
import { Step } from "../pipeline/step.ts";
import type { NodeAdapter } from "./node-adapter.ts";
import { finish, serve } from "./request.ts";
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

  /** Whether a request that offers to upgrade is taken at its word: below a mount, and for a WebSocket anywhere. */
  isUpgrade({ method, headers, url = "/" }: IncomingMessage): boolean {
    return this.find(url) !== undefined || (method === "GET" && headers.upgrade?.toLowerCase() === "websocket");
  }

  /** The one below whose path a request target is. */
  private find(target: string): Mount | undefined {
    if (this.mounts.length === 0) return undefined;
    const path = splitPath(target.split("?", 1)[0] as string);
    return this.mounts.find(([mount]) => mount.every((segment, i) => path[i] === segment));
  }

  /** Requests below a mount that are no upgrades are the handler's first, and then the site's. */
  before(site: Step): Step {
    if (this.mounts.length === 0) return site;
    const run = (conn: Conn<any>) => {
      const [mount, handler] = this.find(conn.requestPath) ?? [];
      return (mount && handler?.request?.(conn.enterPath(mount.length))) ?? runStep(site, conn);
    };
    return new Step(run, site.name, undefined);
  }

  /** Asks the handler that is mounted there, or the site. True when it has taken the socket over, by `start`. */
  async upgrade(
    exchange: Exchange,
    raw: RawUpgrade,
    start: (child: ChildSpec) => Promise<Pid | "ignore">,
    site: Step,
  ): Promise<boolean> {
    const conn = new Conn(exchange);
    const mounted = this.find(conn.requestPath);
    if (mounted === undefined) {
      await serve(exchange, site);
      const { takeover } = exchange.adapter as NodeAdapter;
      await takeover?.take({ ...raw, headers: takeover.headers, start });
      return takeover !== undefined;
    }
    const [mount, handler] = mounted;
    exchange.enter(new Step((given) => given, `socket /${mount.join("/")}`, undefined), conn);
    const refused = await handler.upgrade(conn.enterPath(mount.length), { ...raw, headers: [], start });
    if (refused !== undefined) await finish(refused);
    return refused === undefined;
  }
}
