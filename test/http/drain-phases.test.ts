import { inspect } from "node:util";
import {
  drainer,
  drainServer,
  http,
  httpInfo,
  isReady,
  pipeline,
  plug,
  Readiness,
  resume,
  suspend,
} from "hornbeam/http";
import { type Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { begin, DRAIN, drain, GRACE, isOpen, site, stoppable } from "./draining.ts";
import { Live, serving } from "./support.ts";

const probed = pipeline().plug(plug(Readiness)).plug(site);

/** The phases of a drain, each with the moment it began. */
function phases(live: Live): [string, number][] {
  const seen: [string, number][] = [];
  live.sim.telemetry.on("http.drain.phase", (_, { phase }) => void seen.push([phase, live.sim.now()]));
  live.sim.telemetry.on("http.drain.stop", () => void seen.push(["stop", live.sim.now()]));
  return seen;
}

const refused = (live: Live) => expect(live.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });

describe("a drain with a readyDelay", () => {
  const options = { plug: probed, drain: { shutdown: DRAIN, readyDelay: 2000 } };

  test("goes through its phases in their order, each at its time: unready, suspended, notify, deadline", () =>
    stoppable(async (live) => {
      const seen = phases(live);
      await begin(live, "/wait");
      const stopped = live.sim.stop();
      await live.sim.idle();
      await live.sim.advance(DRAIN);
      await stopped;
      expect(seen).toEqual([
        ["unready", 0],
        ["suspended", 2000],
        ["notify", 2000 + GRACE],
        ["deadline", DRAIN],
      ]);
    }, options));

  test("says that it is not ready, and still accepts and serves as ever; then it stops to listen", () =>
    stoppable(async (live) => {
      const probe = await live.connect();
      expect((await probe.get("/ready")).status).toBe(200);
      const unready = live.next("http.drain.phase");
      const stopped = live.sim.stop();
      await unready;
      await live.sim.idle();
      const answer = await probe.get("/ready");
      expect([answer.status, answer.body, answer.headers.connection]).toEqual([503, "not ready\n", "keep-alive"]);
      const late = await (await live.connect()).get("/late");
      expect([late.body, late.headers.connection]).toEqual(["/late", "keep-alive"]);
      expect(await httpInfo(live.sim)).toMatchObject({ status: "running", ready: false, draining: false });
      await live.sim.advance(1999);
      expect((await probe.get("/still")).headers.connection).toBe("keep-alive");
      await live.sim.advance(1);
      await refused(live);
      expect((await probe.get("/ready")).headers.connection).toBe("close");
      await live.sim.advance(GRACE);
      await stopped;
    }, options));

  test("that is as long as the drain may take is refused", () => {
    expect(() => http({ port: 0, plug: site, drain: { shutdown: 1000, readyDelay: 1000 } })).toThrow(
      "expected a readyDelay below shutdown (1000 ms), got: 1000",
    );
  });
});

describe("newRequests", () => {
  test('"refuse": a request on an open connection is answered with 503 and Connection: close, and no plug sees it', () =>
    stoppable(
      async (live) => {
        const [kept, idle] = [await live.connect(), await live.connect()];
        await kept.get("/before");
        await idle.get("/before");
        const { stopped } = await drain(live);
        const paths: string[] = [];
        live.sim.telemetry.on("http.request.start", (_, { path }) => void paths.push(path));
        const answer = await kept.get("/during");
        expect([answer.status, answer.headers.connection]).toEqual([503, "close"]);
        expect(await kept.closed).toBe("closed");
        expect(paths).toEqual([]);
        await live.sim.advance(GRACE);
        await idle.closed;
        await stopped;
      },
      { drain: { shutdown: DRAIN, newRequests: "refuse" } },
    ));

  test('"refuse": a request in flight is not refused', () =>
    stoppable(
      async (live) => {
        const { client, pid } = await begin(live, "/wait");
        const { stopped } = await drain(live);
        live.sim.send(pid, "served");
        expect((await client.answer()).body).toBe("served");
        await stopped;
      },
      { drain: { shutdown: DRAIN, newRequests: "refuse" } },
    ));
});

