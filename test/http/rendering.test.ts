import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const typeOf = "content-type";

describe("text, html and json", () => {
  test("send their content with its type", async () => {
    const text = await ask((conn) => conn.text("a < b"));
    const html = await ask((conn) => conn.html("<b>é</b>"));
    const json = await ask((conn) => conn.json({ a: [1, "é"] }));
    expect([text, html, json].map((answer) => [answer.status, answer.header(typeOf), answer.body])).toEqual([
      [200, "text/plain; charset=utf-8", "a < b"],
      [200, "text/html; charset=utf-8", "<b>é</b>"],
      [200, "application/json; charset=utf-8", '{"a":[1,"é"]}'],
    ]);
  });

  test("keep the status and the type that were put", async () => {
    const problem = await ask((conn) => conn.putStatus(422).putRespContentType("application/problem+json").json({}));
    expect([problem.status, problem.header(typeOf)]).toEqual([422, "application/problem+json; charset=utf-8"]);
  });

  test.each([[null], [false], [0], ["a"], [[]]])("json sends %j", async (value) => {
    expect((await ask((conn) => conn.json(value))).json()).toEqual(value);
  });

  test.each([[undefined], [() => 1], [Symbol("s")]])("json refuses %s, which JSON has not", async (value) => {
    expect(await crash((conn) => conn.json(value))).toContain(
      "500 BadArgument: json: expected a value that JSON has, got:",
    );
  });
});

describe("redirect", () => {
  test("sends the place to go, and a page that leads there", async () => {
    const answer = await ask((conn) => conn.redirect('/a?b=1&c="2"'));
    expect([answer.status, answer.header("location"), answer.header(typeOf)]).toEqual([
      302,
      '/a?b=1&c="2"',
      "text/html; charset=utf-8",
    ]);
    expect(answer.body).toContain('<a href="/a?b=1&amp;c=&quot;2&quot;">');
  });

  test("keeps the status that was put", async () => {
    expect((await ask((conn) => conn.putStatus(301).redirect("/"))).status).toBe(301);
  });

  test("leaves the site only when it is said", async () => {
    const answer = await ask((conn) => conn.redirect({ external: "https://example.org/?a" }));
    expect([answer.status, answer.header("location")]).toEqual([302, "https://example.org/?a"]);
  });

  test.each(["/", "/a/b?c=d#e", "/a//b", "/:8080", "/a%09b", "/?to=//evil.example"])("goes to %j", async (to) => {
    expect((await ask((conn) => conn.redirect(to))).header("location")).toBe(to);
  });

  test.each([
    "",
    "a",
    "http://evil.example",
    "javascript:alert(1)",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/a\\b",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/a\r\nset-cookie: a=b",
    "/\0",
    " /a",
    undefined,
    null,
  ])("does not leave the site for %j", async (to) => {
    expect(await crash((conn) => conn.redirect(to as string))).toContain(
      '500 BadArgument: redirect: expected a path of this site that starts with one "/", got: ',
    );
  });
});
