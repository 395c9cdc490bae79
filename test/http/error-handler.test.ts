import {
  type Conn,
  HttpError,
  type PlugFn,
  pipeline,
  type RequestFailure,
  type Rescue,
  router,
  withErrorHandler,
} from "hornbeam/http";
import { request, type TestResponse } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask, serving } from "./support.ts";

const oops = new Error("oops");
const boom = (): never => {
  throw oops;
};
const boomLater = async (conn: Conn<any>): Promise<never> => {
  await conn.self.sleep(1);
  throw oops;
};

const site = router()
  .get("/boom", boom)
  .get("/later", boomLater)
  .get("/send_and_boom", (conn) => {
    conn.sendResp(200, "sent");
    return boom();
  })
  .get("/forbidden", () => {
    throw new HttpError("forbidden", "not for you");
  })
  .get("/unavailable", () => {
    throw new HttpError(503, "come back");
  })
  .get("/value", () => {
    throw "a string";
  }).plug;

describe("an error handler", () => {
  test("answers what fails, and the error goes on as it was", async () => {
    const answer = await ask(withErrorHandler(site), "GET /boom");
    expect([answer.status, answer.body, answer.reason]).toEqual([500, "Something went wrong", oops]);
  });

  test.each(["/boom", "/later"])(
    "gets the conn of the plug that failed, whether that was at once or not: %s",
    async (path) => {
      const seen: unknown[] = [];
      const handle: Rescue = (conn, { reason, plug }) => {
        seen.push(conn.assigns, conn.status, conn.getRespHeader("x-first"), reason, plug.replace(/ at .*/, ""));
        return conn.text("handled");
      };
      const through = pipeline()
        .plug((conn) => conn.assign("user", "ada").putRespHeader("x-first", "1"))
        .plug(site);
      const answer = await ask(withErrorHandler(through, handle), `GET ${path}`);
      expect(seen).toEqual([{ user: "ada" }, 500, "1", oops, `GET ${path}`]);
      expect([answer.status, answer.body, answer.header("x-first")]).toEqual([500, "handled", "1"]);
    },
  );

  test("may take its time", async () => {
    const handle: Rescue = async (conn) => {
      await conn.self.sleep(1000);
      return conn.text("late");
    };
    const answer = await ask(withErrorHandler(site, handle), "GET /boom");
    expect([answer.body, answer.reason]).toEqual(["late", oops]);
  });

  test("may set a response and not send it, halt, or send it in chunks", async () => {
    const handlers: Rescue[] = [
      (conn) => conn.resp(conn.status ?? 0, "set"),
      (conn) => conn.text("set").halt(),
      async (conn) => {
        const open = conn.sendChunked(conn.status ?? 0);
        await open.chunk("s");
        await open.chunk("et");
        return open;
      },
    ];
    for (const handle of handlers) {
      const { status, body, reason } = await ask(withErrorHandler(site, handle), "GET /boom");
      expect([status, body, reason]).toEqual([500, "set", oops]);
    }
  });

  test("is not asked when nothing fails, and changes nothing then", async () => {
    const ok = (conn: Conn<any>) => conn.text("ok");
    const answer = await ask(withErrorHandler(ok, boom));
    expect([answer.status, answer.body, answer.reason]).toEqual([200, "ok", "normal"]);
  });

  test("is not asked when a response was sent already, and the error goes on", async () => {
    let asked = 0;
    const handle: Rescue = (conn) => {
      asked++;
      return conn;
    };
    const { answer, failed } = await observed(withErrorHandler(site, handle), "/send_and_boom");
    expect([answer.status, answer.body, answer.reason, asked, failed]).toEqual([200, "sent", oops, 0, []]);
  });

  test("gets the error itself with its status, and an outer one leaves the answer alone", async () => {
    const seen: RequestFailure[] = [];
    const handle =
      (name: string): Rescue =>
      (conn, failure) => {
        seen.push(failure);
        return conn.text(name);
      };
    const nested = withErrorHandler(pipeline().plug(withErrorHandler(site, handle("inner"))), handle("outer"));
    const answer = await ask(nested, "GET /boom");
    expect([answer.status, answer.body, answer.reason]).toEqual([500, "inner", oops]);
    expect(seen.map(({ reason }) => reason)).toEqual([oops]);
  });

  test.each([
    ["/forbidden", 403, "normal"],
    ["/unavailable", 503, expect.any(HttpError)],
    ["/value", 500, expect.objectContaining({ value: "a string" })],
    ["/none", 404, "normal"],
  ])(
    "answers %s with the status of its error, and only from 500 up the request has crashed",
    async (path, status, reason) => {
      const answer = await ask(withErrorHandler(site), `GET ${path}`);
      expect([answer.status, answer.body, answer.reason]).toEqual([status, "Something went wrong", reason]);
    },
  );

  test("may choose another status", async () => {
    const answer = await ask(
      withErrorHandler(site, (conn) => conn.sendResp(418, "")),
      "GET /boom",
    );
    expect(answer.status).toBe(418);
  });

  test("is refused when it is no function", () => {
    expect(() => withErrorHandler(site, "handler" as unknown as Rescue)).toThrow(
      "withErrorHandler: expected a function of conn and failure, got: 'handler'",
    );
  });
});

