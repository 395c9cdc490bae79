import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Self } from "../../runtime/types.ts";
import type {
  Adapter,
  Body,
  BodyPart,
  Endpoint,
  Headers,
  PeerData,
  ReadOptions,
  SslData,
  Takeover,
} from "../conn/adapter.ts";
import type { OpenFile } from "../conn/file.ts";
import { type HttpError, InvalidHeaderError } from "../errors.ts";
import { BodyReader } from "./body-reader.ts";
import { expectsContinue } from "./expectation.ts";
import type { NodeResponse } from "./node-response.ts";
import type { Outbox } from "./outbox.ts";
import { endWith, writeTo } from "./slices.ts";
import { peerOf, sockOf, sslOf } from "./socket-data.ts";

/** What an adapter asks of the connection that its request came on. */
export interface Line {
  /** Whether this answer is to be the last one of the connection. */
  isLast(response: NodeResponse): boolean;
  /** Where answers wait that are whole. */
  readonly outbox: Outbox;
}

/** The adapter over `node:http`. */
export class NodeAdapter implements Adapter {
  declare private readonly request: IncomingMessage;
  declare private readonly response: NodeResponse;
  declare private readonly line: Line;
  declare private reader: BodyReader | undefined;
  declare private chunked: boolean;
  /** All of the response is there, and on its way: nobody has to add to it. */
  declare complete: boolean;
  /** Set where the client has asked for a WebSocket. */
  declare upgradable: boolean;
  /** What takes the connection over when the pipeline has ended, and the headers that were put before. */
  declare takeover: { readonly take: Takeover; readonly headers: Headers } | undefined;

  constructor(request: IncomingMessage, response: NodeResponse, line: Line) {
    this.request = request;
    this.response = response;
    this.line = line;
    this.reader = undefined;
    this.chunked = false;
    this.complete = false;
    this.upgradable = false;
    this.takeover = undefined;
  }

  get begun(): boolean {
    return this.response.begun;
  }
  get protocol(): string {
    return `HTTP/${this.request.httpVersion}`;
  }
  get keepsOpen(): boolean {
    return this.response.shouldKeepAlive && !this.line.isLast(this.response);
  }
  get peer(): PeerData {
    return peerOf(this.request.socket);
  }
  get sock(): Endpoint {
    return sockOf(this.request.socket);
  }
  get ssl(): SslData | undefined {
    return sslOf(this.request.socket);
  }

  /** The client has sent what is no body: who reads it, now or later, gets the error. */
  breakOff(error: HttpError): void {
    this.reader ??= new BodyReader(this.request);
    this.reader.breakOff(error);
  }

  readBody(options: ReadOptions, by: Self): Async<BodyPart> {
    if (this.reader === undefined && expectsContinue(this.request)) this.response.writeContinue();
    this.reader ??= new BodyReader(this.request);
    const part = this.reader.read(options, by);
    if (!isThenable(part)) return part;
    return part.then(undefined, (error) => {
      this.abandonBody();
      throw error;
    });
  }

  /** What is left unread cannot be followed by another request: the connection ends with the response. */
  abandonBody(): void {
    this.request.pause();
    this.response.shouldKeepAlive = false;
  }

  /**
   * The request's process has ended. Node throws away a body that nobody has read; what is left of one that was read in
   * part is thrown away here, unless the connection ends anyway.
   */
  discardBody(): void {
    if (this.reader !== undefined && this.response.shouldKeepAlive) this.reader.discard();
  }

  send(status: number, headers: Headers, body: Body): void {
    const { response } = this;
    if (this.line.isLast(response)) response.shouldKeepAlive = false;
    if (typeof body === "string" && response.prepare(status, headers, body)) {
      this.complete = true;
      this.line.outbox.add(response);
      return;
    }
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    this.writeHead(status, headers, length);
    this.complete = true;
    // Bytes: as a text, Node would write the head in the encoding of the body.
    endWith(response, typeof body === "string" && length > body.length ? Buffer.from(body) : body);
  }

  async sendFile(status: number, headers: Headers, { handle, offset, length }: OpenFile): Promise<void> {
    this.writeHead(status, headers, length);
    if (this.request.method === "HEAD" || length === 0) {
      this.complete = true;
      this.response.end();
      return;
    }
    try {
      await pipeline(
        handle.createReadStream({ start: offset, end: offset + length - 1, autoClose: false }),
        this.response,
      );
      this.complete = true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    }
  }

  sendChunked(status: number, headers: Headers): void {
    this.chunked = true;
    this.writeHead(status, headers, undefined);
    this.response.flushHeaders();
  }

  chunk(data: Body): Async<"ok" | "closed"> {
    const { response } = this;
    if (this.request.method !== "HEAD") return writeTo(response, data);
    return response.destroyed || response.closed ? "closed" : "ok";
  }

  end(): void {
    if (!this.chunked) return;
    this.complete = true;
    this.response.end();
  }

  inform(status: number, headers: Headers): boolean {
    if (this.request.httpVersionMinor === 0) return false;
    const socket = this.response.socket as Socket | null;
    // Those before it on the connection are still to be answered.
    if (socket === null) return false;
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines}\r\n`, "latin1");
    return true;
  }

  upgrade(protocol: string, take: Takeover, headers: Headers): boolean {
    if (!this.upgradable || protocol !== "websocket") return false;
    this.takeover = { take, headers };
    return true;
  }

  /** The head as one flat list: Node writes it as it stands. */
  private writeHead(status: number, headers: Headers, length: number | undefined): void {
    if (this.line.isLast(this.response)) this.response.shouldKeepAlive = false;
    const bodiless = status === 204 || status < 200 || status === 304;
    const flat: string[] = [];
    let measured = false;
    for (let i = 0; i < headers.length; i++) {
      const [name, value] = headers[i] as Headers[number];
      flat.push(name, value);
      if (name === "content-length" && length !== undefined && !bodiless) this.checkLength(value, length);
      measured ||= name === "content-length" || name === "transfer-encoding";
    }
    if (!measured && !bodiless && length !== undefined) flat.push("content-length", String(length));
    this.response.writeHead(status, flat);
  }

  /** With another length than its own a response would begin or end in the middle of another one. */
  private checkLength(declared: string, length: number): void {
    if (this.request.method === "HEAD" || declared === String(length)) return;
    throw new InvalidHeaderError(`expected content-length to be that of the body, ${length}, got: ${declared}`);
  }
}
