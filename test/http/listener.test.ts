import { createServer } from "node:net";
import { name } from "hornbeam";
import { http, httpInfo, type PlugFn, resume, router, suspend } from "hornbeam/http";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { type Live, serving } from "./support.ts";

const ok: PlugFn = (conn) => conn.text("ok");
const site = router()
  .get("/ok", ok)
  .get("/wait", async (conn) => conn.text(String(await conn.self.receive()))).plug;

const refused = (live: Live) => expect(live.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });

/** Another program on a port. */
async function occupy(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const address = other.address() as { port: number };
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void other.close(() => resolve())),
  };
}

describe("a server", () => {
  test("on port 0 says where it listens, and what it has", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("GET", "/wait");
      const { pid } = await started;
      expect(await httpInfo(live.sim)).toEqual({
        status: "running",
        scheme: "http",
        host: "127.0.0.1",
        port: live.port,
        connections: 1,
        requests: 1,
        sockets: 0,
        waiting: 0,
        accepted: 1,
        refused: 0,
        ready: true,
        draining: false,
        limits: {
          maxConnections: 16_384,
          maxWaiting: 1024,
          waitingTimeout: 5000,
          maxRequestsPerConnection: Number.POSITIVE_INFINITY,
          maxUrlLength: 8000,
          maxHeaders: 100,
          maxHeaderSize: 16_384,
          headersTimeout: 15_000,
          minBodyRate: 240,
          idleTimeout: 60_000,
          requestTimeout: 60_000,
          sendTimeout: 30_000,
        },
      });
      expect(live.port).toBeGreaterThan(0);
      live.sim.send(pid, "go");
      await client.answer();
    }));

  test("that cannot listen does not start, and says why", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      await using other = await occupy(0);
      const start = sim.start(http({ port: other.port, plug: ok }));
      await expect(start).rejects.toThrow(`cannot listen on 127.0.0.1:${other.port}: another program listens there`);
      await sim.idle();
      expect(sim.leaks()).toEqual([]);
    }));

  test("that cannot listen leaves alone the one that does", () =>
    serving({ plug: site }, async (live) => {
      await expect(live.sim.start(http({ port: live.port, plug: ok, name: "second" }))).rejects.toThrow(
        "another program listens there",
      );
      expect((await live.get("/ok")).body).toBe("ok");
    }));

  test("may have a name, and stand beside another one", () =>
    serving({ plug: site }, async (live) => {
      await live.sim.start(http({ port: 0, plug: (conn) => conn.text("second"), name: "second" }));
      const { port } = await httpInfo(live.sim, "second");
      expect((await (await live.connect(port)).get("/")).body).toBe("second");
      expect((await live.get("/ok")).body).toBe("ok");
    }));

  test.each([
    [{ port: 0, plug: router() }, "http: expected a plug, got: "],
    [{ port: 0 }, "http: expected a plug, got: undefined; of a router it is router.plug"],
    [undefined, "http: expected a plug, got: undefined"],
    [{ plug: ok }, "http: expected a port from 0 to 65535, got: undefined"],
    [{ plug: ok, port: 65_536 }, "got: 65536"],
    [{ plug: ok, port: -1 }, "got: -1"],
    [{ plug: ok, port: 80.5 }, "got: 80.5"],
    [{ plug: ok, port: "4000" }, "got: '4000'"],
  ])("is refused with options that make no sense: %#", (options, message) => {
    expect(() => http(options as never)).toThrow(message);
  });
});

