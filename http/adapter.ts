import type { Milliseconds, Self } from "../runtime/types.ts";
import type { OpenFile } from "./file.ts";

export type Headers = readonly (readonly [name: string, value: string])[];
export type Body = string | Uint8Array;

/** What a request says before its body. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** As it came: neither decoded nor normalised. */
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly remoteAddress: string;
}

/**
 * How a conn reaches its client. `node:http` is one adapter, the test adapter is another, equal in rank. The methods
 * are called at most once each, in the order body, response.
 */
export interface Adapter {
  /** Whether the response has begun: from then on there is no other. */
  readonly begun: boolean;
  /** The whole body; rejects with an HttpError: 413 past `limit` bytes, 408 past `timeout`, 400 when it breaks off. */
  readBody(limit: number, timeout: Milliseconds, by: Self): Promise<Uint8Array>;
  send(status: number, headers: Headers, body: Body): void;
  /** Sends the part. Resolves when it is sent, or the client has gone; the caller closes the file. */
  sendFile(status: number, headers: Headers, file: OpenFile): Promise<void>;
}
