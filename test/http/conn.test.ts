import { inspect } from "node:util";
import { Conn, Parsers, type PlugFn, pipeline, plug, router } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

/** What `look` sees of the conn of a request. */
const see = async (look: (conn: Conn) => unknown, ...args: [what?: string, options?: Parameters<typeof ask>[2]]) =>
  (await ask((conn) => conn.json({ seen: look(conn) ?? null }), ...args)).json().seen;

describe("a conn says of its request", () => {
  test.each<[name: keyof Conn, what: string, seen: unknown]>([
    ["method", "DELETE /", "DELETE"],
    ["scheme", "GET /", "http"],
    ["host", "GET /", "www.example.com"],
    ["port", "GET /", 80],
    ["requestPath", "GET //a//b%20c/?x=1", "//a//b%20c/"],
    ["queryString", "GET /?a=1&b=%20?c", "a=1&b=%20?c"],
    ["queryString", "GET /", ""],
    ["pathInfo", "GET //a//b%20c/../", ["a", "b%20c", ".."]],
    ["pathInfo", "GET /", []],
    ["scriptName", "GET /a", []],
    ["remoteIp", "GET /", "127.0.0.1"],
    ["queryParams", "GET /?a=1&b[]=2", { a: "1", b: ["2"] }],
    ["pathParams", "GET /?a=1", {}],
    ["bodyFetched", "GET /", false],
    ["requestUrl", "GET /a?b", "http://www.example.com/a?b"],
    ["httpProtocol", "GET /", "HTTP/1.1"],
    ["params", "GET /?a=1", { a: "1" }],
    ["assigns", "GET /", {}],
    ["halted", "GET /", false],
    ["status", "GET /", null],
    ["state", "GET /", "unset"],
    ["respBody", "GET /", null],
    ["respHeaders", "GET /", [["cache-control", "max-age=0, private, must-revalidate"]]],
  ])("its %s: %s", async (name, what, seen) => {
    expect(await see((conn) => conn[name], what)).toEqual(seen);
  });

  test("host, scheme and port of another server", async () => {
    const options = { host: "example.org", scheme: "https" } as const;
    expect(await see(({ host, scheme, port }) => [host, scheme, port], "GET /", options)).toEqual([
      "example.org",
      "https",
      443,
    ]);
  });

  test("its headers, with names in lower case, whatever case is asked for", async () => {
    const headers = { "X-One": "1", accept: "a, b" };
    const look = (conn: Conn) => [conn.reqHeaders, conn.getReqHeader("X-ONE"), conn.getReqHeader("x-two") ?? "none"];
    expect(await see(look, "GET /", { headers })).toEqual([
      [
        ["x-one", "1"],
        ["accept", "a, b"],
      ],
      "1",
      "none",
    ]);
  });

  test("the process that serves it, alive until the answer; the signal of its client is not aborted by the answer", () =>
    inVirtualTime(async (sim) => {
      const signals: AbortSignal[] = [];
      const alive: boolean[] = [];
      const look: PlugFn = (conn) => {
        signals.push(conn.signal, conn.self.signal);
        alive.push(sim.isAlive(conn.self.pid), ...signals.map(({ aborted }) => aborted));
        return conn.text("");
      };
      await request(sim, look, "GET", "/");
      expect([alive, signals.map(({ aborted }) => aborted)]).toEqual([
        [true, false, false],
        [false, true],
      ]);
    }));
});

test("params are those of the path, over those of the body, over those of the query", async () => {
  const site = router().scope("/", pipeline().plug(plug(Parsers, { parsers: ["json"] })), (json) =>
    json.post("/:a", (conn) => conn.json(conn.params)),
  );
  const query = "a=query&b=query&c=query";
  const { body } = await ask(site.plug, `POST /path?${query}`, { json: { a: "body", b: "body" } });
  expect(JSON.parse(body)).toEqual({ a: "path", b: "body", c: "query" });
});

