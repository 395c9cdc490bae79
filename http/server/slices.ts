import type { Writable } from "node:stream";
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
