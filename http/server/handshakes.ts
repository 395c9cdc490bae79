import type { Socket } from "node:net";
import { createServer, type Server, type TlsOptions } from "node:tls";
import type { Milliseconds } from "../../runtime/types.ts";

export type Protocol = "http/1.1" | "h2";

/** What becomes of connections whose protocol was not known at first. */
export interface HandshakeEnd {
  /** It is known what the client speaks; over TLS `socket` is another one than that which was accepted. */
  speaks(socket: Socket, protocol: Protocol): void;
  /** The client has gone, or there was nothing to agree on. */
  left(remoteAddress: string, failure: Error | undefined): void;
}

/** What an HTTP/2 connection without TLS begins with (RFC 9113 §3.4), as far as it differs from every HTTP/1 request. */
const PREFACE = "PRI * HTTP/2.0\r\n";

/**
 * Connections of which it is not known yet what they speak: those that shake hands for TLS, where the client says it by
 * ALPN, and without TLS those that may begin with the preface of HTTP/2.
 */
export class Handshakes {
  private readonly since = new Map<Socket, Milliseconds>();
  /** Those that shake hands, by where they come from: all that TLS tells of them when they have. */
  private readonly shaking = new Map<string, Socket>();
  private readonly server: Server | undefined;
  private readonly end: HandshakeEnd;

  constructor(tls: TlsOptions | undefined, http2: boolean, end: HandshakeEnd) {
    this.end = end;
    if (tls === undefined) return;
    const protocols = http2 ? ["h2", "http/1.1"] : ["http/1.1"];
    // It never listens: sockets are handed to it.
    this.server = createServer({ ...tls, ALPNProtocols: protocols }, (socket) => {
      this.forget(this.shaking.get(origin(socket)));
      // The close that follows is what counts.
      socket.on("error", () => {});
      end.speaks(socket, socket.alpnProtocol === "h2" ? "h2" : "http/1.1");
    });
    this.server.on("tlsClientError", (failure, socket) => {
      const raw = this.shaking.get(origin(socket));
      if (this.forget(raw)) end.left(raw?.remoteAddress ?? "", failure);
      socket.destroy();
    });
  }

  get size(): number {
    return this.since.size;
  }

  entries(): Iterable<readonly [socket: Socket, since: Milliseconds]> {
    return this.since;
  }

  begin(socket: Socket, now: Milliseconds): void {
    this.since.set(socket, now);
    const { remoteAddress = "" } = socket;
    const place = origin(socket);
    socket.once("close", () => {
      if (this.shaking.get(place) === socket) this.shaking.delete(place);
      if (this.forget(socket)) this.end.left(remoteAddress, undefined);
    });
    if (this.server === undefined) return this.listen(socket);
    this.shaking.set(place, socket);
    // A client that has gone in the middle of its handshake would stay half open for ever.
    socket.allowHalfOpen = false;
    this.server.emit("connection", socket);
  }

  /** Takes those out that have been here since `moment` or longer. */
  takeSince(moment: Milliseconds): readonly Socket[] {
    const late: Socket[] = [];
    for (const [socket, since] of this.since) {
      if (since > moment) break;
      this.forget(socket);
      late.push(socket);
    }
    return late;
  }

  /** False when it was not here any more. */
  private forget(socket: Socket | undefined): boolean {
    return socket !== undefined && this.since.delete(socket);
  }

  /** Reads until it is clear whether the preface comes, and puts back what was read. */
  private listen(socket: Socket): void {
    let heard = Buffer.alloc(0);
    const hear = (data: Buffer): void => {
      heard = Buffer.concat([heard, data]);
      const text = heard.toString("latin1", 0, PREFACE.length);
      if (PREFACE.startsWith(text) && text.length < PREFACE.length) return;
      this.know(socket, heard, text === PREFACE ? "h2" : "http/1.1", hear);
    };
    socket.on("data", hear);
    // A client that has said all, and not enough for either, is for HTTP/1 to answer.
    socket.once("end", () => this.know(socket, heard, "http/1.1", hear));
    socket.resume();
  }

  private know(socket: Socket, heard: Buffer, protocol: Protocol, hear: (data: Buffer) => void): void {
    if (!this.forget(socket)) return;
    socket.off("data", hear).pause();
    if (heard.length > 0) socket.unshift(heard);
    this.end.speaks(socket, protocol);
  }
}

/** No two connections that are open at once have the same. */
const origin = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
