import { connect as connectH2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { connections, type HttpOptions, http, httpInfo, router, waitForConnections } from "hornbeam/http";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { DRAIN, drain, GRACE } from "./draining.ts";
import { answerOf, CA, CERT, Client2, KEY, TLS, until } from "./secure.ts";
import { type Live, serving } from "./support.ts";

const boom = new Error("boom");
const site = router()
  .get("/wait", async (conn) => conn.text(String(await conn.self.receive())))
  .get("/boom", () => {
    throw boom;
  })
  .get("/late-boom", async (conn) => {
    const open = conn.sendChunked(200);
    await open.chunk("part");
    throw boom;
  })
  .get("/head", (conn) =>
    conn.json({ scheme: conn.scheme, host: conn.host, port: conn.port, headers: conn.reqHeaders }),
  )
  .get("/stream", async (conn) => {
    const open = conn.putRespHeader("connection", "keep-alive").sendChunked(200);
    for (const part of ["a", "b", "c"]) await open.chunk(part);
    return open;
  })
  .get("/file", (conn) => conn.sendFile(200, { path: CERT, offset: 5, length: 11 }))
  .get("/early", (conn) => {
    conn.inform(103, [["link", "</a.css>; rel=preload"]]);
    return conn.text("late");
  })
  .get("/cookies", (conn) =>
    conn
      .prependRespHeaders([
        ["set-cookie", "b=2"],
        ["set-cookie", "a=1"],
      ])
      .text(""),
  )
  .get("/large", (conn) => conn.text("x".repeat(3_000_000)))
  .post("/read", async (conn) => conn.text(`${(await conn.readBody({ length: 1000 })).length} bytes`))
  .post("/ignore", (conn) => conn.text("ignored"))
  .match("/*path", (conn) => conn.text(`${conn.exchange.adapter.protocol} ${conn.method} ${conn.requestPath}`)).plug;

const secure = (
  run: (live: Live, client: Client2) => Promise<void>,
  options: Partial<HttpOptions> = {},
  scheme: "http" | "https" = "https",
) =>
  serving(
    { plug: site, grace: GRACE, drain: DRAIN, ...(scheme === "https" ? { tls: TLS } : { http2: true }), ...options },
    async (live) => {
      const client = await Client2.connect(live.port, scheme);
      try {
        await run(live, client);
      } finally {
        client.destroy();
      }
    },
  );

describe.each(["https", "http"] as const)("HTTP/2 over %s", (scheme) => {
  const served = (run: (live: Live, client: Client2) => Promise<void>, options: Partial<HttpOptions> = {}) =>
    secure(run, options, scheme);

  test("serves streams beside each other, each in a process of its own", () =>
    served(async (live, client) => {
      const started = live.next("http.request.start");
      const waiting = client.get("/wait");
      const { pid } = await started;
      expect((await client.get("/a")).body).toBe("HTTP/2 GET /a");
      expect(await connections(live.sim)).toMatchObject([
        { protocol: "h2", state: "running", served: 2, requests: [{ pid, path: "/wait", plug: "GET /wait" }] },
      ]);
      live.sim.send(pid, "done");
      expect((await waiting).body).toBe("done");
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 1, requests: 0, scheme });
    }));

  test("says host, port and scheme as the client does, with a Host header, and cookies in one piece", () =>
    served(async (live, client) => {
      const answer = await client.get("/head", { cookie: ["a=1", "b=2"], "x-a": "1" });
      const { headers, ...rest } = JSON.parse(answer.body);
      expect(rest).toEqual({ scheme, host: "localhost", port: live.port });
      expect(headers).toEqual([
        ["host", `localhost:${live.port}`],
        ["x-a", "1"],
        ["cookie", "a=1; b=2"],
      ]);
    }));

  test("answers have a date and a length, and no header that belongs to a connection", () =>
    served(async (_, client) => {
      const { headers } = await client.get("/a");
      expect(headers).toMatchObject({ "content-length": "13", date: expect.any(String) });
      const stream = await client.get("/stream");
      expect([stream.body, stream.headers["content-length"], stream.headers.connection]).toEqual([
        "abc",
        undefined,
        undefined,
      ]);
    }));

  test("HEAD has the head of GET, and no body", () =>
    served(async (_, client) => {
      const answer = await client.get("/a", { ":method": "HEAD" });
      expect([answer.status, answer.body, answer.headers["content-length"]]).toEqual([200, "", "14"]);
      expect((await client.get("/large", { ":method": "HEAD" })).status).toBe(200);
    }));

  test("sends parts of files, several headers of a name, large bodies, and 103 before the answer", () =>
    served(async (_, client) => {
      const file = await client.get("/file");
      expect([file.body, file.headers["content-length"]]).toEqual(["BEGIN CERTI", "11"]);
      expect((await client.get("/cookies")).headers["set-cookie"]).toEqual(["b=2", "a=1"]);
      expect((await client.get("/large")).body.length).toBe(3_000_000);
      const stream = client.request({ ":path": "/early" });
      const informed = new Promise((resolve) => stream.once("headers", resolve));
      expect(await informed).toMatchObject({ ":status": 103, link: "</a.css>; rel=preload" });
      expect((await answerOf(stream)).body).toBe("late");
    }));

  test("reads bodies; one that is too long is 413, one that nobody reads does no harm", () =>
    served(async (_, client) => {
      expect((await client.post("/read", "12345")).body).toBe("5 bytes");
      expect((await client.post("/read", "")).body).toBe("0 bytes");
      expect((await client.post("/read", "x".repeat(200_000))).status).toBe(413);
      expect((await client.post("/ignore", "x".repeat(200_000))).body).toBe("ignored");
      expect((await client.get("/still")).status).toBe(200);
    }));

  test("asks for the body with 100 when the client waits for that, and somebody reads", () =>
    served(async (_, client) => {
      const stream = client.request({ ":method": "POST", ":path": "/read", expect: "100-continue" }, false);
      await new Promise((resolve) => stream.once("continue", () => resolve(undefined)));
      stream.end("12");
      expect((await answerOf(stream)).body).toBe("2 bytes");
    }));

  test("a request that crashes is answered with 500, and the connection and the other streams go on", () =>
    served(async (live, client) => {
      const started = live.next("http.request.start");
      const waiting = client.get("/wait");
      const { pid } = await started;
      expect((await client.get("/boom")).status).toBe(500);
      await expect(client.get("/late-boom")).rejects.toThrow(
        `reset with ${constants.NGHTTP2_INTERNAL_ERROR} after 200: part`,
      );
      live.sim.send(pid, "unharmed");
      expect((await waiting).body).toBe("unharmed");
    }));

  test("a stream that the client resets ends its request, and no other", () =>
    served(async (live, client) => {
      const first = live.next("http.request.start");
      const gone = client.request({ ":path": "/wait" });
      const { pid } = await first;
      const second = live.next("http.request.start");
      const waiting = client.get("/wait");
      const other = await second;
      const stopped = live.next("http.request.stop");
      gone.close(constants.NGHTTP2_CANCEL);
      expect(await stopped).toMatchObject({ pid, reason: { shutdown: "closed" } });
      live.sim.send(other.pid, "here");
      expect((await waiting).body).toBe("here");
    }));

  test("a client that goes away ends all its requests", () =>
    served(async (live, client) => {
      for (let i = 0; i < 3; i++) {
        const started = live.next("http.request.start");
        client.request({ ":path": "/wait" });
        await started;
      }
      const closed = live.next("http.connection.stop");
      client.destroy();
      await closed;
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 0, requests: 0 });
    }));

  test("a head whose Host is not its :authority is refused with 400, and no plug sees it", () =>
    served(async (live, client) => {
      let plugs = 0;
      live.sim.telemetry.on("http.request.start", () => void plugs++);
      expect((await client.get("/", { host: "other", ":authority": "localhost" })).status).toBe(400);
      expect(plugs).toBe(0);
      expect((await client.get("/next")).status).toBe(200);
    }));

  test.each([
    ["a target that is no path", { ":path": "nothing" }],
    ["a * that is not for OPTIONS", { ":path": "*" }],
    ["a host that is none", { ":authority": "a b@c" }],
  ])("a stream with %s is reset, no plug sees it, and the others go on", (_, headers) =>
    served(async (live, client) => {
      let plugs = 0;
      live.sim.telemetry.on("http.request.start", () => void plugs++);
      await expect(client.get("/", headers)).rejects.toThrow(`reset with ${constants.NGHTTP2_PROTOCOL_ERROR}`);
      expect(plugs).toBe(0);
      expect((await client.get("/next")).status).toBe(200);
    }),
  );

  test("CONNECT is refused with 501", () =>
    served(async (_, client) => {
      const stream = client.session.request({ ":method": "CONNECT", ":authority": "example.com:80" });
      stream.on("error", () => {});
      const status = new Promise((resolve) => stream.on("response", (headers) => resolve(headers[":status"])));
      expect(await status).toBe(501);
    }));

  test("while the server drains: GOAWAY at once for streams to come, those in flight are finished, then it is closed", () =>
    served(async (live, client) => {
      const started = live.next("http.request.start");
      const waiting = client.get("/wait");
      const { pid } = await started;
      const said = new Promise((resolve) => client.session.once("goaway", resolve));
      const { stopped } = await drain(live);
      await said;
      expect(client.goaways).toEqual([[constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1]]);
      await live.sim.advance(3 * GRACE);
      live.sim.send(pid, "late, and in time");
      expect((await waiting).body).toBe("late, and in time");
      expect(await client.closed).toBe("closed");
      await stopped;
      expect(live.sim.now()).toBe(3 * GRACE);
    }));

  test("while the server drains, an idle connection is closed after the grace period", () =>
    served(async (live, client) => {
      await client.get("/");
      const { stopped } = await drain(live);
      await live.sim.advance(GRACE);
      await client.closed;
      await stopped;
    }));

  test("a request that is not done at the deadline is named, and answered with 503", () =>
    served(async (live, client) => {
      const started = live.next("http.request.start");
      const waiting = client.get("/wait");
      await started;
      const timeout = live.next("http.drain.timeout");
      const { stopped } = await drain(live);
      await live.sim.advance(DRAIN);
      expect((await timeout).running).toEqual([expect.stringContaining("GET /wait in plug GET /wait")]);
      expect((await waiting).status).toBe(503);
      await stopped;
    }));

  test("an idle connection is closed after idleTimeout, and told", () =>
    served(async (live, client) => {
      await client.get("/");
      const told = live.next("http.connection.timeout");
      await live.sim.advance(59_000);
      expect((await client.get("/again")).status).toBe(200);
      await live.sim.advance(61_000);
      expect(await told).toMatchObject({ limit: "idleTimeout" });
      await client.closed;
    }));

  test("a request that has not begun to answer in time is answered with 503", () =>
    served(async (live, client) => {
      const started = live.next("http.request.start");
      const waiting = client.get("/wait");
      await started;
      const told = live.next("http.request.timeout");
      await live.sim.advance(61_000);
      expect(await told).toMatchObject({ path: "/wait", plug: "GET /wait" });
      expect((await waiting).status).toBe(503);
      expect((await client.get("/next")).status).toBe(200);
    }));

  test("a stream whose client takes nothing of its answer is reset after sendTimeout; the others go on", () =>
    served(async (live, client) => {
      const stopped = live.next("http.request.stop");
      const stream = client.request({ ":path": "/large" });
      stream.pause();
      await stopped;
      const told = live.next("http.connection.timeout");
      const closed = new Promise((resolve) => stream.once("close", resolve));
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
      await live.sim.advance(32_000);
      expect(await told).toMatchObject({ limit: "sendTimeout" });
      stream.resume();
      await closed;
      expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
      expect((await client.get("/next")).status).toBe(200);
    }));

  test("after maxRequestsPerConnection the client is told to go elsewhere, and the last is served", () =>
    served(
      async (_, client) => {
        expect((await client.get("/1")).status).toBe(200);
        expect((await client.get("/2")).status).toBe(200);
        await client.closed;
        expect(client.goaways.length).toBeGreaterThan(0);
        for (const [code] of client.goaways) expect(code).toBe(constants.NGHTTP2_NO_ERROR);
      },
      { limits: { maxRequestsPerConnection: 2 } },
    ));
});

