import { isUtf8 } from "node:buffer";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Milliseconds } from "../../runtime/types.ts";
import type { ReadOptions } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";
import type { MediaType } from "../conn/media-type.ts";
import { notUtf8, type Utf8Check } from "../conn/query.ts";

/** Reads a body: what it is, and the conn to go on with, on which something of it may be kept. */
export type BodySource = (conn: Conn<any>, options: ReadOptions) => Async<readonly [body: Uint8Array, conn: Conn<any>]>;

/** How bodies are read, whatever they are. */
export interface ReadingOptions {
  /** The longest body, in bytes; 413 beyond. Default 8,000,000; 1,000,000 for a form that is urlencoded. */
  readonly length?: number;
  /** How long the body, or its next part, may take to arrive; 408 beyond. Default 15,000 ms. */
  readonly timeout?: Milliseconds;
  /** Reads the body in place of `conn.readBody`, to keep it as it came, for instance. Multipart bodies are not read so. */
  readonly bodyReader?: BodySource;
  /** Default true: what is not UTF-8 is a 400. Or the class of the error to throw; with false, it becomes U+FFFD. */
  readonly validateUtf8?: Utf8Check;
}

/** What a parser is told: what the plug was told, and the defaults. */
export interface Reading {
  /** Undefined where a parser has a default of its own. */
  readonly length: number | undefined;
  readonly timeout: Milliseconds;
  readonly bodyReader: BodySource;
  readonly validateUtf8: Utf8Check;
}

/**
 * Makes parameters of bodies of some types (Plug: the behaviour `Plug.Parsers`). It throws an `HttpError` for a body that
 * is none of its type: 400, or 413 when it is too long.
 *
 * @example
 * const csv: BodyParser = {
 *   name: "csv",
 *   parse: async (conn, { type, subtype }, { bodyReader, timeout }) => {
 *     if (type !== "text" || subtype !== "csv") return "next";
 *     const [body, read] = await bodyReader(conn, { length: 100_000, timeout });
 *     return read.putBodyParams({ rows: String(body).split("\n") });
 *   },
 * };
 * pipeline().plug(plug(Parsers, { parsers: ["json", csv] }))
 */
export interface BodyParser {
  /** What errors call it. */
  readonly name: string;
  /** The conn with what the body is, put with `putBodyParams`; `"next"` if the type is not one of its own. */
  parse(conn: Conn<any>, type: MediaType, reading: Reading): Async<Conn<any> | "next">;
}

const TIMEOUT: Milliseconds = 15_000;

const readWhole: BodySource = (conn, options) => {
  const body = conn.exchange.readWholeBody("Parsers", options);
  return isThenable(body) ? body.then((arrived) => [arrived, conn] as const) : [body, conn];
};

export const readingOf = (options: ReadingOptions): Reading => ({
  length: options.length,
  timeout: options.timeout ?? TIMEOUT,
  bodyReader: options.bodyReader ?? readWhole,
  validateUtf8: options.validateUtf8 ?? true,
});

/** Reads a body and makes parameters of it: at once, if it is there. */
export function parseBody(
  conn: Conn<any>,
  { bodyReader, timeout }: Reading,
  length: number,
  parse: (body: Uint8Array) => Readonly<Record<string, unknown>>,
): Async<Conn<any>> {
  const read = bodyReader(conn, { length, timeout });
  if (isThenable(read)) return read.then(([body, after]) => after.putBodyParams(parse(body)));
  return read[1].putBodyParams(parse(read[0]));
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text that bytes are. */
export function textOf(bytes: Uint8Array, where: string, check: Utf8Check): string {
  if (check === false) return lenient.decode(bytes);
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString();
  // Either what is no UTF-8 has become this, or it is the client's own.
  if (text.includes("\ufffd") && !isUtf8(bytes)) throw notUtf8(where, check);
  return text;
}
