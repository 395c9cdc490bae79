import type { Self } from "hornbeam";
import { type Conn, type Drain, router, type SocketHandler } from "hornbeam/http";
import { withDrain } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";

const DRAIN = 5000;
const GRACE = 1000;

const site = router()
  .get("/sleep/:ms", async (conn, { ms }) => {
    await conn.self.sleep(Number(ms));
    return conn.text(`slept ${ms}`);
  })
  .get("/stream", async (conn) => {
    const begun = conn.sendChunked(200);
    for (const part of ["a", "b"]) {
      await begun.chunk(part);
      await conn.self.sleep(1500);
    }
    return begun;
  })
  .get("/big", (conn) => conn.text("x".repeat(30_000_000)))
  .post("/read", async (conn) => conn.text(`${(await conn.readBody()).length} bytes`))
  .match("/*path", (conn: Conn<any>) => conn.text(conn.requestPath)).plug;

/** Goes when it is asked to, half a second later. */
const echo: SocketHandler = {
  children: [],
  upgrade: async (_, { socket, start }) => {
    const run = async (self: Self<Drain>): Promise<void> => {
      self.own({ [Symbol.dispose]: () => socket.destroy() });
      socket.on("error", () => {});
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      await self.receive(({ tag }) => tag === "drain");
      socket.write("bye");
      await self.sleep(500);
    };
    await start({ id: "echo", start: async (parent) => parent.spawnLink(run) });
    return undefined;
  },
};

const options = { plug: site, drain: DRAIN, grace: GRACE, sockets: { "/socket": echo } } as const;

