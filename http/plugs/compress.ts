import Negotiator from "negotiator";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async, Self } from "../../runtime/types.ts";
import type { Body, Headers, Output } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";
import type { OpenFile } from "../conn/file.ts";
import { getHeader } from "../conn/headers.ts";
import { Compressor, compress, compressSync, ENCODINGS, type Encoding } from "./compressor.ts";

export interface CompressOptions {
  /** What may be used; of those that the client likes best, the first. Default br, zstd, gzip, deflate. */
  readonly encodings?: readonly Encoding[];
  /** Smaller bodies are left as they are, in bytes. Default 1024. Of a body in chunks nobody knows the size. */
  readonly threshold?: number;
  /** Which content types are worth it. Default all but images, sound, films, fonts and archives, which are compressed already. */
  readonly types?: (contentType: string) => boolean;
}

interface Ready {
  readonly encodings: readonly Encoding[];
  readonly threshold: number;
  readonly types: (contentType: string) => boolean;
}

/** Larger bodies are compressed off the main thread, which takes about a millisecond for this many bytes. */
const LARGEST_AT_ONCE = 32_768;

/**
 * Compresses responses as the client's `accept-encoding` asks, whole ones and those in chunks, of which each part leaves at
 * once (Bandit: `compress`). Left alone are files (`Static` has them compressed already), parts of them, what has a
 * `content-encoding` or a strong etag, and what `cache-control: no-transform` forbids. What of a page is secret and what
 * comes from the request should not be compressed together (the BREACH attack): CSRF tokens here are masked for that.
 *
 * @example
 * pipeline().plug(plug(Compress, { encodings: ["br", "gzip"] }))
 */
export const Compress = {
  name: "Compress",

  init: ({ encodings = DEFAULT, threshold = 1024, types = isWorthIt }: CompressOptions = {}): Ready => {
    if (!Array.isArray(encodings) || !encodings.every((encoding) => ENCODINGS.includes(encoding))) {
      throw new BadArgument(`Compress: expected encodings among ${ENCODINGS.join(", ")}, got: ${show(encodings)}`);
    }
    if (!(typeof threshold === "number" && threshold >= 0)) {
      throw new BadArgument(`Compress: expected threshold to be a number of bytes, got: ${show(threshold)}`);
    }
    // Who asks for it by its old name gets it by that.
    return { encodings: encodings.includes("gzip") ? [...encodings, "x-gzip"] : encodings, threshold, types };
  },

  call: <A extends object>(conn: Conn<A>, options: Ready): Conn<A> => {
    const encoding = negotiate(conn.getReqHeader("accept-encoding"), options.encodings);
    conn.exchange.sendThrough((output) => new Compressing(output, encoding, options, conn.self));
    return conn;
  },
};

const DEFAULT: readonly Encoding[] = ["br", "zstd", "gzip", "deflate"];

/** Its types do not know of preferences yet. */
type Preferring = { encodings(available: readonly string[], options: { preferred: readonly string[] }): string[] };

/** Undefined: as it is. */
function negotiate(accept: string | undefined, encodings: readonly Encoding[]): Encoding | undefined {
  if (accept === undefined) return undefined;
  const negotiator = new Negotiator({ headers: { "accept-encoding": accept } }) as unknown as Preferring;
  const [best] = negotiator.encodings([...encodings, "identity"], { preferred: encodings });
  return best === undefined || best === "identity" ? undefined : (best as Encoding);
}

const COMPRESSED =
  /^(?:image\/(?!svg|bmp|x-icon)|video\/|audio\/|font\/woff|application\/(?:zip|gzip|zstd|x-bzip|x-xz|x-7z|vnd\.rar|octet-stream|pdf))/i;
const isWorthIt = (contentType: string): boolean => !COMPRESSED.test(contentType);

/** Stands before the adapter, and compresses what goes through. */
class Compressing implements Output {
  private readonly output: Output;
  private readonly encoding: Encoding | undefined;
  private readonly options: Ready;
  private readonly self: Self;
  private compressor: Compressor | undefined = undefined;

  constructor(output: Output, encoding: Encoding | undefined, options: Ready, self: Self) {
    this.output = output;
    this.encoding = encoding;
    this.options = options;
    this.self = self;
  }

  send(status: number, headers: Headers, body: Body): Async<void> {
    const { encoding, output } = this;
    const size = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    const varied = vary(status, headers);
    if (encoding === undefined || size === 0 || size < this.options.threshold || !this.mayChange(status, headers)) {
      return output.send(status, varied, body);
    }
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const encoded = encodedWith(encoding, varied);
    if (size <= LARGEST_AT_ONCE) return output.send(status, encoded, compressSync(encoding, bytes));
    return compress(encoding, bytes).then((small) => output.send(status, encoded, small));
  }

  sendFile(status: number, headers: Headers, file: OpenFile): Promise<void> {
    return this.output.sendFile(status, headers, file);
  }

  sendChunked(status: number, headers: Headers): void {
    const { encoding } = this;
    const varied = vary(status, headers);
    // A length that was given is that of what the plug sends.
    const isOpen = getHeader(headers, "content-length") === undefined && this.mayChange(status, headers);
    if (encoding === undefined || !isOpen) return this.output.sendChunked(status, varied);
    this.compressor = this.self.own(new Compressor(encoding));
    this.output.sendChunked(status, encodedWith(encoding, varied));
  }

  chunk(data: Body): Async<"ok" | "closed"> {
    if (this.compressor === undefined) return this.output.chunk(data);
    const written = this.compressor.write(typeof data === "string" ? Buffer.from(data) : data);
    return written.then((part) => (part.length === 0 ? "ok" : this.output.chunk(part)));
  }

  end(): Async<void> {
    return this.compressor === undefined ? this.output.end() : this.endWith(this.compressor);
  }

  private async endWith(compressor: Compressor): Promise<void> {
    await this.output.chunk(await compressor.end());
    await this.output.end();
  }

  private mayChange(status: number, headers: Headers): boolean {
    if (status === 204 || status === 206 || status === 304) return false;
    if (getHeader(headers, "content-encoding") !== undefined || getHeader(headers, "content-range") !== undefined) {
      return false;
    }
    const etag = getHeader(headers, "etag");
    if (etag !== undefined && !etag.startsWith("W/")) return false;
    if (NO_TRANSFORM.test(getHeader(headers, "cache-control") ?? "")) return false;
    return this.options.types(getHeader(headers, "content-type") ?? "");
  }
}

const NO_TRANSFORM = /(?:^|[\s,])no-transform(?:$|[\s,;])/i;

function encodedWith(encoding: Encoding, headers: Headers): Headers {
  return [...headers.filter(([name]) => name !== "content-length"), ["content-encoding", encoding]];
}

/** Whether it was compressed or not: caches have to know that it depends. */
function vary(status: number, headers: Headers): Headers {
  if (status === 204) return headers;
  const at = headers.findIndex(([name]) => name === "vary");
  if (at < 0) return [...headers, ["vary", "accept-encoding"]];
  const value = headers[at]?.[1] ?? "";
  if (/(?:^|[\s,])(?:accept-encoding|\*)(?:$|[\s,])/i.test(value)) return headers;
  return headers.with(at, ["vary", `${value}, accept-encoding`]);
}
