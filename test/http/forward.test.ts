import { type Conn, type PlugFn, pipeline, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const place = (conn: Conn<any>) => conn.json([conn.scriptName, conn.pathInfo, conn.requestPath]);

describe("forward", () => {
  test.each([
    ["/files", "/files", ["files"], []],
    ["/files", "/files/a/b", ["files"], ["a", "b"]],
    ["/files/", "//files//a/", ["files"], ["a"]],
    ["/a/b", "/a/b/c", ["a", "b"], ["c"]],
    ["/", "/a/b", [], ["a", "b"]],
    ["/:org/files", "/acme/files/x", ["acme", "files"], ["x"]],
    ["/a b", "/a%20b/c%2Fd", ["a%20b"], ["c%2Fd"]],
  ])("at %s shows %s with its rest, not decoded", async (path, request, scriptName, pathInfo) => {
    const answer = await ask(router().forward(path, place).plug, `GET ${request}`);
    expect(answer.json()).toEqual([scriptName, pathInfo, request]);
  });

  test("takes every method", async () => {
    expect((await ask(router().forward("/a", (conn) => conn.text(conn.method)).plug, "PURGE /a/b")).body).toBe("PURGE");
  });

  test("does not take a path that only begins with the same letters", async () => {
    expect((await ask(router().forward("/file", place).plug, "GET /files")).status).toBe(404);
  });

  test("adds to scriptName when it is nested, through routers and scopes", async () => {
    const inner = router().forward("/b", place);
    const site = router().scope("/s", pipeline(), (scope) => scope.forward("/a", inner.plug));
    expect((await ask(site.plug, "GET /s/a/b/c")).json()).toEqual([["s", "a", "b"], ["c"], "/s/a/b/c"]);
  });

  test("hands the parameters of its path to the target, which may add its own", async () => {
    const inner = router().get("/:file", (conn) => conn.json(conn.pathParams));
    const site = router().forward("/:org/files", inner.plug);
    expect((await ask(site.plug, "GET /acme/files/a.txt")).json()).toEqual({ org: "acme", file: "a.txt" });
  });

  test.each<[how: string, target: PlugFn<any, any>]>([
    ["at once", (conn) => conn.assign("kept", 1).putStatus(202)],
    ["after a promise", async (conn) => conn.assign("kept", 1).putStatus(202)],
    ["halted", (conn) => conn.assign("kept", 1).putStatus(202).halt()],
  ])("puts the path back when the target returns %s, and keeps all else", async (_, target) => {
    let seen: unknown;
    const site = router().forward("/a", target);
    await ask(async (conn) => {
      const { pathInfo, scriptName, assigns, status } = (await site.plug(conn)) as Conn;
      seen = { pathInfo, scriptName, assigns, status };
      return conn.text("");
    }, "GET /a/b");
    expect(seen).toEqual({ pathInfo: ["a", "b"], scriptName: [], assigns: { kept: 1 }, status: 202 });
  });

  test("runs the pipelines of its scope first, and not the target when they halt", async () => {
    const log: string[] = [];
    const target: PlugFn<any, any> = (conn) => {
      log.push("target");
      return conn.text("in");
    };
    const gate = pipeline().plug((conn) => (conn.queryParams.key === "1" ? conn : conn.sendResp(401, "out").halt()));
    const site = router().scope("/s", gate, (scope) => scope.forward("/a", target));
    expect((await ask(site.plug, "GET /s/a?key=0")).body).toBe("out");
    expect(log).toEqual([]);
    expect((await ask(site.plug, "GET /s/a?key=1")).body).toBe("in");
  });

  test("to a router without the route answers 404 with the whole path", async () => {
    const answer = await ask(router().forward("/a", router().get("/c", place).plug).plug, "GET /a/b");
    expect([answer.status, answer.body]).toEqual([404, "404 no route for GET /a/b; the routes are:\nGET /c\n"]);
  });

  test("names the target in errors", async () => {
    const forgetful = () => undefined as never;
    expect(await crash(router().forward("/a", forgetful).plug, "GET /a")).toContain(
      "expected plug forgetful to return a conn",
    );
  });

  test("refuses a target that is no plug, when it is declared", () => {
    const declare = (): unknown => router().forward("/a", router() as never);
    expect(declare).toThrow(expect.objectContaining({ name: "BadArgument" }));
  });

  test("refuses a path that does not start with a slash", () => {
    expect(() => router().forward("a", place)).toThrow('expected a path that starts with "/"');
  });
});
