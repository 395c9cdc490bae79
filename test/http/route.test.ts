import { router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

/** What a router with this one route makes of a path: its parameters, or the status of the refusal. */
async function match(pattern: string, path: string): Promise<unknown> {
  const site = router().get(pattern, (conn, params) => conn.json(params));
  const answer = await ask(site.plug, `GET ${path}`);
  return answer.status === 200 ? answer.json() : answer.status;
}

describe("a route takes", () => {
  test.each<[pattern: string, path: string, params: unknown]>([
    ["/", "/", {}],
    ["/", "//", {}],
    ["/", "/a", 404],
    ["/a/b", "/a/b", {}],
    ["/a/b", "/a/b/", {}],
    ["/a/b", "//a//b", {}],
    ["/a/b/", "/a/b", {}],
    ["/a/b", "/a", 404],
    ["/a/b", "/a/b/c", 404],
    ["/a/b", "/A/b", 404],
    ["/a/b", "/a%2Fb", 404],
    ["/a b/é", "/a%20b/%C3%A9", {}],
    ["/hello", "/%68ello", {}],
    ["/.", "/.", {}],
    ["/a", "/b/../a", 404],
    ["/:id", "/7", { id: "7" }],
    ["/:id", "/", 404],
    ["/:id", "/a%20b+c", { id: "a b+c" }],
    ["/:id", "/a%2Fb", { id: "a/b" }],
    ["/:id", "/%25%32%35", { id: "%25" }],
    ["/:id", "/%C3%A9", { id: "é" }],
    ["/:id", "/..", { id: ".." }],
    ["/:id", "/__proto__", { id: "__proto__" }],
    ["/:a/x/:b_2", "/1/x/2", { a: "1", b_2: "2" }],
    ["/:a/x", "/1/y", 404],
    ["/:userId", "/7", { userId: "7" }],
    ["/:_", "/7", {}],
    ["/*_rest", "/a/b", {}],
    ["/\\:id", "/:id", {}],
    ["/\\:id", "/7", 404],
    ["/a\\*", "/a*", {}],
    ["/v1\\::id\\*", "/v1:7*", { id: "7" }],
    ["/v1\\::id", "/v1:", 404],
    ["/file-:id", "/file-7", { id: "7" }],
    ["/file-:id", "/file-", 404],
    ["/file-:id", "/fil-7", 404],
    ["/:id.json", "/7.json", { id: "7" }],
    ["/:id.json", "/7.json.json", { id: "7.json" }],
    ["/:id.json", "/.json", 404],
    ["/:id.json", "/7.jso", 404],
    ["/a-:id-z", "/a-1-z", { id: "1" }],
    ["/aa:id", "/a", 404],
    ["/aba:id", "/aba", 404],
    ["/ab:id-ba", "/ab-ba", 404],
    ["/é-:id.ä", "/%C3%A9-x.%C3%A4", { id: "x" }],
    ["/:_skipped/:id", "/1/2", { id: "2" }],
    ["/*rest", "/", { rest: [] }],
    ["/*rest", "/a/b", { rest: ["a", "b"] }],
    ["/a/*rest", "/a", { rest: [] }],
    ["/a/*rest", "/a/b%2Fc/%20", { rest: ["b/c", " "] }],
    ["/a/*rest", "/b/c", 404],
    ["/:id/*rest", "/1/2/3", { id: "1", rest: ["2", "3"] }],
    ["/:id/*rest", "/", 404],
  ])("%s on %s: %j", async (pattern, path, params) => {
    expect(await match(pattern, path)).toEqual(params);
  });
});

describe("a path with a bad escape is refused with 400", () => {
  test.each([
    ["/:id", "/%zz", "the path has a bad escape"],
    ["/:id", "/%", "the path has a bad escape"],
    ["/:id", "/a%4", "the path has a bad escape"],
    ["/:id", "/%00", "the path has a bad escape"],
    ["/a", "/%zz", "the path has a bad escape"],
    ["/*rest", "/a/%00", "the path has a bad escape"],
    ["/:id", "/%c3%28", "the path is not valid UTF-8"],
    ["/:id", "/%ff", "the path is not valid UTF-8"],
  ])("%s on %s: %s", async (pattern, path, why) => {
    const answer = await ask(router().get(pattern, (conn) => conn.text("")).plug, `GET ${path}`);
    expect([answer.status, answer.body, answer.reason]).toEqual([400, `400 ${why}\n`, "normal"]);
  });
});

describe("a pattern is refused when it is declared, if it", () => {
  test.each([
    ["does not start with a slash", "a", 'expected a path that starts with "/", got: a'],
    ["is empty", "", 'expected a path that starts with "/", got: '],
    ["has a parameter without a name", "/a/:", 'in route "/a/:", got: ":"'],
    ["has a parameter whose name starts with a digit", "/:1", 'got: ":1"'],
    ["has two parameters in a segment", "/:a-:b", 'got: ":a-:b"'],
    ["has a parameter whose name starts with a capital", "/:Id", "with a name that starts with a-z or _"],
    ["has a rest without a name", "/*", 'with a name that starts with a-z or _, alone in its segment, in route "/*"'],
    ["has a rest whose name starts with a digit", "/*1", 'got: "*1"'],
    [
      "has a rest before its end",
      "/*rest/a",
      'expected "*rest" as the last segment, in route "/*rest/a", got: "*rest"',
    ],
    ["has a rest behind a prefix", "/a*rest", 'got: "a*rest"'],
    ["has a rest before a suffix", "/*rest.json", 'got: "*rest.json"'],
    ["has a rest beside a parameter", "/:id*rest", 'expected one parameter in a segment, in route "/:id*rest"'],
  ])("%s", (_, pattern, message) => {
    const declare = (): unknown => router().get(pattern, (conn) => conn.text(""));
    expect(declare).toThrow(
      expect.objectContaining({ name: "BadArgument", message: expect.stringContaining(message) }),
    );
  });

  test.each([undefined, null, 1, {}])("is %j", (pattern) => {
    expect(() => router().get(pattern as string, (conn) => conn.text(""))).toThrow(
      'expected a path that starts with "/"',
    );
  });
});
