import { type Conn, NoRouteError, type Router, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const says = (text: string) => (conn: Conn) => conn.text(text);
const METHODS = ["get", "post", "put", "patch", "delete", "options", "head"] as const;

describe("a router", () => {
  test.each(METHODS)("takes %s requests", async (method) => {
    const site = router()[method]("/", (conn) => conn.putRespHeader("x-by", method).text(""));
    for (const other of METHODS) {
      const answer = await ask(site.plug, `${other.toUpperCase()} /`);
      expect([answer.status, answer.header("x-by")]).toEqual(other === method ? [200, method] : [404, undefined]);
    }
  });

  test("takes any method with match", async () => {
    const site = router().match("/", (conn) => conn.text(conn.method));
    expect((await ask(site.plug, "PURGE /")).body).toBe("PURGE");
  });

  test("compares methods as they are written", async () => {
    expect((await ask(router().get("/", says("")).plug, "get /")).status).toBe(404);
  });

  test("takes the first declared of the routes that fit", async () => {
    const site = router()
      .get("/a/:id", says("param"))
      .get("/a/new", says("literal"))
      .match("/*rest", says("rest"))
      .get("/b", says("late"));
    const bodies = ["/a/new", "/a/1", "/b"].map(async (path) => (await ask(site.plug, `GET ${path}`)).body);
    expect(await Promise.all(bodies)).toEqual(["param", "param", "rest"]);
  });

  test("hands the parameters to the action, and to the conn", async () => {
    const site = router().get("/:a/:b", (conn, { a, b }) => conn.json([a, b, conn.pathParams, conn.params]));
    expect((await ask(site.plug, "GET /1/2?a=0&c=3")).json()).toEqual([
      "1",
      "2",
      { a: "1", b: "2" },
      { a: "1", b: "2", c: "3" },
    ]);
  });

  test("leaves pathInfo, scriptName and requestPath as they are", async () => {
    const look = router().get("/:a/x", (conn) => conn.json([conn.pathInfo, conn.scriptName, conn.requestPath]));
    expect((await ask(look.plug, "GET //%61/x")).json()).toEqual([["%61", "x"], [], "//%61/x"]);
  });

  test("answers 404 when no route fits, and says which", async () => {
    const answer = await ask(router().get("/a", says("")).plug, "POST /a/b?secret=1");
    expect([answer.status, answer.body, answer.header("content-type"), answer.reason]).toEqual([
      404,
      "404 no route for POST /a/b\n",
      "text/plain; charset=utf-8",
      "normal",
    ]);
  });

  test("without routes answers 404", async () => {
    expect((await ask(router().plug)).status).toBe(404);
  });

  test("throws a NoRouteError that a plug around it may answer", async () => {
    const site = router();
    const friendly = (conn: Conn) => {
      try {
        return site.plug(conn);
      } catch (error) {
        return conn.sendResp(404, error instanceof NoRouteError ? "nothing here" : "?");
      }
    };
    expect((await ask(friendly)).body).toBe("nothing here");
  });

  test("answers synchronously when its actions do", async () => {
    const site = router().get("/", says("now"));
    let promised: unknown;
    await ask((conn) => {
      const result = site.plug(conn);
      promised = result instanceof Promise;
      return result;
    });
    expect(promised).toBe(false);
  });

  test("refuses an action that is no function", () => {
    expect(() => router().get("/a", "hello" as never)).toThrow("expected an action for /a, got: 'hello'");
  });

  test("names the route in errors", async () => {
    const site = router()
      .get("/forgot/:what", () => undefined as never)
      .match("/any", async () => "text" as never);
    expect(await crash(site.plug, "GET /forgot/return")).toBe(
      "500 BadArgument: expected plug GET /forgot/:what to return a conn, got: undefined; is a return missing?",
    );
    expect(await crash(site.plug, "PUT /any")).toContain(
      "expected plug * /any to return a conn, got: a promise of 'text'",
    );
  });

  test("adds neither HEAD nor OPTIONS nor 405", async () => {
    const site: Router = router().get("/", says(""));
    const statuses = ["HEAD", "OPTIONS", "POST"].map(async (method) => (await ask(site.plug, `${method} /`)).status);
    expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
  });
});
