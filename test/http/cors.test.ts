import { type Conn, Cors, type CorsOptions, pipeline, plug } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const through = (options: CorsOptions) =>
  pipeline()
    .plug(plug(Cors, options))
    .plug((conn) => conn.text("inside"));

const get = (options: CorsOptions, origin?: string) =>
  ask(through(options), "GET /", origin === undefined ? {} : { headers: { origin } });

const preflight = (options: CorsOptions, headers: Record<string, string> = {}) =>
  ask(through(options), "OPTIONS /", {
    headers: { origin: "https://a.com", "access-control-request-method": "PUT", ...headers },
  });

const ALLOWED = "access-control-allow-origin";

describe("an answer may be read by scripts of", () => {
  test.each<[whose: string, origins: CorsOptions["origins"], origin: string, allowed: string | undefined]>([
    ["everybody", "*", "https://a.com", "*"],
    ["one origin", "https://a.com", "https://a.com", "https://a.com"],
    ["one of several", ["https://a.com", "https://b.com"], "https://b.com", "https://b.com"],
    ["no other origin", ["https://a.com"], "https://b.com", undefined],
    ["no other scheme", ["https://a.com"], "http://a.com", undefined],
    ["no other port", ["https://a.com"], "https://a.com:8443", undefined],
    ["what fits a pattern", /https:\/\/\w+\.a\.com/, "https://x.a.com", "https://x.a.com"],
    ["nobody who has it in the middle", /https:\/\/\w+\.a\.com/, "https://x.a.com.evil.com", undefined],
    ["nobody who has it at the end", /a\.com|b\.com/, "https://evil-b.com", undefined],
    ["what a function says", [(origin) => origin.endsWith(".a.com")], "https://x.a.com", "https://x.a.com"],
    ["what a function says later", async (origin) => origin === "https://a.com", "https://a.com", "https://a.com"],
    ["what a later one of several says", [() => false, async () => false, /.*/], "https://a.com", "https://a.com"],
    ["nobody when all say no", [() => false, async () => false], "https://a.com", undefined],
    ["no page without an origin, unless it is named", ["https://a.com"], "null", undefined],
    ["pages without an origin that are named", ["null"], "null", "null"],
  ])("%s", async (_, origins, origin, allowed) => {
    const answer = await get({ origins }, origin);
    expect([answer.status, answer.body, answer.header(ALLOWED)]).toEqual([200, "inside", allowed]);
  });

  test("a pattern that remembers where it was, each time", async () => {
    const plugged = through({ origins: /https:\/\/a\.com/gy });
    for (let i = 0; i < 3; i++) {
      expect((await ask(plugged, "GET /", { headers: { origin: "https://a.com" } })).header(ALLOWED)).toBe(
        "https://a.com",
      );
    }
  });
});

test("caches keep answers for several origins apart, also those without one; for everybody there is one answer", async () => {
  for (const origin of [undefined, "https://a.com", "https://b.com"]) {
    expect((await get({ origins: ["https://a.com"] }, origin)).header("vary")).toBe("origin");
    expect((await get({ origins: "*" }, origin)).header("vary")).toBeUndefined();
  }
  const varied = pipeline()
    .plug((conn) => conn.putRespHeader("vary", "Accept-Encoding"))
    .plug(through({ origins: ["https://a.com"] }));
  expect((await ask(varied)).header("vary")).toBe("Accept-Encoding, origin");
});

test("scripts may read the headers that are exposed, and send cookies where that is said", async () => {
  const options = { origins: ["https://a.com"], expose: ["x-total", "etag"], credentials: true };
  const answer = await get(options, "https://a.com");
  expect(answer.header("access-control-expose-headers")).toBe("x-total, etag");
  expect(answer.header("access-control-allow-credentials")).toBe("true");
  const stranger = await get(options, "https://b.com");
  expect(stranger.headers.filter(([name]) => name.startsWith("access-control"))).toEqual([]);
});

