import type { Readable } from "node:stream";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { Async, Self } from "../../runtime/types.ts";
import type { BodyPart, ReadOptions } from "../conn/adapter.ts";
import { HttpError } from "../errors.ts";

const NONE = new Uint8Array();
const SOON = Promise.resolve();

/** To a process that has ended, its own end is the reason. */
const brokeOff = (self: ProcessSelf): unknown =>
  self.dead ? self.signal.reason : new HttpError(400, "the body broke off");

const joined = (chunks: readonly Uint8Array[]): Uint8Array =>
  chunks.length === 1 ? (chunks[0] as Uint8Array) : chunks.length === 0 ? NONE : Buffer.concat(chunks);

/** A request as Node reads it; `complete` when its end has been parsed, whether it was read or not, if it says so. */
export interface BodyStream extends Readable {
  readonly complete?: boolean;
  readonly headers?: { readonly "content-length"?: string | undefined };
}

/** Reads a request's body part by part; between the parts the client waits. */
export class BodyReader {
  private readonly stream: BodyStream;
  private ended = false;
  /** What has come is no body, so nothing more will come of it. */
  private broken: HttpError | undefined = undefined;
  /** Tells who waits for a part. */
  private interrupt: ((error: HttpError) => void) | undefined = undefined;

  constructor(stream: BodyStream) {
    this.stream = stream;
  }

  /** Nobody reads on: what is still to come is thrown away, so that another request can follow. */
  discard(): void {
    if (!this.ended) this.stream.resume();
  }

  /** Who reads on, now or later, gets this error. */
  breakOff(error: HttpError): void {
    this.broken = error;
    this.interrupt?.(error);
  }

  /**
   * The next part: at once if it is there, or a turn later, as a small body is that came with its head. Rejects with 408
   * when it does not arrive in time, with 400 when it breaks off.
   */
  read(options: ReadOptions, by: Self): Async<BodyPart> {
    // A request begins when its head is parsed; only then is what came with it.
    return this.take(options, by) ?? SOON.then(() => this.take(options, by) ?? this.wait(options, by));
  }

  /** The next part, if it is there. */
  private take({ length }: ReadOptions, by: Self): Async<BodyPart> | undefined {
    const { stream } = this;
    // An empty body of HTTP/2 may have ended before anybody listened.
    if (this.ended || stream.readableEnded) return { bytes: NONE, more: false };
    if (this.broken !== undefined) return Promise.reject(this.broken);
    if (stream.destroyed) return Promise.reject(brokeOff(processOf(by)));
    const complete = stream.complete === true;
    const isWhole = complete || this.hasArrived();
    if (!isWhole && stream.readableLength < length) return undefined;
    this.ended = isWhole;
    const bytes = this.buffered();
    // So that the stream itself ends, when it hears that nothing follows.
    if (isWhole && !complete) stream.resume();
    return { bytes, more: !isWhole };
  }

  /** As many bytes are there as the head has said: the parser tells of the end of a body in a later turn. */
  private hasArrived(): boolean {
    const declared = this.stream.headers?.["content-length"];
    return declared !== undefined && this.stream.readableLength >= Number(declared);
  }

  /** What has arrived; Node gives it out piece by piece. */
  private buffered(): Uint8Array {
    const { stream } = this;
    const chunks: Uint8Array[] = [];
    let chunk: Uint8Array | null = stream.read();
    while (chunk !== null) {
      chunks.push(chunk);
      chunk = stream.readableLength > 0 ? stream.read() : null;
    }
    return joined(chunks);
  }

  private wait({ length, timeout }: ReadOptions, by: Self): Promise<BodyPart> {
    const { stream } = this;
    const self = processOf(by);
    if (self.dead) return Promise.reject(brokeOff(self));
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const done = (settle: () => void): void => {
        timer.cancel();
        this.interrupt = undefined;
        stream.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
        stream.pause();
        settle();
      };
      const part = (more: boolean): BodyPart => ({ bytes: joined(chunks), more });
      const onData = (chunk: Uint8Array): void => {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size >= length) done(() => resolve(part(true)));
      };
      const onEnd = (): void => {
        this.ended = true;
        done(() => resolve(part(false)));
      };
      const onBroken = (): void => done(() => reject(brokeOff(self)));
      this.interrupt = (error) => done(() => reject(error));
      const late = (): void => done(() => reject(new HttpError(408, `the body did not arrive within ${timeout} ms`)));
      const timer = self.kernel.timers.set(timeout, late, self);
      stream.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
      stream.resume();
    });
  }
}
