import type { Pid } from "hornbeam";
import type { Conn, PlugFn } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { type Live, serving } from "./support.ts";

interface Seen {
  readonly signals: AbortSignal[];
  child: Pid | undefined;
}

/** A request that starts a linked process, and waits for ever. */
const waits =
  (seen: Seen): PlugFn =>
  async (conn: Conn) => {
    seen.signals.push(conn.signal);
    seen.child = conn.self.spawnLink((child) => child.receive(), { label: "helper" });
    await conn.self.receive();
    return conn.text("too late");
  };

async function begin(live: Live) {
  const client = await live.connect();
  const started = live.next("http.request.start");
  client.request("GET", "/export");
  const { pid } = await started;
  await live.sim.idle();
  return { client, pid };
}

describe("when the client has gone", () => {
  test.each<[how: string, leave: "reset" | "end"]>([
    ["without a goodbye", "reset"],
    ["with one", "end"],
  ])("%s, its request's process ends, and what is linked to it", (_, leave) => {
    const seen: Seen = { signals: [], child: undefined };
    return serving({ plug: waits(seen) }, async (live) => {
      const { client, pid } = await begin(live);
      const crashes: unknown[] = [];
      live.sim.telemetry.on("process.crash", (__, report) => void crashes.push(report));
      const [request, helper] = [live.ended(pid), live.ended(seen.child as Pid)];
      const stopped = live.next("http.request.stop");
      if (leave === "reset") client.reset();
      else client.socket.destroy();
      expect(await request).toEqual({ shutdown: "closed" });
      expect(await helper).toEqual({ shutdown: "closed" });
      expect(seen.signals[0]?.aborted).toBe(true);
      expect(seen.signals[0]?.reason).toMatchObject({ name: "AbortError" });
      expect(await stopped).toMatchObject({ path: "/export", status: undefined, reason: { shutdown: "closed" } });
      expect(crashes).toEqual([]);
    });
  });

  test("the connection's process ends, and is counted no more", () => {
    const seen: Seen = { signals: [], child: undefined };
    return serving({ plug: waits(seen) }, async (live) => {
      const { client } = await begin(live);
      const stopped = live.next("http.connection.stop");
      client.reset();
      expect(await stopped).toMatchObject({ reason: "normal" });
      const labels = live.sim.processes().map(({ label }) => label);
      expect(labels.filter((label) => label.includes("connection from"))).toEqual([]);
    });
  });

  test("what it still tries to do is told as the deed of a zombie, and nobody is harmed", () => {
    const late = Promise.withResolvers<void>();
    const plug: PlugFn = async (conn) => {
      await late.promise;
      conn.self.send(conn.self.pid, "more");
      return conn.text("too late");
    };
    return serving({ plug }, async (live) => {
      const { client, pid } = await begin(live);
      const ended = live.ended(pid);
      client.reset();
      await ended;
      const zombie = live.next("process.zombie");
      late.resolve();
      expect(await zombie).toMatchObject({ pid, operation: "send" });
    });
  });

  test("a request that ignores its end is killed after five seconds", () => {
    const told = Promise.withResolvers<void>();
    const plug: PlugFn = async (conn) => {
      conn.self.trapExit = true;
      for (;;) {
        await conn.self.receive();
        told.resolve();
      }
    };
    return serving({ plug }, async (live) => {
      const { client, pid } = await begin(live);
      client.reset();
      await told.promise;
      await live.sim.advance(4999);
      expect(live.sim.isAlive(pid)).toBe(true);
      const end = live.ended(pid);
      await live.sim.advance(1);
      expect(await end).toBe("killed");
    });
  });
});

test("a request that is done is not disturbed by its client's leaving", () =>
  serving({ plug: (conn) => conn.text("ok") }, async (live) => {
    const stopped = live.next("http.request.stop");
    const { client } = await live.accepted();
    await client.get("/");
    expect(await stopped).toMatchObject({ status: 200, reason: "normal" });
    const gone = live.next("http.connection.stop");
    client.socket.destroy();
    expect(await gone).toMatchObject({ reason: "normal" });
  }));
