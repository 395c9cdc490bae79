import { actionName, type Conn, controller, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "../support.ts";

const says = (conn: Conn<any>) => conn.json([actionName(conn), conn.pathParams]);
const all = { index: says, edit: says, new: says, show: says, create: says, update: says, delete: says };
const Users = controller().actions(all);

describe("resources", () => {
  test.each([
    ["GET /users", ["index", {}]],
    ["GET /users/7/edit", ["edit", { id: "7" }]],
    ["GET /users/new", ["new", {}]],
    ["GET /users/7", ["show", { id: "7" }]],
    ["POST /users", ["create", {}]],
    ["PATCH /users/7", ["update", { id: "7" }]],
    ["PUT /users/7", ["update", { id: "7" }]],
    ["DELETE /users/7", ["delete", { id: "7" }]],
    ["DELETE /users", 404],
    ["PUT /users", 404],
    ["POST /users/7", 404],
  ])("%s: %j", async (what, expected) => {
    const answer = await ask(router().resources("/users/", Users).plug, what);
    expect(answer.status === 200 ? answer.json() : answer.status).toEqual(expected);
  });

  test("are the paths in the order in which Phoenix declares them", () => {
    expect(router().resources("/users", Users).paths).toEqual([
      "/users",
      "/users/:id/edit",
      "/users/new",
      "/users/:id",
    ]);
  });

  const statuses = (site: { readonly plug: any }, ...what: string[]) =>
    Promise.all(what.map(async (each) => (await ask(site.plug, each)).status));

  test("have only the routes that only names", async () => {
    const site = router().resources("/users", { show: says }, { only: ["show"] });
    expect(await statuses(site, "GET /users/1", "GET /users", "GET /users/new", "DELETE /users/1")).toEqual([
      200, 404, 200, 404,
    ]);
  });

  test("have all routes but those that except names", async () => {
    const site = router().resources("/users", Users, { except: ["delete", "index"] });
    expect(await statuses(site, "GET /users/1", "GET /users", "POST /users", "DELETE /users/1")).toEqual([
      200, 404, 200, 404,
    ]);
  });

  test("call their parameter as they are told", async () => {
    const site = router().resources("/users", Users, { param: "slug" });
    expect((await ask(site.plug, "GET /users/ada/edit")).json()).toEqual(["edit", { slug: "ada" }]);
  });

  test("that are a singleton have neither an index nor a parameter", async () => {
    const site = router().resources("/account", Users, { singleton: true });
    expect(site.paths).toEqual(["/account/edit", "/account/new", "/account"]);
    expect((await ask(site.plug, "GET /account")).json()).toEqual(["show", {}]);
    expect((await ask(site.plug, "PATCH /account")).json()).toEqual(["update", {}]);
    expect(await statuses(site, "GET /account/7")).toEqual([404]);
  });

  test("have others below one of them", async () => {
    const site = router().resources("/users", Users, { name: "user" }, (user) =>
      user
        .resources("/posts", Users, { name: "post", param: "slug" }, (post) =>
          post.get("/comments", (conn, { userId, postSlug }) => conn.text(`${userId} ${postSlug}`)),
        )
        .resources("/photo", Users, { singleton: true, only: ["show"] }, (photo) => photo.get("/exif", says)),
    );
    expect((await ask(site.plug, "GET /users/7/posts/hello/edit")).json()).toEqual([
      "edit",
      { userId: "7", slug: "hello" },
    ]);
    expect((await ask(site.plug, "GET /users/7/posts/hello/comments")).body).toBe("7 hello");
    expect((await ask(site.plug, "GET /users/7/photo")).json()).toEqual(["show", { userId: "7" }]);
    expect((await ask(site.plug, "GET /users/7/photo/exif")).status).toBe(200);
    expect(site.path("/users/:userId/posts/:slug", { userId: 7, slug: "x" })).toBe("/users/7/posts/x");
    expect(site.path("/users/:userId/posts/:postSlug/comments", { userId: 7, postSlug: "x" })).toBe(
      "/users/7/posts/x/comments",
    );
  });

  test("may be at the root of a scope, and go through its pipelines", async () => {
    const site = router().scope(
      "/api",
      (conn: Conn) => conn.putRespHeader("x-api", "1"),
      (api) => api.resources("/", Users),
    );
    const answer = await ask(site.plug, "GET /api/7");
    expect([answer.json(), answer.header("x-api")]).toEqual([["show", { id: "7" }], "1"]);
    expect((await ask(site.plug, "GET /api/new")).json()).toEqual(["new", {}]);
  });

  test.each<[title: string, declare: () => unknown, message: string]>([
    [
      "an action that the controller does not have",
      () => router().resources("/users", { index: says } as never),
      "expected the controller of /users to have an action edit, got: index",
    ],
    [
      "an action that no resource has",
      () => router().resources("/users", Users as never, { only: ["list" as never] }),
      "expected actions of /users to be some of index, edit, new, show, create, update, delete, got: list",
    ],
    [
      "only and except at once",
      () => router().resources("/users", Users as never, { only: ["index"], except: ["show"] }),
      "expected only or except for /users, got: both",
    ],
    [
      "routes below one that has no name",
      () => router().resources("/users", Users, {}, (below: any) => below),
      'expected the name of one of /users for the routes below it, such as "user", got: undefined',
    ],
    [
      "a path without a slash",
      () => router().resources("users", Users as never),
      'expected a path that starts with "/"',
    ],
  ])("are refused with %s", (_, declare, message) => {
    expect(declare).toThrow(message);
  });
});
