import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ProcessSelf } from "../runtime/self.ts";
import type { Async, Milliseconds, Reason } from "../runtime/types.ts";
import type { RequestHead } from "./adapter.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import { ConnectionProcess } from "./connection-process.ts";
import type { HttpError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { NodeAdapter } from "./node-adapter.ts";
import { sendError, serve, statusOf } from "./request.ts";
import { headOf } from "./request-head.ts";
import type { InFlight } from "./requests.ts";
import type { Shared } from "./shared.ts";
import { Stall } from "./stall.ts";
import { Vigil } from "./vigil.ts";

const TOO_SLOW = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** A connection that speaks HTTP/1: one request after the other, and their answers in the same order. */
export class Connection extends ConnectionProcess<ServerResponse> {
  protected readonly protocol = "http/1.1";
  private readonly vigil: Vigil;
  private readonly stall: Stall;
  /** The response to the last request that has arrived. */
  private newest: ServerResponse | undefined = undefined;
  /**
   * Nothing that follows is served: a request was refused, for its head or as an upgrade that came too soon, or it was
   * the last that there may be.
   */
  private refused = false;

  private readonly work: (exchange: Exchange) => Async<void>;

  constructor(parent: ProcessSelf, socket: Socket, shared: Shared) {
    super(parent, socket, shared);
    this.work = (exchange) => serve(exchange, shared.plug);
    this.vigil = new Vigil(shared.limits, this.since);
    this.stall = new Stall(this.since);
  }

  /** A request has arrived: it runs as a process of its own, linked to this one. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    this.start(request, response, false, this.work);
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
      this.requests.release("normal");
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
    const { shared } = this;
    this.newest = response;
    if (++this.served >= shared.limits.maxRequestsPerConnection) this.refused = true;
    const adapter = new NodeAdapter(request, response, this);
    adapter.upgradable = upgradable;
    let head: RequestHead;
    try {
      head = headOf(request, this.remoteIp);
    } catch (error) {
      const { status, message } = error as HttpError;
      return this.refuse(adapter, response, status, message);
    }
    if (shared.draining && shared.refusing) return this.refuse(adapter, response, 503, "the server stops");
    this.requests.start(head, adapter, shared.settings, response, work);
  }

  /** Answers a request that no plug gets to see. It is the last of its connection. */
  private refuse(adapter: NodeAdapter, response: ServerResponse, status: number, message: string): void {
    this.refused = true;
    response.shouldKeepAlive = false;
    adapter.send(status, [["content-type", "text/plain; charset=utf-8"]], `${status} ${message}\n`);
  }

  protected finished({ exchange, response, overdue }: InFlight<ServerResponse>, reason: Reason): void {
    if (!exchange.sent && !this.socket.destroyed) {
      response.shouldKeepAlive = false;
      sendError(exchange, overdue === "minBodyRate" ? 408 : statusOf(reason));
    } else if (reason !== "normal") {
      if ((exchange.adapter as NodeAdapter).complete) this.endWith(response);
      else this.socket.destroy();
    } else (exchange.adapter as NodeAdapter).discardBody();
    if (this.refused && this.requests.size === 0) this.endWith(response);
  }

  /** Closes the connection when a response has been sent. */
  private endWith(response: ServerResponse): void {
    if (response.writableEnded) this.socket.destroySoon();
    else response.once("finish", () => this.socket.destroySoon());
  }

  protected isOpen(response: ServerResponse): boolean {
    return !response.writableFinished;
  }

  /** Its answers say close from now on; it is looked at until it has been quiet. */
  drain(): void {}

  protected lookAt(now: Milliseconds): void {
    const { vigil, requests, socket, newest } = this;
    const { sendTimeout, requestTimeout } = this.shared.limits;
    vigil.look(socket, this.served, requests.size, now);
    if (this.stall.look(socket, now) + sendTimeout <= now) {
      this.tell("sendTimeout");
      socket.destroy();
    } else if (requests.size > 0) {
      requests.look(now, requestTimeout, ({ response }) => {
        const tooSlow = vigil.isTooSlow(response.req, now);
        if (tooSlow) this.tell("minBodyRate");
        return tooSlow;
      });
    } else if (socket.writableLength === 0 && newest?.writableFinished !== false) this.lookAtQuiet(now);
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

  protected get state(): ConnectionInfo["state"] {
    if (this.requests.size > 0) return "running";
    if (this.socket.writableLength > 0 || this.newest?.writableFinished === false) return "sending";
    this.vigil.look(this.socket, this.served, 0, this.process.now());
    return this.vigil.readingSince === undefined ? "idle" : "reading";
  }
}
