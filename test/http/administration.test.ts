import { name } from "hornbeam";
import { connections, httpInfo, isReady, removeConnection, router, waitForConnections } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { begin, isOpen, site, stoppable } from "./draining.ts";
import { serving } from "./support.ts";

describe("connections", () => {
  test("lists who is there, what it is doing, and in which plug its requests are", () =>
    stoppable(async (live) => {
      const idle = await live.connect();
      await idle.get("/1");
      await idle.get("/2");
      const reading = await live.connect();
      await isOpen(live, reading);
      reading.send("GET / HT");
      await isOpen(live, reading);
      const { pid } = await begin(live, "/wait");
      await live.sim.advance(250);
      const list = await connections(live.sim);
      expect(list.map(({ state, served, age }) => ({ state, served, age }))).toEqual([
        { state: "idle", served: 2, age: 250 },
        { state: "reading", served: 0, age: 250 },
        { state: "running", served: 1, age: 250 },
      ]);
      expect(list[2]).toMatchObject({
        protocol: "http/1.1",
        remoteAddress: "127.0.0.1",
        remotePort: expect.any(Number),
        draining: false,
        requests: [{ pid, method: "GET", path: "/wait", plug: "GET /wait", age: 250, begun: false }],
      });
      expect(list[0]?.bytesRead).toBe(2 * "GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n".length);
      expect(list[0]?.bytesWritten).toBeGreaterThan(100);
      live.sim.send(pid, "done");
    }));

  test("lists one whose client does not read as sending, and one that waits for its turn as waiting", () =>
    serving({ plug: (conn) => conn.text("x".repeat(30_000_000)), limits: { maxConnections: 1 } }, async (live) => {
      const client = await live.connect();
      client.socket.pause();
      client.request("GET", "/");
      await live.next("http.request.stop");
      const waiting = await live.connect();
      await isOpen(live, waiting);
      const list = await connections(live.sim);
      expect(list.map(({ state, requests }) => [state, requests])).toEqual([
        ["sending", []],
        ["waiting", []],
      ]);
      expect(list[1]).toMatchObject({ pid: undefined, bytesRead: 0 });
    }));
});

describe("waitForConnections", () => {
  test("resolves at once when it is so, else as soon as it is, without time passing", () =>
    stoppable(async (live) => {
      await waitForConnections(live.sim, "==", 0);
      const two = waitForConnections(live.sim, ">=", 2);
      const many = waitForConnections(live.sim, ">", 2).then(() => "more than two");
      const clients = [await live.connect(), await live.connect()];
      await two;
      const none = waitForConnections(live.sim, "<", 1);
      for (const client of clients) client.socket.end();
      await none;
      expect(live.sim.now()).toBe(0);
      expect(await Promise.race([many, live.sim.idle().then(() => "waits")])).toBe("waits");
      for (let i = 0; i < 3; i++) await live.connect();
      expect(await many).toBe("more than two");
    }));

  test("counts those that do not count for the limit", () =>
    stoppable(async (live) => {
      const { pid } = await live.accepted();
      expect(await removeConnection(live.sim, pid)).toBe(true);
      await waitForConnections(live.sim, "==", 1);
    }));

  test("rejects with timeout after the time that it was given", () =>
    stoppable(async (live) => {
      const waiting = expect(waitForConnections(live.sim, ">", 0, { timeout: 100 })).rejects.toMatchObject({
        reason: "timeout",
      });
      await live.sim.advance(100);
      await waiting;
    }));

  test("of a server that has gone: it has none", () =>
    stoppable(async (live) => {
      await waitForConnections(live.sim, "<=", 0, { server: "nobody" });
      await expect(waitForConnections(live.sim, ">", 0, { server: "nobody" })).rejects.toMatchObject({
        reason: "noproc",
      });
    }));

  test.each([
    ["!=", 1, "expected one of > >= == <= <, got: '!='"],
    ["<", 0, "expected a whole number from 1 up after <, got: 0"],
    [">", -1, "expected a whole number from 0 up after >, got: -1"],
  ])("%s %d is refused", (comparison, count, message) =>
    stoppable(async (live) => {
      await expect(waitForConnections(live.sim, comparison as never, count)).rejects.toThrow(message);
    }),
  );
});

test("removeConnection gives the place of a connection to another one; the connection itself goes on", () =>
  serving({ plug: site, limits: { maxConnections: 1 } }, async (live) => {
    const { client, pid } = await live.accepted();
    const second = await live.connect();
    second.request("GET", "/2");
    expect(await isOpen(live, second)).toBe(true);
    expect(second.text).toBe("");
    expect(await removeConnection(live.sim, pid)).toBe(true);
    expect((await second.answer()).body).toBe("/2");
    expect((await client.get("/1")).body).toBe("/1");
    expect(await removeConnection(live.sim, live.sim.whereis(name("http.listener")) as never)).toBe(false);
  }));

test("an alarm goes off when so many connections are open, and is silent for its cooldown then", () =>
  serving({ plug: site, alarms: [{ connections: 2, cooldown: 1000 }] }, async (live) => {
    const alarms: unknown[] = [];
    live.sim.telemetry.on("http.connections.alarm", (measured, { connections: limit }) => {
      alarms.push([measured.connections, limit]);
    });
    for (let i = 0; i < 4; i++) await live.accepted();
    expect(alarms).toEqual([[2, 2]]);
    await live.sim.advance(1000);
    await live.accepted();
    expect(alarms).toEqual([
      [2, 2],
      [5, 2],
    ]);
  }));

test("isReady tells whether there is such a server, and it wants requests", () =>
  serving({ plug: router().get("/", (conn) => conn.text("")).plug }, async (live) => {
    expect([isReady(live.sim), isReady(live.sim, "other")]).toEqual([true, false]);
    expect((await httpInfo(live.sim)).ready).toBe(true);
  }));
