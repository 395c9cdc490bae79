import type { Conn, PlugFn } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, serving } from "./support.ts";

const answers: PlugFn = (conn: Conn) => conn.sendResp(Number(conn.queryParams.status ?? 200), "body ✓");
const LENGTH = String(Buffer.byteLength("body ✓"));

describe("over a connection", () => {
  test("a body has its length in bytes", () =>
    serving({ plug: answers }, async (live) => {
      const { headers, body } = await live.get("/");
      expect([headers["content-length"], Buffer.from(body, "latin1").toString()]).toEqual([LENGTH, "body ✓"]);
    }));

  test.each([
    ["HEAD", 200, LENGTH],
    ["HEAD", 404, LENGTH],
    ["GET", 204, undefined],
    ["HEAD", 204, undefined],
    ["GET", 304, undefined],
    ["GET", 205, LENGTH],
  ])("%s with status %d says content-length %s, and the next answer follows", (method, status, length) =>
    serving({ plug: answers }, async (live) => {
      const client = await live.connect();
      const bodiless = method === "HEAD" || status === 204 || status === 304;
      const answer = await client.request(method, `/?status=${status}`).answer(method === "HEAD");
      expect([answer.status, answer.headers["content-length"]]).toEqual([status, length]);
      expect(answer.headers["transfer-encoding"]).toBeUndefined();
      expect(answer.body).toBe(bodiless ? "" : Buffer.from("body ✓").toString("latin1"));
      expect((await client.get("/")).status).toBe(200);
    }),
  );

  test("a length that the plug says is kept, for 304 and HEAD", () =>
    serving({ plug: (conn) => conn.putRespHeader("content-length", "1234").sendResp(304, "") }, async (live) => {
      const client = await live.connect();
      for (const method of ["GET", "HEAD"]) {
        const { headers } = await client.request(method, "/").answer(true);
        expect(headers["content-length"]).toBe("1234");
      }
    }));

  test("headers go out as they are, with duplicates, in order", () =>
    serving(
      {
        plug: (conn) =>
          conn
            .putRespHeader("X-Last", "é")
            .prependRespHeaders([["set-cookie", "b=2"]])
            .prependRespHeaders([["Set-Cookie", "a=1"]])
            .text(""),
      },
      async (live) => {
        const client = await live.connect();
        client.request("GET", "/", ["Connection: close"]);
        await client.closed;
        expect(client.text.split("\r\n").slice(1, 5)).toEqual([
          "set-cookie: a=1",
          "set-cookie: b=2",
          "cache-control: max-age=0, private, must-revalidate",
          "x-last: é",
        ]);
        expect(client.text).toMatch(/^Date: .* GMT$/m);
      },
    ));

  test.each([
    ["beyond latin-1", "✓"],
    ["that is a control character", "\x01"],
    ["that is DEL", "\x7f"],
  ])("a header value with a character %s is answered with 500, not with silence", (_, value) =>
    serving({ plug: (conn) => conn.putRespHeader("x-a", value).text("") }, async (live) => {
      expect((await live.get("/")).status).toBe(500);
    }),
  );

  test("headers that Node refuses for this response are answered with 500, not with silence", () =>
    serving({ plug: (conn) => conn.putRespHeader("trailer", "x-a").text("") }, async (live) => {
      expect((await live.get("/")).status).toBe(500);
    }));

  test("a body that a plug says is chunked is chunked, without a length", () =>
    serving({ plug: (conn) => conn.putRespHeader("transfer-encoding", "chunked").text("abc") }, async (live) => {
      const client = await live.connect();
      client.request("GET", "/", ["Connection: close"]);
      await client.closed;
      expect(client.text).toContain("\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
      expect(client.text).not.toContain("content-length");
    }));

  test(
    "a status that is only the beginning of an answer is answered with 500, not with silence",
    () =>
      serving({ plug: (conn) => conn.sendResp(103, "") }, async (live) => {
        expect((await live.get("/")).status).toBe(500);
      }),
    1000,
  );
});

describe("the test kit frames as a connection does", () => {
  test.each([
    ["GET", 200, "body ✓"],
    ["HEAD", 200, ""],
    ["GET", 204, ""],
    ["GET", 304, ""],
    ["GET", 404, "body ✓"],
  ])("%s with status %d has the body %j", async (method, status, body) => {
    const answer = await ask(answers, `${method} /?status=${status}`);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  test.each(["✓", "\x01", "\x7f"])("a header value that no connection takes is refused, too: %j", async (value) => {
    expect((await ask((conn) => conn.putRespHeader("x-a", value).text(""))).status).toBe(500);
  });
});

test.each([
  ["shorter", "3"],
  ["longer", "99"],
])(
  "a content-length that is %s than the body is refused: nothing of it is sent, and the connection is closed",
  (_, length) =>
    serving({ plug: (conn) => conn.putRespHeader("content-length", length).sendResp(200, "hello") }, async (live) => {
      const crashed = live.next("process.crash");
      const client = await live.connect();
      const answer = await client.get("/");
      expect([answer.status, answer.body, answer.headers.connection]).toEqual([
        500,
        "500 Internal Server Error\n",
        "close",
      ]);
      expect(String((await crashed).reason)).toBe(
        `InvalidHeaderError: expected content-length to be that of the body, 5, got: ${length}`,
      );
    }),
);