describe("a preflight", () => {
  test("is answered, and goes no further", async () => {
    const answer = await preflight({ origins: ["https://a.com"] }, { "access-control-request-headers": "x-a, x-b" });
    expect([answer.status, answer.body]).toEqual([204, ""]);
    expect(answer.headers.filter(([name]) => name.startsWith("access-control") || name === "vary")).toEqual([
      ["vary", "origin, access-control-request-method, access-control-request-headers"],
      ["access-control-allow-origin", "https://a.com"],
      ["access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE"],
      ["access-control-allow-headers", "x-a, x-b"],
    ]);
  });

  test("tells methods, headers, credentials and how long it holds as the plug was told", async () => {
    const options = {
      origins: [/.*/],
      methods: ["GET", "PURGE"],
      headers: ["x-only"],
      credentials: true,
      maxAge: 600,
    };
    const answer = await preflight(options, { "access-control-request-headers": "x-a" });
    expect(answer.header("access-control-allow-methods")).toBe("GET, PURGE");
    expect(answer.header("access-control-allow-headers")).toBe("x-only");
    expect(answer.header("access-control-allow-credentials")).toBe("true");
    expect(answer.header("access-control-max-age")).toBe("600");
  });

  test("of a stranger is answered without leave, and goes no further", async () => {
    const answer = await preflight({ origins: ["https://b.com"], credentials: true });
    expect([answer.status, answer.body]).toEqual([204, ""]);
    expect(answer.headers.filter(([name]) => name.startsWith("access-control"))).toEqual([]);
    expect(answer.header("vary")).toContain("origin");
  });

  test("is only what a browser sends as one: other OPTIONS requests go on", async () => {
    const plugged = through({ origins: "*" });
    expect((await ask(plugged, "OPTIONS /", { headers: { origin: "https://a.com" } })).body).toBe("inside");
    const headers = { "access-control-request-method": "PUT" };
    expect((await ask(plugged, "OPTIONS /", { headers })).body).toBe("inside");
    expect((await ask(plugged, "GET /", { headers: { ...headers, origin: "https://a.com" } })).body).toBe("inside");
  });
});

test("the function is asked with the conn, and nothing is a promise where it is none", async () => {
  const asked: unknown[] = [];
  const origins = (origin: string, conn: Conn<any>) => {
    asked.push(origin, conn.requestPath);
    return true;
  };
  let kind = "";
  const look = (conn: Conn) => {
    const done = plug(Cors, { origins })(conn);
    kind = done instanceof Promise ? "promise" : "conn";
    return done as Conn;
  };
  await ask(
    pipeline()
      .plug(look)
      .plug((conn) => conn.text("")),
    "GET /x",
    { headers: { origin: "https://a.com" } },
  );
  expect([asked, kind]).toEqual([["https://a.com", "/x"], "conn"]);
});

test.each([
  [{ origins: "*", credentials: true }, "expected the origins by name with credentials"],
  [{ origins: "https://a.com/" }, "without a path"],
  [{ origins: ["a.com"] }, "without a path"],
  [{ origins: ["https://A.com"] }, "without a path"],
  [{ origins: ["https://a.com:443"] }, "without a path"],
  [{ origins: ["*", "https://a.com"] }, "without a path"],
  [{}, "got: undefined"],
  [undefined, "got: undefined"],
  [{ origins: "*", maxAge: -1 }, "expected maxAge to be a number of seconds, got: -1"],
])("%j is refused when the plug is built", (options, message) => {
  expect(() => plug(Cors, options as CorsOptions)).toThrow("Cors: expected ");
  expect(() => plug(Cors, options as CorsOptions)).toThrow(message);
});

test("an extension's origin may be named", async () => {
  const origin = "chrome-extension://abcdefghijklmnop";
  expect((await get({ origins: [origin] }, origin)).header(ALLOWED)).toBe(origin);
});
