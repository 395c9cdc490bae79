import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Behaviour } from "../runtime/behaviour.ts";
import { plainBehaviour, plainState } from "../runtime/plain-process.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { TelemetryEvents } from "../runtime/telemetry.ts";
import type { Async, Exit, Milliseconds, Pid, Reason } from "../runtime/types.ts";
import type { RequestHead } from "./adapter.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import type { HttpError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { NodeAdapter } from "./node-adapter.ts";
import { sendError, serve, statusOf } from "./request.ts";
import { headOf } from "./request-head.ts";
import type { Shared } from "./shared.ts";
import type { Drain } from "./socket-handler.ts";
import { traffic } from "./traffic.ts";
import { Vigil } from "./vigil.ts";
import "./events.ts";

/** What a connection is told besides exits: its socket has closed, or its time is up. */
const CLOSED = { tag: "closed" } as const;
const KILL = { tag: "kill" } as const;
type Message = Exit | typeof CLOSED | typeof KILL;

/** How long requests may take to end once they are told to, and then the socket to send what is left. */
const LAST_WORDS: Milliseconds = 5000;

const TOO_SLOW = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

type RequestLimit = "requestTimeout" | "minBodyRate";

interface Running {
  readonly exchange: Exchange;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly since: Milliseconds;
  notified: boolean;
}

/**
 * One TCP connection: a process that supervises the processes of its requests. It traps their exits and answers for
 * those that crashed; when the client has gone, or the server stops, it ends those that still run.
 */
export class Connection {
  private readonly process: ProcessSelf;
  private readonly socket: Socket;
  private readonly shared: Shared;
  private readonly requests = new Map<Pid, Running>();
  private readonly since: Milliseconds;
  private readonly hold: Disposable;
  private readonly remoteIp: string;
  private readonly vigil: Vigil;
  /** The response to the last request that has arrived. */
  private newest: ServerResponse | undefined;
  /** A request was refused, for its head or as an upgrade that came too soon: nothing that follows it is served. */
  private refused = false;
  private quietSince: Milliseconds;
  private served = 0;
  /** The reason to end with, once the last request has ended and the socket has closed. */
  private ending: Reason | undefined;
  /** Of requests that were told to end because they took too long: the limit, and when they were told. */
  private readonly late = new Map<Pid, { readonly limit: RequestLimit; readonly since: Milliseconds }>();

  /** Starts the process of a socket, linked to the process of all connections. */
  static open(parent: ProcessSelf, socket: Socket, shared: Shared): Connection {
    const label = `connection from ${socket.remoteAddress ?? "a closed socket"}`;
    const flags = { link: true, trapExit: true, label };
    const process = parent.kernel.spawn(parent, connectionBehaviour, undefined, flags);
    const connection = new Connection(process, socket, shared);
    process.state = connection;
    return connection;
  }

  private constructor(process: ProcessSelf, socket: Socket, shared: Shared) {
    this.process = process;
    this.socket = socket;
    this.shared = shared;
    this.since = process.now();
    this.quietSince = this.since;
    this.remoteIp = socket.remoteAddress ?? "";
    this.vigil = new Vigil(shared.limits, this.since);
    this.hold = process.own({ [Symbol.dispose]: () => this.cutOff() });
    socket.once("close", () => process.enqueue(CLOSED));
  }

  get pid(): Pid {
    return this.process.pid;
  }

  get inFlight(): number {
    return this.requests.size;
  }

  /** What runs here, for the report of a drain that took too long. */
  describeRequests(): readonly string[] {
    const now = this.process.now();
    return [...this.requests].map(
      ([pid, { exchange, since }]) => `${pid} ${exchange.describe()}, for ${Math.round(now - since)} ms`,
    );
  }

  /** A request has arrived: it runs as a process of its own, linked to this one. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    this.start(request, response, false, (exchange) => serve(exchange, this.shared.plug));
  }

  /** An upgrade request: `decide` runs as its process, and says whether it has handed the socket over. */
  upgrade(request: IncomingMessage, decide: (exchange: Exchange) => Promise<boolean>): void {
    if (this.refused) return;
    if (this.requests.size > 0 || this.newest?.writableFinished === false) {
      // It did not wait for its answers: they are sent, and the connection ends with the last.
      this.refused = true;
      if (this.requests.size === 0) this.socket.destroySoon();
      return;
    }
    const response = new ServerResponse(request);
    response.assignSocket(this.socket);
    response.shouldKeepAlive = false;
    response.once("finish", () => this.socket.destroySoon());
    this.start(request, response, true, async (exchange) => {
      if (!(await decide(exchange))) return;
      response.detachSocket(this.socket);
      for (const [pid, running] of this.requests) this.report(pid, running, "normal");
      this.requests.clear();
      this.process.disown(this.hold);
      this.process.end("normal");
    });
  }

