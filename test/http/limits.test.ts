import { http, httpInfo, type Limits, router, waitForConnections } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { isOpen } from "./draining.ts";
import { type Live, serving } from "./support.ts";

const site = router()
  .get("/wait", async (conn) => conn.text(String(await conn.self.receive())))
  .post("/read", async (conn) => conn.text(`${(await conn.readBody({ timeout: 600_000 })).length} bytes`))
  .post("/ignore", (conn) => conn.text("not read"))
  .get("/stubborn", async (conn) => {
    conn.self.trapExit = true;
    for (;;) await conn.self.receive();
  })
  .get("/large", (conn) => conn.text("x".repeat(30_000_000)))
  .match("/*path", (conn) => conn.text(conn.requestPath)).plug;

const limited = (limits: Partial<Limits>, test: (live: Live) => Promise<void>) => serving({ plug: site, limits }, test);

describe("maxConnections", () => {
  test("is no refusal: who comes when it is reached waits unread, and is served when another one ends", () =>
    limited({ maxConnections: 2, waitingTimeout: "infinity" }, async (live) => {
      const [first, second] = [await live.connect(), await live.connect()];
      await first.get("/1");
      await second.get("/2");
      const third = await live.connect();
      third.request("GET", "/3");
      expect(await isOpen(live, third)).toBe(true);
      await live.sim.advance(20_000);
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 2, waiting: 1, accepted: 3, refused: 0 });
      expect((await first.get("/still")).body).toBe("/still");
      expect(third.text).toBe("");
      first.socket.end();
      expect((await third.answer()).body).toBe("/3");
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 2, waiting: 0, accepted: 3, refused: 0 });
    }));

  test("is reached in order: the first that waits is the first that is served", () =>
    limited({ maxConnections: 1 }, async (live) => {
      const first = await live.connect();
      await first.get("/1");
      const order: string[] = [];
      live.sim.telemetry.on("http.request.start", (_, { path }) => void order.push(path));
      const rest = [];
      for (const path of ["/2", "/3", "/4"]) {
        const client = await live.connect();
        rest.push(client.request("GET", path, ["Connection: close"]));
        await isOpen(live, client);
      }
      first.socket.end();
      for (const client of rest) await client.answer();
      expect(order).toEqual(["/2", "/3", "/4"]);
    }));

  test("is 16,384 unless the server says otherwise", () =>
    limited({}, async (live) => {
      expect((await httpInfo(live.sim)).limits.maxConnections).toBe(16_384);
    }));
});

test("maxWaiting: beyond so many that wait, a connection is closed at once, and told", () =>
  limited({ maxConnections: 1, maxWaiting: 1 }, async (live) => {
    const first = await live.connect();
    await first.get("/1");
    const second = await live.connect();
    const refused = live.next("http.connection.refused");
    const third = await live.connect();
    expect(await third.closed).toBe("closed");
    expect(await refused).toEqual({ remoteAddress: "127.0.0.1", why: "too many wait" });
    expect(await isOpen(live, second)).toBe(true);
    expect(await httpInfo(live.sim)).toMatchObject({ connections: 1, waiting: 1, accepted: 3, refused: 1 });
  }));

test("waitingTimeout: one that has waited so long for its turn is closed, and told", () =>
  limited({ maxConnections: 1 }, async (live) => {
    const first = await live.connect();
    await first.get("/1");
    const second = await live.connect();
    await isOpen(live, second);
    const refused = live.next("http.connection.refused");
    await live.sim.advance(4999);
    expect(await isOpen(live, second)).toBe(true);
    await live.sim.advance(501);
    expect(await refused).toMatchObject({ why: "waited too long" });
    await second.closed;
    expect((await first.get("/still")).body).toBe("/still");
  }));

test("maxRequestsPerConnection: the answer to the last one says Connection: close, and what follows it is not served", () =>
  limited({ maxRequestsPerConnection: 2 }, async (live) => {
    const client = await live.connect();
    const paths: string[] = [];
    live.sim.telemetry.on("http.request.start", (_, { path }) => void paths.push(path));
    expect((await client.get("/1")).headers.connection).toBe("keep-alive");
    client.request("GET", "/2").request("GET", "/3");
    const last = await client.answer();
    expect([last.body, last.headers.connection]).toEqual(["/2", "close"]);
    expect(await client.closed).toBe("closed");
    expect(paths).toEqual(["/1", "/2"]);
  }));

