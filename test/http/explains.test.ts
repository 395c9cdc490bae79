import { getCallSites } from "node:util";
import { onReport } from "hornbeam";
import { type Conn, type HttpOptions, type PlugFn, pipeline, router } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

// What somebody reads who has made a mistake. Nothing of it hangs, and each says what to do.

interface Told {
  readonly status: number;
  readonly body: string;
  /** What the request crashed with, as text; `"normal"`. */
  readonly reason: string;
  /** Reports, but those of crashes. */
  readonly reports: readonly string[];
}

const HERE = "test/http/explains.test.ts";

/** What is told of a request, with the lines of this file left out, in development. */
function told(plug: PlugFn<any, any>): Promise<Told> {
  return inVirtualTime(async (sim) => {
    const reports: string[] = [];
    onReport(
      sim.telemetry,
      (level, text, event) => void (event !== "process.crash" && reports.push(`${level}: ${text}`)),
      "debug",
    );
    const { status, body, reason } = await request(sim, plug, "GET", "/me");
    const why = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
    return { status, body, reason: unlined(why), reports: reports.map(unlined) };
  });
}

const lines = new Map<string, number>();
/** Notes the line where it is called, as the code is run: the tests are not run as they are written. */
function at(mark: string): string {
  lines.set(mark, getCallSites()[1]?.lineNumber as number);
  return mark;
}
const lineOf = (mark: string): number => lines.get(mark) as number;

const unlined = (text: string): string => text.replaceAll(/explains\.test\.ts:\d+/g, "explains.test.ts:N");

/** The same of a server, by what it is told. */
async function toldByServer(plug: PlugFn<any, any>, options: Partial<HttpOptions>): Promise<readonly string[]> {
  const reports: string[] = [];
  await serving({ plug, ...options }, async (live) => {
    onReport(
      live.sim.telemetry,
      (_, text, event) =>
        void (event !== "http.request.stop" && reports.push(unlined(text).split("\n    at ")[0] as string)),
    );
    await live.get("/me");
  });
  return reports;
}

const login = (conn: Conn<any>) => conn.sendResp(401, "log in");
const render = (conn: Conn<any>) => conn.text("secret");

describe("a second response is refused, and", () => {
  const site = pipeline().plug(login).plug(render);

  test("in development names both plugs and the lines that sent", async () => {
    expect((await told(site)).reason).toBe(
      `AlreadySentError: text: the response to GET /me was sent already: first by login at ${HERE}:N, and now again by ` +
        `render at ${HERE}:N; does login have to return conn.halt()?`,
    );
  });

  test("elsewhere names both plugs and where they were put into the pipeline", async () => {
    const [report] = await toldByServer(site, { development: false });
    expect(report).toContain(`first by login at ${HERE}:N, and now again by render at ${HERE}:N; does login have to`);
  });

  test("names lines, not only files: the first where it was sent, the second where that was tried", async () => {
    const first = (conn: Conn<any>) => conn.sendResp(401, at("first"));
    const second = (conn: Conn<any>) => conn.text(at("second"));
    const reason = await inVirtualTime(
      async (sim) => (await request(sim, pipeline().plug(first).plug(second), "GET", "/me")).reason,
    );
    expect(String(reason)).toContain(
      `first by first at ${HERE}:${lineOf("first")}, and now again by second at ${HERE}:${lineOf("second")}`,
    );
    expect(lineOf("first")).not.toBe(lineOf("second"));
  });
});

describe("a request without a response is answered with 500 at once, and its error says", () => {
  test.each<[why: string, plug: PlugFn<any, any>, message: string]>([
    [
      "that halting sends nothing",
      pipeline({ name: "browser" })
        .plug(function auth(conn) {
          return conn.halt();
        })
        .plug(render),
      `it was halted by auth at ${HERE}:N, and halt() sends nothing; did you mean conn.sendResp(401, "Unauthorized").halt()?`,
    ],
    [
      "that a status sends nothing",
      pipeline().plug(function created(conn) {
        return conn.putStatus("created");
      }),
      `it ended in created at ${HERE}:N with status 201, and putStatus() sends nothing; did you mean conn.sendResp(201, "Created")?`,
    ],
    [
      "where it ended",
      pipeline().plug(function lazy(conn) {
        return conn;
      }),
      `it ended in lazy at ${HERE}:N; did you mean conn.sendResp(200, "OK")?`,
    ],
    [
      "that a response was set on a conn that is lost",
      pipeline()
        .plug(function auth(conn) {
          conn.resp(401, "log in");
          return conn;
        })
        .plug(function last(conn) {
          return conn.assign("a", 1);
        }),
      `it ended in last at ${HERE}:N; what was changed at ${HERE}:N is lost: go on with the conn that each change returns`,
    ],
  ])("%s", async (_, plug, message) => {
    const { status, reason } = await told(plug);
    expect([status, reason]).toEqual([500, `NotSentError: GET /me got no response: ${message}`]);
  });
});