describe("the limits of HTTP/2", () => {
  test("maxConcurrentStreams and the maxHeaderSize of the server are told to the client", () =>
    secure(
      async (_, client) => {
        await client.get("/");
        expect(client.session.remoteSettings).toMatchObject({ maxConcurrentStreams: 7, maxHeaderListSize: 9000 });
      },
      { http2: { maxConcurrentStreams: 7 }, limits: { maxHeaderSize: 9000 } },
    ));

  test.each([
    ["more headers than maxHeaders", 431, "/", 101],
    ["a target longer than maxUrlLength", 414, `/${"a".repeat(8000)}`, 0],
  ] as const)("%s are refused with %d, and no plug sees it", (_, status, path, count) =>
    secure(async (live, client) => {
      let plugs = 0;
      live.sim.telemetry.on("http.request.start", () => void plugs++);
      const headers = Object.fromEntries(Array.from({ length: count }, (__, i) => [`x-${i}`, "1"]));
      expect((await client.get(path, count === 0 ? {} : { host: `localhost:${live.port}`, ...headers })).status).toBe(
        status,
      );
      expect(plugs).toBe(0);
      expect((await client.get("/next")).status).toBe(200);
    }),
  );

  test("a head longer than maxHeaderSize is refused with 431", () =>
    secure(
      async (_, client) => {
        expect((await client.get("/", { "x-large": "a".repeat(4000) })).status).toBe(431);
        expect((await client.get("/", { "x-large": "a".repeat(3000) })).status).toBe(200);
      },
      { limits: { maxHeaderSize: 4000 } },
    ));

  test("a client that opens and resets streams as fast as it can is sent away", () =>
    secure(
      async (live, client) => {
        let served = 0;
        live.sim.telemetry.on("http.request.start", () => void served++);
        for (let i = 0; i < 200 && !client.session.destroyed; i++) {
          for (let j = 0; j < 10 && !client.session.destroyed && !client.session.closed; j++) {
            client.request({ ":path": "/wait" }).close(constants.NGHTTP2_CANCEL);
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        await client.closed;
        expect(client.goaways.map(([code]) => code)).toEqual([constants.NGHTTP2_INTERNAL_ERROR]);
        expect(served).toBeLessThan(400);
        expect((await httpInfo(live.sim)).requests).toBe(0);
      },
      { http2: { streamResetBurst: 100, streamResetRate: 1 } },
    ));

  test.each([
    [{ maxStreams: 1 }, "expected limits of http2 among maxConcurrentStreams, "],
    [{ maxConcurrentStreams: 0 }, "maxConcurrentStreams of http2: expected a whole number from 1 up, got: 0"],
    [null, "http: http2: expected options (an object), got: null"],
  ])("that make no sense are refused: %o", (limits, message) => {
    expect(() => http({ port: 0, plug: site, http2: limits as never })).toThrow(message);
  });
});

describe("TLS", () => {
  /** What a client that offers these protocols gets. */
  const offer = (port: number, protocols: string[]) =>
    new Promise<{ alpn: unknown; text: string }>((resolve, reject) => {
      const socket = connectTls({ port, host: "localhost", ca: CA, ALPNProtocols: protocols });
      let text = "";
      socket.on("secureConnect", () => {
        if (socket.alpnProtocol === "h2") socket.destroy();
        else socket.write("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      });
      socket.on("data", (data) => {
        text += data;
      });
      socket.on("error", reject);
      socket.on("close", () => resolve({ alpn: socket.alpnProtocol, text }));
    });

  test("speaks HTTP/1.1 and HTTP/2 on one port, as the client asks", () =>
    serving({ plug: site, tls: TLS }, async (live) => {
      expect((await offer(live.port, ["h2", "http/1.1"])).alpn).toBe("h2");
      const older = await offer(live.port, ["http/1.1"]);
      expect(older.alpn).toBe("http/1.1");
      expect(older.text).toMatch(/^HTTP\/1.1 200 OK[\s\S]*HTTP\/1.1 GET \/a$/);
      expect((await offer(live.port, [])).text).toMatch(/^HTTP\/1.1 200 OK/);
    }));

  test("without http2 speaks HTTP/1.1 only", () =>
    serving({ plug: site, tls: TLS, http2: false }, async (live) => {
      expect((await offer(live.port, ["h2", "http/1.1"])).alpn).toBe("http/1.1");
    }));

  test("keeps HTTP/1.1 connections alive, and closes idle ones, as without", () =>
    serving({ plug: site, tls: TLS }, async (live) => {
      const socket = connectTls({ port: live.port, host: "localhost", ca: CA });
      const answers: string[] = [];
      socket.on("data", (data) => answers.push(String(data)));
      const closed = new Promise((resolve) => socket.once("close", resolve));
      for (let i = 0; i < 2; i++) {
        const stopped = live.next("http.request.stop");
        socket.write(`GET /${i} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        await stopped;
        await live.sim.advance(40_000);
      }
      expect(await connections(live.sim)).toMatchObject([{ state: "idle", served: 2, protocol: "http/1.1" }]);
      await live.sim.advance(21_000);
      await closed;
      expect(answers.join("").match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
    }));

  test("a client that speaks no TLS is sent away, and told; others do not notice", () =>
    serving({ plug: site, tls: TLS }, async (live) => {
      const told = live.next("http.handshake.error");
      const client = await live.connect();
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      expect(String((await told).error)).toMatch(/http request|wrong version/i);
      await client.closed;
      expect((await offer(live.port, [])).text).toMatch(/200 OK/);
      await waitForConnections(live.sim, "==", 0);
    }));

  test("a handshake that does not come is given up after headersTimeout", () =>
    serving({ plug: site, tls: TLS }, async (live) => {
      const client = await live.connect();
      await until(async () => (await connections(live.sim)).length === 1);
      expect(await connections(live.sim)).toMatchObject([{ state: "handshake", pid: undefined }]);
      const told = live.next("http.handshake.error");
      await live.sim.advance(16_000);
      expect((await told).error.message).toBe("nothing was agreed on within 15000 ms");
      await client.closed;
      expect(await connections(live.sim)).toEqual([]);
    }));

  test("a handshake that does not come holds a drain for its grace period only", () =>
    serving({ plug: site, tls: TLS, grace: GRACE, drain: DRAIN }, async (live) => {
      const client = await live.connect();
      await until(async () => (await connections(live.sim)).length === 1);
      const { stopped } = await drain(live);
      await live.sim.advance(GRACE);
      await client.closed;
      await stopped;
      expect(live.sim.now()).toBe(GRACE);
    }));

  test("counts handshakes for maxConnections", () =>
    serving({ plug: site, tls: TLS, limits: { maxConnections: 1 } }, async (live) => {
      const silent = await live.connect();
      await until(async () => (await connections(live.sim)).length === 1);
      const second = offer(live.port, []);
      await until(async () => (await httpInfo(live.sim)).waiting === 1);
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 0, waiting: 1 });
      silent.socket.destroy();
      expect((await second).text).toMatch(/200 OK/);
    }));

  test.each([
    ["strong", "TLSv1.2", "ECDHE-ECDSA-AES128-SHA256", false],
    ["strong", "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", true],
    ["strong", "TLSv1.3", "TLS_AES_256_GCM_SHA384", true],
    ["compatible", "TLSv1.2", "ECDHE-ECDSA-AES128-SHA256", true],
    ["compatible", "TLSv1.3", "TLS_AES_256_GCM_SHA384", true],
  ] as const)(
    "with cipherSuite %s, a client of %s with %s alone is served: %s",
    (cipherSuite, version, ciphers, served) =>
      serving({ plug: site, tls: { ...TLS, cipherSuite } }, async (live) => {
        const outcome = new Promise((resolve) => {
          const socket = connectTls({
            port: live.port,
            host: "localhost",
            ca: CA,
            ciphers,
            minVersion: version,
            maxVersion: version,
          });
          socket.on("secureConnect", () => {
            resolve(true);
            socket.destroy();
          });
          socket.on("error", () => resolve(false));
        });
        expect(await outcome).toBe(served);
      }),
  );

  test.each([
    [{}, "expected tls to have a key and a cert, or a pfx, got: no key"],
    [{ key: KEY }, "got: no cert"],
    [{ ...TLS, cipherSuite: "weak" }, "expected cipherSuite to be strong or compatible, got: 'weak'"],
    [null, "http: tls: expected options (an object), got: null"],
  ])("options that make no sense are refused: %o", (tls, message) => {
    expect(() => http({ port: 0, plug: site, tls: tls as never })).toThrow(message);
  });

  test.each(["key", "cert"])("a %s file that is not there is an error at the start that names it", (name) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const start = sim.start(http({ port: 0, plug: site, tls: { ...TLS, [name]: "/nowhere.pem" } }));
      await expect(start).rejects.toThrow(
        `expected the ${name} of tls to be PEM or the path of a file, got: '/nowhere.pem'; there is no such file`,
      );
    }),
  );

  test("takes PEM text, bytes, and files by their paths", () =>
    serving({ plug: site, tls: { key: KEY, cert: [CA] } }, async (live) => {
      expect((await offer(live.port, [])).text).toMatch(/200 OK/);
      const other = http({ port: 0, plug: site, name: "b", tls: { key: [KEY], cert: CA.toString() } });
      await live.sim.start(other);
      expect((await offer((await httpInfo(live.sim, "b")).port, [])).text).toMatch(/200 OK/);
    }));
});

describe("a server that speaks HTTP/2 without TLS", () => {
  test("serves HTTP/1.1 on the same port, also to a client that sends byte by byte", () =>
    serving({ plug: site, http2: true }, async (live) => {
      expect((await live.get("/a")).body).toBe("HTTP/1.1 GET /a");
      const client = await live.connect();
      for (const byte of "PRI /b HTTP/1.1\r\nHost: a\r\n\r\n".replace("PRI", "GET")) {
        client.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await client.answer()).body).toBe("HTTP/1.1 GET /b");
      expect((await client.get("/c")).body).toBe("HTTP/1.1 GET /c");
    }));

  test("a request that begins like the preface, and is none, is for HTTP/1", () =>
    serving({ plug: site, http2: true }, async (live) => {
      const client = await live.connect();
      client.send("PRI * HTTP/1.1\r\nHost: a\r\n\r\n");
      expect((await client.answer()).status).toBe(400);
    }));

  test("is not spoken to unless it is asked for", () =>
    serving({ plug: site }, async (live) => {
      const session = connectH2(`http://localhost:${live.port}`);
      const failure = await new Promise((resolve) => session.once("error", resolve));
      expect(String(failure)).toMatch(/Protocol error|socket hang up|ECONNRESET/i);
    }));

  test("a client that says nothing is sent away after headersTimeout", () =>
    serving({ plug: site, http2: true }, async (live) => {
      const socket = connectTcp(live.port, "127.0.0.1");
      const closed = new Promise((resolve) => socket.once("close", resolve));
      await until(async () => (await connections(live.sim)).length === 1);
      await live.sim.advance(16_000);
      await closed;
    }));
});