describe("headersTimeout", () => {
  test("a head that is not whole in time is answered with 408, and told", () =>
    limited({}, async (live) => {
      const { client, pid } = await live.accepted();
      client.send("GET / HTTP/1.1\r\nX: ");
      await isOpen(live, client);
      const told = live.next("http.connection.timeout");
      for (let second = 0; second < 14; second++) {
        await live.sim.advance(1000);
        client.send("x");
        await isOpen(live, client);
      }
      expect(client.text).toBe("");
      await live.sim.advance(2000);
      expect(await told).toMatchObject({ limit: "headersTimeout", pid });
      expect((await client.answer()).status).toBe(408);
      await client.closed;
    }));

  test("counts from the first byte of a head, also on a connection that was used before", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      await client.get("/1");
      await live.sim.advance(30_000);
      client.send("GET / HT");
      await isOpen(live, client);
      await live.sim.advance(14_000);
      expect(await isOpen(live, client)).toBe(true);
      await live.sim.advance(2000);
      expect((await client.answer()).status).toBe(408);
    }));

  test("does not concern a request that takes its time", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("GET", "/wait");
      const { pid } = await started;
      await live.sim.advance(40_000);
      live.sim.send(pid, "late");
      expect((await client.answer()).body).toBe("late");
    }));

  test("the rest of a body that nobody reads is not waited for longer", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      client.request("POST", "/ignore", ["Content-Length: 1000"], "a");
      expect((await client.answer()).body).toBe("not read");
      await isOpen(live, client);
      await live.sim.advance(1000);
      for (let second = 0; second < 18; second++) {
        client.send("b");
        await isOpen(live, client);
        await live.sim.advance(1000);
      }
      await client.closed;
      expect(client.text).toBe("");
    }));
});

describe("idleTimeout", () => {
  test("an idle connection is closed without a word, and told", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      await client.get("/1");
      const told = live.next("http.connection.timeout");
      await live.sim.advance(59_000);
      expect(await isOpen(live, client)).toBe(true);
      await live.sim.advance(1500);
      expect(await told).toMatchObject({ limit: "idleTimeout" });
      expect(await client.closed).toBe("closed");
      expect(client.text).toBe("");
    }));

  test("each request begins it anew", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      for (let i = 0; i < 4; i++) {
        await client.get(`/${i}`);
        await live.sim.advance(40_000);
      }
      expect((await client.get("/last")).body).toBe("/last");
    }));

  test("a connection that never says anything is closed, too", () =>
    limited({ idleTimeout: 500 }, async (live) => {
      const { client } = await live.accepted();
      await live.sim.advance(550);
      expect(await client.closed).toBe("closed");
    }));

  test("many connections are looked at in turn, and none is forgotten", () =>
    limited({ idleTimeout: 1000 }, async (live) => {
      const clients = [];
      for (let i = 0; i < 180; i++) clients.push(await live.connect());
      await Promise.all(clients.map((client) => client.get("/")));
      await live.sim.advance(990);
      expect((await httpInfo(live.sim)).connections).toBe(180);
      await live.sim.advance(210);
      await Promise.all(clients.map((client) => client.closed));
      await waitForConnections(live.sim, "==", 0);
    }));

  test("lifted, a connection stays for ever", () =>
    limited({ idleTimeout: "infinity" }, async (live) => {
      const client = await live.connect();
      await client.get("/1");
      await live.sim.advance(100_000);
      expect((await client.get("/2")).body).toBe("/2");
    }));
});

