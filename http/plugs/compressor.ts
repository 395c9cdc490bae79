import type { Transform } from "node:stream";
import zlib from "node:zlib";

/** A coding of content (RFC 9110 §8.4.1). `x-gzip` is an old name of gzip. */
export type Encoding = "br" | "zstd" | "gzip" | "x-gzip" | "deflate";

interface Coding {
  /** The whole of a body. */
  readonly sync: (body: Uint8Array) => Uint8Array;
  readonly async: (body: Uint8Array, done: (error: Error | null, result: Uint8Array) => void) => void;
  /** A body in parts; what has been written is flushed with every part. */
  readonly stream: () => Transform;
}

const { constants } = zlib;
/** As good as gzip's usual level, and as fast: the best one takes a hundred times as long. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const GZIP: Coding = {
  sync: (body) => zlib.gzipSync(body),
  async: (body, done) => zlib.gzip(body, done),
  stream: () => zlib.createGzip({ flush: constants.Z_SYNC_FLUSH }),
};

const CODINGS: Readonly<Record<Encoding, Coding>> = {
  br: {
    sync: (body) => zlib.brotliCompressSync(body, BROTLI),
    async: (body, done) => zlib.brotliCompress(body, BROTLI, done),
    stream: () => zlib.createBrotliCompress({ ...BROTLI, flush: constants.BROTLI_OPERATION_FLUSH }),
  },
  zstd: {
    sync: (body) => zlib.zstdCompressSync(body),
    async: (body, done) => zlib.zstdCompress(body, done),
    stream: () => zlib.createZstdCompress({ flush: constants.ZSTD_e_flush }),
  },
  gzip: GZIP,
  "x-gzip": GZIP,
  deflate: {
    sync: (body) => zlib.deflateSync(body),
    async: (body, done) => zlib.deflate(body, done),
    stream: () => zlib.createDeflate({ flush: constants.Z_SYNC_FLUSH }),
  },
};

export const ENCODINGS = Object.keys(CODINGS) as readonly Encoding[];

export const compressSync = (encoding: Encoding, body: Uint8Array): Uint8Array => CODINGS[encoding].sync(body);

/** Off the main thread. */
export const compress = (encoding: Encoding, body: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    CODINGS[encoding].async(body, (error, result) => (error === null ? resolve(result) : reject(error)));
  });

/** Compresses a body in parts, in order, each so that who has got it can read all of it. */
export class Compressor implements Disposable {
  private readonly stream: Transform;
  private readonly parts: Uint8Array[] = [];

  constructor(encoding: Encoding) {
    this.stream = CODINGS[encoding].stream();
    this.stream.on("readable", () => this.collect());
    // Whoever writes is told.
    this.stream.on("error", () => {});
  }

  write(part: Uint8Array): Promise<Uint8Array> {
    return this.after((done) => this.stream.write(part, done));
  }

  /** What is left to be said at the end. */
  end(): Promise<Uint8Array> {
    return this.after((done) => {
      this.stream.once("end", done);
      this.stream.once("error", done);
      this.stream.end();
    });
  }

  private after(work: (done: (error?: Error | null) => void) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      work((error) => (error ? reject(error) : resolve(this.take())));
    });
  }

  private collect(): void {
    for (let part = this.stream.read(); part !== null; part = this.stream.read()) this.parts.push(part);
  }

  private take(): Uint8Array {
    this.collect();
    return Buffer.concat(this.parts.splice(0));
  }

  [Symbol.dispose](): void {
    this.stream.destroy();
  }
}
