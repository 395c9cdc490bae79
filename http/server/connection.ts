import type { Socket } from "node:net";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { Async, Milliseconds, Reason } from "../../runtime/types.ts";
import type { RequestHead } from "../conn/adapter.ts";
import type { Exchange } from "../conn/exchange.ts";
import { HttpError } from "../errors.ts";
import { Arrivals } from "./arrivals.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import { ConnectionProcess } from "./connection-process.ts";
import { Deadlines } from "./deadlines.ts";
import { checkExpectation } from "./expectation.ts";
import { NodeAdapter } from "./node-adapter.ts";
import type { NodeRequest } from "./node-request.ts";
import { NodeResponse } from "./node-response.ts";
import type { Outbox } from "./outbox.ts";
import type { Refusal } from "./refusal.ts";
import { sendError, serve, statusOf } from "./request.ts";
import { headOf } from "./request-head.ts";
import type { InFlight } from "./requests.ts";
import type { Shared } from "./shared.ts";
import { Stall } from "./stall.ts";

/** A connection that speaks HTTP/1: one request after the other, and their answers in the same order. */
export class Connection extends ConnectionProcess<NodeResponse> {
  protected readonly protocol = "http/1.1";
  private readonly deadlines: Deadlines;
  private readonly stall: Stall;
  private readonly arrivals: Arrivals;
  private readonly work: (exchange: Exchange) => Async<void>;

  constructor(parent: ProcessSelf, socket: Socket, shared: Shared) {
    super(parent, socket, shared);
    this.work = (exchange) => serve(exchange, shared.plug);
    this.deadlines = new Deadlines(shared.limits, this.since);
    this.stall = new Stall(this.since);
    this.arrivals = new Arrivals(socket, (refusal) => this.reportRefusal(refusal));
  }

  /** A request has arrived: it runs as a process of its own, linked to this one. */
  serve(request: NodeRequest, response: NodeResponse): void {
    this.start(request, response, false, this.work);
  }

  /** A request has arrived that expects something before it sends its body. */
  serveExpecting(request: NodeRequest, response: NodeResponse): void {
    this.start(request, response, false, this.work, checkExpectation);
  }

  /** Nothing that follows the request that arrives now is served. */
  endAfterThis(): void {
    this.arrivals.endAfterThis();
  }

  /** The parser has refused what has arrived. */
  refuse(refusal: Refusal): void {
    this.arrivals.refuse(refusal);
  }

  /** An upgrade request: `decide` runs as its process, and says whether it has handed the socket over. */
  upgrade(request: NodeRequest, decide: (exchange: Exchange) => Promise<boolean>): void {
    if (this.arrivals.over) return;
    // It did not wait for its answers: they are sent, and the connection ends with the last.
    if (this.requests.size > 0 || !this.arrivals.answered) return this.arrivals.endAfterAnswers();
    const response = new NodeResponse(request);
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

  get outbox(): Outbox {
    return this.shared.outbox;
  }

  /** Whether an answer that is sent now is the last: one that says close must not be one that others are to follow. */
  isLast(response: NodeResponse): boolean {
    return this.arrivals.isLast(response, this.shared.draining);
  }

  private start(
    request: NodeRequest,
    response: NodeResponse,
    upgradable: boolean,
    work: (exchange: Exchange) => Async<void>,
    check?: (request: NodeRequest) => void,
  ): void {
    const { shared, arrivals } = this;
    if (arrivals.over) return;
    const adapter = new NodeAdapter(request, response, this);
    adapter.upgradable = upgradable;
    arrivals.add(request, response, adapter);
    if (++this.served >= shared.limits.maxRequestsPerConnection) arrivals.over = true;
    let head: RequestHead;
    try {
      head = headOf(request, this.remoteIp, shared.limits);
      check?.(request);
      if (shared.draining && shared.refusing) throw new HttpError(503, "the server stops");
    } catch (error) {
      return arrivals.refuseNewest(error as HttpError);
    }
    const begin = (): void => {
      if (this.process.dead) return;
      const now = this.process.now();
      shared.outbox.look(now);
      this.requests.start(head, adapter, shared.settings, response, work, now);
    };
    // The body that comes with a head is read right after it: whoever wants it then need not wait.
    if (request.readableEnded) begin();
    else process.nextTick(begin);
  }

  private reportRefusal({ status, message: reason }: HttpError): void {
    const { telemetry } = this.process.kernel;
    if (!telemetry.has("http.request.refused")) return;
    telemetry.emit("http.request.refused", {}, { pid: this.pid, remoteAddress: this.remoteIp, status, reason });
  }

  protected finished({ exchange, response, overdue }: InFlight<NodeResponse>, reason: Reason): void {
    if (!exchange.sent && !this.socket.destroyed) {
      response.shouldKeepAlive = false;
      sendError(exchange, overdue === "minBodyRate" ? 408 : statusOf(reason));
    } else if (reason !== "normal") {
      if ((exchange.adapter as NodeAdapter).complete) this.endWith(response);
      else this.socket.destroy();
    } else (exchange.adapter as NodeAdapter).discardBody();
  }

  /** Closes the connection when a response has been sent. */
  private endWith(response: NodeResponse): void {
    if (response.writableEnded) this.socket.destroySoon();
    else response.once("finish", () => this.socket.destroySoon());
  }

  protected isOpen(response: NodeResponse): boolean {
    return !response.done;
  }

  /** Its answers say close from now on; it is looked at until it has been quiet. */
  drain(): void {}

  protected lookAt(now: Milliseconds): void {
    const { deadlines, requests, socket, arrivals } = this;
    const { sendTimeout, requestTimeout } = this.shared.limits;
    deadlines.look(socket, this.served, requests.size, now);
    if (this.stall.look(socket.writableLength, socket.bytesWritten, now) + sendTimeout <= now) {
      this.tell("sendTimeout");
      socket.destroy();
    } else if (requests.size > 0) {
      requests.look(now, requestTimeout, ({ response }) => {
        const tooSlow = deadlines.isTooSlow(response.req, now);
        if (tooSlow) this.tell("minBodyRate");
        return tooSlow;
      });
    } else if (socket.writableLength === 0 && arrivals.answered) this.lookAtQuiet(now);
  }

  private lookAtQuiet(now: Milliseconds): void {
    const { grace, draining, limits } = this.shared;
    const { heardAt, readingSince } = this.deadlines;
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
    this.refuse(new HttpError(408, "the request did not arrive in time"));
  }

  protected get state(): ConnectionInfo["state"] {
    if (this.requests.size > 0) return "running";
    if (this.socket.writableLength > 0 || !this.arrivals.answered) return "sending";
    this.deadlines.look(this.socket, this.served, 0, this.process.now());
    return this.deadlines.readingSince === undefined ? "idle" : "reading";
  }
}
