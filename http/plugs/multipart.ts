import { Dicer } from "@fastify/busboy";
import type { Milliseconds } from "../../runtime/types.ts";
import type { Headers } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";
import { getHeader } from "../conn/headers.ts";
import { contentType, headerParams } from "../conn/media-type.ts";
import { decodePercent, type Utf8Check } from "../conn/query.ts";
import { HttpError } from "../errors.ts";
import { textOf } from "./body-parser.ts";

/** How much of a multipart body is taken. */
export interface PartsOptions {
  /** All parts with their headers, in bytes; 413 beyond. Default 8,000,000. */
  readonly length?: number;
  /** How long the next bytes may take to arrive; 408 beyond. Default 15,000 ms. */
  readonly timeout?: Milliseconds;
  /** How many parts; 413 beyond. Default 1000; Plug has no limit. */
  readonly maxParts?: number;
  /** The headers of one part, in bytes; 413 beyond. Default 64,000. */
  readonly maxHeaderSize?: number;
  /** Default true: headers that are not UTF-8 are a 400. Or the class of the error; with false, they get U+FFFD. */
  readonly validateUtf8?: Utf8Check;
}

/** A part of a multipart body. What it contains is read once, before the next part is asked for. */
export interface Part {
  /** Names in lower case. */
  readonly headers: Headers;
  /** Of the field, as the content disposition says. */
  readonly name: string | undefined;
  /** What the client says that the file is called: no name to save it under. Empty where no file was chosen. */
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  /** Piece by piece, as it arrives. */
  body(): AsyncIterableIterator<Uint8Array>;
}

/** How much is read from the client, and so kept in memory, at a time. */
const PIECE = 64_000;
/** RFC 2046 §5.1.1 allows 70. */
const LONGEST_BOUNDARY = 200;

/**
 * The parts of a multipart body as they arrive, none longer in memory than it is looked at (Plug: `read_part_headers`,
 * `read_part_body`). The client waits while a part is dealt with; what is not read of a part is passed over. Throws an
 * HttpError: 400 if the body is malformed, 413 beyond a limit, 408 if it does not arrive in time.
 *
 * @example
 * const measure = async (conn: Conn) => {
 *   let bytes = 0;
 *   for await (const part of parts(conn, { length: 1_000_000_000 })) {
 *     for await (const piece of part.body()) bytes += piece.byteLength;
 *   }
 *   return conn.text(`${bytes} bytes`);
 * };
 */
export async function* parts(conn: Conn<any>, options: PartsOptions = {}): AsyncGenerator<Part, void, undefined> {
  const type = contentType(conn.getReqHeader("content-type") ?? "");
  const boundary = type?.params.boundary ?? "";
  if (type?.type !== "multipart") throw new HttpError(415, "expected a body of a multipart type");
  if (boundary === "" || boundary.length > LONGEST_BOUNDARY) {
    throw new HttpError(400, `expected a multipart boundary of 1 to ${LONGEST_BOUNDARY} characters`);
  }
  const splitter = new Splitter(conn, boundary, options);
  for (let part = await splitter.next(); part !== undefined; part = await splitter.next()) yield part;
}

/** Reads the body when somebody waits for more of it, and lets Dicer find the parts in it. */
class Splitter {
  private readonly conn: Conn<any>;
  private readonly options: Required<PartsOptions>;
  private readonly dicer: Dicer;
  /** Whose headers have come, and that nobody has asked for. */
  private readonly found: IncomingPart[] = [];
  private current: IncomingPart | undefined = undefined;
  private count = 0;
  private size = 0;
  private more = true;
  private broken = false;

  constructor(conn: Conn<any>, boundary: string, options: PartsOptions) {
    const { length = 8_000_000, timeout = 15_000, maxParts = 1000, maxHeaderSize = 64_000 } = options;
    const { validateUtf8 = true } = options;
    this.conn = conn;
    this.options = { length, timeout, maxParts, maxHeaderSize, validateUtf8 };
    // Headers that are longer are cut by Dicer, and then still found to be too long.
    const limits = { maxHeaderSize: 2 * maxHeaderSize, maxHeaderPairs: maxHeaderSize };
    this.dicer = new Dicer({ boundary, ...limits });
    this.dicer.on("part", (stream) => this.begin(stream));
    this.dicer.on("error", () => {
      this.broken = true;
    });
  }

