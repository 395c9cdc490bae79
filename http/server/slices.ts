import type { Writable } from "node:stream";
import type { Async } from "../../runtime/types.ts";
import type { Body } from "../conn/adapter.ts";

/** What is longer is written in parts of this size, in bytes. */
export const SLICE = 262_144;

/**
 * Ends a stream with a body. A long one is written part by part, as the client takes it: so it shows whether the client
 * takes anything at all, and what it has not taken yet is not held twice.
 */
export function endWith(stream: Writable, body: Body): void {
  if (body.length <= SLICE) {
    stream.end(body);
    return;
  }
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  let at = 0;
  const write = (): void => {
    while (!stream.destroyed) {
      const slice = bytes.subarray(at, at + SLICE);
      at += SLICE;
      if (at >= bytes.length) {
        stream.off("drain", write).end(slice);
        return;
      }
      if (!stream.write(slice)) return;
    }
  };
  stream.on("drain", write);
  write();
}

const isGone = (stream: Writable): boolean => stream.destroyed || stream.closed;

/** Writes a part: a promise while the client does not keep up, "closed" when it has gone. */
export function writeTo(stream: Writable, data: Body): Async<"ok" | "closed"> {
  // A write after the client has gone does nothing, and says nothing.
  if (isGone(stream)) return "closed";
  if (stream.write(data)) return "ok";
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle).off("close", settle);
      resolve(isGone(stream) ? "closed" : "ok");
    };
    stream.on("drain", settle).on("close", settle);
  });
}
