import { type Level, printReports } from "hornbeam";
import { http, httpInfo } from "hornbeam/http";
import { treeOf } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test, vi } from "vitest";
import { begin, drain, stoppable } from "./draining.ts";
import { serving } from "./support.ts";

test("a server is a tree of its sockets' services, its connections with their processes, its listener and its drainer", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const server = await sim.start(http({ port: 0, plug: (conn) => conn.text("") }));
    const tree = await treeOf(sim, server);
    expect(tree.id).toBe("http");
    expect(tree.children.map(({ id }) => id)).toEqual(["sockets", "connections", "listener", "drainer"]);
  }));

describe("a connection and its requests", () => {
  test("are told with who they are, how long they took and how they ended", () =>
    serving({ plug: (conn) => conn.sendResp(201, "") }, async (live) => {
      const log: unknown[] = [];
      const { telemetry } = live.sim;
      telemetry.on(
        "http.connection.start",
        ({ count }, { remoteAddress }) => void log.push(["open", count, remoteAddress]),
      );
      telemetry.on("http.connection.stop", ({ duration }, { reason }) => void log.push(["closed", duration, reason]));
      telemetry.on("http.request.start", (_, { method, path }) => void log.push(["start", method, path]));
      telemetry.on("http.request.stop", ({ duration }, { method, path, status, reason }) => {
        log.push(["stop", duration, method, path, status, reason]);
      });
      const closed = live.next("http.connection.stop");
      const client = await live.connect();
      const stopped = live.next("http.request.stop");
      await client.request("POST", "/a?b=c", ["Content-Length: 0"]).answer();
      await stopped;
      await live.sim.advance(70);
      client.socket.end();
      await closed;
      expect(log).toEqual([
        ["open", 1, "127.0.0.1"],
        ["start", "POST", "/a"],
        ["stop", 0, "POST", "/a", 201, "normal"],
        ["closed", 70, "normal"],
      ]);
    }));

  test("are in the process list under names that say what they are", () =>
    stoppable(async (live) => {
      const { pid } = await begin(live, "/wait");
      const labels = live.sim.processes().map(({ label }) => label.replace(/^\S+ /, ""));
      expect(labels).toContain("connection from 127.0.0.1");
      expect(labels).toContain("GET /wait in plug GET /wait");
      live.sim.send(pid, "go");
    }));
});

describe("reports", () => {
  /** What a system prints on standard error. */
  async function printed(level: Level, act: Parameters<typeof stoppable>[0]): Promise<string> {
    const lines: string[] = [];
    const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
    const log = vi.spyOn(console, "error").mockImplementation((text) => void lines.push(`${text}\n`));
    try {
      await stoppable(async (live) => {
        printReports(live.sim.telemetry, level);
        await act(live);
      });
    } finally {
      spy.mockRestore();
      log.mockRestore();
    }
    return lines.join("");
  }

  test("of a request say its method, path, status and time, and not its query", async () => {
    const text = await printed("info", async (live) => {
      const stopped = live.next("http.request.stop");
      await live.get("/hello?token=secret");
      await stopped;
    });
    expect(text).toMatch(/GET \/hello: sent 200 in 0µs/);
    expect(text).not.toContain("secret");
  });

  test("of a request whose client has gone say where it was", async () => {
    const text = await printed("info", async (live) => {
      const { client } = await begin(live, "/wait");
      const stopped = live.next("http.request.stop");
      client.reset();
      await stopped;
    });
    expect(text).toMatch(/GET \/wait: nothing sent after 0µs, in plug GET \/wait \(\{ shutdown: 'closed' \}\)/);
  });

  test("of a drain say what is waited for, and what was cut off", async () => {
    const text = await printed("info", async (live) => {
      await begin(live, "/wait");
      const { stopped } = await drain(live);
      await live.sim.advance(5000);
      await stopped;
    });
    expect(text).toContain("draining: 1 request in flight on 1 connection, 0 WebSockets");
    expect(text).toMatch(/not drained after 5000 ms; cut off:\n +\S+ GET \/wait in plug GET \/wait, for 5000 ms/);
  });

  test("of a listener say the address to open", async () => {
    const text = await printed("info", async (live) => {
      await live.sim.start(http({ port: 0, plug: (conn) => conn.text(""), name: "second" }));
      const { port } = await httpInfo(live.sim, "second");
      process.stderr.write(`expected ${port}\n`);
    });
    const port = /expected (\d+)/.exec(text)?.[1];
    expect(text).toContain(`listening on http://localhost:${port}`);
  });
});
