import type { Socket } from "node:net";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { Milliseconds } from "../../runtime/types.ts";
import { Backlog } from "./backlog.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import { Handshakes, type Protocol } from "./handshakes.ts";
import type { Shared } from "./shared.ts";
import { nodeTls, type TlsOptions } from "./tls.ts";
import { traffic } from "./traffic.ts";

/** Who serves those that have come in. */
export interface Host {
  /** How many it serves that count for `maxConnections`. */
  served(): number;
  /** Serves one more: it is known what the client speaks. */
  serve(socket: Socket, protocol: Protocol): void;
  /** Somebody has gone before that was known. */
  left(): void;
}

/**
 * Where connections come in, and are until somebody serves them: in a line when as many are served as may be, and then
 * for as long as it is not known what they speak. Those that are too many, or too late, are turned away.
 */
export class Acceptor {
  accepted = 0;
  refused = 0;
  private readonly self: ProcessSelf;
  private readonly shared: Shared;
  private readonly host: Host;
  private readonly backlog = new Backlog();
  /** Connections of which it is not known yet what they speak; undefined when that is always HTTP/1. */
  private readonly handshakes: Handshakes | undefined;

  constructor(self: ProcessSelf, shared: Shared, tls: TlsOptions | undefined, http2: boolean, host: Host) {
    this.self = self;
    this.shared = shared;
    this.host = host;
    if (tls === undefined && !http2) return;
    this.handshakes = new Handshakes(tls && nodeTls(tls), http2, {
      speaks: (socket, protocol) => host.serve(socket, protocol),
      left: (remoteAddress, failure) => this.left(remoteAddress, failure),
    });
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.backlog.size;
  }

  /** How many are here. */
  get size(): number {
    return this.backlog.size + this.handshaking;
  }

  private get handshaking(): number {
    return this.handshakes?.size ?? 0;
  }

  private get full(): boolean {
    return this.host.served() + this.handshaking >= this.shared.limits.maxConnections;
  }

  /** Takes a socket that was accepted, and is paused. */
  accept(socket: Socket): void {
    this.accepted++;
    // The close that follows is what counts.
    socket.on("error", () => {});
    if (!this.full) this.begin(socket);
    else if (this.backlog.size < this.shared.limits.maxWaiting) this.backlog.add(socket, this.self.now());
    else this.refuse(socket, "too many wait");
  }

  /** Lets in who waits, as many as may be. */
  admit(): void {
    while (!this.full) {
      const socket = this.backlog.next();
      if (socket === undefined) return;
      this.begin(socket);
    }
  }

  private begin(socket: Socket): void {
    if (this.handshakes === undefined) this.host.serve(socket, "http/1.1");
    else this.handshakes.begin(socket, this.self.now());
  }

  /** A client has gone before it was known what it speaks. */
  private left(remoteAddress: string, failure: Error | undefined): void {
    const { telemetry } = this.self.kernel;
    if (failure !== undefined) telemetry.emit("http.handshake.error", {}, { remoteAddress, error: failure });
    this.admit();
    this.host.left();
  }

  private refuse(socket: Socket, why: "too many wait" | "waited too long"): void {
    this.refused++;
    const { telemetry } = this.self.kernel;
    telemetry.emit("http.connection.refused", {}, { remoteAddress: socket.remoteAddress ?? "", why });
    socket.destroy();
  }

  /** Turns away who has been here for too long. */
  look(now: Milliseconds): void {
    const { limits, draining, grace } = this.shared;
    for (const socket of this.backlog.takeSince(now - limits.waitingTimeout)) this.refuse(socket, "waited too long");
    const patience = draining ? grace : limits.headersTimeout;
    for (const socket of this.handshakes?.takeSince(now - patience) ?? []) {
      this.left(socket.remoteAddress ?? "", new Error(`nothing was agreed on within ${patience} ms`));
      socket.destroy();
    }
  }

  cutOff(): void {
    for (const [socket] of this.backlog.entries()) socket.destroy();
    for (const [socket] of this.handshakes?.entries() ?? []) socket.destroy();
  }

  list(now: Milliseconds): readonly ConnectionInfo[] {
    const { draining } = this.shared;
    return [
      ...unserved(this.handshakes?.entries() ?? [], "handshake", draining, now),
      ...unserved(this.backlog.entries(), "waiting", draining, now),
    ];
  }
}

const unserved = (
  sockets: Iterable<readonly [Socket, Milliseconds]>,
  state: "waiting" | "handshake",
  draining: boolean,
  now: Milliseconds,
): readonly ConnectionInfo[] =>
  [...sockets].map(([socket, since]) => ({
    pid: undefined,
    protocol: undefined,
    remoteAddress: socket.remoteAddress ?? "",
    age: now - since,
    state,
    requests: [],
    served: 0,
    draining,
    ...traffic(socket),
  }));
