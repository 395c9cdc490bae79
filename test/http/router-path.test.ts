import { type Conn, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const ok = (conn: Conn<any>) => conn.json(conn.pathParams);

const site = router()
  .get("/", ok)
  .get("/users/:id", ok)
  .get("/files/file-:name.txt", ok)
  .get("/all/*rest", ok)
  .get("/ü b/\\:x", ok)
  .scope("/admin/", (admin) => admin.get("/", ok).scope("/:org", (org) => org.get("/users", ok)))
  .forward("/api", router().get("/", ok).get("/things/:id", ok).plug)
  .forward("/static", ok);

describe("a path of a router", () => {
  test.each([
    [site.path("/"), "/"],
    [site.path("/users/:id", { id: "7" }), "/users/7"],
    [site.path("/users/:id", { id: 7 }), "/users/7"],
    [site.path("/users/:id", { id: "a/b c?d#e%é" }), "/users/a%2Fb%20c%3Fd%23e%25%C3%A9"],
    [site.path("/users/:id", { id: 7 }, { page: 2, tags: ["a", "b"] }), "/users/7?page=2&tags[]=a&tags[]=b"],
    [site.path("/users/:id", { id: 7 }, {}), "/users/7"],
    [site.path("/files/file-:name.txt", { name: "x y" }), "/files/file-x%20y.txt"],
    [site.path("/all/*rest", { rest: ["a/b", 1] }), "/all/a%2Fb/1"],
    [site.path("/all/*rest", { rest: [] }), "/all"],
    [site.path("/ü b/\\:x"), "/%C3%BC%20b/%3Ax"],
    [site.path("/admin"), "/admin"],
    [site.path("/admin/:org/users", { org: "acme" }), "/admin/acme/users"],
    [site.path("/api"), "/api"],
    [site.path("/api/things/:id", { id: 1 }), "/api/things/1"],
    [site.path("/static/*path", { path: ["app.js"] }), "/static/app.js"],
  ])("%s is %s, and leads to its route", async (path, expected) => {
    expect(path).toBe(expected);
    expect((await ask(site.plug, `GET ${path}`)).status).toBe(200);
  });

  test("gives its route the parameters that it was made of", async () => {
    const id = "a/b?c&ü 😀";
    expect((await ask(site.plug, `GET ${site.path("/users/:id", { id })}`)).json()).toEqual({ id });
  });

  test("that no route has is refused, with those that there are", () => {
    expect(() => site.path("/user/:id" as never, { id: 1 } as never)).toThrow(
      /expected one of the router's paths, got: \/user\/:id; they are: \/, \/users\/:id/,
    );
  });

  test.each([[{}], [{ id: "" }], [{ id: null }], [{ id: {} }], [{ id: ["a"] }]])(
    "with parameters %j is refused",
    (params) => {
      expect(() => site.path("/users/:id", params as never)).toThrow(
        'expected a text or a number that is not empty for ":id"',
      );
    },
  );

  test("without the list that its rest is made of is refused", () => {
    expect(() => site.path("/all/*rest", { rest: "a/b" } as never)).toThrow('expected a list of segments for "*rest"');
  });

  test("is of a route, and the routes are listed as lines", () => {
    const some = router()
      .get("/a/:id", ok)
      .match("/b", ok)
      .match("/c", { via: ["get", "post"] }, ok)
      .forward("/d", ok);
    expect(some.get("/e", { name: "last" }, ok).routes).toEqual([
      "GET /a/:id",
      "* /b",
      "GET|POST /c",
      "forward /d",
      "last",
    ]);
  });

  test("are listed in the order of their declaration", () => {
    expect(site.paths).toEqual([
      ...["/", "/users/:id", "/files/file-:name.txt", "/all/*rest", "/ü b/\\:x", "/admin", "/admin/:org/users"],
      ...["/api", "/api/things/:id", "/static", "/static/*path"],
    ]);
  });
});
