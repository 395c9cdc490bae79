import type { Readable } from "node:stream";
import { processOf } from "../runtime/self.ts";
import type { Self } from "../runtime/types.ts";
import type { BodyPart, ReadOptions } from "./adapter.ts";
import { HttpError } from "./errors.ts";

const NONE = new Uint8Array();

const brokeOff = (): HttpError => new HttpError(400, "the body broke off");

/** Reads a request's body part by part; between the parts the client waits. */
export class BodyReader {
  private readonly stream: Readable;
  private ended = false;

  constructor(stream: Readable) {
    this.stream = stream;
  }

  /** Nobody reads on: what is still to come is thrown away, so that another request can follow. */
  discard(): void {
    if (!this.ended) this.stream.resume();
  }

  /** Rejects with 408 when the part does not arrive in time, with 400 when the body breaks off. */
  read({ length, timeout }: ReadOptions, by: Self): Promise<BodyPart> {
    const { stream } = this;
    if (this.ended) return Promise.resolve({ bytes: NONE, more: false });
    if (stream.destroyed && !stream.readableEnded) return Promise.reject(brokeOff());
    const self = processOf(by);
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
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
      const onBroken = (): void => done(() => reject(brokeOff()));
      const late = (): void => done(() => reject(new HttpError(408, `the body did not arrive within ${timeout} ms`)));
      const timer = self.kernel.timers.set(timeout, late, self);
      stream.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
      stream.resume();
    });
  }
}
