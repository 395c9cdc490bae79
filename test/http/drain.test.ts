import type { Reason } from "hornbeam";
import { http, httpInfo } from "hornbeam/http";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { begin, DRAIN, drain, GRACE, isOpen, site, stoppable } from "./draining.ts";

describe("a server that is told to stop", () => {
  test("ends its drainer, then its listener, then its connections", () =>
    stoppable(async (live) => {
      const ends: string[] = [];
      live.sim.telemetry.on("process.exit", (_, { label }) => void ends.push(label.replace(/^\S+ /, "")));
      const { client, pid } = await begin(live, "/wait");
      const { stopped } = await drain(live);
      live.sim.send(pid, "done");
      await client.answer();
      await stopped;
      expect(ends).toEqual([
        "GET /wait in plug GET /wait",
        "connection from 127.0.0.1",
        "drainer",
        "listener",
        "connections",
        "sockets",
        "http",
        "root",
      ]);
    }));

  test("refuses new connections at once", () =>
    stoppable(async (live) => {
      const { client, pid } = await begin(live, "/wait");
      const { stopped } = await drain(live);
      await expect(live.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
      live.sim.send(pid, "done");
      await client.answer();
      await stopped;
    }));

  test("waits for a request in flight, answers it with Connection: close, and ends as soon as it is done", () =>
    stoppable(async (live) => {
      const { client, pid } = await begin(live, "/wait");
      let over = false;
      const { stopped } = await drain(live);
      void stopped.then(() => {
        over = true;
      });
      await live.sim.advance(DRAIN - 1);
      expect([over, await isOpen(live, client)]).toEqual([false, true]);
      live.sim.send(pid, "late, and in time");
      const answer = await client.answer();
      expect([answer.status, answer.body, answer.headers.connection]).toEqual([200, "late, and in time", "close"]);
      expect(await client.closed).toBe("closed");
      await stopped;
      expect(live.sim.now()).toBe(DRAIN - 1);
    }));

  test("without connections stops at once", () =>
    stoppable(async (live) => {
      const drained = live.next("http.drain.stop");
      await live.sim.stop();
      await drained;
      expect(live.sim.now()).toBe(0);
    }));

  test("says what it drains, and how long it took", () =>
    stoppable(async (live) => {
      const seen: [string, unknown][] = [];
      live.sim.telemetry.on("http.drain.start", (measured) => void seen.push(["start", measured]));
      live.sim.telemetry.on("http.drain.stop", (measured) => void seen.push(["stop", measured]));
      const idle = await live.connect();
      await idle.get("/");
      const { client, pid } = await begin(live, "/wait");
      const { stopped } = await drain(live);
      await live.sim.advance(300);
      live.sim.send(pid, "done");
      await client.answer();
      await live.sim.advance(GRACE - 300);
      await stopped;
      expect(seen).toEqual([
        ["start", { connections: 2, requests: 1, sockets: 0 }],
        ["stop", { duration: GRACE }],
      ]);
    }));

  test("serves one more request on an open connection, says Connection: close, and closes it", () =>
    stoppable(async (live) => {
      const client = await live.connect();
      expect((await client.get("/before")).headers.connection).toBe("keep-alive");
      const { stopped } = await drain(live);
      const answer = await client.get("/during");
      expect([answer.body, answer.headers.connection]).toEqual(["/during", "close"]);
      expect(await client.closed).toBe("closed");
      await stopped;
      expect(live.sim.now()).toBe(0);
    }));

  test("answers every request that was pipelined before, the first with Connection: close", () =>
    stoppable(async (live) => {
      const client = await live.connect();
      const started = live.next("http.request.start");
      const last = live.next("http.request.stop", ({ path }) => path === "/3");
      client.request("GET", "/wait").request("GET", "/2").request("GET", "/3");
      const { pid } = await started;
      await last;
      const { stopped } = await drain(live);
      live.sim.send(pid, "1");
      const bodies = [(await client.answer()).body, (await client.answer()).body, (await client.answer()).body];
      expect(bodies).toEqual(["1", "/2", "/3"]);
      await live.sim.advance(DRAIN);
      await stopped;
    }));

  test("leaves nothing behind: no process, name or timer", () =>
    stoppable(async (live) => {
      const idle = await live.connect();
      await idle.get("/");
      const { client, pid } = await begin(live, "/wait");
      const { stopped } = await drain(live);
      live.sim.send(pid, "done");
      await client.answer();
      await live.sim.advance(GRACE);
      await stopped;
      expect(live.sim.leaks()).toEqual([]);
    }));
});

describe("at the deadline", () => {
  test("what still runs is named with its method, path and plug, told, and cut off", () =>
    stoppable(async (live) => {
      const { client, pid } = await begin(live, "/wait");
      const timeout = live.next("http.drain.timeout");
      const { stopped } = await drain(live);
      await live.sim.advance(DRAIN);
      expect((await timeout).running).toEqual([`${pid} GET /wait in plug GET /wait, for ${DRAIN} ms`]);
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([503, "close"]);
      await stopped;
      expect(live.sim.now()).toBe(DRAIN);
    }));

  test("the drainer ends with what it cut off, so that the program knows of it", () =>
    stoppable(async (live) => {
      const { pid } = await begin(live, "/wait");
      const end = live.next("process.exit", ({ label }) => label.endsWith("drainer"));
      const { stopped } = await drain(live);
      await live.sim.advance(DRAIN);
      await stopped;
      expect((await end).reason).toEqual({ drainTimeout: [expect.stringContaining(`${pid} GET /wait in plug`)] });
    }));

  test("a request that ignores its end is killed, and does not outlive its server", () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const server = await sim.start(http({ port: 0, plug: site, drain: 100 }));
      const { port } = await httpInfo(sim);
      const ends = new Map<string, Reason>();
      const over = new Promise<void>((resolve) => {
        sim.telemetry.on("process.exit", (_, { pid, label, reason }) => {
          ends.set(label.replace(/^\S+ /, ""), reason);
          if (pid === server) resolve();
        });
      });
      const begun = new Promise<void>((resolve) => void sim.telemetry.on("http.request.start", () => resolve()));
      const answer = fetch(`http://127.0.0.1:${port}/stubborn`).catch(() => undefined);
      await begun;
      await sim.idle();
      sim.exit(server, "shutdown");
      await sim.advance(100);
      await sim.advance(10_000);
      await over;
      await sim.idle();
      expect(sim.processes().map(({ label }) => label)).toEqual([]);
      expect(ends.get("GET /stubborn in plug GET /stubborn")).toBe("killed");
      await answer;
    }));

  test("is 5000 ms after the stop unless the server says otherwise", () =>
    stoppable(
      async (live) => {
        await begin(live, "/wait");
        const timeout = live.next("http.drain.timeout");
        const { stopped } = await drain(live);
        await live.sim.advance(4999);
        await live.sim.idle();
        await live.sim.advance(1);
        await timeout;
        await stopped;
        expect(live.sim.now()).toBe(5000);
      },
      { drain: undefined as never },
    ));
});
