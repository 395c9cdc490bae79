import {
  type Conn,
  currentPath,
  currentUrl,
  type HttpOptions,
  putRouterUrl,
  putStaticUrl,
  router,
  staticPath,
  staticUrl,
  url,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash, serving } from "../support.ts";

describe("currentPath", () => {
  test.each([
    ["/", "/"],
    ["/a/b?x=1&y=", "/a/b?x=1&y="],
    ["//a//b/", "/a/b"],
    ["/a%20b", "/a%20b"],
  ])("of %s is %s", async (path, expected) => {
    expect((await ask((conn) => conn.text(currentPath(conn)), `GET ${path}`)).body).toBe(expected);
  });

  test("takes another query, or none", async () => {
    const paths = (conn: Conn) => conn.json([currentPath(conn, { a: "b c" }), currentPath(conn, {})]);
    expect((await ask(paths, "GET /x?y=1")).json()).toEqual(["/x?a=b+c", "/x"]);
  });

  test("is whole also behind a forward", async () => {
    const site = router().forward("/a/:b", (conn) => conn.text(currentPath(conn)));
    expect((await ask(site.plug, "GET /a/1/c?d=2")).body).toBe("/a/1/c?d=2");
  });
});

describe("URLs", () => {
  const all = (conn: Conn) =>
    conn.json([url(conn, "/x"), currentUrl(conn), staticUrl(conn, "/app.js"), staticPath(conn, "/app.js")]);

  test("are those of the request where nothing else is said", async () => {
    expect((await ask(all, "GET /a?b=1", { scheme: "https", host: "example.com" })).json()).toEqual([
      "https://example.com/x",
      "https://example.com/a?b=1",
      "https://example.com/app.js",
      "/app.js",
    ]);
  });

  test("have the port of the request if it is not the scheme's", () =>
    serving({ plug: all }, async (live) => {
      const client = await live.connect();
      client.send("GET /a HTTP/1.1\r\nhost: example.com:8080\r\n\r\n");
      expect(JSON.parse((await client.answer()).body)[0]).toBe("http://example.com:8080/x");
    }));

  test.each<[options: Partial<HttpOptions>, urls: string[]]>([
    [
      { url: { scheme: "https", host: "example.com" } },
      ["https://example.com/x", "https://example.com/a?b=1", "https://example.com/app.js", "/app.js"],
    ],
    [
      { url: { scheme: "https", host: "example.com", port: 8443, path: "/blog/" } },
      [
        "https://example.com:8443/blog/x",
        "https://example.com:8443/blog/a?b=1",
        "https://example.com:8443/blog/app.js",
        "/blog/app.js",
      ],
    ],
    [
      { url: { host: "example.com" }, staticUrl: { scheme: "https", host: "cdn.com", path: "/v1" } },
      ["http://example.com/x", "http://example.com/a?b=1", "https://cdn.com/v1/app.js", "/v1/app.js"],
    ],
  ])("are what the server is told: %j", (options, urls) =>
    serving({ plug: all, ...options }, async (live) => {
      expect(JSON.parse((await live.get("/a?b=1")).body)).toEqual(urls);
    }),
  );

  test("may begin otherwise in one request", () =>
    serving(
      {
        plug: (conn: Conn) =>
          all(putRouterUrl(conn.queryParams.cdn ? putStaticUrl(conn, { host: "cdn.com" }) : conn, { host: "b.com" })),
        url: { host: "a.com" },
      },
      async (live) => {
        expect(JSON.parse((await live.get("/a")).body)).toEqual([
          "http://b.com/x",
          "http://b.com/a",
          "http://b.com/app.js",
          "/app.js",
        ]);
        expect(JSON.parse((await live.get("/a?cdn=1")).body)[2]).toBe("http://cdn.com/app.js");
      },
    ));

  test("are of paths only", async () => {
    expect(await crash((conn) => conn.text(url(conn, "x")))).toContain(
      "expected a path that starts with \"/\", got: 'x'",
    );
  });
});