describe("suspend", () => {
  test("refuses new connections and leaves those that are open alone; resume takes new ones on the same port", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      await client.get("/ok");
      const suspended = live.next("http.listener.suspend");
      await suspend(live.sim);
      expect(await suspended).toMatchObject({ port: live.port });
      await refused(live);
      const answer = await client.get("/ok");
      expect([answer.body, answer.headers.connection]).toEqual(["ok", "keep-alive"]);
      expect(await httpInfo(live.sim)).toMatchObject({ status: "suspended", connections: 1 });
      const started = live.next("http.listener.start");
      await resume(live.sim);
      expect(await started).toMatchObject({ port: live.port });
      expect((await live.get("/ok")).body).toBe("ok");
      expect((await client.get("/ok")).body).toBe("ok");
      expect(await httpInfo(live.sim)).toMatchObject({ status: "running", port: live.port });
    }));

  test("and resume may be repeated", () =>
    serving({ plug: site }, async (live) => {
      await resume(live.sim);
      await suspend(live.sim);
      await suspend(live.sim);
      await refused(live);
      await resume(live.sim);
      await resume(live.sim);
      expect((await live.get("/ok")).body).toBe("ok");
    }));

  test("stays when resume finds the port taken: it says why, and the open connections survive", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      await client.get("/ok");
      await suspend(live.sim);
      {
        await using _ = await occupy(live.port);
        await expect(resume(live.sim)).rejects.toThrow(`cannot listen on 127.0.0.1:${live.port}: another program`);
        await live.sim.advance(10_000);
        expect(await httpInfo(live.sim)).toMatchObject({ status: "suspended", connections: 1 });
      }
      expect((await client.get("/ok")).body).toBe("ok");
      await resume(live.sim);
      expect((await live.get("/ok")).body).toBe("ok");
    }));
});

describe("a listener that is killed", () => {
  test("comes back on the same port, and open connections and requests survive", () =>
    serving({ plug: site }, async (live) => {
      const [idle, busy] = [await live.connect(), await live.connect()];
      await idle.get("/ok");
      const started = live.next("http.request.start");
      busy.request("GET", "/wait");
      const { pid } = await started;
      const back = live.next("http.listener.start");
      live.sim.kill(live.sim.whereis(name("http.listener")) as never);
      expect(await back).toMatchObject({ port: live.port });
      expect((await live.get("/ok")).body).toBe("ok");
      expect((await idle.get("/ok")).body).toBe("ok");
      live.sim.send(pid, "survived");
      expect((await busy.answer()).body).toBe("survived");
    }));

  test("comes back again and again", () =>
    serving({ plug: site }, async (live) => {
      for (let i = 0; i < 5; i++) {
        const back = live.next("http.listener.start");
        live.sim.kill(live.sim.whereis(name("http.listener")) as never);
        expect(await back).toMatchObject({ port: live.port });
      }
      expect((await live.get("/ok")).body).toBe("ok");
    }));
});

test("when the process of all connections is killed, requests in flight are told, and everything comes back on the same port", () =>
  serving({ plug: site }, async (live) => {
    const [idle, busy] = [await live.connect(), await live.connect()];
    await idle.get("/ok");
    const started = live.next("http.request.start");
    busy.request("GET", "/wait");
    await started;
    const back = live.next("http.listener.start");
    live.sim.kill(live.sim.whereis(name("http.connections")) as never);
    const answer = await busy.answer();
    expect([answer.status, answer.headers.connection]).toEqual([503, "close"]);
    expect([await idle.closed, await busy.closed]).toEqual(["closed", "closed"]);
    expect(await back).toMatchObject({ port: live.port });
    expect((await live.get("/ok")).body).toBe("ok");
    expect(await httpInfo(live.sim)).toMatchObject({ status: "running", port: live.port, connections: 1, requests: 0 });
  }));

test("a server that was stopped can be started again on its port", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const first = await sim.start(http({ port: 0, plug: ok, name: "first" }));
    const { port } = await httpInfo(sim, "first");
    const gone = new Promise<void>((resolve) => {
      sim.telemetry.on("process.exit", (_, { pid }) => pid === first && resolve());
    });
    sim.exit(first, "shutdown");
    await gone;
    await sim.start(http({ port, plug: ok, name: "second" }));
    expect((await httpInfo(sim, "second")).port).toBe(port);
  }));
