import { createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { GenServer } from "../genserver/genserver.ts";
import { answer, type From } from "../runtime/call.ts";
import { noreply, ok, reply } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import { stopProcess } from "../runtime/stopping.ts";
import type { ChildSpec, Exit, Milliseconds, Pid, Reason, Self } from "../runtime/types.ts";
import type { ChildInfo } from "../supervisor/children.ts";
import { Refusal, unwrap } from "../supervisor/refusal.ts";
import { Conn, splitPath } from "./conn.ts";
import { Connection, type Shared } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import type { NodeAdapter } from "./node-adapter.ts";
import { NodeResponse } from "./node-response.ts";
import { type PlugFn, runStep } from "./plug.ts";
import { finish, sendError, serve } from "./request.ts";
import type { Settings } from "./settings.ts";
import type { Drain, SocketHandler, Upgrade } from "./socket-handler.ts";
import { Step } from "./step.ts";

export interface ConnectionsOptions {
  readonly plug: PlugFn<any, any>;
  readonly sockets: Readonly<Record<string, SocketHandler>>;
  readonly grace: Milliseconds;
  readonly settings: Settings;
}

export interface Counts {
  readonly connections: number;
  readonly requests: number;
  readonly sockets: number;
}

/** How long a connection may take to say goodbye when the server stops. */
const GOODBYE: Milliseconds = 11_000;

/**
 * Every connection of a server: the process that owns the `http.Server` and starts a process for each socket. It
 * survives its listener, so that the listener can be suspended, or crash, and nobody is cut off.
 */
class Pool {
  readonly server: Server;
  readonly shared: Shared;
  private readonly self: ProcessSelf;
  private readonly sockets: readonly (readonly [mount: readonly string[], handler: SocketHandler])[];
  private readonly connections = new Map<Pid, Connection>();
  private readonly bySocket = new WeakMap<object, Connection>();
  private readonly upgraded = new Set<Pid>();
  private drained: { readonly connections: From[]; readonly sockets: From[] } = { connections: [], sockets: [] };

  constructor(self: ProcessSelf, { plug, sockets, grace, settings }: ConnectionsOptions) {
    this.self = self;
    this.sockets = Object.entries(sockets).map(([path, handler]) => [splitPath(path), handler]);
    const site = new Step(plug, undefined, undefined);
    this.shared = { plug: this.sockets.length === 0 ? site : this.behind(site), settings, grace, draining: false };
    this.server = createServer({
      // Checked with the rest of the head: Node would go on with what follows.
      requireHostHeader: false,
      ServerResponse: NodeResponse,
      // A request that says nothing of a body has none: there is nothing to read and to end.
      optimizeEmptyRequests: true,
      shouldUpgradeCallback: ({ method, headers, url = "/" }: IncomingMessage) =>
        this.mountOf(url) !== undefined || (method === "GET" && headers.upgrade?.toLowerCase() === "websocket"),
    } as ServerOptions);
    // Whoever listens stops that itself; this ends the server's own timer, which would keep it for ever.
    self.own({ [Symbol.dispose]: () => void this.server.close() });
    this.server.on("connection", (socket) => this.open(socket));
    this.server.on("request", (request, response) => {
      this.of(request.socket)?.serve(request, response as NodeResponse);
    });
    this.server.on("upgrade", (request, socket, head) => {
      this.of(request.socket)?.upgrade(request, (exchange) => this.upgrade(exchange, { request, socket, head }));
    });
  }

  get counts(): Counts {
    let requests = 0;
    for (const connection of this.connections.values()) requests += connection.inFlight;
    return { connections: this.connections.size, requests, sockets: this.upgraded.size };
  }

  get children(): readonly ChildInfo[] {
    return [...this.connections.keys(), ...this.upgraded].map((pid) => ({ id: undefined, pid, type: "worker" }));
  }

  get running(): readonly string[] {
    const requests = [...this.connections.values()].flatMap((connection) => connection.describeRequests());
    return [...requests, ...[...this.upgraded].map((pid) => `${pid} a WebSocket`)];
  }

  private open(socket: Socket): void {
    const connection = Connection.open(this.self, socket, this.shared);
    this.bySocket.set(socket, connection);
    if (this.self.dead) return;
    this.connections.set(connection.pid, connection);
    const { telemetry } = this.self.kernel;
    if (telemetry.has("http.connection.start")) {
      const metadata = { pid: connection.pid, remoteAddress: socket.remoteAddress ?? "" };
      telemetry.emit("http.connection.start", { count: this.connections.size }, metadata);
    }
    if (this.shared.draining) connection.drain();
  }

  /** The handler below whose path a request target is. */
  private mountOf(target: string): (typeof this.sockets)[number] | undefined {
    const path = splitPath(target.split("?", 1)[0] as string);
    return this.sockets.find(([mount]) => mount.every((segment, i) => path[i] === segment));
  }

  /** Requests below a mount that are no upgrades are the handler's first. */
  private behind(site: Step): Step {
    const run = (conn: Conn<any>) => {
      const [mount, handler] = this.mountOf(conn.requestPath) ?? [];
      return (mount && handler?.request?.(conn.enterPath(mount.length))) ?? runStep(site, conn);
    };
    return new Step(run, site.name, undefined);
  }

  private of(socket: object): Connection | undefined {
    return this.bySocket.get(socket);
  }

  /** Asks the handler that is mounted there. True when it has taken the socket over. */
  private async upgrade(exchange: Exchange, raw: Pick<Upgrade, "request" | "socket" | "head">): Promise<boolean> {
    const conn = new Conn(exchange);
    const mounted = this.mountOf(conn.requestPath);
    const start = (child: ChildSpec): Promise<Pid | "ignore"> =>
      unwrap(exchange.self.call(this.self.pid as Pid, "start", child));
    if (mounted === undefined) {
      await serve(exchange, this.shared.plug);
      const { takeover } = exchange.adapter as NodeAdapter;
      await takeover?.take({ ...raw, headers: takeover.headers, start });
      return takeover !== undefined;
    }
    if (this.shared.draining) {
      sendError(exchange, 503);
      return false;
    }
    const [mount, handler] = mounted;
    const step = new Step((given) => given, `socket /${mount.join("/")}`, undefined);
    exchange.enter(step, conn);
    const refused = await handler.upgrade(conn.enterPath(mount.length), { ...raw, headers: [], start });
    if (refused !== undefined) await finish(refused);
    return refused === undefined;
  }

  async start(child: ChildSpec): Promise<Pid | "ignore" | Refusal> {
    try {
      const pid = await child.start(this.self as Self);
      if (pid !== "ignore") this.upgraded.add(pid);
      return pid;
    } catch (error) {
      return new Refusal(error);
    }
  }

  ended(pid: Pid, reason: Reason): void {
    this.connections.get(pid)?.stopped(reason);
    this.connections.delete(pid);
    this.upgraded.delete(pid);
    this.answerDrains();
  }

  /** From now on every answer says `Connection: close`; `from` hears when the last connection has gone. */
  drain(from: From): void {
    this.shared.draining = true;
    this.drained.connections.push(from);
    for (const connection of this.connections.values()) connection.drain();
    this.answerDrains();
  }

  drainSockets(from: From): void {
    this.drained.sockets.push(from);
    for (const pid of this.upgraded) this.self.send(pid, { tag: "drain" } satisfies Drain);
    this.answerDrains();
  }

  private answerDrains(): void {
    if (this.connections.size === 0) for (const from of this.drained.connections.splice(0)) answer(from, undefined);
    if (this.upgraded.size === 0) for (const from of this.drained.sockets.splice(0)) answer(from, undefined);
  }

  async stop(): Promise<void> {
    const pids = [...this.connections.keys(), ...this.upgraded];
    await Promise.all(pids.map((pid) => stopProcess(this.self, pid, GOODBYE)));
  }
}

export const Connections = {
  init: (options: ConnectionsOptions, self: Self<Exit>) => {
    self.trapExit = true;
    return ok(new Pool(processOf(self), options));
  },
  handleCall: {
    server: (_, pool, self) => reply({ server: pool.server, pid: self.pid }, pool),
    counts: (_, pool) => reply(pool.counts, pool),
    whichChildren: (_, pool) => reply(pool.children, pool),
    running: (_, pool) => reply(pool.running, pool),
    start: async (child: ChildSpec, pool) => reply(await pool.start(child), pool),
    drain: (_, pool, __, from) => {
      pool.drain(from);
      return noreply(pool);
    },
    drainSockets: (_, pool, __, from) => {
      pool.drainSockets(from);
      return noreply(pool);
    },
  },
  handleInfo: (message: Exit, pool) => {
    if (message?.tag === "exit") pool.ended(message.pid, message.reason);
    return noreply(pool);
  },
  terminate: (_: Reason, pool: Pool) => pool.stop(),
} satisfies GenServer<Pool, Exit>;
