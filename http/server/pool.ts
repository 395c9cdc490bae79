import type { Socket } from "node:net";
import { answer, type From } from "../../runtime/call.ts";
import type { ProcessSelf } from "../../runtime/self.ts";
import { stopProcess } from "../../runtime/stopping.ts";
import { runAsNobody } from "../../runtime/strays.ts";
import type { Milliseconds, Pid, Reason } from "../../runtime/types.ts";
import type { ChildInfo } from "../../supervisor/children.ts";
import type { Refusal } from "../../supervisor/refusal.ts";
import type { Settings } from "../conn/settings.ts";
import type { PlugFn } from "../pipeline/plug.ts";
import { Step } from "../pipeline/step.ts";
import { Acceptor } from "./acceptor.ts";
import { type Alarm, Alarms } from "./alarms.ts";
import { type AwaitedCount, AwaitedCounts } from "./awaited-counts.ts";
import { Connection } from "./connection.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import type { Counts } from "./counts.ts";
import type { Protocol } from "./handshakes.ts";
import { Http1Server } from "./http1-server.ts";
import { Http2Connection } from "./http2-connection.ts";
import type { Http2Limits } from "./http2-limits.ts";
import type { Bounds } from "./limits.ts";
import { Mounts } from "./mounts.ts";
import { Outbox } from "./outbox.ts";
import { addServer } from "./servers.ts";
import type { Shared } from "./shared.ts";
import type { SocketHandler } from "./socket-handler.ts";
import { Sweep } from "./sweep.ts";
import type { TlsOptions } from "./tls.ts";
import { UpgradedSockets, type UpgradeStart } from "./upgraded-sockets.ts";

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

/** How long a connection may take to say goodbye when the server stops. */
const GOODBYE: Milliseconds = 11_000;

/**
 * Every connection of a server. It starts a process for each socket that it is given, and survives the listener they
 * came from, so that the listener can be suspended, or crash, and nobody is cut off.
 */
export class Pool {
  readonly shared: Shared;
  private readonly self: ProcessSelf;
  private readonly acceptor: Acceptor;
  private readonly http1: Http1Server;
  private readonly http2: Http2Limits | undefined;
  private readonly connections = new Map<Pid, Connection | Http2Connection>();
  private readonly upgraded: UpgradedSockets;
  /** Those that do not count for the limit. */
  private readonly uncounted = new Set<Pid>();
  private readonly sweep: Sweep;
  private readonly alarms: Alarms;
  private readonly awaited = new AwaitedCounts();
  private whenQuiet: From[] = [];
  private whenEmpty: From[] = [];

  constructor(
    self: ProcessSelf,
    { server, plug, sockets, grace, refusing, settings, limits, alarms, tls, http2 }: PoolOptions,
  ) {
    this.self = self;
    const mounts = new Mounts(sockets);
    this.shared = {
      plug: mounts.before(new Step(plug, undefined, undefined)),
      settings,
      limits,
      outbox: new Outbox(),
      grace,
      refusing,
      ready: true,
      draining: false,
      notified: false,
    };
    this.alarms = new Alarms(alarms);
    this.upgraded = new UpgradedSockets(self, this.shared);
    this.http1 = new Http1Server(self, this.shared, mounts);
    this.http2 = http2;
    this.acceptor = new Acceptor(self, this.shared, tls, http2 !== undefined, {
      served: () => this.open - this.uncounted.size,
      serve: (socket, protocol) => this.serve(socket, protocol),
      left: () => this.answerDrains(),
    });
    this.sweep = new Sweep(self, this.shared, this.connections, this.acceptor);
    self.own({ [Symbol.dispose]: () => this.close() });
    addServer(self, server, this.shared);
  }

  // ── who comes ──

  /** Takes a socket that was accepted, and is paused. */
  readonly accept = (socket: Socket): void => {
    this.acceptor.accept(socket);
    this.sweep.later();
  };

  private serve(socket: Socket, protocol: Protocol): void {
    if (this.self.dead) {
      socket.destroy();
      return;
    }
    // What comes on it comes to nobody, until it is somebody's request.
    runAsNobody(() => this.begin(socket, protocol));
  }

  private begin(socket: Socket, protocol: Protocol): void {
    if (protocol === "h2") {
      const connection = new Http2Connection(this.self, socket, this.shared, this.http2 as Http2Limits);
      this.connections.set(connection.pid, connection);
      return this.opened(connection.pid, socket);
    }
    const connection = new Connection(this.self, socket, this.shared);
    this.connections.set(connection.pid, connection);
    this.http1.begin(connection, socket);
    this.opened(connection.pid, socket);
  }

