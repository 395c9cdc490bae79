import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { processOf } from "../runtime/self.ts";
import type { Milliseconds, Self } from "../runtime/types.ts";
import type { Adapter, Body, Headers } from "./adapter.ts";
import { HttpError } from "./errors.ts";
import { expectsContinue } from "./expectation.ts";
import type { OpenFile } from "./file.ts";

/** The adapter over `node:http`. Asks `last` whether the answer is to be the last one of its connection. */
export class NodeAdapter implements Adapter {
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly last: (response: ServerResponse) => boolean;
  /** What has come of the body is none. */
  private broken: HttpError | undefined;
  /** Tells who waits for the body. */
  private interrupt: ((error: HttpError) => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, last: (response: ServerResponse) => boolean) {
    this.request = request;
    this.response = response;
    this.last = last;
    this.broken = undefined;
    this.interrupt = undefined;
  }

  /** The client has sent what is no body: who reads it, now or later, gets the error. False when that was known. */
  breakOff(error: HttpError): boolean {
    if (this.broken !== undefined) return false;
    this.broken = error;
    this.interrupt?.(error);
    return true;
  }

  get begun(): boolean {
    return this.response.headersSent;
  }

  send(status: number, headers: Headers, body: Body): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    this.writeHead(status, headers, length);
    this.response.end(body);
  }

  async sendFile(status: number, headers: Headers, { handle, offset, length }: OpenFile): Promise<void> {
    this.writeHead(status, headers, length);
    if (this.request.method === "HEAD" || length === 0) {
      this.response.end();
      return;
    }
    try {
      await pipeline(
        handle.createReadStream({ start: offset, end: offset + length - 1, autoClose: false }),
        this.response,
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    }
  }

  readBody(limit: number, timeout: Milliseconds, by: Self): Promise<Uint8Array> {
    const { request } = this;
    const self = processOf(by);
    if (this.broken !== undefined) return Promise.reject(this.broken);
    if (expectsContinue(request)) this.response.writeContinue();
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const done = (settle: () => void): void => {
        timer.cancel();
        this.interrupt = undefined;
        request.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
        settle();
      };
      // What is left unread cannot be followed by another request: the connection ends with the answer.
      const refuse = (status: number, message: string): void =>
        done(() => {
          request.pause();
          this.response.shouldKeepAlive = false;
          reject(new HttpError(status, message));
        });
      const onData = (chunk: Uint8Array): void => {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > limit) refuse(413, `the body is longer than ${limit} bytes`);
      };
      const onEnd = (): void => done(() => resolve(Buffer.concat(chunks)));
      const onBroken = (): void => done(() => reject(new HttpError(400, "the body broke off")));
      this.interrupt = (error) => done(() => reject(error));
      const late = (): void => refuse(408, `the body did not arrive within ${timeout} ms`);
      const timer = self.kernel.timers.set(timeout, late, self);
      request.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
    });
  }

  /** The head as one flat list: Node writes it as it stands. */
  private writeHead(status: number, headers: Headers, length: number): void {
    if (this.last(this.response)) this.response.shouldKeepAlive = false;
    const flat: string[] = [];
    let measured = false;
    for (const [name, value] of headers) {
      flat.push(name, value);
      measured ||= name === "content-length" || name === "transfer-encoding";
    }
    const bodiless = status === 204 || status < 200;
    if (!measured && !bodiless && status !== 304) flat.push("content-length", String(length));
    this.response.writeHead(status, flat);
  }
}