  /** Whether an answer that is sent now is the last: one that says close must not be one that others are to follow. */
  isLast(response: ServerResponse): boolean {
    return (this.shared.draining || this.refused) && response === this.newest;
  }

  private start(
    request: IncomingMessage,
    response: ServerResponse,
    upgradable: boolean,
    work: (exchange: Exchange) => Async<void>,
  ): void {
    if (this.refused) return;
    const { process } = this;
    this.newest = response;
    if (++this.served >= this.shared.limits.maxRequestsPerConnection) this.refused = true;
    const adapter = new NodeAdapter(request, response, this);
    adapter.upgradable = upgradable;
    let head: RequestHead;
    try {
      head = headOf(request, this.remoteIp);
    } catch (error) {
      const { status, message } = error as HttpError;
      return this.refuse(adapter, response, status, message);
    }
    if (this.shared.draining && this.shared.refusing) return this.refuse(adapter, response, 503, "the server stops");
    const task = plainState(() => work(exchange));
    const label = (): string => exchange.describe();
    const child = process.kernel.spawn(process, plainBehaviour, task, { link: true, label });
    const exchange = new Exchange(head, adapter, child, this.shared.settings);
    this.requests.set(child.pid, { exchange, request, response, since: process.now(), notified: false });
    const { telemetry } = process.kernel;
    if (telemetry.has("http.request.start")) {
      telemetry.emit("http.request.start", {}, { pid: child.pid, method: head.method, path: head.path });
    }
  }

  /** Answers a request that no plug gets to see. It is the last of its connection. */
  private refuse(adapter: NodeAdapter, response: ServerResponse, status: number, message: string): void {
    this.refused = true;
    response.shouldKeepAlive = false;
    adapter.send(status, [["content-type", "text/plain; charset=utf-8"]], `${status} ${message}\n`);
  }

  receive(message: Message): void {
    if (message.tag === "kill") this.timeUp();
    else if (message.tag === "closed") this.clientGone();
    else if (message.pid === this.process.parent) this.end(message.reason, "shutdown");
    else this.finished(message.pid, message.reason);
  }

  private clientGone(): void {
    for (const { exchange, response } of this.requests.values()) {
      if (!response.writableFinished) exchange.disconnected();
    }
    this.end("normal", { shutdown: "closed" });
  }

  /** Tells the requests why they end, and ends with `reason` when the last one has, and what it said is sent. */
  private end(reason: Reason, told: Reason): void {
    if (this.ending === undefined) this.process.sendAfter(KILL, LAST_WORDS);
    this.ending ??= reason;
    this.endRequests(told);
    this.endIfDone();
  }

  private endIfDone(): void {
    if (this.ending === undefined || this.requests.size > 0) return;
    if (this.socket.destroyed) this.process.end(this.ending);
    else this.socket.destroySoon();
  }

  /** First for the requests, which are killed; then for the client, who does not read. */
  private timeUp(): void {
    if (this.requests.size === 0) return this.process.end(this.ending as Reason);
    this.endRequests("kill");
    this.process.sendAfter(KILL, LAST_WORDS);
  }

  private endRequests(told: Reason): void {
    for (const pid of this.requests.keys()) this.process.exit(pid, told);
  }

  /** The end of the process, whatever ended it: no request outlives it, whether it traps exits or not. */
  private cutOff(): void {
    for (const { exchange } of this.requests.values()) processOf(exchange.self).end("killed");
    this.socket.destroy();
  }

  /** A request's process has ended. What it left unanswered is answered here. */
  private finished(pid: Pid, reason: Reason): void {
    const running = this.requests.get(pid);
    if (running === undefined) return;
    this.requests.delete(pid);
    this.quietSince = this.process.now();
    const { exchange, response } = running;
    if (!exchange.sent && !this.socket.destroyed) {
      response.shouldKeepAlive = false;
      sendError(exchange, this.late.get(pid)?.limit === "minBodyRate" ? 408 : statusOf(reason));
    } else if (reason !== "normal") {
      if (response.writableEnded) this.socket.destroySoon();
      else this.socket.destroy();
    }
    if (this.refused && this.requests.size === 0) this.socket.destroySoon();
    this.late.delete(pid);
    this.report(pid, running, reason);
    this.endIfDone();
  }

  private report(pid: Pid, { exchange, since }: Running, reason: Reason): void {
    const { telemetry } = this.process.kernel;
    if (!telemetry.has("http.request.stop")) return;
    const { head, status, plug } = exchange;
    const metadata = { pid, method: head.method, path: head.path, status, plug, reason };
    telemetry.emit("http.request.stop", { duration: this.process.now() - since }, metadata);
  }