describe("requestTimeout", () => {
  test("a request that has not begun to answer is ended, answered with 503, and told with the plug that it was in", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      const told = live.next("http.request.timeout");
      const stopped = live.next("http.request.stop");
      const started = live.next("http.request.start");
      client.request("GET", "/wait?secret");
      const { pid } = await started;
      await live.sim.advance(59_999);
      expect(live.sim.isAlive(pid)).toBe(true);
      await live.sim.advance(600);
      expect(await told).toEqual({ pid, method: "GET", path: "/wait", plug: "GET /wait" });
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([503, "close"]);
      expect((await stopped).reason).toEqual({ shutdown: "requestTimeout" });
    }));

  test("one that ignores its end is killed 5 seconds later, and answered", () =>
    limited({ requestTimeout: 1000 }, async (live) => {
      const client = await live.connect();
      const stopped = live.next("http.request.stop");
      const started = live.next("http.request.start");
      client.request("GET", "/stubborn");
      const { pid } = await started;
      await live.sim.idle();
      await live.sim.advance(5900);
      expect(live.sim.isAlive(pid)).toBe(true);
      await live.sim.advance(400);
      expect((await client.answer()).status).toBe(500);
      expect((await stopped).reason).toBe("killed");
    }));

  test("does not concern others of the same server", () =>
    limited({ requestTimeout: 1000 }, async (live) => {
      const slow = await live.connect();
      slow.request("GET", "/wait");
      await live.next("http.request.start");
      await live.sim.advance(600);
      const other = await live.connect();
      const started = live.next("http.request.start");
      other.request("GET", "/wait");
      const { pid } = await started;
      await live.sim.advance(600);
      expect((await slow.answer()).status).toBe(503);
      live.sim.send(pid, "in time");
      expect((await other.answer()).body).toBe("in time");
    }));
});

describe("minBodyRate", () => {
  test("a body that a plug waits for and that comes too slowly is 408", () =>
    limited({ requestTimeout: "infinity" }, async (live) => {
      const client = await live.connect();
      const told = live.next("http.connection.timeout");
      client.request("POST", "/read", ["Content-Length: 100000"], "a");
      await live.next("http.request.start");
      await isOpen(live, client);
      for (let second = 0; second < 22; second++) {
        client.send("b");
        await isOpen(live, client);
        await live.sim.advance(1000);
      }
      expect(await told).toMatchObject({ limit: "minBodyRate" });
      expect((await client.answer()).status).toBe(408);
    }));

  test("one that comes fast enough may take as long as it likes", () =>
    limited({ requestTimeout: "infinity" }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/read", ["Content-Length: 24000"]);
      await live.next("http.request.start");
      for (let second = 0; second < 80; second++) {
        client.send("b".repeat(300));
        await isOpen(live, client);
        await live.sim.advance(1000);
      }
      expect((await client.answer()).body).toBe("24000 bytes");
    }));
});

describe("sendTimeout", () => {
  test("a client that takes nothing of its answer is cut off, and told", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      client.socket.pause();
      client.request("GET", "/large");
      await live.next("http.request.stop");
      const told = live.next("http.connection.timeout");
      const gone = live.next("http.connection.stop");
      await isOpen(live, client);
      await live.sim.advance(29_000);
      await live.sim.advance(2000);
      expect(await told).toMatchObject({ limit: "sendTimeout" });
      await gone;
    }));

  test("a client that takes some of it now and then gets all of it, however long that takes", () =>
    limited({}, async (live) => {
      const client = await live.connect();
      client.socket.pause();
      client.request("GET", "/large");
      await live.next("http.request.stop");
      let size = 0;
      client.socket.on("data", (text: string) => {
        size += text.length;
        client.text = "";
      });
      for (let reads = 0; reads < 12 && size < 30_000_000; reads++) {
        await live.sim.advance(20_000);
        const wanted = size + 3_000_000;
        while (size < wanted && size < 30_000_000) {
          client.socket.resume();
          await new Promise((resolve) => setImmediate(resolve));
        }
        client.socket.pause();
      }
      expect(size).toBeGreaterThan(30_000_000);
      expect(live.sim.now()).toBeGreaterThan(90_000);
    }));
});

test.each([
  [{ maxConnections: 0 }, 'expected maxConnections to be a number from 1 up or "infinity", got: 0'],
  [{ maxConnections: 1.5 }, "got: 1.5"],
  [{ maxWaiting: -1 }, "expected maxWaiting to be a number from 0 up"],
  [{ idleTimeout: Number.NaN }, "expected idleTimeout"],
  [{ idleTimeout: "1s" }, "got: '1s'"],
  [{ idelTimeout: 1 }, "expected limits among maxConnections, "],
  [null, "http: limits: expected options (an object), got: null"],
])("limits that make no sense are refused when the server is described: %o", (limits, message) => {
  expect(() => http({ port: 0, plug: site, limits: limits as never })).toThrow(message);
});
