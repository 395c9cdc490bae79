import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Behaviour } from "../runtime/behaviour.ts";
import { plainBehaviour, plainState } from "../runtime/plain-process.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Async, Exit, Milliseconds, Pid, Reason } from "../runtime/types.ts";
import type { RequestHead } from "./adapter.ts";
import type { HttpError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { NodeAdapter } from "./node-adapter.ts";
import { NodeResponse } from "./node-response.ts";
import { sendError, serve, statusOf } from "./request.ts";
import { headOf } from "./request-head.ts";
import type { Settings } from "./settings.ts";
import type { Step } from "./step.ts";
import "./events.ts";

/** What the connections of one server share. */
export interface Shared {
  readonly plug: Step;
  readonly settings: Settings;
  /** How long a connection must have been quiet before the drainer closes it. */
  readonly grace: Milliseconds;
  draining: boolean;
}

/** What a connection is told besides exits: its socket has closed, it is to go when it is quiet, or its time is up. */
const CLOSED = { tag: "closed" } as const;
const DRAIN = { tag: "drain" } as const;
const KILL = { tag: "kill" } as const;
type Message = Exit | typeof CLOSED | typeof DRAIN | typeof KILL;

/** How long requests may take to end once they are told to, and then the socket to send what is left. */
const LAST_WORDS: Milliseconds = 5000;
/** How often a connection that drains looks whether it has been quiet for long enough: at most, in a grace period. */
const LOOKS = 10;
const LEAST_PAUSE: Milliseconds = 10;

interface Running {
  readonly exchange: Exchange;
  readonly response: NodeResponse;
  readonly since: Milliseconds;
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
  /** The response to the last request that has arrived. */
  private newest: NodeResponse | undefined;
  /** A request was refused, for its head or as an upgrade that came too soon: nothing that follows it is served. */
  private refused = false;
  private quietSince: Milliseconds;
  private heard = 0;
  /** The reason to end with, once the last request has ended and the socket has closed. */
  private ending: Reason | undefined;

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
    this.hold = process.own({ [Symbol.dispose]: () => this.cutOff() });
    socket.once("close", () => process.enqueue(CLOSED));
    // The close that follows is what counts; an upgraded socket has no other listener for a while.
    socket.on("error", () => {});
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

  /** Asks the connection to end as soon as it is quiet. */
  drain(): void {
    this.process.enqueue(DRAIN);
  }

  /** A request has arrived: it runs as a process of its own, linked to this one. */
  serve(request: IncomingMessage, response: NodeResponse): void {
    this.start(request, response, false, (exchange) => serve(exchange, this.shared.plug));
  }

  /** An upgrade request: `decide` runs as its process, and says whether it has handed the socket over. */
  upgrade(request: IncomingMessage, decide: (exchange: Exchange) => Promise<boolean>): void {
    if (this.refused) return;
    if (this.requests.size > 0 || this.newest?.done === false) {
      // It did not wait for its answers: they are sent, and the connection ends with the last.
      this.refused = true;
      if (this.requests.size === 0) this.socket.destroySoon();
      return;
    }
    const response = new NodeResponse(request);
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
  isLast(response: NodeResponse): boolean {
    return (this.shared.draining || this.refused) && response === this.newest;
  }

  private start(
    request: IncomingMessage,
    response: NodeResponse,
    upgradable: boolean,
    work: (exchange: Exchange) => Async<void>,
  ): void {
    if (this.refused) return;
    const { process } = this;
    this.newest = response;
    const adapter = new NodeAdapter(request, response, this);
    adapter.upgradable = upgradable;
    let head: RequestHead;
    try {
      head = headOf(request, this.remoteIp);
    } catch (error) {
      const { status, message } = error as HttpError;
      this.refused = true;
      response.shouldKeepAlive = false;
      adapter.send(status, [["content-type", "text/plain; charset=utf-8"]], `${status} ${message}\n`);
      return;
    }
    const task = plainState(() => work(exchange));
    const label = (): string => exchange.describe();
    const child = process.kernel.spawn(process, plainBehaviour, task, { link: true, label });
    const exchange = new Exchange(head, adapter, child, this.shared.settings);
    this.requests.set(child.pid, { exchange, response, since: process.now() });
    const { telemetry } = process.kernel;
    if (telemetry.has("http.request.start")) {
      telemetry.emit("http.request.start", {}, { pid: child.pid, method: head.method, path: head.path });
    }
  }

  receive(message: Message): void {
    if (message.tag === "drain") this.closeWhenQuiet();
    else if (message.tag === "kill") this.timeUp();
    else if (message.tag === "closed") this.clientGone();
    else if (message.pid === this.process.parent) this.end(message.reason, "shutdown");
    else this.finished(message.pid, message.reason);
  }

  private clientGone(): void {
    for (const { exchange, response } of this.requests.values()) {
      if (!response.done) exchange.disconnected();
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
      sendError(exchange, statusOf(reason));
    } else if (reason !== "normal") {
      if (response.writableEnded) this.socket.destroySoon();
      else this.socket.destroy();
    }
    if (this.refused && this.requests.size === 0) this.socket.destroySoon();
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

  /**
   * While the server drains: closes the connection once it has been quiet for the grace period. Not at once, because a
   * request may be on the wire already; every answer until then tells the client to close by itself.
   */
  private closeWhenQuiet(): void {
    const { process, socket } = this;
    const { grace } = this.shared;
    if (socket.bytesRead !== this.heard) this.quietSince = process.now();
    this.heard = socket.bytesRead;
    const left = this.quietSince + grace - process.now();
    const isQuiet = this.requests.size === 0 && socket.writableLength === 0;
    if (isQuiet && left <= 0) socket.destroySoon();
    else process.sendAfter(DRAIN, Math.max(LEAST_PAUSE, isQuiet ? Math.min(left, grace / LOOKS) : grace / LOOKS));
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
