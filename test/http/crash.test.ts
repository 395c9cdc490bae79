import type { Reason } from "hornbeam";
import { type Conn, HttpError, type PlugFn, pipeline, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

const boom = new Error("boom");

/** `/wait` answers when its process gets a message; the others end badly, each in its way. */
const site = router()
  .get("/ok", (conn) => conn.text("ok"))
  .get("/wait", async (conn) => conn.text(String(await conn.self.receive())))
  .get("/boom", () => {
    throw boom;
  })
  .get("/later", async (conn) => {
    await conn.self.receive();
    throw boom;
  })
  .get("/nothing", (conn) => conn)
  .get("/503", () => {
    throw new HttpError(503, "details");
  })
  .get("/sent", (conn) => {
    conn.text("sent");
    throw boom;
  })
  .get("/shutdown", (conn) => {
    conn.self.exit(conn.self.pid, "shutdown");
    return new Promise<Conn>(() => {});
  }).plug;

describe("a request that crashes", () => {
  test("is answered with 500, its connection is closed, and others finish", () =>
    serving({ plug: site }, async (live) => {
      const others = await Promise.all([live.connect(), live.connect()]);
      const pids = [];
      for (const client of others) {
        const started = live.next("http.request.start");
        client.request("GET", "/wait");
        pids.push((await started).pid);
      }
      const client = await live.connect();
      const answer = await client.get("/boom");
      expect([answer.status, answer.body, answer.headers.connection]).toEqual([
        500,
        "500 Internal Server Error\n",
        "close",
      ]);
      expect(await client.closed).toBe("closed");
      for (const pid of pids) live.sim.send(pid, "done");
      for (const other of others) expect((await other.answer()).body).toBe("done");
      for (const other of others) expect((await other.get("/ok")).body).toBe("ok");
    }));

  test.each([
    ["after a promise", "/later"],
    ["because it sends nothing", "/nothing"],
  ])("%s is answered with 500, too", (_, path) =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("GET", path);
      live.sim.send((await started).pid, "go");
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([500, "close"]);
    }),
  );

  test("with an error that has a status from 500 is answered with that one", () =>
    serving({ plug: site }, async (live) => {
      const answer = await live.get("/503");
      expect([answer.status, answer.body, answer.headers.connection]).toEqual([
        503,
        "503 Service Unavailable\n",
        "close",
      ]);
    }));

  test("after its response was sent ends its connection, and the client has the response", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      expect((await client.get("/sent")).body).toBe("sent");
      expect(await client.closed).toBe("closed");
    }));

  test("tells no more than that it crashed, and reports the rest", () =>
    serving({ plug: site }, async (live) => {
      const reports: { reason: Reason; label: string }[] = [];
      live.sim.telemetry.on("process.crash", (_, { reason, label }) => void reports.push({ reason, label }));
      const stopped = live.next("http.request.stop");
      expect((await live.get("/boom?token=secret")).body).not.toContain("boom");
      expect(reports).toEqual([{ reason: boom, label: expect.stringMatching(/^\S+ GET \/boom in plug GET \/boom$/) }]);
      expect(await stopped).toMatchObject({
        method: "GET",
        path: "/boom",
        status: 500,
        plug: "GET /boom",
        reason: boom,
      });
    }));

  test("is not restarted, and its server does not restart either", () =>
    serving({ plug: site }, async (live) => {
      const before = live.sim.processes().map(({ pid }) => pid);
      for (let i = 0; i < 50; i++) {
        const gone = live.next("http.connection.stop");
        expect((await live.get("/boom")).status).toBe(500);
        await gone;
      }
      expect(live.sim.processes().map(({ pid }) => pid)).toEqual(before);
    }));
});

describe("a request's process that is ended from outside", () => {
  test.each<[reason: Reason, status: number]>([
    ["shutdown", 503],
    [{ shutdown: "enough" }, 503],
    ["killed", 500],
    ["kill", 500],
    [boom, 500],
  ])("with reason %o is answered with %d", (reason, status) =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("GET", "/wait");
      live.sim.exit((await started).pid, reason);
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([status, "close"]);
    }),
  );

  test("by itself without a response is answered with 503", () =>
    serving({ plug: site }, async (live) => {
      expect((await live.get("/shutdown")).status).toBe(503);
    }));
});

test("an error below 500 leaves the connection open", () =>
  serving({ plug: site }, async (live) => {
    const client = await live.connect();
    expect([(await client.get("/nowhere")).status, (await client.get("/ok")).status]).toEqual([404, 200]);
  }));

test("a process that the request is linked to ends with it, and its crash is the request's", () => {
  const linked: PlugFn = async (conn) => {
    conn.self.spawnLink(
      async (child) => {
        await child.receive();
        throw boom;
      },
      { label: "child" },
    );
    await conn.self.receive();
    return conn.text("");
  };
  return serving({ plug: pipeline().plug(linked) }, async (live) => {
    const client = await live.connect();
    client.request("GET", "/");
    await live.next("http.request.start");
    await live.sim.idle();
    const child = live.sim.processes().find(({ label }) => label.endsWith("child"));
    live.sim.send(child?.pid as never, "now");
    expect((await client.answer()).status).toBe(500);
  });
});
