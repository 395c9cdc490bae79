import type { TelemetryEvents } from "hornbeam";
import { type Conn, HttpError, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { type Live, serving } from "./support.ts";

// What telemetry tells of requests and connections (Bandit: its own telemetry tests).

type Stop = TelemetryEvents["http.request.stop"];
const boom = new Error("boom");
const path = new URL(import.meta.url).pathname;

const site = router()
  .get("/whole", (it) => it.putStatus(201).text("hello"))
  .get("/chunks", async (it) => {
    const begun = it.sendChunked(200);
    await begun.chunk("a");
    await it.self.sleep(250);
    await begun.chunk("b");
    return begun;
  })
  .get("/file", (it) => it.sendFile(200, { path }))
  .post("/read", async (it) => it.text(String((await it.readBody()).length)))
  .get("/crash", (): never => {
    throw boom;
  })
  .get("/late", (it: Conn): never => {
    it.text("sent");
    throw boom;
  })
  .get("/refuse", (): never => {
    throw new HttpError(409, "no");
  })
  .get("/wait", async (it) => it.text(String(await it.self.receive()))).plug;

/** What is told of the end of the next request. */
const stopped = (live: Live): Promise<Stop> =>
  new Promise((resolve) => {
    const off = live.sim.telemetry.on("http.request.stop", (...told: Stop) => {
      off();
      resolve(told);
    });
  });

const during = (test: (live: Live) => Promise<void>) => serving({ plug: site }, test);

describe("the beginning of a request is told", () => {
  test("with its process, method and path, and without its query", () =>
    during(async (live) => {
      const started = live.next("http.request.start");
      await live.get("/whole?secret=1");
      expect(await started).toEqual({ pid: expect.anything(), method: "GET", path: "/whole" });
    }));

  test("once for each, also on one connection, and before its end", () =>
    during(async (live) => {
      const told: string[] = [];
      live.sim.telemetry.on("http.request.start", (_, { path: at }) => void told.push(`start ${at}`));
      live.sim.telemetry.on("http.request.stop", (_, { path: at }) => void told.push(`stop ${at}`));
      const client = await live.connect();
      for (const at of ["/whole", "/refuse"]) await client.get(at);
      await live.sim.idle();
      expect(told).toEqual(["start /whole", "stop /whole", "start /refuse", "stop /refuse"]);
    }));
});

describe("the end of a request is told with its status, its plug and its reason", () => {
  test.each<[method: string, at: string, status: number, plug: string]>([
    ["GET", "/whole", 201, "GET /whole"],
    ["GET", "/file", 200, "GET /file"],
    ["GET", "/refuse", 409, "GET /refuse"],
    ["GET", "/nowhere", 404, "router"],
    ["POST", "/read", 200, "POST /read"],
  ])("%s %s", (method, at, status, plug) =>
    during(async (live) => {
      const told = stopped(live);
      const client = await live.connect();
      await client
        .request(method, at, method === "POST" ? ["Content-Length: 2"] : [], method === "POST" ? "ab" : "")
        .answer();
      const [{ duration }, metadata] = await told;
      expect(metadata).toMatchObject({ method, path: at, status, plug, reason: "normal" });
      expect(duration).toBe(0);
    }),
  );

  test("and how long it took, to the end of a response in chunks", () =>
    during(async (live) => {
      const told = stopped(live);
      const client = await live.connect();
      client.request("GET", "/chunks");
      await new Promise((resolve) => client.socket.once("data", resolve));
      await live.sim.advance(250);
      expect(await told).toMatchObject([{ duration: 250 }, { status: 200, reason: "normal" }]);
    }));

  test.each([
    ["/crash", 500],
    ["/late", 200],
  ])("with what it crashed with, and what its client was answered: %s", (at, status) =>
    during(async (live) => {
      const told = stopped(live);
      await live.get(at);
      expect(await told).toMatchObject([{}, { status, reason: boom }]);
    }),
  );

  test("without a status when the client went before there was one", () =>
    during(async (live) => {
      const told = stopped(live);
      const started = live.next("http.request.start");
      const client = await live.connect();
      client.request("GET", "/wait");
      await started;
      client.reset();
      expect(await told).toMatchObject([{}, { status: undefined, plug: "GET /wait", reason: { shutdown: "closed" } }]);
    }));
});

test("a head that no plug gets to see is no request: its connection is told, and nothing else", () =>
  during(async (live) => {
    const told: string[] = [];
    live.sim.telemetry.on("http.request.start", () => void told.push("request"));
    const connection = live.next("http.connection.stop");
    const client = await live.connect();
    expect((await client.send("GET / HTTP/1.1\r\nHost: a b\r\n\r\n").answer()).status).toBe(400);
    expect([await connection, told]).toMatchObject([{ reason: "normal" }, []]);
  }));

test("a connection is told when it opens and when it closes, with how many there are and how long it lasted", () =>
  during(async (live) => {
    const told: unknown[] = [];
    live.sim.telemetry.on(
      "http.connection.start",
      (measured, { remoteAddress }) => void told.push(measured, remoteAddress),
    );
    live.sim.telemetry.on("http.connection.stop", (measured, { reason }) => void told.push(measured, reason));
    const client = await live.connect();
    await client.get("/whole");
    await live.sim.advance(1000);
    const gone = live.next("http.connection.stop");
    client.socket.end();
    await gone;
    expect(told).toEqual([{ count: 1 }, "127.0.0.1", { duration: 1000 }, "normal"]);
  }));
