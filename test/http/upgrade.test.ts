import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Pid, Self } from "hornbeam";
import { type Drain, httpInfo, type SocketHandler, suspend } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { begin, DRAIN, drain, GRACE, isOpen, stoppable } from "./draining.ts";
import { type Live, serving } from "./support.ts";

const UPGRADE = ["Connection: Upgrade", "Upgrade: echo"];

/** A process that owns the socket, sends back what comes, and ends when it is asked to drain, if it ever does. */
const echo = (socket: Duplex, obeys: boolean) => async (self: Self<Drain>) => {
  self.own({ [Symbol.dispose]: () => socket.destroy() });
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  socket.on("data", (data) => socket.write(data));
  await self.receive(({ tag }) => obeys && tag === "drain");
};

const echoes = (obeys = true): SocketHandler => ({
  children: [],
  upgrade: async (conn, { socket, start }) => {
    if (conn.queryParams.deny === "1") return conn.putStatus(403).json({ path: conn.pathInfo });
    if (conn.queryParams.boom === "1") throw new Error("boom");
    await start({ id: "echo", start: async (parent) => parent.spawnLink(echo(socket, obeys), { label: "echo" }) });
    return undefined;
  },
});

const options = { plug: (conn: any) => conn.text("plain"), sockets: { "/a/socket": echoes() } } as const;

async function open(live: Live) {
  const client = await live.connect();
  client.request("GET", "/a/socket/echo", UPGRADE);
  await new Promise((resolve) => client.socket.once("data", resolve));
  expect(client.text).toContain("101 Switching Protocols");
  client.text = "";
  return client;
}

const processOf = (live: Live) => live.sim.processes().find(({ label }) => label.endsWith("echo"))?.pid as Pid;

describe("an upgrade", () => {
  test("hands the connection to a process of the handler's, and it counts as a socket", () =>
    serving(options, async (live) => {
      const client = await open(live);
      client.send("hello");
      await new Promise((resolve) => client.socket.once("data", resolve));
      expect(client.text).toBe("hello");
      await live.sim.idle();
      expect(await httpInfo(live.sim)).toMatchObject({ connections: 0, requests: 0, sockets: 1 });
    }));

  test("ends with its process, alone", () =>
    serving(options, async (live) => {
      const [client, other] = [await open(live), await open(live)];
      live.sim.kill(processOf(live));
      expect(await client.closed).toBe("closed");
      await live.sim.idle();
      expect(await httpInfo(live.sim)).toMatchObject({ sockets: 1 });
      other.send("still here");
      await new Promise((resolve) => other.socket.once("data", resolve));
      expect(other.text).toBe("still here");
    }));

  test("that the handler refuses is answered, and the connection closed", () =>
    serving(options, async (live) => {
      const client = await live.connect();
      const answer = await client.get("/a/socket/x?deny=1", ...UPGRADE);
      expect([answer.status, answer.body, answer.headers.connection]).toEqual([403, '{"path":["x"]}', "close"]);
      expect(await client.closed).toBe("closed");
    }));

  test("that crashes is answered with 500, and the connection closed", () =>
    serving(options, async (live) => {
      const client = await live.connect();
      expect((await client.get("/a/socket?boom=1", ...UPGRADE)).status).toBe(500);
      expect(await client.closed).toBe("closed");
    }));

  test("with a doubtful head is refused as any other request", () =>
    serving(options, async (live) => {
      const client = await live.connect();
      expect((await client.get("/a/socket", "Host: other", ...UPGRADE)).status).toBe(400);
      expect(await client.closed).toBe("closed");
    }));

  test("goes on while the listener is suspended", () =>
    serving(options, async (live) => {
      const client = await live.connect();
      await client.get("/");
      await suspend(live.sim);
      client.request("GET", "/a/socket", UPGRADE);
      await new Promise((resolve) => client.socket.once("data", resolve));
      expect(client.text).toContain("101 Switching Protocols");
    }));

  test(
    "emits the start and the stop of its request",
    () =>
      serving(options, async (live) => {
        const started = live.next("http.request.start");
        const stopped = live.next("http.request.stop");
        await open(live);
        expect(await started).toMatchObject({ method: "GET", path: "/a/socket/echo" });
        expect(await stopped).toMatchObject({ method: "GET", path: "/a/socket/echo", reason: "normal" });
      }),
    1000,
  );
});

describe("while the server drains", () => {
  test("sockets serve on until no request is left, are asked to go then, and are waited for", () =>
    stoppable(
      async (live) => {
        const socket = await open(live);
        const { client, pid } = await begin(live, "/wait");
        const { stopped } = await drain(live);
        await live.sim.advance(GRACE - 1);
        expect(await isOpen(live, socket)).toBe(true);
        const echoed = once(socket.socket, "data");
        socket.send("still here");
        expect(String((await echoed)[0])).toBe("still here");
        const drained = live.next("http.drain.stop");
        live.sim.send(pid, "done");
        expect((await client.answer()).body).toBe("done");
        expect(await socket.closed).toBe("closed");
        await drained;
        await stopped;
        expect(live.sim.now()).toBe(GRACE - 1);
      },
      { sockets: options.sockets },
    ));

  test("sockets are asked to go after the grace period, however long a request still takes", () =>
    stoppable(
      async (live) => {
        const socket = await open(live);
        const { client, pid } = await begin(live, "/wait");
        const { stopped } = await drain(live);
        await live.sim.advance(GRACE);
        expect(await socket.closed).toBe("closed");
        expect(await isOpen(live, client)).toBe(true);
        live.sim.send(pid, "done");
        expect((await client.answer()).body).toBe("done");
        await stopped;
      },
      { sockets: options.sockets },
    ));

  test("a socket that is only there when the others have been told is told at once", () =>
    stoppable(
      async (live) => {
        const client = await live.connect();
        const started = live.next("http.request.start");
        client.request("GET", "/a/socket", UPGRADE);
        const { pid } = await started;
        await live.sim.idle();
        const { stopped } = await drain(live);
        await live.sim.advance(GRACE * 2);
        live.sim.send(pid, "go on");
        expect(await client.closed).toBe("closed");
        expect(client.text).toContain("101 Switching Protocols");
        await stopped;
        expect(live.sim.now()).toBe(GRACE * 2);
      },
      {
        sockets: {
          "/a/socket": {
            children: [],
            upgrade: async (conn, upgrade) => {
              await conn.self.receive();
              return echoes().upgrade(conn, upgrade);
            },
          },
        },
      },
    ));

  test("a socket that does not go is cut off at the deadline, and named", () =>
    stoppable(
      async (live) => {
        const socket = await open(live);
        const timeout = live.next("http.drain.timeout");
        const { stopped } = await drain(live);
        await live.sim.advance(DRAIN);
        expect((await timeout).running).toEqual([expect.stringContaining("a WebSocket")]);
        expect(await socket.closed).toBe("closed");
        await stopped;
      },
      { sockets: { "/a/socket": echoes(false) } },
    ));

  test("a new upgrade on an open connection is refused with 503", () =>
    serving({ ...options, grace: 1000 }, async (live) => {
      const client = await live.connect();
      await client.get("/");
      const began = live.next("http.drain.start");
      const stopped = live.sim.stop();
      await began;
      await live.sim.idle();
      expect((await client.get("/a/socket", ...UPGRADE)).status).toBe(503);
      await live.sim.advance(1000);
      await stopped;
    }));
});