describe("changes that are lost because their conn is not used are told, with the line that made them", () => {
  const stale = (plug: string, lost: string): string =>
    `warning: GET /me: ${plug} at ${HERE}:N sent a conn that is too old, and ${lost}; go on with the conn that each change returns`;

  test.each<[what: string, plug: PlugFn<any, any>]>([
    [
      "a header",
      function show(conn) {
        conn.putRespHeader("x-a", "1");
        return conn.text("shown");
      },
    ],
    [
      "an assign before other changes",
      function show(conn) {
        conn.assign("user", "ada");
        return conn.putRespHeader("x-a", "1").putStatus(200).text("shown");
      },
    ],
    [
      "a cookie after a promise",
      async function show(conn) {
        await null;
        conn.putRespCookie("a", "1");
        return conn.text("shown");
      },
    ],
    [
      "what a hook before the response changes",
      function show(conn) {
        return conn
          .registerBeforeSend((last: Conn<any>) => {
            last.putRespHeader("x-a", "1");
            return last;
          })
          .text("shown");
      },
    ],
    [
      "a header of a response in chunks",
      function show(conn) {
        conn.putRespHeader("x-a", "1");
        return conn.sendChunked(200);
      },
    ],
    [
      "a header of a response that the end of the pipeline sends",
      function show(conn) {
        const set = conn.resp(200, "shown");
        set.putRespHeader("x-a", "1");
        return set;
      },
    ],
  ])("%s", async (_, show) => {
    const { reports, reason } = await told(pipeline().plug(show));
    expect([reports, reason]).toEqual([[stale("show", `what was changed at ${HERE}:N is lost`)], "normal"]);
  });

  test("a halt, after which the pipeline goes on", async () => {
    const auth = (conn: Conn<any>) => {
      conn.halt();
      return conn;
    };
    const { body, reports } = await told(pipeline().plug(auth).plug(render));
    expect([body, reports]).toEqual(["secret", [stale("render", `what was changed at ${HERE}:N is lost`)]]);
  });

  test("the line is that of the change that is lost, and each is told", async () => {
    const show = (conn: Conn<any>) => {
      conn.assign("a", at("lost 1"));
      const kept = conn.assign("b", at("kept"));
      kept.assign("c", at("lost 2"));
      return kept.text("shown");
    };
    const lost = await inVirtualTime(async (sim) => {
      const seen: unknown[] = [];
      sim.telemetry.on("http.conn.stale", (__, metadata) => void seen.push(metadata.lost));
      await request(sim, show, "GET", "/me");
      return seen;
    });
    expect(lost).toEqual([
      `what was changed at ${HERE}:${lineOf("lost 1")} and at ${HERE}:${lineOf("lost 2")} is lost`,
    ]);
  });

  test("by a server that is not one of development without the lines, but with how many there are", async () => {
    const show = (conn: Conn<any>) => {
      conn.assign("a", 1).assign("b", 2);
      return conn.text("shown");
    };
    const [report] = await toldByServer(pipeline().plug(show), { development: false });
    expect(report).toBe(
      `GET /me: show at ${HERE}:N sent a conn that is too old, and 2 changes are lost; go on with the conn that each change returns`,
    );
  });

  test.each<[what: string, plug: PlugFn<any, any>]>([
    ["everything is used", (conn) => conn.assign("a", 1).putRespHeader("x-a", "1").text("shown")],
    [
      "what could not be sent is followed by something else",
      (conn) => {
        const broken = () => {
          throw new Error("broken hook");
        };
        try {
          return conn.registerBeforeSend(broken).text("");
        } catch {
          return conn.text("shown");
        }
      },
    ],
    [
      "a path was entered and left",
      router().forward(
        "/me",
        pipeline()
          .plug((conn) => conn.assign("a", 1))
          .plug((conn) => conn.text("shown")),
      ).plug,
    ],
    [
      "something was fetched, and only looked at",
      (conn) => {
        const { cookies } = conn.fetchCookies({ signed: [] });
        return conn.text(cookies.none === undefined ? "shown" : "");
      },
    ],
    [
      "conns are kept that were not changed",
      (conn) => {
        const same = conn.fetchQueryParams();
        void same;
        return conn.text("shown");
      },
    ],
  ])("and none when %s", async (_, plug) => {
    const { body, reports } = await told(plug);
    expect([body, reports]).toEqual(["shown", []]);
  });
});

