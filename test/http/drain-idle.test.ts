import { describe, expect, test } from "vitest";
import { begin, closesAfterGrace, DRAIN, drain, GRACE, isOpen, stoppable } from "./draining.ts";

// The clock stands still unless a test moves it: a connection that is open was left open, not just forgotten.

describe("while the server drains", () => {
  test("an idle connection is closed after the grace period, not before", () =>
    stoppable(async (live) => {
      const client = await live.connect();
      await client.get("/");
      const { stopped } = await drain(live);
      await closesAfterGrace(live, client);
      await stopped;
    }));

  test("a connection that has been silent for longer than the grace period is closed at once", () =>
    stoppable(async (live) => {
      const { client } = await live.accepted();
      await live.sim.advance(GRACE);
      const { stopped } = await drain(live);
      expect(await client.closed).toBe("closed");
      await stopped;
      expect(live.sim.now()).toBe(GRACE);
    }));

  test("a connection that has just been opened gets the rest of the grace period to send a request", () =>
    stoppable(async (live) => {
      const { client } = await live.accepted();
      const { stopped } = await drain(live);
      await live.sim.advance(GRACE - 1);
      const answer = await client.get("/late");
      expect([answer.body, answer.headers.connection]).toEqual(["/late", "close"]);
      await client.closed;
      await stopped;
    }));

  test("a connection that sends nothing is closed after the grace period", () =>
    stoppable(async (live) => {
      const { client } = await live.accepted();
      const { stopped } = await drain(live);
      await live.sim.advance(GRACE);
      expect(await client.closed).toBe("closed");
      await stopped;
      expect(live.sim.now()).toBe(GRACE);
    }));

  test("a half-sent head is cut off when nothing more has come for the grace period", () =>
    stoppable(async (live) => {
      const { client } = await live.accepted();
      client.send("GET / HTTP/1.1\r\nHost: a\r\nX-");
      await isOpen(live, client);
      const { stopped } = await drain(live);
      await closesAfterGrace(live, client);
      await stopped;
    }));

  test("a head that goes on coming, and is whole in time, is served", () =>
    stoppable(async (live) => {
      const { client } = await live.accepted();
      const { stopped } = await drain(live);
      for (const part of ["GET /slow HTTP/1.1\r\n", "Host: a\r\n", "X-A: 1\r\n"]) {
        client.send(part);
        await isOpen(live, client);
        await live.sim.advance(GRACE * 0.8);
      }
      const answer = await client.send("\r\n").answer();
      expect([answer.body, answer.headers.connection]).toEqual(["/slow", "close"]);
      await stopped;
    }));

  test("a client that sends a byte now and then is cut off at the deadline", () =>
    stoppable(async (live) => {
      const { client } = await live.accepted();
      const timeout = live.next("http.drain.timeout");
      client.send("GET / HTTP/1.1\r\nX: ");
      const { stopped } = await drain(live);
      for (let time = 0; time < DRAIN; time += GRACE / 2) {
        client.send("x");
        await isOpen(live, client);
        await live.sim.advance(GRACE / 2);
      }
      await timeout;
      expect(await client.closed).toBe("closed");
      await stopped;
      expect(live.sim.now()).toBe(DRAIN);
    }));

  test("a request whose body is half sent is waited for, and answered when it is whole", () =>
    stoppable(async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("POST", "/read", ["Content-Length: 4"], "ab");
      await started;
      const { stopped } = await drain(live);
      await live.sim.advance(GRACE * 2);
      const answer = await client.send("cd").answer();
      expect([answer.body, answer.headers.connection]).toEqual(["4 bytes", "close"]);
      await stopped;
    }));

  test("a request whose body never comes is answered with 503 at the deadline", () =>
    stoppable(async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("POST", "/read", ["Content-Length: 4"], "ab");
      await started;
      const timeout = live.next("http.drain.timeout");
      const { stopped } = await drain(live);
      await live.sim.advance(DRAIN);
      expect((await timeout).running).toEqual([expect.stringContaining("POST /read in plug POST /read")]);
      expect((await client.answer()).status).toBe(503);
      await stopped;
    }));

  test("a connection whose request ends is closed at once, the others go on", () =>
    stoppable(async (live) => {
      const [first, second] = [await begin(live, "/wait"), await begin(live, "/wait")];
      const { stopped } = await drain(live);
      live.sim.send(first.pid, "1");
      await first.client.answer();
      expect(await first.client.closed).toBe("closed");
      await live.sim.advance(GRACE * 2);
      expect(await isOpen(live, second.client)).toBe(true);
      live.sim.send(second.pid, "2");
      expect((await second.client.answer()).body).toBe("2");
      await stopped;
      expect(live.sim.now()).toBe(GRACE * 2);
    }));

  test("a client that reads slowly gets all of its answer", () =>
    stoppable(
      async (live) => {
        const client = await live.connect();
        client.socket.pause();
        client.request("GET", "/");
        await live.next("http.request.stop");
        const { stopped } = await drain(live);
        await live.sim.advance(GRACE * 3);
        client.socket.resume();
        expect((await client.answer()).body.length).toBe(30_000_000);
        await live.sim.advance(GRACE * 1.5);
        expect(await client.closed).toBe("closed");
        await stopped;
      },
      { plug: (conn) => conn.text("x".repeat(30_000_000)) },
    ));

  test("a client that does not read at all is cut off at the deadline", () =>
    stoppable(
      async (live) => {
        const client = await live.connect();
        client.socket.pause();
        client.request("GET", "/");
        await live.next("http.request.stop");
        const timeout = live.next("http.drain.timeout");
        const zombies: unknown[] = [];
        live.sim.telemetry.on("process.zombie", (_, report) => void zombies.push(report));
        const { stopped } = await drain(live);
        await live.sim.advance(DRAIN);
        await timeout;
        await live.sim.advance(10_000);
        await stopped;
        client.socket.resume();
        await client.closed;
        expect(client.text.length).toBeLessThan(30_000_000);
        expect(zombies).toEqual([]);
      },
      { plug: (conn) => conn.text("x".repeat(30_000_000)) },
    ));

  test(
    "with a grace period of 0, an idle connection is closed soon, and the server comes to rest",
    () =>
      stoppable(
        async (live) => {
          const client = await live.connect();
          await client.get("/");
          const { client: busy, pid } = await begin(live, "/wait");
          const { stopped } = await drain(live);
          await live.sim.advance(100);
          expect(await client.closed).toBe("closed");
          live.sim.send(pid, "done");
          expect((await busy.answer()).body).toBe("done");
          await stopped;
        },
        { grace: 0 },
      ),
    2000,
  );
});
