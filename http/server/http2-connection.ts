import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { Milliseconds, Reason } from "../../runtime/types.ts";
import type { RequestHead } from "../conn/adapter.ts";
import type { Exchange } from "../conn/exchange.ts";
import type { HttpError } from "../errors.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import { ConnectionProcess } from "./connection-process.ts";
import { Http2Adapter } from "./http2-adapter.ts";
import { headOfStream } from "./http2-head.ts";
import type { Http2Limits } from "./http2-limits.ts";
import { sendError, serve, statusOf } from "./request.ts";
import { type InFlight, LAST_WORDS } from "./requests.ts";
import type { Shared } from "./shared.ts";
import { Stall } from "./stall.ts";

/** A stream until it is closed: its answer may take longer than its request's process lives. */
interface Open {
  readonly adapter: Http2Adapter;
  readonly stall: Stall;
}

/** A head has so many fields that are no headers. One header more than there may be is seen, and refused with 431. */
const PSEUDO_HEADERS = 4;
const UNLIMITED = 2 ** 32 - 1;

/** Announces that streams will be refused, and refuses none yet (RFC 9113 §6.8). */
const LAST_OF_ALL = 2 ** 31 - 1;

/** A connection that speaks HTTP/2: each stream is a request, with a process of its own. */
export class Http2Connection extends ConnectionProcess<ServerHttp2Stream> {
  protected readonly protocol = "h2";
  private readonly session: ServerHttp2Session;
  private readonly streams = new Map<ServerHttp2Stream, Open>();
  private readonly scheme: "http" | "https";
  private drainingSince: Milliseconds | undefined = undefined;
  /** It has said that it takes no more streams. */
  private closingSince: Milliseconds | undefined = undefined;

  constructor(parent: ProcessSelf, socket: Socket, shared: Shared, limits: Http2Limits) {
    super(parent, socket, shared);
    // A client that has ended its half has gone: nothing could be said to it but in frames that it answers.
    socket.allowHalfOpen = false;
    this.scheme = (socket as { readonly encrypted?: boolean }).encrypted === true ? "https" : "http";
    const { maxConcurrentStreams, ...rest } = limits;
    const { maxHeaders, maxHeaderSize } = shared.limits;
    const maxHeaderListSize = Math.min(maxHeaderSize, UNLIMITED);
    this.session = performServerHandshake(socket, {
      ...rest,
      maxHeaderListPairs: Math.min(maxHeaders + PSEUDO_HEADERS + 1, UNLIMITED),
      settings: { maxConcurrentStreams, maxHeaderListSize, enablePush: false },
    });
    // The close of the socket, which follows, is what counts.
    this.session.on("error", () => {});
    this.session.on("stream", (stream, headers, _flags, raw) => {
      this.serve(stream, raw as unknown as readonly string[], headers[":method"] === "HEAD");
    });
    if (shared.draining) this.drain();
  }

  private serve(stream: ServerHttp2Stream, raw: readonly string[], isHead: boolean): void {
    const { shared } = this;
    stream.on("error", () => {});
    if (this.process.dead || this.ending !== undefined) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    if (++this.served >= shared.limits.maxRequestsPerConnection) this.close();
    let head: RequestHead;
    try {
      head = headOfStream(raw, this.scheme, this.remoteIp, shared.limits);
    } catch (error) {
      const { status, message } = error as HttpError;
      return this.refuse(new Http2Adapter(stream, this.socket, isHead, false), status, message);
    }
    const expects = head.header("expect")?.toLowerCase() === "100-continue";
    const adapter = new Http2Adapter(stream, this.socket, isHead, expects);
    if (shared.draining && shared.refusing) return this.refuse(adapter, 503, "the server stops");
    this.streams.set(stream, { adapter, stall: new Stall(this.process.now()) });
    const work = (exchange: Exchange) => serve(exchange, shared.plug);
    const request = this.requests.start(head, adapter, shared.settings, stream, work, this.process.now());
    stream.once("close", () => {
      this.streams.delete(stream);
      this.quietSince = this.process.now();
      if (!this.requests.has(request)) return;
      if (!adapter.complete) request.exchange.disconnected();
      this.process.exit(request.pid, { shutdown: "closed" });
    });
  }

  /** Answers a request that no plug gets to see. */
  private refuse(adapter: Http2Adapter, status: number, message: string): void {
    adapter.abandonBody();
    adapter.send(status, [["content-type", "text/plain; charset=utf-8"]], `${status} ${message}\n`);
  }

  protected finished({ exchange, response }: InFlight<ServerHttp2Stream>, reason: Reason): void {
    if (response.destroyed || response.closed) return;
    if (!exchange.sent) sendError(exchange, statusOf(reason));
    else if (reason !== "normal" && !(exchange.adapter as Http2Adapter).complete) {
      // Not `close`, which would end what the client has got so far as if it were all.
      response.destroy(new Error("the request crashed"));
    }
  }

  protected isOpen(stream: ServerHttp2Stream): boolean {
    return !stream.writableFinished;
  }

  /** Tells the client to open no more streams; those that are on the wire are still served. */
  drain(): void {
    if (this.drainingSince !== undefined || this.session.destroyed) return;
    this.drainingSince = this.process.now();
    this.session.goaway(constants.NGHTTP2_NO_ERROR, LAST_OF_ALL);
  }

  /** No stream is taken any more, and the connection ends with the last that is open. */
  protected override close(): void {
    this.closingSince ??= this.process.now();
    if (!this.session.closed) this.session.close();
  }

  protected lookAt(now: Milliseconds): void {
    const { limits, grace } = this.shared;
    for (const [stream, { adapter, stall }] of this.streams) {
      if (stall.look(stream.writableLength, adapter.taken, now) + limits.sendTimeout > now) continue;
      this.tell("sendTimeout");
      stream.destroy(new Error("the client takes nothing"));
    }
    this.requests.look(now, limits.requestTimeout, () => false);
    if (this.drainingSince !== undefined && this.drainingSince + grace <= now) this.close();
    if (this.streams.size > 0) return;
    if (this.closingSince !== undefined && this.closingSince + LAST_WORDS <= now) this.socket.destroy();
    else if (this.quietSince + limits.idleTimeout <= now && this.closingSince === undefined) {
      this.tell("idleTimeout");
      this.close();
    }
  }

  protected get state(): ConnectionInfo["state"] {
    if (this.requests.size > 0) return "running";
    return this.streams.size > 0 ? "sending" : "idle";
  }
}
