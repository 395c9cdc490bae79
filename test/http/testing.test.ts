import { type Conn, pipeline, router } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

describe("the test kit", () => {
  test("runs a request in a process of the system, and gives back what it was answered with", () =>
    inVirtualTime(async (sim) => {
      const answer = await request(sim, (conn) => conn.putRespHeader("x-a", "1").json({ a: 1 }), "GET", "/");
      expect(answer).toMatchObject({ status: 200, body: '{"a":1}', reason: "normal" });
      expect([answer.json(), answer.header("x-a"), answer.header("x-b")]).toEqual([{ a: 1 }, "1", undefined]);
      expect([...answer.bytes]).toEqual([...Buffer.from('{"a":1}')]);
      expect(sim.processes()).toEqual([]);
    }));

  test("takes virtual time: a request that sleeps an hour answers at once", () =>
    inVirtualTime(async (sim) => {
      const slow = async (conn: Conn) => {
        await conn.self.sleep(3_600_000);
        return conn.text("awake");
      };
      expect((await request(sim, slow, "GET", "/")).body).toBe("awake");
      expect(sim.now()).toBe(3_600_000);
    }));

  test("may be asked by a process", () =>
    inVirtualTime(async (sim) => {
      const bodies: string[] = [];
      sim.spawn(async (self) => {
        bodies.push((await request(self, (conn) => conn.text("inside"), "GET", "/")).body);
      });
      await sim.idle();
      expect(bodies).toEqual(["inside"]);
    }));

  test("sends JSON with its type, and another type if it is told one", async () => {
    const look = async (conn: Conn) =>
      conn.text(`${conn.getReqHeader("content-type")} ${Buffer.from(await conn.readBody()).toString()}`);
    expect((await ask(look, "POST /", { json: { a: 1 } })).body).toBe('application/json {"a":1}');
    const headers = { "content-type": "application/x+json" };
    expect((await ask(look, "POST /", { json: null, headers })).body).toBe("application/x+json null");
  });

  test("answers a crash with 500, and gives back what it crashed with", async () => {
    const error = new Error("boom");
    const answer = await ask(() => {
      throw error;
    });
    expect([answer.status, answer.reason]).toEqual([500, error]);
  });

  test("answers a process that was shut down with 503", async () => {
    const ends = async (conn: Conn): Promise<Conn> => {
      conn.self.exit(conn.self.pid, "shutdown");
      return conn;
    };
    const answer = await ask(ends);
    expect([answer.status, answer.reason]).toEqual([503, "shutdown"]);
  });

  test("serves several requests at once, each in its own process", () =>
    inVirtualTime(async (sim) => {
      const site = router().get("/:delay", async (conn, { delay }) => {
        await conn.self.sleep(Number(delay));
        return conn.text(`${delay} ${conn.self.pid}`);
      });
      const order: string[] = [];
      const bodies = await Promise.all(
        ["30", "10", "20"].map(async (delay) => {
          const { body } = await request(sim, site.plug, "GET", `/${delay}`);
          order.push(delay);
          return body;
        }),
      );
      expect(order).toEqual(["10", "20", "30"]);
      expect(new Set(bodies.map((body) => body.split(" ")[1])).size).toBe(3);
    }));

  test("runs the same code as a server: a pipeline, its hooks and its errors", async () => {
    const all = pipeline()
      .plug((conn) => conn.registerBeforeSend((last) => last.putRespHeader("x-hook", "1")))
      .plug((conn) => conn.resp(202, "set"));
    const answer = await ask(all);
    expect([answer.status, answer.body, answer.header("x-hook")]).toEqual([202, "set", "1"]);
  });
});