/** The answer, and what was reported of lost changes and failed handlers. */
function observed(
  plug: PlugFn<any, any>,
  path: string,
): Promise<{ answer: TestResponse; stale: number; failed: unknown[] }> {
  return inVirtualTime(async (sim) => {
    let stale = 0;
    const failed: unknown[] = [];
    sim.telemetry.on("http.conn.stale", () => void stale++);
    sim.telemetry.on("http.rescue.failure", (_, { error }) => void failed.push(error));
    const answer = await request(sim, plug, "GET", path);
    return { answer, stale, failed };
  });
}

describe("an error handler that fails itself", () => {
  const broken = new Error("broken handler");
  test.each<[how: string, handle: Rescue, error: unknown]>([
    [
      "throws",
      () => {
        throw broken;
      },
      broken,
    ],
    ["rejects", () => Promise.reject(broken), broken],
    ["sends nothing", (conn) => conn, expect.objectContaining({ name: "NotSentError" })],
    ["returns nothing", (() => {}) as unknown as Rescue, expect.objectContaining({ name: "BadArgument" })],
  ])("because it %s is reported, and the answer is a plain one", async (_, handle, error) => {
    const { answer, failed } = await observed(withErrorHandler(site, handle), "/forbidden");
    expect([answer.status, answer.body, answer.reason]).toEqual([403, "403 Forbidden\n", "normal"]);
    expect(failed).toEqual([error]);
    const crashed = await observed(withErrorHandler(site, handle), "/boom");
    expect([crashed.answer.body, crashed.answer.reason]).toEqual(["500 Internal Server Error\n", oops]);
  });

  test("after it has sent a response is reported, and that response stands", async () => {
    const handle: Rescue = (conn) => {
      conn.sendResp(400, "sent");
      throw broken;
    };
    const { answer, failed } = await observed(withErrorHandler(site, handle), "/boom");
    expect([answer.status, answer.body, failed]).toEqual([400, "sent", [broken]]);
  });
});

test("what the failed plug had made of its conn is given up, and nobody is warned of it", async () => {
  const through = pipeline().plug((conn) => {
    conn.assign("lost", true).putRespHeader("x-lost", "1");
    return boom();
  });
  const { answer, stale } = await observed(withErrorHandler(through), "/");
  expect([answer.body, answer.header("x-lost"), stale]).toEqual(["Something went wrong", undefined, 0]);
});

test("over a real connection the client has the whole answer, the crash is reported as the failed plug's, and the connection closes", () =>
  serving({ plug: withErrorHandler(site) }, async (live) => {
    const crashed = live.next("process.crash");
    const client = await live.connect();
    const answer = await client.get("/boom");
    expect([answer.status, answer.body, answer.headers.connection]).toEqual([500, "Something went wrong", "close"]);
    expect((await crashed).label).toMatch(/ GET \/boom in plug GET \/boom$/);
    expect(await client.closed).toBe("closed");
    const other = await live.connect();
    for (let i = 0; i < 3; i++) expect((await other.get("/forbidden")).status).toBe(403);
  }));
