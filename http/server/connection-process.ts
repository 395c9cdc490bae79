import type { Socket } from "node:net";
import type { Behaviour } from "../../runtime/behaviour.ts";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { TelemetryEvents } from "../../runtime/telemetry.ts";
import type { Exit, Milliseconds, Pid, Reason } from "../../runtime/types.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import { type InFlight, LAST_WORDS, Requests } from "./requests.ts";
import type { Shared } from "./shared.ts";
import { traffic } from "./traffic.ts";
import "../events.ts";

/** What a connection is told besides exits: its socket has closed, or its time is up. */
const CLOSED = { tag: "closed" } as const;
const KILL = { tag: "kill" } as const;
interface Ended<Response> {
  readonly tag: "ended";
  readonly request: InFlight<Response>;
  readonly reason: Reason;
}
type Message<Response> = Exit | Ended<Response> | typeof CLOSED | typeof KILL;

/**
 * The process of one TCP connection, whatever it speaks. It supervises the processes of its requests: it traps their exits
 * and answers for those that crashed; when the client has gone, or the server stops, it ends those that still run.
 */
export abstract class ConnectionProcess<Response> {
  protected readonly process: ProcessSelf;
  protected readonly socket: Socket;
  protected readonly shared: Shared;
  protected readonly requests: Requests<Response>;
  protected readonly hold: Disposable;
  protected readonly remoteIp: string;
  protected readonly since: Milliseconds;
  /** When its last request has ended. */
  protected quietSince: Milliseconds;
  /** How many requests have come. */
  protected served = 0;
  /** The reason to end with, once the last request has ended and the socket has closed. */
  protected ending: Reason | undefined = undefined;

  /** Starts a process, linked to the process of all connections. */
  constructor(parent: ProcessSelf, socket: Socket, shared: Shared) {
    this.remoteIp = socket.remoteAddress ?? "";
    const label = `connection from ${this.remoteIp || "a closed socket"}`;
    this.process = parent.kernel.spawn(parent, behaviour, this, { link: true, trapExit: true, label });
    this.socket = socket;
    this.shared = shared;
    this.requests = new Requests(this.process, (request, reason) => this.ended(request, reason));
    this.since = this.process.now();
    this.quietSince = this.since;
    this.hold = this.process.own({ [Symbol.dispose]: () => this.cutOff() });
    socket.once("close", () => this.process.enqueue(CLOSED));
  }

  get pid(): Pid {
    return this.process.pid;
  }

  get inFlight(): number {
    return this.requests.size;
  }

  // ── what differs ──

  protected abstract readonly protocol: "http/1.1" | "h2";
  protected abstract readonly state: ConnectionInfo["state"];
  /** The server begins to drain. */
  abstract drain(): void;
  /** Looks whether a limit has been reached, or, while the server drains, whether it is time to close. */
  protected abstract lookAt(now: Milliseconds): void;
  /** Whether the client has not got all of an answer. */
  protected abstract isOpen(response: Response): boolean;
  /** The process of a request has ended: it answers for it, if that did not. */
  protected abstract finished(request: InFlight<Response>, reason: Reason): void;

  // ── its life ──

  receive(message: Message<Response>): void {
    if (message.tag === "kill") this.timeUp();
    else if (message.tag === "closed") this.clientGone();
    else if (message.tag === "ended") this.requestEnded(message.request, message.reason);
    else if (message.pid === this.process.parent) this.end(message.reason, "shutdown");
  }

  /** In the middle of the end of a request's process: what may go wrong is left for later. */
  private ended(request: InFlight<Response>, reason: Reason): void {
    if (reason === "normal" && request.exchange.sent) this.requestEnded(request, reason);
    else this.process.enqueue({ tag: "ended", request, reason } satisfies Ended<Response>);
  }

  private requestEnded(request: InFlight<Response>, reason: Reason): void {
    if (!this.requests.take(request)) return;
    this.quietSince = this.requests.now();
    this.finished(request, reason);
    this.requests.report(request, reason);
    this.endIfDone();
  }

  private clientGone(): void {
    for (const { exchange, response } of this.requests.values()) if (this.isOpen(response)) exchange.disconnected();
    this.end("normal", { shutdown: "closed" });
  }

  /** Tells the requests why they end, and ends with `reason` when the last one has, and what it said is sent. */
  private end(reason: Reason, told: Reason): void {
    if (this.ending === undefined) this.process.sendAfter(KILL, LAST_WORDS);
    this.ending ??= reason;
    this.requests.exit(told);
    this.endIfDone();
  }

  private endIfDone(): void {
    if (this.ending === undefined || this.requests.size > 0) return;
    if (this.socket.destroyed) this.process.end(this.ending);
    else this.close();
  }

  /** Ends the connection when what is left for the client has been sent. */
  protected close(): void {
    this.shared.outbox.flush();
    this.socket.destroySoon();
  }

  /** First for the requests, which are killed; then for the client, who does not read. */
  private timeUp(): void {
    if (this.requests.size === 0) return this.process.end(this.ending as Reason);
    this.requests.exit("kill");
    this.process.sendAfter(KILL, LAST_WORDS);
  }

  /** The end of the process, whatever ended it: no request outlives it. */
  private cutOff(): void {
    this.requests.kill();
    this.shared.outbox.flush();
    this.socket.destroy();
  }

  // ── for whoever looks in ──

  look(now: Milliseconds): void {
    if (!this.process.dead && this.ending === undefined) this.lookAt(now);
  }

  notify(): void {
    this.requests.notify();
  }

  describeRequests(): readonly string[] {
    return this.requests.describe();
  }

  info(now: Milliseconds): ConnectionInfo {
    return {
      pid: this.pid,
      protocol: this.protocol,
      remoteAddress: this.remoteIp,
      age: now - this.since,
      state: this.state,
      requests: this.requests.info(now),
      served: this.served,
      draining: this.shared.draining,
      ...traffic(this.socket),
    };
  }

  protected tell(limit: TelemetryEvents["http.connection.timeout"][1]["limit"]): void {
    const metadata = { pid: this.pid, remoteAddress: this.remoteIp, limit };
    this.process.kernel.telemetry.emit("http.connection.timeout", {}, metadata);
  }

  stopped(reason: Reason): void {
    const { telemetry } = this.process.kernel;
    if (!telemetry.has("http.connection.stop")) return;
    telemetry.emit("http.connection.stop", { duration: this.process.now() - this.since }, { pid: this.pid, reason });
  }
}

const behaviour: Behaviour = {
  kind: "connection",
  start() {},
  receive: (process, message) => (process.state as ConnectionProcess<unknown>).receive(message as Message<unknown>),
};