  async next(): Promise<Part | undefined> {
    this.current?.skip();
    while (this.found.length === 0) if (!(await this.feed())) return undefined;
    this.current = this.found.shift();
    return this.current;
  }

  /** Gives Dicer the next piece; false when there is none. */
  async feed(): Promise<boolean> {
    if (!this.more) return false;
    try {
      const { length, timeout } = this.options;
      const { bytes, more } = await this.conn.readBodyPart({ length: PIECE, timeout });
      this.more = more;
      this.size += bytes.byteLength;
      if (this.size > length) throw new HttpError(413, `the body is longer than ${length} bytes`);
      this.dicer.write(bytes);
      if (!more && this.size > 0) this.dicer.end();
      // Streams tell of some things a few ticks later.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.broken) throw new HttpError(400, "the multipart body is malformed, or ends before its last boundary");
    } catch (error) {
      this.more = false;
      this.conn.exchange.abandonBody();
      throw error;
    }
    return true;
  }

  private begin(stream: Dicer.PartStream): void {
    const { maxParts, maxHeaderSize, validateUtf8 } = this.options;
    if (++this.count > maxParts) throw new HttpError(413, `the body has more than ${maxParts} parts`);
    // The same is told by Dicer itself.
    stream.on("error", () => {});
    stream.on("header", (fields) => {
      const headers = headersOf(fields as Fields, maxHeaderSize, validateUtf8);
      this.found.push(new IncomingPart(this, headers, stream, validateUtf8));
    });
    stream.resume();
  }
}

type Fields = Readonly<Record<string, readonly string[]>>;

function headersOf(fields: Fields, maxSize: number, check: Utf8Check): Headers {
  const headers = Object.entries(fields).flatMap(([name, values]) => values.map((value) => [name, value] as const));
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length + ": \r\n".length, 0);
  if (size > maxSize) throw new HttpError(413, `the headers of a part are longer than ${maxSize} bytes`);
  return headers.map(([name, value]) => [name, textOf(Buffer.from(value, "latin1"), "headers of a part", check)]);
}

class IncomingPart implements Part {
  readonly headers: Headers;
  readonly name: string | undefined;
  readonly filename: string | undefined;
  private readonly splitter: Splitter;
  private pieces: Uint8Array[] = [];
  private ended = false;
  private skipped = false;

  constructor(splitter: Splitter, headers: Headers, stream: Dicer.PartStream, check: Utf8Check) {
    this.splitter = splitter;
    this.headers = headers;
    const disposition = dispositionOf(headers);
    this.name = disposition.name;
    this.filename = disposition.filename ?? extended(disposition["filename*"], check);
    stream.on("data", (piece) => {
      if (!this.skipped) this.pieces.push(piece as Uint8Array);
    });
    stream.on("end", () => {
      this.ended = true;
    });
  }

  get contentType(): string | undefined {
    return getHeader(this.headers, "content-type");
  }

  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = this.pieces.shift();
      if (piece !== undefined) yield piece;
      else if (this.ended || this.skipped || !(await this.splitter.feed())) return;
    }
  }

  skip(): void {
    this.skipped = true;
    this.pieces = [];
  }
}

function dispositionOf(headers: Headers): Readonly<Record<string, string>> {
  const header = getHeader(headers, "content-disposition") ?? "";
  const at = header.indexOf(";");
  return headerParams(at < 0 ? "" : header.slice(at + 1));
}

/** `utf-8''` and what follows, percent-encoded (RFC 8187). */
function extended(value: string | undefined, check: Utf8Check): string | undefined {
  if (value === undefined || !/^utf-8''/i.test(value)) return undefined;
  return decodePercent(value.slice("utf-8''".length), "name of a file", check);
}
