import { type Level, onReport } from "hornbeam";
import { type Conn, pipeline, plug, Ssl, type SslOptions } from "hornbeam/http";
import { request, type TestRequest, type TestResponse } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const through = (options?: SslOptions) =>
  pipeline()
    .plug(plug(Ssl, options))
    .plug((conn) => conn.text("inside"));

const secure = (options?: SslOptions, given: TestRequest = {}): Promise<TestResponse> =>
  ask(through(options), "GET /", { scheme: "https", host: "example.com", ...given });
const insecure = (options?: SslOptions, what = "GET /", given: TestRequest = {}): Promise<TestResponse> =>
  ask(through(options), what, { host: "example.com", ...given });

const HSTS = "strict-transport-security";
const YEAR = "max-age=31536000";

describe("an answer over https tells the browser to come back so", () => {
  test.each<[how: string, options: SslOptions | undefined, header: string | undefined]>([
    ["for a year by itself", undefined, YEAR],
    ["when it is told to", { hsts: true }, YEAR],
    ["not when it is told not to", { hsts: false }, undefined],
    ["for a time of its own", { expires: 3600 }, "max-age=3600"],
    ["with all subdomains", { subdomains: true }, `${YEAR}; includeSubDomains`],
    ["in the browsers' lists", { preload: true }, `${YEAR}; preload`],
    [
      "with several of these, in this order",
      { preload: true, subdomains: true },
      `${YEAR}; preload; includeSubDomains`,
    ],
  ])("%s", async (_, options, header) => {
    const answer = await secure(options);
    expect([answer.body, answer.header(HSTS)]).toEqual(["inside", header]);
  });
});

describe("left alone is", () => {
  test.each(["localhost", "127.0.0.1"])("the host %s by itself", async (host) => {
    const [over, under] = [await secure({}, { host }), await insecure({}, "GET /", { host })];
    expect([over.header(HSTS), under.status, under.body]).toEqual([undefined, 200, "inside"]);
  });

  test("a host that is named, and then not those that are by themselves", async () => {
    const exclude = { hosts: ["example.com"] };
    const [over, under] = [await secure({ exclude }), await insecure({ exclude })];
    expect([over.header(HSTS), under.body]).toEqual([undefined, "inside"]);
    expect((await insecure({ exclude }, "GET /", { host: "localhost" })).status).toBe(301);
  });

  test("a path that is named", async () => {
    const exclude = { paths: ["/health"] };
    expect((await insecure({ exclude }, "GET /health?x")).body).toBe("inside");
    expect((await insecure({ exclude }, "GET /healthy")).status).toBe(301);
  });

  test("what a function says", async () => {
    const exclude = { conn: (conn: Conn) => conn.getReqHeader("x-probe") === "1" };
    expect((await insecure({ exclude }, "GET /", { headers: { "x-probe": "1" } })).body).toBe("inside");
    expect((await insecure({ exclude })).status).toBe(301);
  });
});

describe("a proxy is believed", () => {
  test("that the client came by https", async () => {
    const headers = { "x-forwarded-proto": "https" };
    const answer = await insecure({ rewriteOn: ["x-forwarded-proto"] }, "GET /", { headers });
    expect([answer.body, answer.header(HSTS)]).toEqual(["inside", YEAR]);
    expect((await insecure({}, "GET /", { headers })).status).toBe(301);
  });

  test("that the client came by http", async () => {
    const given = { headers: { "x-forwarded-proto": "http" } };
    const to = await secure({ rewriteOn: "x-forwarded-proto" }, given);
    expect([to.status, to.header("location")]).toEqual([301, "https://example.com/"]);
  });

  test("which host the client wants", async () => {
    const given = { headers: { "x-forwarded-host": "outside.example.com" } };
    const answer = await insecure({ rewriteOn: { headers: ["x-forwarded-host"] } }, "GET /", given);
    expect(answer.header("location")).toBe("https://outside.example.com/");
  });

  test("before it is asked what is left alone", async () => {
    const given = { headers: { "x-forwarded-host": "localhost" } };
    expect((await insecure({ rewriteOn: () => ["x-forwarded-host"] }, "GET /", given)).body).toBe("inside");
  });
});

describe("a request by http is sent to https", () => {
  test.each([
    ["GET /", "https://example.com/"],
    ["GET /foo?bar=baz", "https://example.com/foo?bar=baz"],
    ["GET //a%20b/?", "https://example.com//a%20b/"],
  ])("with path and query: %s", async (what, location) => {
    const answer = await insecure({}, what);
    expect([answer.status, answer.header("location"), answer.body, answer.header(HSTS)]).toEqual([
      301,
      location,
      "",
      undefined,
    ]);
  });

  test("from whichever port it came", async () => {
    const other = pipeline()
      .plug((conn) => conn.putRequest({ port: 8080 }))
      .plug(through());
    expect((await ask(other, "GET /", { host: "example.com" })).header("location")).toBe("https://example.com/");
  });

  test("at a host that is named, with its port", async () => {
    const answer = await insecure({ host: "ssl.example.com:443" });
    expect([answer.status, answer.header("location")]).toEqual([301, "https://ssl.example.com:443/"]);
  });

  test("at a host that a function names each time", async () => {
    let n = 0;
    const plugged = through({ host: () => `${++n}.example.com` });
    const locations = [await ask(plugged), await ask(plugged)].map((answer) => answer.header("location"));
    expect(locations).toEqual(["https://1.example.com/", "https://2.example.com/"]);
  });

  test("for good with GET and HEAD", async () => {
    for (const method of ["GET", "HEAD"]) expect((await insecure({}, `${method} /`)).status).toBe(301);
  });

  test("with the method and body that it has otherwise", async () => {
    for (const method of ["OPTIONS", "POST", "PUT", "DELETE", "PATCH"]) {
      expect((await insecure({}, `${method} /`)).status).toBe(307);
    }
  });

  test.each<[log: Level | false | undefined, lines: string[]]>([
    [undefined, ["info: Ssl is redirecting GET / to https://example.com/ with status 301"]],
    ["debug", ["debug: Ssl is redirecting GET / to https://example.com/ with status 301"]],
    [false, []],
  ])("and that is reported at level %s", (log, lines) =>
    inVirtualTime(async (sim) => {
      const seen: string[] = [];
      onReport(
        sim.telemetry,
        (level, text, event) => void (event === "http.log" && seen.push(`${level}: ${text}`)),
        "debug",
      );
      const options = log === undefined ? {} : { log };
      await request(sim, through(options), "GET", "/", { host: "example.com" });
      expect(seen).toEqual(lines);
    }),
  );
});

test.each([
  [{ expires: -1 }, "Ssl: expected expires to be a number of seconds, got: -1"],
  [{ host: 1 }, "Ssl: expected host to be text or a function, got: 1"],
  [{ exclude: { hosts: "localhost" } }, "Ssl: expected exclude to be { hosts, paths, conn }, got: "],
  [{ rewriteOn: ["x-other"] }, "RewriteOn: expected headers among "],
])("%j is refused when the plug is built", (options, message) => {
  expect(() => plug(Ssl, options as unknown as SslOptions)).toThrow(message);
});
