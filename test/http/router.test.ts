import { type Conn, HttpError, NoRouteError, type Router, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash, serving } from "./support.ts";

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

  test("answers 404 when no route fits, and says which; in development also which there are", async () => {
    const answer = await ask(router().get("/a", says("")).plug, "POST /a/b?secret=1");
    expect([answer.status, answer.body, answer.header("content-type"), answer.reason]).toEqual([
      404,
      "404 no route for POST /a/b; the routes are:\nGET /a\n",
      "text/plain; charset=utf-8",
      "normal",
    ]);
  });

  test("says to clients which routes there are only in development", () =>
    serving({ plug: router().get("/a", says("")).plug, development: false }, async (live) => {
      expect(await live.get("/x")).toMatchObject({ status: 404, body: "404 no route for GET /x\n" });
    }));

  test("without routes is a mistake that is found before it is used", () => {
    expect(() => router({ name: "site" }).plug).toThrow("expected site to have routes before it is used, got: none");
  });

  test("throws a NoRouteError that a plug around it may answer", async () => {
    const site = router().get("/a", says(""));
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

  test("refuses an afterSend that is none", () => {
    expect(() => router({ afterSend: "stop" as never })).toThrow(
      "router: expected afterSend to be one of halt, warn, plug, got: 'stop'",
    );
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

  test("with an action that throws has the request crash, with the route as the plug that ran", async () => {
    const site = router().get("/boom", () => {
      throw new Error("boom");
    });
    const answer = await ask(site.plug, "GET /boom");
    expect([answer.status, answer.body, answer.reason]).toEqual([
      500,
      "500 Internal Server Error\n",
      new Error("boom"),
    ]);
  });

  test("answers an error of an action with the status that it asks for", async () => {
    const site = router()
      .get("/teapot", () => {
        throw new HttpError(418, "short and stout");
      })
      .get("/later", async () => {
        throw new HttpError(503, "full");
      });
    expect(await ask(site.plug, "GET /teapot")).toMatchObject({ status: 418, body: "418 short and stout\n" });
    expect((await ask(site.plug, "GET /later")).status).toBe(503);
  });

  test("leaves a response that was sent as it is when the action fails after it", async () => {
    const site = router().get("/", (conn) => {
      conn.text("sent");
      throw new HttpError(418, "too late");
    });
    const answer = await ask(site.plug, "GET /");
    expect([answer.status, answer.body]).toEqual([200, "sent"]);
    expect(answer.reason).toMatchObject({ message: "too late" });
  });

  test("takes function plugs as actions, named and by reference", async () => {
    const named = (conn: Conn<any>) => conn.text("named");
    const plugs = { show: named };
    const site = router().get("/a", named).match("/b", plugs.show);
    expect((await ask(site.plug, "GET /a")).body + (await ask(site.plug, "GET /b")).body).toBe("namednamed");
  });

  test("takes as many parameters as a path has", async () => {
    const site = router().get("/:a/b/c-:d.e/:f", (conn, params) => conn.json(params));
    expect((await ask(site.plug, "GET /1/b/c-2.e/3")).json()).toEqual({ a: "1", d: "2", f: "3" });
  });

  test("adds neither HEAD nor OPTIONS nor 405", async () => {
    const site: Router = router().get("/", says(""));
    const statuses = ["HEAD", "OPTIONS", "POST"].map(async (method) => (await ask(site.plug, `${method} /`)).status);
    expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
  });
});
