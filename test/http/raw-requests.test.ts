import { type PlugFn, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

/** Writes down each request that reaches it. */
const witness =
  (seen: string[]): PlugFn =>
  (conn) => {
    seen.push(`${conn.method} ${conn.requestPath}`);
    return conn.json([conn.host, conn.port, conn.requestPath, conn.queryString]);
  };

const NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const get = (...lines: string[]) => `${["GET / HTTP/1.1", ...lines].join("\r\n")}\r\n\r\n`;
const post = (...lines: string[]) => `${["POST / HTTP/1.1", "Host: a", ...lines].join("\r\n")}\r\n\r\n`;

/** What reaches no plug, the status it is answered with, and by the parser of an older Node, where that is another. */
const REFUSED: readonly [what: string, status: number, raw: string, older?: number][] = [
  ["two Hosts", 400, get("Host: a", "Host: b")],
  ["two Hosts that agree", 400, get("Host: a", "Host: a")],
  ["no Host", 400, get()],
  ["a Host with a space", 400, get("Host: a b")],
  ["a Host with a path", 400, get("Host: a/b")],
  ["a Host with a user", 400, get("Host: a@b")],
  ["a Host with a port that is none", 400, get("Host: a:b")],
  ["a Host with a port that is too long", 400, get("Host: a:123456")],
  ["two Hosts in one", 400, get("Host: a, b@c/d")],
  ["a target that is no path", 400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target of another scheme", 400, "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target with a user", 400, "GET http://a@b/c HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["the target * for GET", 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a space in the target", 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["HTTP/2.0", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
  ["HTTP/0.9", 505, "GET / HTTP/0.9\r\n\r\n", 400],
  ["Transfer-Encoding on HTTP/1.0", 400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["Transfer-Encoding: gzip, chunked", 501, `${post("Transfer-Encoding: gzip, chunked")}0\r\n\r\n`],
  ["Transfer-Encoding: identity", 501, post("Transfer-Encoding: identity"), 400],
  ["Transfer-Encoding: xchunked", 501, `${post("Transfer-Encoding: xchunked")}0\r\n\r\n`, 400],
  ["Transfer-Encoding twice", 400, `${post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")}0\r\n\r\n`],
  ["Content-Length and Transfer-Encoding", 400, `${post("Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n`],
  ["Transfer-Encoding and Content-Length", 400, `${post("Transfer-Encoding: chunked", "Content-Length: 5")}0\r\n\r\n`],
  ["two Content-Lengths", 400, `${post("Content-Length: 1", "Content-Length: 2")}ab`],
  ["Content-Length: 2, 2", 400, `${post("Content-Length: 2, 2")}ab`],
  ["Content-Length: +2", 400, `${post("Content-Length: +2")}ab`],
  ["Content-Length: -1", 400, post("Content-Length: -1")],
  ["Content-Length: 0x2", 400, `${post("Content-Length: 0x2")}ab`],
  ["Content-Length: 2^64", 400, post("Content-Length: 18446744073709551616")],
  ["a space before a colon", 400, get("Host: a", "X-A : 1")],
  ["a folded header", 400, get("Host: a", "X-A: 1", " 2")],
  ["lines that end with LF alone", 400, "GET / HTTP/1.1\nHost: a\n\n"],
  ["a NUL in a value", 400, get("Host: a", "X-A: 1\0")],
  ["a CR in a value", 400, get("Host: a", "X-A: 1\r2")],
  ["a control character in a value", 400, get("Host: a", "X-A: 1\x01")],
  ["a control character in a name", 400, get("Host: a", "X-\x01: 1")],
  ["a header without a name", 400, get("Host: a", ": 1")],
  ["a header without a colon", 400, get("Host: a", "X-A")],
  ["a header value of 20,000 bytes", 431, get("Host: a", `X-A: ${"a".repeat(20_000)}`)],
  ["a target of 20,000 bytes", 431, `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["an unknown method", 400, "FETCH / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["TLS on a plain port", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
];

describe("a request with a doubtful head reaches no plug, and its connection is closed", () => {
  test.each(REFUSED)("%s: %d", (_, status, raw, older = status) => {
    const seen: string[] = [];
    return serving({ plug: witness(seen) }, async (live) => {
      const client = await live.connect();
      const answer = await client.send(raw).answer();
      expect([status, older]).toContain(answer.status);
      expect(await client.closed).toBe("closed");
      expect(seen).toEqual([]);
    });
  });
});

describe("nothing that follows a refused request is served", () => {
  test.each(REFUSED)("%s", (_, status, raw, older = status) => {
    const seen: string[] = [];
    return serving({ plug: witness(seen) }, async (live) => {
      const client = await live.connect();
      const answer = await client.send(raw + NEXT.repeat(3)).answer();
      expect([status, older]).toContain(answer.status);
      await client.closed;
      expect([client.text, seen]).toEqual(["", []]);
    });
  });
});

describe("a malformed chunk ends the connection, and nothing that follows is served", () => {
  test.each([
    ["size +1", "+1\r\na\r\n0\r\n\r\n"],
    ["size 0x1", "0x1\r\na\r\n0\r\n\r\n"],
    ["huge size", "fffffffffffffffff\r\na\r\n0\r\n\r\n"],
    ["no size", "\r\na\r\n0\r\n\r\n"],
    ["more data than its size", "1\r\nab\r\n0\r\n\r\n"],
    ["an extension of 20 KiB", `1;${"a".repeat(20_000)}\r\na\r\n0\r\n\r\n`],
    ["lines that end with LF", "1\na\n0\n\n"],
  ])("%s", (_, chunks) => {
    const seen: string[] = [];
    return serving({ plug: witness(seen) }, async (live) => {
      const client = await live.connect();
      client.send(post("Transfer-Encoding: chunked") + chunks + NEXT);
      await client.closed;
      expect(seen).not.toContain("GET /smuggled");
    });
  });
});

describe("a target is understood in all its forms", () => {
  test.each<[what: string, line: string, seen: unknown]>([
    ["a path", "GET /a/../b//c?d=e?f HTTP/1.1", ["h", 80, "/a/../b//c", "d=e?f"]],
    ["a path that looks like a host", "GET //evil/a HTTP/1.1", ["h", 80, "//evil/a", ""]],
    ["a path with what is an escape, or not", "GET /%zz/%00/%2e%2e HTTP/1.1", ["h", 80, "/%zz/%00/%2e%2e", ""]],
    ["a whole URL, whose host wins", "GET http://Evil.example:81/a?b HTTP/1.1", ["evil.example", 81, "/a", "b"]],
    ["a whole URL without a path", "GET http://b HTTP/1.1", ["b", 80, "/", ""]],
    ["a whole URL without a path, with a query", "GET http://b?c=d HTTP/1.1", ["b", 80, "/", "c=d"]],
    ["* for OPTIONS", "OPTIONS * HTTP/1.1", ["h", 80, "*", ""]],
  ])("%s", (_, line, seen) =>
    serving({ plug: witness([]) }, async (live) => {
      const client = await live.connect();
      expect(JSON.parse((await client.send(`${line}\r\nHost: h\r\n\r\n`).answer()).body)).toEqual(seen);
    }),
  );

  test.each([
    ["example.org", "example.org", 80],
    ["EXAMPLE.org:8080", "example.org", 8080],
    ["127.0.0.1:1", "127.0.0.1", 1],
    ["[::1]:8080", "[::1]", 8080],
    ["a_b.example", "a_b.example", 80],
    ["", "", 80],
  ])("Host: %s", (header, host, port) =>
    serving({ plug: witness([]) }, async (live) => {
      const client = await live.connect();
      expect(JSON.parse((await client.send(get(`Host: ${header}`)).answer()).body).slice(0, 2)).toEqual([host, port]);
    }),
  );
});

test("header names that objects have are headers like any other", () =>
  serving({ plug: router().get("/", (conn) => conn.json(conn.reqHeaders.slice(1))).plug }, async (live) => {
    const client = await live.connect();
    const answer = await client.get("/", "__proto__: 1", "constructor: 2", "toString: 3");
    expect(JSON.parse(answer.body)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["tostring", "3"],
    ]);
  }));
