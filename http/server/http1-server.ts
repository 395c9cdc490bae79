import { createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { ChildSpec, Pid } from "../../runtime/types.ts";
import { unwrap } from "../../supervisor/refusal.ts";
import type { Exchange } from "../conn/exchange.ts";
import { HttpError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import type { Mounts, RawUpgrade } from "./mounts.ts";
import { NodeRequest } from "./node-request.ts";
import { NodeResponse } from "./node-response.ts";
import { refusalOf } from "./refusal.ts";
import { sendError } from "./request.ts";
import type { Shared } from "./shared.ts";
import type { UpgradeStart } from "./upgraded-sockets.ts";

const CONNECTION: unique symbol = Symbol("hornbeam.connection");

/** A socket on which requests come. */
interface Served {
  readonly [CONNECTION]?: Connection;
}

/**
 * Node's server, which parses HTTP/1 and tells each connection what has arrived on its socket. It never listens: sockets
 * are handed to it. So it keeps no list of connections for timeouts of its own.
 */
export class Http1Server {
  private readonly self: ProcessSelf;
  private readonly shared: Shared;
  private readonly mounts: Mounts;
  private readonly server: Server;

  /** `self` is the process under which upgraded connections live. */
  constructor(self: ProcessSelf, shared: Shared, mounts: Mounts) {
    this.self = self;
    this.shared = shared;
    this.mounts = mounts;
    this.server = createServer({
      // Checked with the rest of the head: Node would go on with what follows.
      requireHostHeader: false,
      IncomingMessage: NodeRequest,
      ServerResponse: NodeResponse,
      // A request that says nothing of a body has none: there is nothing to read, and to end.
      optimizeEmptyRequests: true,
      // A timer for each answer; idle connections are looked for instead.
      keepAliveTimeout: 0,
      maxHeaderSize: shared.limits.maxHeaderSize,
      shouldUpgradeCallback: (request: IncomingMessage) => this.takesUpgrade(request as NodeRequest),
    } as ServerOptions);
    // One more is seen, and refused; those beyond are dropped, and with them perhaps the Host.
    this.server.maxHeadersCount = shared.limits.maxHeaders + 1;
    this.server.on("request", (request, response) => {
      this.of(request.socket)?.serve(request as NodeRequest, response as NodeResponse);
    });
    for (const event of ["checkContinue", "checkExpectation"]) {
      this.server.on(event, (request, response) => this.of(request.socket)?.serveExpecting(request, response));
    }
    this.server.on("connect", (request) => this.of(request.socket)?.refuse(new HttpError(501, "nothing is tunnelled")));
    this.server.on("clientError", (error, socket) => this.of(socket)?.refuse(refusalOf(error)));
    this.server.on("upgrade", (request, socket, head) => {
      // In the middle of a body it is a stream of its own, on which the error of the socket is seen once more.
      socket.on("error", () => {});
      this.of(request.socket)?.upgrade(request as NodeRequest, (exchange) =>
        this.upgrade(exchange, { request, socket, head }),
      );
    });
  }

  /** From now on the connection is told what arrives on its socket, which is paused. */
  begin(connection: Connection, socket: Socket): void {
    Object.assign(socket, { [CONNECTION]: connection });
    this.server.emit("connection", socket);
    socket.resume();
  }

  private of(socket: object): Connection | undefined {
    return (socket as Served)[CONNECTION];
  }

  /**
   * Who offers an upgrade that nobody here takes is answered as if it had not, but only once: what followed in the same
   * packet is lost to Node's parser.
   */
  private takesUpgrade(request: NodeRequest): boolean {
    if (this.mounts.isUpgrade(request.withAllHeaders())) return true;
    this.of(request.socket)?.endAfterThis();
    return false;
  }

  private async upgrade(exchange: Exchange, raw: RawUpgrade): Promise<boolean> {
    if (this.shared.draining) {
      sendError(exchange, 503);
      return false;
    }
    const { path, remoteIp: remoteAddress } = exchange.head;
    const start = (child: ChildSpec): Promise<Pid | "ignore"> => {
      const upgraded = { socket: raw.socket as Socket, since: this.self.now(), remoteAddress, path };
      return unwrap(exchange.self.call(this.self.pid as Pid, "start", { child, upgraded } satisfies UpgradeStart));
    };
    return this.mounts.upgrade(exchange, raw, start, this.shared.plug);
  }
}