describe("withDrain shows what becomes of a client", () => {
  test("that has been answered and keeps its connection: it is closed after the grace period", () =>
    withDrain(options, async (d) => {
      const idle = await d.keepAlive();
      await d.drain();
      await d.advance(GRACE - 1);
      expect(await d.isOpen(idle)).toBe(true);
      expect(await d.closedAfter(idle)).toBe(GRACE);
      expect(await d.drained()).toEqual({ took: GRACE, cutOff: [] });
    }));

  test("that is silent, or in the middle of a head: it is closed after the grace period", () =>
    withDrain(options, async (d) => {
      const [silent, half] = [await d.silent(), await d.halfHead()];
      await d.drain();
      expect([await d.closedAfter(half), await d.closedAfter(silent)]).toEqual([GRACE, GRACE]);
      expect((await d.drained()).took).toBe(GRACE);
    }));

  test("whose request is in flight: it is answered, with Connection: close, and closed", () =>
    withDrain(options, async (d) => {
      const busy = await d.inFlight("/sleep/2500");
      await d.drain();
      const { body, headers } = await d.answer(busy);
      expect([body, headers.connection, d.sim.now()]).toEqual(["slept 2500", "close", 2500]);
      expect(await d.closedAfter(busy)).toBe(2500);
      expect(await d.drained()).toEqual({ took: 2500, cutOff: [] });
    }));

  test("that gets a response in chunks: it gets them all", () =>
    withDrain(options, async (d) => {
      const streaming = await d.inFlight("/stream");
      await d.drain();
      expect((await d.answer(streaming)).body).toBe("ab");
      expect((await d.drained()).took).toBeLessThanOrEqual(3000 + GRACE);
    }));

  test("whose body is half sent: it is waited for until the deadline, and named as what was cut off", () =>
    withDrain(options, async (d) => {
      const [late, never] = [await d.halfBody("/read"), await d.halfBody("/read")];
      await d.drain();
      await d.advance(GRACE * 2);
      expect((await d.answer(late.send("cd"))).body).toBe("4 bytes");
      expect((await d.answer(never)).status).toBe(503);
      expect(await d.closedAfter(never)).toBe(DRAIN);
      expect((await d.drained()).cutOff).toEqual([expect.stringContaining("POST /read in plug POST /read")]);
    }));

  test("that has sent several requests at once: all are answered", () =>
    withDrain(options, async (d) => {
      const many = await d.pipelined("/sleep/300", "/2", "/3");
      await d.drain();
      const bodies = [await d.answer(many), await d.answer(many), await d.answer(many)].map(({ body }) => body);
      expect(bodies).toEqual(["slept 300", "/2", "/3"]);
      expect(await d.closedAfter(many)).toBeLessThan(DRAIN);
    }));

  test("that reads slowly: it gets all of its answer, or is cut off", () =>
    withDrain(options, async (d) => {
      const [slow, deaf] = [await d.slowReader("/big"), await d.slowReader("/big")];
      await d.drain();
      await d.advance(GRACE * 2);
      expect([await d.isOpen(slow), await d.isOpen(deaf)]).toEqual([true, true]);
      expect((await d.answer(slow.resume())).body).toHaveLength(30_000_000);
      expect(await d.closedAfter(deaf)).toBeGreaterThanOrEqual(DRAIN);
      await d.drained();
      deaf.resume();
      await deaf.closed;
      expect(deaf.text.length).toBeLessThan(30_000_000);
    }));

  test("that speaks WebSocket: it is told, and waited for", () =>
    withDrain(options, async (d) => {
      const socket = await d.webSocket("/socket");
      expect(await d.isOpen(socket)).toBe(true);
      await d.drain();
      expect(await d.closedAfter(socket)).toBeGreaterThanOrEqual(500);
      expect(socket.text).toBe("bye");
      expect((await d.drained()).cutOff).toEqual([]);
    }));

  test("that comes when the server drains: nobody listens", () =>
    withDrain(options, async (d) => {
      const busy = await d.inFlight("/sleep/100");
      await d.drain();
      await expect(d.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
      expect((await d.answer(busy)).status).toBe(200);
    }));

  test("that goes away in the middle: nobody waits for it", () =>
    withDrain(options, async (d) => {
      const busy = await d.inFlight("/sleep/2500");
      await d.drain();
      await d.advance(100);
      busy.reset();
      expect([await d.isOpen(busy), await d.closedAfter(busy)]).toEqual([false, 100]);
      expect((await d.drained()).took).toBe(100);
    }));
});

describe("withDrain", () => {
  test("lets time pass only when it is told to", () =>
    withDrain(options, async (d) => {
      await d.drain();
      expect([await d.drained(), d.sim.now()]).toEqual([{ took: 0, cutOff: [] }, 0]);
    }));

  test("passes time from timer to timer: each connection closes at a moment of its own", () =>
    withDrain(options, async (d) => {
      const first = await d.inFlight("/sleep/1001");
      await d.advance(250);
      const second = await d.inFlight("/sleep/1001");
      await d.drain();
      await d.advance(3000);
      expect([await d.closedAfter(second), await d.closedAfter(first)]).toEqual([1001, 751]);
    }));

  test("needs no drain: before one, the time a connection closes is that of the system", () =>
    withDrain(options, async (d) => {
      await d.advance(10);
      const client = await d.connect();
      await client.get("/", "Connection: close");
      expect(await d.closedAfter(client)).toBe(10);
    }));

  test("says what a test waits for in vain", () =>
    withDrain(options, async (d) => {
      const idle = await d.webSocket("/socket");
      await expect(d.closedAfter(idle)).rejects.toThrow(
        "closedAfter: expected a connection that closes within 120000 ms, got: none",
      );
      await expect(d.answer(idle)).rejects.toThrow("answer: expected an answer within 120000 ms, got: none");
      await expect(d.drained()).rejects.toThrow("drained: expected drain() before, got: none");
      await expect(d.webSocket("/")).rejects.toThrow("webSocket: expected an answer with status 101, got: 200");
      await expect(d.inFlight("/ HTTP/3\r\nx:")).rejects.toThrow("inFlight: expected a request that begins, got: ");
      await d.drain();
      await expect(d.drain()).rejects.toThrow("drain: expected to be called once, got: a second time");
    }));

  test("fails with the error of its test, and ends server and clients", async () => {
    const error = new Error("mine");
    let ended: Promise<string> | undefined;
    const failing = withDrain(options, async (d) => {
      ended = (await d.silent()).closed;
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(await ended).toBe("closed");
  });
});