test("a stop after suspend and resume drains the connections from before and after it", () =>
  stoppable(async (live) => {
    const before = await begin(live, "/wait");
    await suspend(live.sim);
    await resume(live.sim);
    const after = await begin(live, "/wait");
    const { stopped } = await drain(live);
    for (const { client, pid } of [before, after]) {
      live.sim.send(pid, "goodbye");
      const answer = await client.answer();
      expect([answer.body, answer.headers.connection]).toEqual(["goodbye", "close"]);
    }
    await stopped;
  }));

test("a stop of a suspended server drains the connections that it still has", () =>
  stoppable(async (live) => {
    const { client, pid } = await begin(live, "/wait");
    await suspend(live.sim);
    const { stopped } = await drain(live);
    live.sim.send(pid, "goodbye");
    expect((await client.answer()).body).toBe("goodbye");
    await stopped;
  }));

describe("drainServer", () => {
  test("drains a server that goes on to stand, and resume takes it back", () =>
    stoppable(
      async (live) => {
        const before = live.sim.processes().map(({ label }) => label.replace(/^\S+ /, ""));
        expect(await drainServer(live.sim)).toEqual({ outcome: "drained", cutOff: [] });
        expect(isReady(live.sim)).toBe(false);
        await refused(live);
        expect(live.sim.processes().map(({ label }) => label.replace(/^\S+ /, ""))).toEqual(before);
        await resume(live.sim);
        expect(isReady(live.sim)).toBe(true);
        expect((await live.get("/again")).headers.connection).toBe("keep-alive");
      },
      { plug: probed },
    ));

  test("in the middle is taken back by resume: ready, listening, and open connections are kept", () =>
    stoppable(
      async (live) => {
        const idle = await live.connect();
        await idle.get("/");
        const { client, pid } = await begin(live, "/wait");
        const suspended = live.next("http.drain.start");
        const drained = drainServer(live.sim);
        await suspended;
        await live.sim.advance(GRACE / 2);
        await refused(live);
        await resume(live.sim);
        expect(await drained).toEqual({ outcome: "resumed", cutOff: [] });
        await live.sim.advance(DRAIN * 3);
        expect(await isOpen(live, idle)).toBe(true);
        expect((await idle.get("/ready")).status).toBe(200);
        expect((await live.get("/new")).body).toBe("/new");
        live.sim.send(pid, "kept");
        const answer = await client.answer();
        expect([answer.body, answer.headers.connection]).toEqual(["kept", "keep-alive"]);
        expect(await httpInfo(live.sim)).toMatchObject({ status: "running", ready: true, draining: false });
      },
      { plug: probed },
    ));

  test("during its readyDelay is taken back, too", () =>
    stoppable(
      async (live) => {
        const unready = live.next("http.drain.phase");
        const drained = drainServer(live.sim);
        await unready;
        await resume(live.sim);
        expect((await drained).outcome).toBe("resumed");
        const seen = phases(live);
        await live.sim.advance(DRAIN);
        expect([isReady(live.sim), seen]).toEqual([true, []]);
      },
      { drain: { shutdown: DRAIN, readyDelay: 1000 } },
    ));

  test("at its deadline cuts off what is left, says so, and the server stands drained", () =>
    stoppable(async (live) => {
      const { client, pid } = await begin(live, "/wait");
      const suspended = live.next("http.drain.start");
      const drained = drainServer(live.sim);
      await suspended;
      await live.sim.advance(DRAIN);
      const { outcome, cutOff } = await drained;
      expect(outcome).toBe("timeout");
      expect(cutOff).toEqual([expect.stringContaining(`${pid} GET /wait in plug GET /wait, for ${DRAIN} ms`)]);
      expect((await client.answer()).status).toBe(503);
      await client.closed;
      await resume(live.sim);
      expect((await live.get("/again")).body).toBe("/again");
    }));

  test("by two at once is one drain, and both hear of its end", () =>
    stoppable(async (live) => {
      const seen = phases(live);
      const both = [drainServer(live.sim), drainServer(live.sim)];
      expect(await Promise.all(both)).toEqual([
        { outcome: "drained", cutOff: [] },
        { outcome: "drained", cutOff: [] },
      ]);
      expect(seen.map(([phase]) => phase)).toEqual(["unready", "suspended", "notify", "stop"]);
    }));

  test("goes over into the stop of the server: it does not wait for its readyDelay again", () =>
    stoppable(
      async (live) => {
        const { client, pid } = await begin(live, "/wait");
        const suspended = live.next("http.drain.start");
        const drained = drainServer(live.sim).catch((error) => error.reason);
        await live.sim.advance(1000);
        await suspended;
        const { stopped } = await drain(live);
        live.sim.send(pid, "done");
        expect((await client.answer()).body).toBe("done");
        await stopped;
        expect(await drained).toBe("shutdown");
        expect(live.sim.now()).toBe(1000);
      },
      { drain: { shutdown: DRAIN, readyDelay: 1000 } },
    ));

  test("of a listener that crashes meanwhile: it comes back suspended", () =>
    stoppable(async (live) => {
      await begin(live, "/wait");
      const suspended = live.next("http.drain.start");
      const drained = drainServer(live.sim);
      await suspended;
      const listener = live.sim.processes().find(({ label }) => label.endsWith("listener"));
      live.sim.kill(listener?.pid as never);
      await live.sim.idle();
      await refused(live);
      expect(await httpInfo(live.sim)).toMatchObject({ status: "suspended", port: live.port });
      await resume(live.sim);
      expect((await drained).outcome).toBe("resumed");
      expect((await live.get("/again")).body).toBe("/again");
    }));
});

