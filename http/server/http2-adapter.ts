import { constants, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Self } from "../../runtime/types.ts";
import type { Adapter, Body, BodyPart, Endpoint, Headers, PeerData, ReadOptions, SslData } from "../conn/adapter.ts";
import type { OpenFile } from "../conn/file.ts";
import { BodyReader } from "./body-reader.ts";
import { endWith, writeTo } from "./slices.ts";
import { peerOf, sockOf, sslOf } from "./socket-data.ts";

/** What says something of a connection, and not of a response: HTTP/2 has no place for it (RFC 9113 §8.2.2). */
const OF_CONNECTIONS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** The adapter over a stream of HTTP/2. */
export class Http2Adapter implements Adapter {
  readonly protocol = "HTTP/2";
  /** One stream is one request; the connection has others. */
  readonly keepsOpen = true;
  private readonly stream: ServerHttp2Stream;
  private readonly socket: Socket;
  private readonly isHead: boolean;
  private expects: boolean;
  private reader: BodyReader | undefined = undefined;
  private chunked = false;
  /** All of the response is there, and on its way: nobody has to add to it. */
  complete = false;
  /** How often the client has taken what there was. */
  taken = 0;

  constructor(stream: ServerHttp2Stream, socket: Socket, isHead: boolean, expects: boolean) {
    this.stream = stream;
    this.socket = socket;
    this.isHead = isHead;
    this.expects = expects;
    stream.on("drain", () => {
      this.taken++;
    });
  }

  get begun(): boolean {
    return this.stream.headersSent;
  }
  get peer(): PeerData {
    return peerOf(this.socket);
  }
  get sock(): Endpoint {
    return sockOf(this.socket);
  }
  get ssl(): SslData | undefined {
    return sslOf(this.socket);
  }

  readBody(options: ReadOptions, by: Self): Async<BodyPart> {
    if (this.expects && !this.begun) this.inform(100, []);
    this.expects = false;
    this.reader ??= new BodyReader(this.stream);
    const part = this.reader.read(options, by);
    if (!isThenable(part)) return part;
    return part.then(undefined, (error) => {
      this.abandonBody();
      throw error;
    });
  }

  /** The rest of the body is not taken, and when the response is sent, the client is told to stop sending it. */
  abandonBody(): void {
    const { stream } = this;
    stream.pause();
    stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
  }

  send(status: number, headers: Headers, body: Body): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    this.complete = true;
    if (this.respond(status, headers, length, length === 0)) endWith(this.stream, body);
  }

  async sendFile(status: number, headers: Headers, { handle, offset, length }: OpenFile): Promise<void> {
    if (!this.respond(status, headers, length, length === 0)) {
      this.complete = true;
      return;
    }
    try {
      const part = handle.createReadStream({ start: offset, end: offset + length - 1, autoClose: false });
      await pipeline(part, this.stream);
      this.complete = true;
    } catch (error) {
      if (!this.stream.destroyed) throw error;
    }
  }

  sendChunked(status: number, headers: Headers): void {
    this.chunked = true;
    this.respond(status, headers, undefined, false);
  }

  chunk(data: Body): Async<"ok" | "closed"> {
    const { stream } = this;
    return this.isHead ? "ok" : writeTo(stream, data);
  }

  end(): void {
    if (!this.chunked) return;
    this.complete = true;
    this.stream.end();
  }

  inform(status: number, headers: Headers): boolean {
    if (!this.stream.destroyed && !this.stream.closed) this.stream.additionalHeaders(fields(status, headers));
    return true;
  }

  /** A stream is no connection that something else could be spoken on. */
  upgrade(): boolean {
    return false;
  }

  /** Sends the head. False when nothing follows it: there is no body, or the client has gone. */
  private respond(status: number, headers: Headers, length: number | undefined, isEmpty: boolean): boolean {
    const { stream } = this;
    if (stream.destroyed || stream.closed) return false;
    const out = fields(status, headers);
    const bodiless = status === 204 || status === 304;
    if (length !== undefined && !bodiless && out["content-length"] === undefined)
      out["content-length"] = String(length);
    const endStream = isEmpty || bodiless || this.isHead;
    stream.respond(out, { endStream });
    return !endStream;
  }
}

/** A head as `node:http2` takes it: a name that comes several times has a list. */
function fields(status: number, headers: Headers): Record<string, number | string | string[]> {
  const out: Record<string, number | string | string[]> = Object.create(null);
  out[":status"] = status;
  for (const [name, value] of headers) {
    if (OF_CONNECTIONS.has(name)) continue;
    const known = out[name];
    if (known === undefined) out[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else out[name] = [known as string, value];
  }
  return out;
}
