import { type Conn, type PlugFn, pipeline, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const says = (text: string) => (conn: Conn<any>) => conn.text(text);

/** A pipeline that writes down that it ran. */
const marks = (name: string, log: string[]) =>
  pipeline().plug((conn) => {
    log.push(name);
    return conn;
  });

describe("a scope", () => {
  test.each([
    ["/api", "/users", "/api/users"],
    ["/api/", "/users", "/api/users"],
    ["/api", "/", "/api"],
    ["/", "/users", "/users"],
    ["/", "/", "/"],
    ["/:org/x", "/:user", "/acme/x/ada"],
  ])("%s puts its route %s at %s", async (path, route, at) => {
    const site = router().scope(path, pipeline(), (scope) => scope.get(route, (conn) => conn.json(conn.pathParams)));
    const answer = await ask(site.plug, `GET ${at}`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(at.startsWith("/acme") ? { org: "acme", user: "ada" } : {});
  });

  test("keeps the order in which routes are declared, inside and outside", async () => {
    const site = router()
      .get("/a/first", says("outside"))
      .scope("/a", pipeline(), (scope) => scope.get("/:any", says("inside")))
      .get("/a/late", says("late"));
    const bodies = ["first", "late"].map(async (path) => (await ask(site.plug, `GET /a/${path}`)).body);
    expect(await Promise.all(bodies)).toEqual(["outside", "inside"]);
  });

  test("runs its pipeline only for a request that one of its routes takes", async () => {
    const log: string[] = [];
    const site = router()
      .scope("/a", marks("a", log), (scope) => scope.get("/x", says("x")))
      .get("/a/y", says("y"));
    expect((await ask(site.plug, "GET /a/y")).body).toBe("y");
    expect((await ask(site.plug, "GET /a/z")).status).toBe(404);
    expect((await ask(site.plug, "POST /a/x")).status).toBe(404);
    expect(log).toEqual([]);
    await ask(site.plug, "GET /a/x");
    expect(log).toEqual(["a"]);
  });

  test("in a scope runs the outer pipeline first", async () => {
    const log: string[] = [];
    const site = router().scope("/a", marks("outer", log), (outer) =>
      outer.scope("/b", marks("inner", log), (inner) => inner.get("/c", says("deep"))).get("/d", says("shallow")),
    );
    expect((await ask(site.plug, "GET /a/b/c")).body).toBe("deep");
    expect((await ask(site.plug, "GET /a/d")).body).toBe("shallow");
    expect(log).toEqual(["outer", "inner", "outer"]);
  });

  test("hands path parameters to its pipeline", async () => {
    const owner = pipeline().plug((conn) => conn.assign("owner", conn.pathParams.user));
    const site = router().scope("/:user", owner, (scope) => scope.get("/", (conn) => conn.json(conn.assigns)));
    expect((await ask(site.plug, "GET /ada")).json()).toEqual({ owner: "ada" });
  });

  const denies: PlugFn<any, any> = (conn) => conn.sendResp(401, "stop").halt();

  test.each<[how: string, deny: PlugFn<any, any>]>([
    ["at once", denies],
    ["after a promise", async (conn) => denies(conn)],
  ])("whose pipeline halts %s runs neither inner pipelines nor the action, nor another route", async (_, deny) => {
    const log: string[] = [];
    const ran = (conn: Conn<any>) => {
      log.push("action");
      return conn;
    };
    const site = router()
      .scope("/a", pipeline().plug(deny), (scope) =>
        scope.scope("/", marks("inner", log), (inner) => inner.get("/x", ran)),
      )
      .get("/a/x", ran);
    const answer = await ask(site.plug, "GET /a/x");
    expect([answer.status, answer.body, log]).toEqual([401, "stop", []]);
  });

  test.each(["users", "", undefined])("refuses a route %j that does not start with a slash", (path) => {
    const declare = (): unknown =>
      router().scope("/api", pipeline(), (scope) => scope.get(path as string, says("lost")));
    expect(declare).toThrow('expected a path that starts with "/"');
  });

  test("refuses a scope in a scope that does not start with a slash", () => {
    const declare = (): unknown =>
      router().scope("/a", pipeline(), (a) => a.scope("b", pipeline(), (b) => b.get("/c", says("lost"))));
    expect(declare).toThrow('expected a path that starts with "/"');
  });

  test("refuses what is no pipeline, when it is declared", () => {
    const declare = (): unknown => router().scope("/a", undefined as never, (scope) => scope.get("/", says("lost")));
    expect(declare).toThrow(expect.objectContaining({ name: "BadArgument" }));
  });
});