describe("what streams", () => {
  /** Sends a part at once, and `bye` when it is told to drain, if it listens. */
  const stream = (listens: boolean) => async (conn: any) => {
    const open = conn.sendChunked(200);
    await open.chunk("hello\n");
    const { tag } = await conn.self.receive((message: any) => listens && message.tag === "drain");
    await open.chunk(`${tag}\n`);
    return open;
  };

  test("is told after the grace period, with a message to its process, and may say goodbye", () =>
    stoppable(
      async (live) => {
        const client = await live.connect();
        client.request("GET", "/");
        await new Promise((resolve) => client.socket.once("data", resolve));
        const { stopped } = await drain(live);
        const goodbye = new Promise((resolve) => client.socket.once("data", resolve));
        await live.sim.advance(GRACE);
        await goodbye;
        expect(client.text).toMatch(/hello\n[\s\S]*drain\n/);
        // Its head did not say close: another request may be on the wire.
        await live.sim.advance(GRACE);
        await client.closed;
        await stopped;
        expect(live.sim.now()).toBe(2 * GRACE);
      },
      { plug: stream(true) },
    ));

  test("is told once, however long it goes on", () =>
    stoppable(
      async (live) => {
        const client = await live.connect();
        client.request("GET", "/");
        await new Promise((resolve) => client.socket.once("data", resolve));
        const { stopped } = await drain(live);
        await live.sim.advance(DRAIN - 100);
        await isOpen(live, client);
        expect(client.text.match(/told/g)).toHaveLength(1);
        await live.sim.advance(100);
        await stopped;
      },
      {
        plug: async (conn: any) => {
          const open = conn.sendChunked(200);
          await open.chunk("hello\n");
          for (;;) {
            await conn.self.receive();
            await open.chunk("told\n");
          }
        },
      },
    ));

  test("is not told when it began after the drain was taken back", () =>
    stoppable(
      async (live) => {
        const early = await live.connect();
        early.request("GET", "/");
        await new Promise((resolve) => early.socket.once("data", resolve));
        const suspended = live.next("http.drain.start");
        const drained = drainServer(live.sim);
        await suspended;
        const goodbye = new Promise((resolve) => early.socket.once("data", resolve));
        await live.sim.advance(GRACE);
        await goodbye;
        await resume(live.sim);
        await drained;
        const late = await live.connect();
        late.request("GET", "/");
        await new Promise((resolve) => late.socket.once("data", resolve));
        await live.sim.advance(DRAIN);
        expect([await isOpen(live, late), late.text.includes("drain")]).toEqual([true, false]);
      },
      { plug: stream(true) },
    ));

  test("and does not listen is cut off at the deadline, and named", () =>
    stoppable(
      async (live) => {
        const client = await live.connect();
        client.request("GET", "/export");
        await new Promise((resolve) => client.socket.once("data", resolve));
        const timeout = live.next("http.drain.timeout");
        const { stopped } = await drain(live);
        await live.sim.advance(DRAIN);
        expect((await timeout).running).toEqual([expect.stringContaining(`GET /export in plug`)]);
        await client.closed;
        expect(client.text).not.toContain("drain");
        await stopped;
      },
      { plug: stream(false) },
    ));
});

