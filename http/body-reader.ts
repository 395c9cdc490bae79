import type { Readable } from "node:stream";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Async, Self } from "../runtime/types.ts";
import type { BodyPart, ReadOptions } from "./adapter.ts";
import { HttpError } from "./errors.ts";

const NONE = new Uint8Array();

/** To a process that has ended, its own end is the reason. */
const brokeOff = (self: ProcessSelf): unknown =>
  self.dead ? self.signal.reason : new HttpError(400, "the body broke off");

/** A request as Node reads it; `complete` when all of it has arrived, read or not. */
export interface BodyStream extends Readable {
  readonly complete: boolean;
}

/** Reads a request's body part by part; between the parts the client waits. */
export class BodyReader {
  private readonly stream: BodyStream;
  private ended = false;

  constructor(stream: BodyStream) {
    this.stream = stream;
  }

  /**
   * The next part: at once if it is there, as a small body is that came with its head. Rejects with 408 when it does not
   * arrive in time, with 400 when the body breaks off.
   */
  read({ length, timeout }: ReadOptions, by: Self): Async<BodyPart> {
    const { stream } = this;
    if (this.ended) return { bytes: NONE, more: false };
    if (stream.destroyed && !stream.readableEnded) return Promise.reject(brokeOff(processOf(by)));
    const there = stream.read() as Uint8Array | null;
    if (stream.complete && stream.readableLength === 0) {
      this.ended = true;
      return { bytes: there ?? NONE, more: false };
    }
    if (there !== null && there.byteLength >= length) return { bytes: there, more: true };
    return this.wait(there, { length, timeout }, by);
  }

  private wait(there: Uint8Array | null, { length, timeout }: ReadOptions, by: Self): Promise<BodyPart> {
    const { stream } = this;
    const self = processOf(by);
    if (self.dead) return Promise.reject(brokeOff(self));
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = there === null ? [] : [there];
      let size = there?.byteLength ?? 0;
      const done = (settle: () => void): void => {
        timer.cancel();
        stream.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
        stream.pause();
        settle();
      };
      const part = (more: boolean): BodyPart => ({
        bytes: chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks),
        more,
      });
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
      const late = (): void => done(() => reject(new HttpError(408, `the body did not arrive within ${timeout} ms`)));
      const timer = self.kernel.timers.set(timeout, late, self);
      stream.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
      stream.resume();
    });
  }
}
