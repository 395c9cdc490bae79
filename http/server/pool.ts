import { createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { answer, type From } from "../../runtime/call.ts";
import type { ProcessSelf } from "../../runtime/self.ts";
import { stopProcess } from "../../runtime/stopping.ts";
import type { ChildSpec, Milliseconds, Pid, Reason, Self, TimerRef } from "../../runtime/types.ts";
import type { ChildInfo } from "../../supervisor/children.ts";
import { Refusal, unwrap } from "../../supervisor/refusal.ts";
import type { Exchange } from "../conn/exchange.ts";
import type { Settings } from "../conn/settings.ts";
import { HttpError } from "../errors.ts";
import type { PlugFn } from "../pipeline/plug.ts";
import { Step } from "../pipeline/step.ts";
import { type Alarm, Alarms } from "./alarms.ts";
import { AwaitedCounts } from "./awaited-counts.ts";
import { Connection } from "./connection.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import { Greetings, type Protocol } from "./greetings.ts";
import { Http2Connection } from "./http2-connection.ts";
import type { Http2Limits } from "./http2-limits.ts";
import { type Bounds, pauseBetweenLooks } from "./limits.ts";
import { Mounts, type RawUpgrade } from "./mounts.ts";
import { NodeResponse } from "./node-response.ts";
import { refusalOf } from "./refusal.ts";
import { sendError } from "./request.ts";
import { Round } from "./round.ts";
import { addServer } from "./servers.ts";
import type { Shared } from "./shared.ts";
import type { Drain, SocketHandler } from "./socket-handler.ts";
import { nodeTls, type TlsOptions } from "./tls.ts";
import { traffic } from "./traffic.ts";
import { WaitingLine } from "./waiting-line.ts";

export interface PoolOptions {
  /** The name of the server. */
  readonly server: string;
  readonly plug: PlugFn<any, any>;
  readonly sockets: Readonly<Record<string, SocketHandler>>;
  readonly grace: Milliseconds;
  readonly refusing: boolean;
  readonly settings: Settings;
  readonly tls: TlsOptions | undefined;
  readonly http2: Http2Limits | undefined;
  readonly limits: Bounds;
  readonly alarms: readonly Alarm[];
}

/** What a server has now, and has had. */
export interface Counts {
  /** TCP connections that are served and are no WebSockets. */
  readonly connections: number;
  readonly requests: number;
  /** WebSockets. */
  readonly sockets: number;
  /** Connections that wait for one of `maxConnections` to end. */
  readonly waiting: number;
  /** Connections since the start, waiting ones too. */
  readonly accepted: number;
  /** Those of them that were closed because too many waited, or for too long. */
  readonly refused: number;
}

/** A connection that speaks something else now, in a process of its own. */
export interface Upgraded {
  readonly socket: Socket;
  readonly since: Milliseconds;
  readonly remoteAddress: string;
  readonly path: string;
}

/** A WebSocket that is to be started. */
export interface UpgradeStart {
  readonly child: ChildSpec;
  readonly upgraded: Upgraded;
}

/** It is time to look whether a connection has reached a limit. */
export const LOOK = { tag: "look" } as const;

/** All connections are looked at in so many goes, at most; and in a go at so many, at least. */
const SHARES = 20;
const LEAST_SHARE = 50;

/** How long a connection may take to say goodbye when the server stops. */
const GOODBYE: Milliseconds = 11_000;

/**
 * Every connection of a server. It starts a process for each socket that it is given, and survives the listener they
 * came from, so that the listener can be suspended, or crash, and nobody is cut off.
 */
export class Pool {
  readonly shared: Shared;
  private readonly self: ProcessSelf;
  private readonly server: Server;
  private readonly mounts: Mounts;
  private readonly alarms: Alarms;
  private readonly waiting = new WaitingLine();
  /** Connections of which it is not known yet what they speak; undefined when that is always HTTP/1. */
  private readonly greetings: Greetings | undefined;
  private readonly http2: Http2Limits | undefined;
  private readonly connections = new Map<Pid, Connection | Http2Connection>();
  private readonly round = new Round(this.connections);
  private readonly bySocket = new WeakMap<object, Connection>();
  private readonly upgraded = new Map<Pid, Upgraded>();
  /** Those that do not count for the limit. */
  private readonly uncounted = new Set<Pid>();
  private readonly awaited = new AwaitedCounts();
  private whenQuiet: From[] = [];
  private whenEmpty: From[] = [];
  private looking: TimerRef | undefined;
  /** Who streams or has a WebSocket has been told that the server drains. */
  private notified = false;
  private accepted = 0;
  private refused = 0;

  constructor(
    self: ProcessSelf,
    { server, plug, sockets, grace, refusing, settings, limits, alarms, tls, http2 }: PoolOptions,
  ) {
    this.self = self;
    this.mounts = new Mounts(sockets);
    this.alarms = new Alarms(alarms);
    this.shared = {
      plug: this.mounts.before(new Step(plug, undefined, undefined)),
      settings,
      limits,
      grace,
      refusing,
      ready: true,
      draining: false,
    };
    // It never listens: sockets are handed to it. So it keeps no list of connections for timeouts of its own.
    this.server = createServer({
      // Checked with the rest of the head: Node would go on with what follows.
      requireHostHeader: false,
      ServerResponse: NodeResponse,
      // A request that says nothing of a body has none: there is nothing to read, and to end.
      optimizeEmptyRequests: true,
      // A timer for each answer; idle connections are looked for instead.
      keepAliveTimeout: 0,
      maxHeaderSize: limits.maxHeaderSize,
      shouldUpgradeCallback: (request: IncomingMessage) => this.takesUpgrade(request),
    } as ServerOptions);
    // One more is seen, and refused; those beyond are dropped, and with them perhaps the Host.
    this.server.maxHeadersCount = limits.maxHeaders + 1;
    this.server.on("request", (request, response) => {
      this.of(request.socket)?.serve(request, response as NodeResponse);
    });
    for (const event of ["checkContinue", "checkExpectation"]) {
      this.server.on(event, (request, response) => this.of(request.socket)?.serveExpecting(request, response));
    }
    this.server.on("connect", (request) => this.of(request.socket)?.refuse(new HttpError(501, "nothing is tunnelled")));
    this.server.on("clientError", (error, socket) => this.of(socket)?.refuse(refusalOf(error)));
    this.server.on("upgrade", (request, socket, head) => {
      this.of(request.socket)?.upgrade(request, (exchange) => this.upgrade(exchange, { request, socket, head }));
    });
    this.http2 = http2;
    if (tls !== undefined || http2 !== undefined) {
      this.greetings = new Greetings(tls && nodeTls(tls), http2 !== undefined, {
        speaks: (socket, protocol) => this.open(socket, protocol),
        left: (remoteAddress, failure) => this.left(remoteAddress, failure),
      });
    }
    self.own({ [Symbol.dispose]: () => this.close() });
    addServer(self, server, this.shared);
  }

  // ── who comes ──

  /** Takes a socket that was accepted, and is paused. */
  readonly accept = (socket: Socket): void => {
    this.accepted++;
    // The close that follows is what counts.
    socket.on("error", () => {});
    if (this.active < this.shared.limits.maxConnections) this.begin(socket);
    else if (this.waiting.size < this.shared.limits.maxWaiting) this.waiting.add(socket, this.self.now());
    else this.refuse(socket, "too many wait");
    this.lookLater();
  };

  private begin(socket: Socket): void {
    if (this.greetings === undefined) this.open(socket, "http/1.1");
    else this.greetings.begin(socket, this.self.now());
  }

  private open(socket: Socket, protocol: Protocol): void {
    if (this.self.dead) {
      socket.destroy();
      return;
    }
    if (protocol === "h2") {
      const connection = new Http2Connection(this.self, socket, this.shared, this.http2 as Http2Limits);
      this.connections.set(connection.pid, connection);
      return this.opened(connection.pid, socket);
    }
    const connection = new Connection(this.self, socket, this.shared);
    this.bySocket.set(socket, connection);
    this.connections.set(connection.pid, connection);
    this.server.emit("connection", socket);
    socket.resume();
    this.opened(connection.pid, socket);
  }

  /** A client has gone before it was known what it speaks. */
  private left(remoteAddress: string, failure: Error | undefined): void {
    const { telemetry } = this.self.kernel;
    if (failure !== undefined) telemetry.emit("http.handshake.error", {}, { remoteAddress, error: failure });
    this.admit();
    this.answerDrains();
  }

  private opened(pid: Pid, socket: Socket): void {
    const { telemetry } = this.self.kernel;
    if (telemetry.has("http.connection.start")) {
      const metadata = { pid, remoteAddress: socket.remoteAddress ?? "" };
      telemetry.emit("http.connection.start", { count: this.connections.size }, metadata);
    }
    const count = this.connections.size + this.upgraded.size;
    for (const alarm of this.alarms.due(count, this.self.now())) {
      telemetry.emit("http.connections.alarm", { connections: count }, { pid: this.self.pid, ...alarm });
    }
    this.awaited.changed(count);
  }

  private refuse(socket: Socket, why: "too many wait" | "waited too long"): void {
    this.refused++;
    const { telemetry } = this.self.kernel;
    telemetry.emit("http.connection.refused", {}, { remoteAddress: socket.remoteAddress ?? "", why });
    socket.destroy();
  }

  /** How many count for the limit. */
  private get active(): number {
    return this.connections.size + (this.greetings?.size ?? 0) + this.upgraded.size - this.uncounted.size;
  }

  private admit(): void {
    while (this.active < this.shared.limits.maxConnections) {
      const socket = this.waiting.next();
      if (socket === undefined) return;
      this.begin(socket);
    }
  }

  /** A connection or WebSocket does not count for the limit any more (Ranch: `remove_connection`). */
  remove(pid: Pid): boolean {
    if (!this.connections.has(pid) && !this.upgraded.has(pid)) return false;
    this.uncounted.add(pid);
    this.admit();
    return true;
  }

  // ── what they ask for ──

  private of(socket: object): Connection | undefined {
    return this.bySocket.get(socket);
  }

  /**
   * Who offers an upgrade that nobody here takes is answered as if it had not, but only once: what followed in the same
   * packet is lost to Node's parser.
   */
  private takesUpgrade(request: IncomingMessage): boolean {
    if (this.mounts.isUpgrade(request)) return true;
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

  async start({ child, upgraded }: UpgradeStart): Promise<Pid | "ignore" | Refusal> {
    try {
      const pid = await child.start(this.self as Self);
      if (pid === "ignore") return pid;
      this.upgraded.set(pid, upgraded);
      if (this.notified) this.self.send(pid, { tag: "drain" } satisfies Drain);
      return pid;
    } catch (error) {
      return new Refusal(error);
    }
  }

  // ── who goes ──

  ended(pid: Pid, reason: Reason): void {
    this.connections.get(pid)?.stopped(reason);
    this.connections.delete(pid);
    this.upgraded.delete(pid);
    this.uncounted.delete(pid);
    this.admit();
    this.awaited.changed(this.connections.size + this.upgraded.size);
    this.answerDrains();
  }

  /** Looks whether somebody has reached a limit, and looks again later while there is anybody. */
  look(all = false): void {
    this.looking = undefined;
    const now = this.self.now();
    for (const connection of all ? this.connections.values() : this.round.next(this.share)) {
      connection.look(now);
      if (this.notified) connection.notify();
    }
    for (const socket of this.waiting.takeSince(now - this.shared.limits.waitingTimeout)) {
      this.refuse(socket, "waited too long");
    }
    const patience = this.shared.draining ? this.shared.grace : this.shared.limits.headersTimeout;
    for (const socket of this.greetings?.takeSince(now - patience) ?? []) {
      this.left(socket.remoteAddress ?? "", new Error(`nothing was agreed on within ${patience} ms`));
      socket.destroy();
    }
    this.lookLater();
    this.answerDrains();
  }

  /** At how many connections to look at once: many are looked at in several goes, so that nobody waits for it long. */
  private get share(): number {
    return Math.max(LEAST_SHARE, Math.ceil(this.connections.size / SHARES));
  }

  private lookLater(): void {
    const { size = 0 } = this.greetings ?? {};
    if (this.looking !== undefined || this.connections.size + this.waiting.size + size === 0) return;
    const { limits, grace, draining } = this.shared;
    const { waitingTimeout, headersTimeout, idleTimeout, requestTimeout, sendTimeout } = limits;
    const timeouts = [waitingTimeout, headersTimeout, idleTimeout, requestTimeout, sendTimeout];
    const pause = pauseBetweenLooks(...timeouts, ...(draining ? [grace] : []));
    const untilNext = pause * Math.min(1, this.share / this.connections.size);
    // Nobody waits for it: what is open keeps the program alive, or is not worth it.
    this.looking = this.self.kernel.timers.setQuietly(untilNext, () => this.self.enqueue(LOOK));
  }

  // ── the end of all ──

  /** From now on every answer says `Connection: close`, and connections go as soon as they are quiet. */
  drain(): Counts {
    this.shared.ready = false;
    this.shared.draining = true;
    for (const connection of this.connections.values()) connection.drain();
    this.looking?.cancel();
    this.look(true);
    return this.counts;
  }

  resume(): void {
    this.shared.ready = true;
    this.shared.draining = false;
    this.notified = false;
  }

  /** Answers when there is no connection left, WebSockets aside. */
  quiet(from: From): void {
    this.whenQuiet.push(from);
    this.answerDrains();
  }

  /** Answers when nothing is left. */
  empty(from: From): void {
    this.whenEmpty.push(from);
    this.answerDrains();
  }

  awaitCount(awaited: Parameters<AwaitedCounts["add"]>[0], from: From): void {
    this.awaited.add(awaited, from, this.connections.size + this.upgraded.size);
  }

  /** Tells those whose answer has begun and goes on that it is time to end. Returns the WebSockets, who are to be told, too. */
  notify(): readonly Pid[] {
    this.notified = true;
    for (const connection of this.connections.values()) connection.notify();
    return [...this.upgraded.keys()];
  }

  private answerDrains(): void {
    if (this.connections.size > 0 || this.waiting.size > 0 || (this.greetings?.size ?? 0) > 0) return;
    for (const from of this.whenQuiet.splice(0)) answer(from, undefined);
    if (this.upgraded.size === 0) for (const from of this.whenEmpty.splice(0)) answer(from, undefined);
  }

  /** Tells all that are left to end now. */
  cutOff(): void {
    this.cutOffWaiting();
    for (const pid of [...this.connections.keys(), ...this.upgraded.keys()]) this.self.exit(pid, "shutdown");
  }

  async stop(): Promise<void> {
    this.cutOffWaiting();
    const pids = [...this.connections.keys(), ...this.upgraded.keys()];
    await Promise.all(pids.map((pid) => stopProcess(this.self, pid, GOODBYE)));
  }

  private close(): void {
    this.looking?.cancel();
    this.cutOffWaiting();
  }

  /** Those that nobody serves yet. */
  private cutOffWaiting(): void {
    for (const [socket] of this.waiting.entries()) socket.destroy();
    for (const [socket] of this.greetings?.entries() ?? []) socket.destroy();
  }

  // ── for whoever looks in ──

  get counts(): Counts {
    let requests = 0;
    for (const connection of this.connections.values()) requests += connection.inFlight;
    return {
      connections: this.connections.size,
      requests,
      sockets: this.upgraded.size,
      waiting: this.waiting.size,
      accepted: this.accepted,
      refused: this.refused,
    };
  }

  get standing(): Pick<Shared, "ready" | "draining" | "limits"> {
    const { ready, draining, limits } = this.shared;
    return { ready, draining, limits };
  }

  get children(): readonly ChildInfo[] {
    return [...this.connections.keys(), ...this.upgraded.keys()].map((pid) => ({ id: undefined, pid, type: "worker" }));
  }

  /** What is in the way of an end, in words. */
  get running(): readonly string[] {
    const requests = [...this.connections.values()].flatMap((connection) => connection.describeRequests());
    const sockets = [...this.upgraded].map(
      ([pid, { path, remoteAddress }]) => `${pid} a WebSocket of ${remoteAddress} at ${path}`,
    );
    return [...requests, ...sockets];
  }

  list(): readonly ConnectionInfo[] {
    const now = this.self.now();
    const { draining } = this.shared;
    const rest = { requests: [], served: 0, draining };
    return [
      ...[...this.connections.values()].map((connection) => connection.info(now)),
      ...[...this.upgraded].map(([pid, { socket, since, remoteAddress }]) => ({
        ...rest,
        ...traffic(socket),
        pid,
        protocol: "websocket" as const,
        remoteAddress,
        age: now - since,
        state: "websocket" as const,
      })),
      ...unserved(this.greetings?.entries() ?? [], "handshake", draining, now),
      ...unserved(this.waiting.entries(), "waiting", draining, now),
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