describe("a drainer as a child", () => {
  const server = (name?: string) =>
    http({ port: 0, plug: site, drain: false, ...(name === undefined ? {} : { name }) });
  const tree = (...children: readonly ReturnType<typeof http>[]) =>
    supervisor({ init: () => ({ strategy: "oneForOne", children }) } satisfies Supervisor, { id: "app" });

  test.each([
    ["before its server", () => [drainer({ server: "http", shutdown: 1000 }), server()]],
    ["of a server that there is not", () => [server(), drainer({ server: "other", shutdown: 1000 })]],
    ["of all servers, when there is none yet", () => [drainer({ servers: "all", shutdown: 1000 }), server()]],
    ["before one of its servers", () => [server(), drainer({ servers: ["http", "b"], shutdown: 1000 }), server("b")]],
    ["in another supervisor", () => [server(), tree(drainer({ server: "http", shutdown: 1000 }))]],
  ])("refuses to start %s", (_, children) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const failure = await sim.start(tree(...children())).catch((error) => inspect(error, { depth: 20 }));
      expect(failure).toMatch(/drainer: expected to be started after/);
    }),
  );

  test("behind its server drains it at the stop", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const log: string[] = [];
      await sim.start(tree(server(), drainer({ server: "http", shutdown: 1000 })));
      sim.telemetry.on("http.drain.stop", () => void log.push("drained"));
      sim.telemetry.on("process.exit", (_, { label }) => void log.push(label.replace(/^\S+ /, "")));
      await sim.stop();
      expect(log.indexOf("drained")).toBeLessThan(log.indexOf("listener"));
      expect(log.indexOf("drained")).toBeGreaterThanOrEqual(0);
    }));

  test("of all servers: which they are counts when the drain begins, and all have stopped to listen before one is waited for", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const log: string[] = [];
      const app = tree(server("a"), drainer({ servers: "all", shutdown: 1000 }), server("b"));
      await sim.start(app);
      sim.telemetry.on("http.listener.suspend", () => void log.push("suspended"));
      sim.telemetry.on("http.drain.start", ({ connections }) => void log.push(`draining ${connections}`));
      const { port } = await httpInfo(sim, "a");
      const live = new Live(sim, port);
      await live.accepted();
      const { port: other } = await httpInfo(sim, "b");
      await live.connect(other);
      const stopped = sim.stop();
      await sim.idle();
      await sim.advance(1000);
      await stopped;
      live.close();
      // The second server, behind the drainer, has been stopped before it.
      expect(log).toEqual(["suspended", "draining 1"]);
    }));

  test.each([
    [{ server: "http" }, "drainer: expected shutdown, the time that a drain may take in ms, got: undefined"],
    [{ shutdown: 1000 }, 'drainer: expected a server, or servers (a list or "all"), got: { shutdown: 1000 }'],
    [{ servers: "some", shutdown: 1000 }, "drainer: servers: expected an array, got: 'some'"],
    [{ server: "a", servers: ["b"], shutdown: 1000 }, "drainer: expected a server, or servers"],
    [{ server: "a", shutdown: -1 }, "expected a time of 0 ms or more, got: -1"],
    [{ server: "a", shutdown: 1, batch: { size: 0 } }, "size of a batch: expected a whole number from 1 up, got: 0"],
    [undefined, "drainer: expected options (an object), got: undefined"],
  ])("is refused with options that make no sense: %o", (options, message) => {
    expect(() => drainer(options as never)).toThrow(message);
  });

  test("full drain ordering: the request began, then the stop, then the listener was suspended, then the body ended, then no connection was left, then the stop was done", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const log: string[] = [];
      const slow = async (conn: any) => {
        log.push("request");
        const open = conn.sendChunked(200);
        await open.chunk("a");
        await conn.self.sleep(500);
        await open.chunk("b");
        return open;
      };
      const listed = http({ port: 0, plug: slow, drain: false, grace: 100 });
      await sim.start(tree(listed, drainer({ servers: "all", shutdown: 1000 })));
      const live = new Live(sim, (await httpInfo(sim)).port);
      const client = await live.connect();
      client.request("GET", "/");
      await new Promise((resolve) => client.socket.once("data", resolve));
      sim.telemetry.on("http.drain.phase", (_, { phase }) => void log.push(phase));
      sim.telemetry.on("http.request.stop", () => void log.push("body"));
      sim.telemetry.on("http.connection.stop", () => void log.push("no connection"));
      log.push("stop");
      const stopped = sim.stop().then(() => log.push("stopped"));
      await live.next("http.drain.start");
      expect(await httpInfo(sim)).toMatchObject({ status: "suspended", connections: 1 });
      const body = live.next("http.request.stop");
      await sim.advance(500);
      await body;
      await sim.advance(110);
      await client.closed;
      await stopped;
      expect(log).toEqual(["request", "stop", "unready", "suspended", "body", "no connection", "notify", "stopped"]);
      live.close();
    }));
});

