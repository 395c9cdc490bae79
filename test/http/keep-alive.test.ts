import { HttpError, httpInfo, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

const site = router()
  .get("/slow", async (conn) => conn.text(String(await conn.self.receive())))
  .match("/*path", (conn) => conn.text(conn.requestPath)).plug;

describe("a connection", () => {
  test("serves one request after the other, each in a process of its own", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const pids = [];
      for (let i = 0; i < 5; i++) {
        const started = live.next("http.request.start");
        expect((await client.get(`/${i}`)).body).toBe(`/${i}`);
        pids.push((await started).pid);
      }
      expect(new Set(pids).size).toBe(5);
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 1, requests: 0 });
    }));

  test("answers pipelined requests in their order, whichever is done first", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start", ({ path }) => path === "/slow");
      const last = live.next("http.request.stop", ({ path }) => path === "/3");
      client.send(["/slow", "/2", "/3"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
      const { pid } = await started;
      await last;
      expect(client.text).toBe("");
      live.sim.send(pid, "first");
      const bodies = [await client.answer(), await client.answer(), await client.answer()].map(({ body }) => body);
      expect(bodies).toEqual(["first", "/2", "/3"]);
    }));

  test("closes when the client asks for it", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const answer = await client.get("/", "Connection: close");
      expect([answer.headers.connection, await client.closed]).toEqual(["close", "closed"]);
    }));

  test("closes after an answer to HTTP/1.0", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      expect((await client.send("GET /old HTTP/1.0\r\n\r\n").answer()).body).toBe("/old");
      expect(await client.closed).toBe("closed");
    }));

  test("takes line breaks before a request", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      expect((await client.send("\r\n\r\n").get("/a")).body).toBe("/a");
    }));

  test("takes a body on GET, and the next request is not in it", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      client.request("GET", "/1", ["Content-Length: 5"], "hello").request("GET", "/2");
      expect([(await client.answer()).body, (await client.answer()).body]).toEqual(["/1", "/2"]);
    }));

  test.each([
    ["h2c", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]],
    ["TLS/1.2", ["Connection: Upgrade", "Upgrade: TLS/1.2"]],
  ])("that offers to upgrade to %s is served as if it did not, once", (_, headers) =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const answer = await client.get("/1", ...headers);
      expect([answer.body, answer.headers.connection]).toEqual(["/1", "close"]);
      expect(await client.closed).toBe("closed");
    }),
  );

  test("that asks for a WebSocket and gets a response instead is closed after it", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const answer = await client.get("/1", "Connection: Upgrade", "Upgrade: websocket");
      expect([answer.body, answer.headers.connection, await client.closed]).toEqual(["/1", "close", "closed"]);
    }));

  test("that closes without a word leaves nothing behind", () =>
    serving({ plug: site }, async (live) => {
      const { client } = await live.accepted();
      const stopped = live.next("http.connection.stop");
      client.reset();
      await stopped;
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 0, requests: 0 });
    }));
});

describe("a connection is kept, or closed, as both sides say", () => {
  const PLAIN = router()
    .post("/close", (conn) => conn.putRespHeader("connection", "close").text("bye"))
    .post("/refuse", (): never => {
      throw new HttpError(409, "no");
    })
    .post("/part", async (conn) => conn.text(String((await conn.readBodyPart({ length: 1 })).more)))
    .post("/crash", (): never => {
      throw new Error("crash");
    })
    .match("/*path", (conn) => conn.text(conn.requestPath)).plug;
  const LARGE = "x".repeat(200_000);
  const chunked = `${LARGE.length.toString(16)}\r\n${LARGE}\r\n0\r\n\r\n`;

  /** A first request, and whether a second one is served on the same connection. */
  test.each<[what: string, raw: string, kept: boolean]>([
    ["HTTP/1.1 says nothing", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true],
    ["HTTP/1.1 says keep-alive", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true],
    ["HTTP/1.1 says close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false],
    ["HTTP/1.1 says CLOSE", "GET / HTTP/1.1\r\nHost: a\r\nconnection: CLOSE\r\n\r\n", false],
    ["close is one of several", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-a, close\r\n\r\n", false],
    ["HTTP/1.0 says nothing", "GET / HTTP/1.0\r\n\r\n", false],
    ["HTTP/1.0 says close", "GET / HTTP/1.0\r\nConnection: close\r\n\r\n", false],
    ["HTTP/1.0 says keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true],
    ["the plug says close", "POST /close HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false],
    ["the request is refused by a plug", "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", true],
    ["the request crashes", "POST /crash HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false],
    ["nobody reads the body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", true],
    [
      "nobody reads a body in chunks",
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
      true,
    ],
    ["nobody reads a long body", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`, true],
    [
      "a part of the body is read",
      `POST /part HTTP/1.1\r\nHost: a\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`,
      true,
    ],
    ["a GET has a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", true],
    ["the answer has no body", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", true],
  ])("%s", (_, raw, kept) =>
    serving({ plug: PLAIN }, async (live) => {
      const client = await live.connect();
      const first = await client.send(raw).answer(raw.startsWith("HEAD"));
      expect(first.headers.connection).toBe(kept ? "keep-alive" : "close");
      if (kept) expect((await client.get("/next")).body).toBe("/next");
      else expect(await client.closed).toBe("closed");
    }),
  );
});

test("a request says its head as it came: host, port, headers in order with duplicates, and the client's address", () => {
  const look = router().get("/*path", (conn) => {
    const { method, scheme, host, port, path, query, headers, remoteIp } = conn.exchange.head;
    const head = { method, scheme, host, port, path, query, headers, remoteIp };
    return conn.json({ ...head, params: conn.params, info: [conn.host, conn.port, conn.scheme] });
  });
  return serving({ plug: look.plug }, async (live) => {
    const client = await live.connect();
    const raw = "GET //a/%20?q=%C3%A9&q HTTP/1.1\r\nHOST: Example.ORG:81\r\nX-A: 1\r\nX-a:  \xe9 \r\n\r\n";
    expect(JSON.parse(Buffer.from((await client.send(raw).answer()).body, "latin1").toString())).toEqual({
      method: "GET",
      scheme: "http",
      host: "example.org",
      port: 81,
      path: "//a/%20",
      query: "q=%C3%A9&q",
      headers: [
        ["host", "Example.ORG:81"],
        ["x-a", "1"],
        ["x-a", "é"],
      ],
      remoteIp: "127.0.0.1",
      params: { q: "", path: ["a", " "] },
      info: ["example.org", 81, "http"],
    });
  });
});