  /** Whether it has reached a limit, or, while the server drains, has been quiet for long enough to be closed. */
  look(now: Milliseconds): void {
    const { vigil, requests, socket, newest } = this;
    if (this.process.dead || this.ending !== undefined) return;
    vigil.look(socket, this.served, requests.size, now);
    if (vigil.isStuck(socket, now)) {
      this.tell("sendTimeout");
      socket.destroy();
    } else if (requests.size > 0) this.lookAtRequests(now);
    else if (socket.writableLength === 0 && newest?.writableFinished !== false) this.lookAtQuiet(now);
  }

  private lookAtQuiet(now: Milliseconds): void {
    const { grace, draining, limits } = this.shared;
    const { heardAt, readingSince } = this.vigil;
    // Not at once when the server drains: a request may be on the wire already.
    if (draining && Math.max(this.quietSince, heardAt) + grace <= now) this.socket.destroySoon();
    else if (readingSince !== undefined && readingSince + limits.headersTimeout <= now) this.refuseHead();
    else if (readingSince === undefined && this.quietSince + limits.idleTimeout <= now) {
      this.tell("idleTimeout");
      this.socket.destroySoon();
    }
  }

  /** A head that takes too long is answered with 408; the rest of a body that nobody wanted is not. */
  private refuseHead(): void {
    this.tell("headersTimeout");
    this.refused = true;
    if (this.newest?.req.complete !== false) this.socket.write(TOO_SLOW);
    this.socket.destroySoon();
  }

  private lookAtRequests(now: Milliseconds): void {
    const { requestTimeout } = this.shared.limits;
    for (const [pid, running] of this.requests) {
      const { exchange, request, since } = running;
      const late = this.late.get(pid);
      if (late !== undefined) {
        if (late.since + LAST_WORDS <= now) this.process.exit(pid, "kill");
      } else if (this.vigil.isTooSlow(request, now)) this.endLate(pid, running, "minBodyRate", now);
      else if (!exchange.adapter.begun && since + requestTimeout <= now)
        this.endLate(pid, running, "requestTimeout", now);
    }
  }

  private endLate(pid: Pid, { exchange, since }: Running, limit: RequestLimit, now: Milliseconds): void {
    const { head, plug } = exchange;
    this.late.set(pid, { limit, since: now });
    if (limit === "minBodyRate") this.tell(limit);
    else {
      const metadata = { pid, method: head.method, path: head.path, plug };
      this.process.kernel.telemetry.emit("http.request.timeout", { duration: now - since }, metadata);
    }
    this.process.exit(pid, { shutdown: limit });
  }

  private tell(limit: TelemetryEvents["http.connection.timeout"][1]["limit"]): void {
    const metadata = { pid: this.pid, remoteAddress: this.remoteIp, limit };
    this.process.kernel.telemetry.emit("http.connection.timeout", {}, metadata);
  }

  /** Tells requests whose answer has begun, and goes on, that the server drains: each once. */
  notify(): void {
    for (const [pid, running] of this.requests) {
      if (running.notified || !running.exchange.adapter.begun) continue;
      running.notified = true;
      this.process.send(pid, { tag: "drain" } satisfies Drain);
    }
  }

  info(now: Milliseconds): ConnectionInfo {
    return {
      pid: this.pid,
      protocol: "http/1.1",
      remoteAddress: this.remoteIp,
      age: now - this.since,
      state: this.state,
      requests: [...this.requests].map(([pid, { exchange, since }]) => ({
        pid,
        method: exchange.head.method,
        path: exchange.head.path,
        plug: exchange.plug,
        age: now - since,
        begun: exchange.adapter.begun,
      })),
      served: this.served,
      draining: this.shared.draining || this.refused,
      ...traffic(this.socket),
    };
  }

  private get state(): ConnectionInfo["state"] {
    if (this.requests.size > 0) return "running";
    if (this.socket.writableLength > 0 || this.newest?.writableFinished === false) return "sending";
    this.vigil.look(this.socket, this.served, 0, this.process.now());
    return this.vigil.readingSince === undefined ? "idle" : "reading";
  }

  stopped(reason: Reason): void {
    const { telemetry } = this.process.kernel;
    if (!telemetry.has("http.connection.stop")) return;
    telemetry.emit("http.connection.stop", { duration: this.process.now() - this.since }, { pid: this.pid, reason });
  }
}

const connectionBehaviour: Behaviour = {
  kind: "connection",
  start() {},
  receive: (process, message) => (process.state as Connection).receive(message as Message),
};