describe("a plug that sends, and gives back the conn that it was given,", () => {
  const guard = (conn: Conn<any>) => {
    conn.sendResp(401, "log in").halt();
    return conn;
  };

  test("stops the pipelines of a router all the same, which is told", async () => {
    const site = router().scope("/", pipeline({ name: "browser" }).plug(guard), (scope) => scope.get("/me", render));
    const { status, body, reason, reports } = await told(site.plug);
    expect([status, body, reason]).toEqual([401, "log in", "normal"]);
    expect(reports).toEqual([
      `debug: GET /me: guard at ${HERE}:N sent the response and did not halt; what follows was not run`,
    ]);
  });

  test("is named in a bare pipeline, as soon as something else is sent", async () => {
    expect((await told(pipeline().plug(guard).plug(render))).reason).toContain(
      `first by guard at ${HERE}:N, and now again by render at ${HERE}:N; does guard have to return conn.halt()?`,
    );
  });
});

describe("what becomes of a pipeline whose plug has sent and does not halt is as it says:", () => {
  const count: string[] = [];
  const after = (conn: Conn<any>) => {
    count.push("after");
    return conn;
  };
  test.each([
    ["halt", [], [`debug: GET /me: login at ${HERE}:N sent the response and did not halt; what follows was not run`]],
    [
      "warn",
      ["after"],
      [`warning: GET /me: login at ${HERE}:N sent the response and did not halt; what follows is run`],
    ],
    ["plug", ["after"], []],
  ] as const)("%s", async (afterSend, ran, reports) => {
    count.length = 0;
    const seen = await told(pipeline({ afterSend }).plug(login).plug(after));
    expect([seen.body, seen.reason, count, seen.reports]).toEqual(["log in", "normal", ran, reports]);
  });

  test("a router's pipelines halt unless they, or it, say something else", async () => {
    const through = (options: Parameters<typeof pipeline>[0], routing?: Parameters<typeof router>[0]) =>
      router(routing).scope("/", pipeline(options).plug(login).plug(after), (scope) => scope.get("/me", (conn) => conn))
        .plug;
    const runs: unknown[] = [];
    for (const plug of [through({}), through({ afterSend: "plug" }), through({}, { afterSend: "plug" })]) {
      count.length = 0;
      await told(plug);
      runs.push(count.length);
    }
    expect(runs).toEqual([0, 1, 1]);
  });
});

test("a halt is reported where a pipeline is told to, with the pipeline's name, the plug's and its place", async () => {
  const auth = (conn: Conn<any>) => conn.sendResp(401, "").halt();
  const { reports } = await told(pipeline({ name: "browser", logOnHalt: "info" }).plug(auth).plug(render));
  expect(reports).toEqual([`info: browser halted in auth at ${HERE}:N`]);
});

describe("a plug that gives back no conn is named, with", () => {
  let other: Conn<any>;
  test.each<[what: string, result: () => unknown, got: string]>([
    ["nothing", () => undefined, "undefined; is a return missing?"],
    ["a promise of nothing", async () => undefined, "a promise of undefined; is a return missing?"],
    ["a text", () => "hello", "'hello'; a plug returns the conn that it was given, changed or not"],
    [
      "the conn of another request",
      () => other,
      "#Conn<GET /me unset> of another request; a plug returns the conn that",
    ],
    ["a promise of one", async () => other, "a promise of #Conn<GET /me unset> of another request; a plug returns"],
  ])("%s", async (_, result, got) => {
    const forgetful = () => result() as Conn;
    await told((conn) => {
      other = conn;
      return conn.text("");
    });
    const { status, reason } = await told(pipeline().plug(forgetful));
    expect(status).toBe(500);
    expect(reason).toContain(`BadArgument: expected plug forgetful at ${HERE}:N to return a conn, got: ${got}`);
  });
});

test("a plug that never comes to its end is cut off by the request's deadline, and named", () =>
  serving(
    {
      plug: pipeline().plug(function forgetsToResolve() {
        return new Promise<Conn>(() => {});
      }),
      limits: { requestTimeout: 5000 },
    },
    async (live) => {
      const timedOut = live.next("http.request.timeout");
      const client = await live.connect();
      const started = live.next("http.request.start");
      client.request("GET", "/me");
      await started;
      await live.sim.advance(10_000);
      expect((await timedOut).plug).toBe("forgetsToResolve");
      expect((await client.answer()).status).toBe(503);
    },
  ));