  private opened(pid: Pid, socket: Socket): void {
    const { telemetry } = this.self.kernel;
    if (telemetry.has("http.connection.start")) {
      const metadata = { pid, remoteAddress: socket.remoteAddress ?? "" };
      telemetry.emit("http.connection.start", { count: this.connections.size }, metadata);
    }
    const count = this.open;
    for (const alarm of this.alarms.due(count, this.self.now())) {
      telemetry.emit("http.connections.alarm", { connections: count }, { pid: this.self.pid, ...alarm });
    }
    this.awaited.changed(count);
  }

  /** Starts the process of a WebSocket. */
  start(upgrade: UpgradeStart): Promise<Pid | "ignore" | Refusal> {
    return this.upgraded.start(upgrade);
  }

  // ── who goes ──

  ended(pid: Pid, reason: Reason): void {
    this.connections.get(pid)?.stopped(reason);
    this.connections.delete(pid);
    this.upgraded.ended(pid);
    this.uncounted.delete(pid);
    this.acceptor.admit();
    this.awaited.changed(this.open);
    this.answerDrains();
  }

  /** A connection or WebSocket does not count for the limit any more (Ranch: `remove_connection`). */
  remove(pid: Pid): boolean {
    if (!this.connections.has(pid) && !this.upgraded.has(pid)) return false;
    this.uncounted.add(pid);
    this.acceptor.admit();
    return true;
  }

  /** It is time to look whether somebody has reached a limit. */
  look(): void {
    this.sweep.look();
    this.answerDrains();
  }

  // ── the end of all ──

  /** From now on every answer says `Connection: close`, and connections go as soon as they are quiet. */
  drain(): Counts {
    this.shared.ready = false;
    this.shared.draining = true;
    for (const connection of this.connections.values()) connection.drain();
    this.sweep.lookAtAll();
    this.answerDrains();
    return this.counts;
  }

  resume(): void {
    this.shared.ready = true;
    this.shared.draining = false;
    this.shared.notified = false;
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

  awaitCount(awaited: AwaitedCount, from: From): void {
    this.awaited.add(awaited, from, this.open);
  }

  /** Tells those whose answer has begun and goes on that it is time to end. Returns the WebSockets, who are to be told, too. */
  notify(): readonly Pid[] {
    this.shared.notified = true;
    for (const connection of this.connections.values()) connection.notify();
    return [...this.upgraded.pids];
  }

  private answerDrains(): void {
    if (this.connections.size > 0 || this.acceptor.size > 0) return;
    for (const from of this.whenQuiet.splice(0)) answer(from, undefined);
    if (this.upgraded.size === 0) for (const from of this.whenEmpty.splice(0)) answer(from, undefined);
  }

  /** Tells all that are left to end now. */
  cutOff(): void {
    this.acceptor.cutOff();
    for (const pid of this.pids) this.self.exit(pid, "shutdown");
  }

  async stop(): Promise<void> {
    this.acceptor.cutOff();
    await Promise.all(this.pids.map((pid) => stopProcess(this.self, pid, GOODBYE)));
  }

  private close(): void {
    this.sweep.cancel();
    this.acceptor.cutOff();
  }

  // ── for whoever looks in ──

  /** How many there are that have a process. */
  private get open(): number {
    return this.connections.size + this.upgraded.size;
  }

  private get pids(): readonly Pid[] {
    return [...this.connections.keys(), ...this.upgraded.pids];
  }

  get counts(): Counts {
    let requests = 0;
    for (const connection of this.connections.values()) requests += connection.inFlight;
    return {
      connections: this.connections.size,
      requests,
      sockets: this.upgraded.size,
      waiting: this.acceptor.waiting,
      accepted: this.acceptor.accepted,
      refused: this.acceptor.refused,
    };
  }

  get standing(): Pick<Shared, "ready" | "draining" | "limits"> {
    const { ready, draining, limits } = this.shared;
    return { ready, draining, limits };
  }

  get children(): readonly ChildInfo[] {
    return this.pids.map((pid) => ({ id: undefined, pid, type: "worker" }));
  }

  /** What is in the way of an end, in words. */
  get running(): readonly string[] {
    const requests = [...this.connections.values()].flatMap((connection) => connection.describeRequests());
    return [...requests, ...this.upgraded.describe()];
  }

  list(): readonly ConnectionInfo[] {
    const now = this.self.now();
    const connections = [...this.connections.values()].map((connection) => connection.info(now));
    return [...connections, ...this.upgraded.list(now), ...this.acceptor.list(now)];
  }
}
