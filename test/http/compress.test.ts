import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import {
  type BodyInput,
  Compress,
  type CompressOptions,
  type Conn,
  type Encoding,
  pipeline,
  plug,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, headers, serving } from "./support.ts";

const DECODE: Readonly<Record<Encoding, (bytes: Uint8Array) => Buffer>> = {
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
};
const ALL = Object.keys(DECODE) as Encoding[];

const BIG = "a".repeat(10_000);

interface Sent {
  readonly body?: BodyInput;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const sending = ({ body = BIG, status = 200, headers: given = {} }: Sent, options?: CompressOptions) =>
  pipeline()
    .plug(plug(Compress, options))
    .plug((conn) => conn.mergeRespHeaders(given).sendResp(status, body));

const accepting = (accept: string | undefined) =>
  accept === undefined ? {} : { headers: { "accept-encoding": accept } };

/** What a client that accepts `accept` gets: the encoding, and the body decoded; and its length is right. */
async function got(sent: Sent, accept: string | undefined, options?: CompressOptions) {
  const answer = await ask(sending(sent, options), "GET /", accepting(accept));
  expect(answer.reason).toBe("normal");
  const encoding = answer.header("content-encoding") as Encoding | undefined;
  return { encoding, vary: answer.header("vary"), body: answer.body, bytes: answer.bytes, answer };
}

describe("a response is compressed", () => {
  test.each(ALL)("with %s if the client accepts that", async (encoding) => {
    const { bytes, vary, ...seen } = await got({}, encoding);
    expect([seen.encoding, vary]).toEqual([encoding, "accept-encoding"]);
    expect(bytes.length).toBeLessThan(200);
    expect(DECODE[encoding](bytes).toString()).toBe(BIG);
  });

  test.each([
    ["foo, deflate", "deflate"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate", "gzip"],
    ["br;q=0.5, gzip;q=0.9", "gzip"],
    ["*", "br"],
    ["*, br;q=0", "zstd"],
    ["GZIP", "gzip"],
    ["identity;q=0.1, gzip;q=0.2", "gzip"],
  ])("as %j asks: %s", async (accept, encoding) => {
    expect((await got({}, accept)).encoding).toBe(encoding);
  });

  test("with what the plug is told to use, the first of it where the client has no preference", async () => {
    const options: CompressOptions = { encodings: ["deflate", "gzip"] };
    expect((await got({}, "br, gzip, deflate", options)).encoding).toBe("deflate");
    expect((await got({}, "br", options)).encoding).toBeUndefined();
    expect((await got({}, "x-gzip", options)).encoding).toBe("x-gzip");
    expect((await got({}, "x-gzip", { encodings: ["br"] })).encoding).toBeUndefined();
  });

  test("when its body is a list of parts, or bytes", async () => {
    for (const body of [Array.from({ length: 10_000 }, () => "a"), Buffer.from(BIG)]) {
      const { bytes, encoding } = await got({ body }, "gzip");
      expect([encoding, gunzipSync(bytes).toString()]).toEqual(["gzip", BIG]);
    }
  });

  test("when it is too long to be compressed at once, and then it is sent when that is done", async () => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
    for (const encoding of ALL) {
      const { bytes, ...seen } = await got({ body }, encoding);
      expect(seen.encoding).toBe(encoding);
      expect(DECODE[encoding](bytes).equals(body)).toBe(true);
    }
  });

  test("with a weak etag, of which nobody expects the same bytes", async () => {
    expect((await got({ headers: { etag: 'W/"1234"' } }, "gzip")).encoding).toBe("gzip");
  });

  test("also when it is an error, or set and sent by the end of the pipeline", async () => {
    expect((await got({ status: 404 }, "gzip")).encoding).toBe("gzip");
    const set = pipeline()
      .plug(plug(Compress))
      .plug((conn) => conn.resp(200, BIG));
    expect((await ask(set, "GET /", accepting("gzip"))).header("content-encoding")).toBe("gzip");
  });

  test.each(["text/html", "application/json; charset=utf-8", "image/svg+xml", "application/problem+json", "font/ttf"])(
    "of type %s",
    async (type) => {
      expect((await got({ headers: { "content-type": type } }, "gzip")).encoding).toBe("gzip");
    },
  );

  test("without a length that was the uncompressed one's, and hooks see what they would without", async () => {
    const seen: unknown[] = [];
    const through = pipeline()
      .plug(plug(Compress))
      .plug((conn) =>
        conn.registerBeforeSend((last) => {
          seen.push(last.respBody, last.getRespHeader("content-encoding"));
          return last;
        }),
      )
      .plug((conn) => conn.putRespHeader("content-length", "10000").text(BIG));
    const answer = await ask(through, "GET /", accepting("gzip"));
    expect(answer.header("content-length")).toBeUndefined();
    expect(seen).toEqual([BIG, undefined]);
  });
});

describe("a response is left as it is", () => {
  test.each<[why: string, accept: string | undefined, sent: Sent]>([
    ["the client says nothing", undefined, {}],
    ["the client accepts nothing", "", {}],
    ["the client accepts nothing that we have", "a, b, c", {}],
    ["the client refuses it", "gzip;q=0, br;q=0", {}],
    ["the client likes it better as it is", "identity, gzip;q=0.5", {}],
    ["the client says what makes no sense", "gzip;q=abc, ;;", {}],
    ["it has an encoding", "deflate", { headers: { "content-encoding": "deflate" } }],
    ["it has a strong etag", "deflate", { headers: { etag: '"1234"' } }],
    ["nobody may transform it", "deflate", { headers: { "cache-control": "public, No-Transform" } }],
    ["it is a part", "gzip", { headers: { "content-range": "bytes 0-9999/20000" }, status: 206 }],
    ["it is not changed", "gzip", { status: 304, body: "" }],
    ["it is empty", "gzip", { body: "" }],
    ["it is small", "gzip", { body: "a".repeat(1023) }],
    ["it is an image", "gzip", { headers: { "content-type": "image/png" } }],
    ["it is an archive", "gzip", { headers: { "content-type": "application/zip" } }],
  ])("because %s, and depends on what is accepted all the same", async (_, accept, sent) => {
    const { encoding, vary, body } = await got(sent, accept);
    expect([encoding, vary, body]).toEqual([sent.headers?.["content-encoding"], "accept-encoding", sent.body ?? BIG]);
  });

  test("because it has no content, and depends on nothing", async () => {
    const { encoding, vary, body } = await got({ status: 204 }, "gzip");
    expect([encoding, vary, body]).toEqual([undefined, undefined, ""]);
  });

  test("because there is no such plug", async () => {
    const answer = await ask((conn) => conn.text(BIG), "GET /", accepting("gzip"));
    expect([answer.body, answer.header("vary")]).toEqual([BIG, undefined]);
  });

  test("because the plug was told so: by size or by type", async () => {
    expect((await got({}, "gzip", { threshold: 10_001 })).encoding).toBeUndefined();
    expect((await got({ body: "a" }, "gzip", { threshold: 0 })).encoding).toBe("gzip");
    expect((await got({}, "gzip", { types: (type) => type === "text/css" })).encoding).toBeUndefined();
  });
});

test.each([
  ["Origin", "Origin, accept-encoding"],
  ["origin, Accept-Encoding", "origin, Accept-Encoding"],
  ["*", "*"],
  ["x-accept-encoding", "x-accept-encoding, accept-encoding"],
])("what it depends on is added to what is there: vary %s", async (given, vary) => {
  expect((await got({ headers: { vary: given } }, "gzip")).vary).toBe(vary);
});

test("HEAD has the headers of GET, and no body", async () => {
  const through = sending({});
  const get = await ask(through, "GET /", accepting("gzip"));
  const head = await ask(through, "HEAD /", accepting("gzip"));
  expect([head.body, head.headers]).toEqual(["", get.headers]);
});

test("a file is sent as it is", async () => {
  const through = pipeline()
    .plug(plug(Compress, { threshold: 0 }))
    .plug((conn) => conn.sendFile(200, { path: "package.json" }));
  const answer = await ask(through, "GET /", accepting("gzip"));
  expect([answer.header("content-encoding"), answer.json().name]).toEqual([undefined, "hornbeam"]);
});

test("two of the plugs compress once", async () => {
  const through = pipeline().plug(plug(Compress)).plug(sending({}));
  const answer = await ask(through, "GET /", accepting("gzip"));
  expect([headers(answer, "content-encoding"), headers(answer, "vary")]).toEqual([["gzip"], ["accept-encoding"]]);
  expect(gunzipSync(answer.bytes).toString()).toBe(BIG);
});

describe("a response in chunks", () => {
  const parts = ["first ", "second ", "x".repeat(100_000), " last"];
  const stream = (awaits: boolean, given: Readonly<Record<string, string>> = {}) =>
    pipeline()
      .plug(plug(Compress))
      .plug(async (conn) => {
        const open = conn.mergeRespHeaders(given).sendChunked(200);
        for (const part of parts) {
          const sent = open.chunk(part);
          if (awaits) expect(await sent).toBe("ok");
        }
        return open;
      });

  test.each(ALL)("is compressed with %s, whether each is waited for or not", async (encoding) => {
    for (const awaits of [true, false]) {
      const answer = await ask(stream(awaits), "GET /", accepting(encoding));
      expect([answer.header("content-encoding"), answer.header("vary")]).toEqual([encoding, "accept-encoding"]);
      expect(DECODE[encoding](answer.bytes).toString()).toBe(parts.join(""));
      expect(answer.bytes.length).toBeLessThan(1000);
    }
  });

  test.each<Record<string, string>>([
    { "content-length": String(parts.join("").length) },
    { "content-encoding": "identity" },
    { etag: '"1"' },
    { "cache-control": "no-transform" },
    { "content-type": "video/mp4" },
  ])("is left as it is with %j", async (given) => {
    const answer = await ask(stream(true, given), "GET /", accepting("gzip"));
    expect(answer.body).toBe(parts.join(""));
  });

  test("to HEAD has the headers and nothing else", async () => {
    const answer = await ask(stream(true), "HEAD /", accepting("gzip"));
    expect([answer.header("content-encoding"), answer.bytes.length, answer.reason]).toEqual(["gzip", 0, "normal"]);
  });

  test("with nothing in it is an empty body that can be decoded", async () => {
    const empty = pipeline()
      .plug(plug(Compress))
      .plug((conn) => conn.sendChunked(200));
    for (const encoding of ALL) {
      const answer = await ask(empty, "GET /", accepting(encoding));
      expect(DECODE[encoding](answer.bytes).toString()).toBe("");
    }
  });

  test("reaches a real client part by part, as it is sent", () => {
    let sendNext = (): void => {};
    const slowly = pipeline()
      .plug(plug(Compress))
      .plug(async (conn: Conn<any>) => {
        const open = conn.sendChunked(200);
        for (const part of parts) {
          await open.chunk(part);
          await new Promise<void>((resolve) => {
            sendNext = resolve;
          });
        }
        return open;
      });
    return serving({ plug: slowly }, async (live) => {
      const abort = new AbortController();
      const answer = await fetch(`http://127.0.0.1:${live.port}/`, {
        headers: { "accept-encoding": "gzip", connection: "close" },
        signal: abort.signal,
      });
      expect(answer.headers.get("content-encoding")).toBe("gzip");
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      let text = "";
      for (const part of parts) {
        const expected = text + part;
        while (text.length < expected.length) {
          const { value, done } = await reader.read();
          expect(done).toBe(false);
          text += Buffer.from(value as Uint8Array).toString();
        }
        expect(text).toBe(expected);
        sendNext();
      }
      expect((await reader.read()).done).toBe(true);
    });
  });
});

test("over a real connection a long body arrives whole, with its length, and the connection is kept", () =>
  serving({ plug: sending({ body: "b".repeat(1_000_000) }) }, async (live) => {
    const client = await live.connect();
    for (let i = 0; i < 3; i++) {
      client.request("GET", "/", ["Accept-Encoding: gzip"]);
      const answer = await client.answer();
      expect([answer.status, answer.headers["content-encoding"], answer.headers.connection]).toEqual([
        200,
        "gzip",
        "keep-alive",
      ]);
      expect(Number(answer.headers["content-length"])).toBeLessThan(2000);
    }
  }));

test.each([
  [{ encodings: ["gzip", "lzw"] }, "Compress: expected encodings among br, zstd, gzip, x-gzip, deflate, got: "],
  [{ encodings: "gzip" }, "Compress: expected encodings among "],
  [{ threshold: -1 }, "Compress: expected threshold to be a number of bytes, got: -1"],
  [{ threshold: "1kb" }, "Compress: expected threshold to be a number of bytes, got: '1kb'"],
])("%j is refused when the plug is built", (options, message) => {
  expect(() => plug(Compress, options as CompressOptions)).toThrow(message);
});