describe("a conn is a value", () => {
  test("with the same fields in the same order however it was made: all conns have one shape", async () => {
    const shapes = await see((conn) => {
      const fetched = conn.putParams({ a: "1" }).fetchQueryParams();
      const made = [conn, conn.assign("a", 1), fetched, conn.putRespHeader("a", "1"), conn.putRespCookie("a", "1")];
      return made.map((one) => Object.keys(one));
    });
    expect(shapes[0]).toContain("outgoing");
    expect(shapes.map(String)).toEqual(Array(5).fill(String(shapes[0])));
  });

  const changes: readonly [string, (conn: Conn) => unknown][] = [
    ["assign", (conn) => conn.assign("key", 1)],
    ["putStatus", (conn) => conn.putStatus(404)],
    ["putRespHeader", (conn) => conn.putRespHeader("x-a", "1")],
    ["prependRespHeader", (conn) => conn.prependRespHeaders([["x-a", "1"]])],
    ["deleteRespHeader", (conn) => conn.deleteRespHeader("cache-control")],
    ["putRespContentType", (conn) => conn.putRespContentType("text/css")],
    ["putPathParams", (conn) => conn.putPathParams({ a: "1" })],
    ["putBodyParams", (conn) => conn.putBodyParams({ a: "1" })],
    ["enterPath", (conn) => conn.enterPath(1)],
    ["registerBeforeSend", (conn) => conn.registerBeforeSend((last) => last)],
    ["resp", (conn) => conn.resp(418, "teapot")],
    ["halt", (conn) => conn.halt()],
    ["sendResp", (conn) => conn.sendResp(200, "")],
  ];
  const fields = (conn: Conn) => ({ ...conn, exchange: undefined });

  test.each(changes)("%s returns another, and leaves the old one as it was", async (_, change) => {
    let before: unknown;
    let after: unknown;
    let result: unknown;
    await ask((conn) => {
      before = fields(conn);
      result = change(conn);
      after = fields(conn);
      return result as Conn;
    }, "GET /a");
    expect(after).toEqual(before);
    expect(result).toBeInstanceOf(Conn);
    expect(fields(result as Conn)).not.toEqual(before);
  });

  test("assigns add up, a later one of the same key wins", async () => {
    const seen = await see((conn) => conn.assign("a", 1).assign("b", [2]).assign("a", 3).assigns);
    expect(seen).toEqual({ a: 3, b: [2] });
  });

  test("what a plug does to a conn that it does not return is lost", async () => {
    const answer = await ask((conn) => {
      conn.putStatus(404).putRespHeader("x-lost", "1");
      return conn.text("here");
    });
    expect([answer.status, answer.header("x-lost")]).toEqual([200, undefined]);
  });

  test("assign works after the answer is sent, too", async () => {
    expect(await crash((conn) => conn.text("ok").assign("late", true))).toBe("200 normal");
  });

  test("shows its method, path and state, and nothing of its request's data", async () => {
    const texts: string[] = [];
    const headers = { authorization: "secret" };
    await ask(
      (conn) => {
        const sent = conn.assign("password", "secret").text("secret");
        texts.push(inspect(conn), String(sent), inspect(sent.halt()));
        return sent;
      },
      "GET /a?token=secret",
      { headers },
    );
    expect(texts).toEqual(["#Conn<GET /a unset>", "#Conn<GET /a sent>", "#Conn<GET /a sent halted>"]);
  });
});

describe("a status", () => {
  test.each([100, 204, 418, 599, 999])("may be %d", async (status) => {
    expect(await see((conn) => conn.putStatus(status).status)).toBe(status);
  });

  test.each([99, 1000, 0, -200, 200.5, Number.NaN, Number.POSITIVE_INFINITY, "200", null])(
    "may not be %s",
    async (status) => {
      const wrong = `500 BadArgument: expected a status from 100 to 999, or the name of one such as "notFound", got: `;
      expect(await crash((conn) => conn.putStatus(status as number).text(""))).toContain(wrong);
      expect(await crash((conn) => conn.resp(status as number, "").sendResp())).toContain(wrong);
    },
  );
});