describe("WebSockets", () => {
  const echo = {
    children: [],
    upgrade: async (_conn: any, { socket, start }: any) => {
      await start({
        id: "echo",
        start: async (parent: any) =>
          parent.spawnLink(
            async (self: any) => {
              self.own({ [Symbol.dispose]: () => socket.destroy() });
              socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
              await self.receive(({ tag }: any) => tag === "drain");
            },
            { label: "echo" },
          ),
      });
      return undefined;
    },
  };

  const opened = async (live: Live) => {
    const client = await live.connect();
    client.request("GET", "/socket", ["Connection: Upgrade", "Upgrade: echo"]);
    await new Promise((resolve) => client.socket.once("data", resolve));
  };

  test.each([
    [5, [2, 2, 1], 2000],
    [4, [2, 2], 1000],
    [1, [1], 0],
    [0, [], 0],
  ])("%d are told in batches of 2: %o, with a pause between two, and none after the last", (sockets, batches, time) =>
    serving(
      {
        plug: site,
        sockets: { "/socket": echo },
        grace: 0,
        drain: { shutdown: 10_000, batch: { size: 2, interval: 1000, jitter: 0 } },
      },
      async (live) => {
        for (let i = 0; i < sockets; i++) await opened(live);
        await live.sim.idle();
        const seen: unknown[] = [];
        live.sim.telemetry.on("http.drain.batch", ({ count, total }, { index, rounds }) => {
          seen.push([index, rounds, count, total]);
        });
        const stopped = live.sim.stop();
        let over = false;
        void stopped.then(() => {
          over = true;
        });
        await live.sim.idle();
        for (let spent = 0; spent < time; spent += 1000) {
          expect(over).toBe(false);
          await live.sim.advance(1000);
        }
        await stopped;
        expect(live.sim.now()).toBe(time);
        expect(seen).toEqual(batches.map((count, index) => [index, batches.length, count, sockets]));
      },
    ),
  );
});
