import { gunzipSync } from "node:zlib";
import { Compress, type Conn, HttpError, type PlugFn, pipeline, plug, router } from "hornbeam/http";
import {
  assertErrorSent,
  call,
  conn,
  htmlResponse,
  jsonResponse,
  redirectedTo,
  response,
  sentChunks,
  sentInforms,
  sentResp,
  sentUpgrades,
  textResponse,
} from "hornbeam/http/test";
import { describe, expect, test } from "vitest";

const through = (plug: PlugFn<any, any>, method = "GET") => call(plug, conn(method, "/"));

describe("sentResp", () => {
  test("gives the response as its client has it", async () => {
    const sent = sentResp(await through((it) => it.putStatus(201).putRespHeader("X-A", "1").json({ a: "✓" })));
    expect(sent).toMatchObject({ status: 201, body: '{"a":"✓"}' });
    expect([sent.json(), sent.header("x-A"), sent.header("x-b")]).toEqual([{ a: "✓" }, "1", undefined]);
    expect(sent.headers).toContainEqual(["content-type", "application/json; charset=utf-8"]);
    expect([...sent.bytes]).toEqual([...Buffer.from('{"a":"✓"}')]);
  });

  test("sends a response that is only set, with its hooks, as a server does at the end of a pipeline; once", async () => {
    let times = 0;
    const sets = (it: Conn) =>
      it
        .registerBeforeSend((last) => {
          times++;
          return last.putRespHeader("x-hook", "1");
        })
        .resp(202, "set");
    const set = await through(sets);
    expect([sentResp(set).body, sentResp(set).header("x-hook"), times]).toEqual(["set", "1", 1]);
  });

  test("gives the whole of a response in chunks, and of a file", async () => {
    const streams = async (it: Conn) => {
      const begun = it.sendChunked(200);
      await begun.chunk("a");
      await begun.chunk("b");
      return begun;
    };
    expect(sentResp(await through(streams)).body).toBe("ab");
    const { pathname: path } = new URL(import.meta.url);
    expect(sentResp(await through((it) => it.sendFile(200, { path, length: 6 }))).body).toBe("import");
  });

  test("gives all of a response that is compressed, whole or in chunks", async () => {
    const headers = { "accept-encoding": "gzip" };
    const streams = async (it: Conn) => {
      const begun = it.putRespContentType("text/plain").sendChunked(200);
      for (let part = 0; part < 1000; part++) await begun.chunk("hello ");
      return begun;
    };
    for (const plugged of [streams, (it: Conn) => it.text("hello ".repeat(1000))]) {
      const site = pipeline().plug(plug(Compress)).plug(plugged);
      const sent = sentResp(await call(site, conn("GET", "/", { headers })));
      expect(sent.header("content-encoding")).toBe("gzip");
      expect(gunzipSync(sent.bytes).toString()).toBe("hello ".repeat(1000));
    }
  });

  test("says what there is when there is no response", async () => {
    const lazy = (it: Conn) => it.assign("a", 1);
    expect(() => sentResp(call(lazy, conn("GET", "/")))).toThrow(
      /^sentResp: expected a response, got: none \(#Conn<GET \/ unset>\), after plug lazy at /,
    );
    expect(() => textResponse(conn("GET", "/"), 200)).toThrow("textResponse: expected a response, got: none");
    const upgraded = await through((it) => it.upgrade("websocket", async () => {}));
    expect(() => sentResp(upgraded)).toThrow("sentResp: expected a response, got: an upgrade to websocket");
    const held = conn("GET", "/").holdResponse(Promise.resolve()).text("held");
    expect(() => sentResp(held)).toThrow("got: one that is held (holdResponse); await call(plug, conn) first");
  });
});

test("sentChunks gives the parts of a response in chunks, and refuses one that was sent at once", async () => {
  const streams = async (it: Conn) => {
    const begun = it.sendChunked(200);
    for (const part of ["a", "", "✓"]) expect(await begun.chunk(part)).toBe("ok");
    return begun;
  };
  expect(sentChunks(await through(streams))).toEqual(["a", "✓"]);
  expect(sentChunks(await through(streams, "HEAD"))).toEqual([]);
  const whole = await through((it) => it.text(""));
  expect(() => sentChunks(whole)).toThrow("sentChunks: expected a response in chunks, got: one that was sent at once");
  expect(() => sentChunks(conn("GET", "/"))).toThrow("got: none");
});

test("sentInforms gives the informational responses, in order", async () => {
  const hints = (it: Conn) => it.inform(103, [["link", "</a.css>"]]).inform(100);
  const informed = await through(hints);
  expect(sentInforms(informed)).toEqual([
    { status: 103, headers: [["link", "</a.css>"]] },
    { status: 100, headers: [] },
  ]);
  expect(sentInforms(conn("GET", "/"))).toEqual([]);
});

test("sentUpgrades gives the upgrades that were granted, with the headers of then and what takes over", async () => {
  const takeover = async () => {};
  const upgrades = (it: Conn) => it.putRespHeader("x-a", "1").upgrade("websocket", takeover);
  const upgraded = await through(upgrades);
  expect(upgraded.state).toBe("upgraded");
  expect(sentUpgrades(upgraded)).toEqual([
    { protocol: "websocket", takeover, headers: expect.arrayContaining([["x-a", "1"]]) },
  ]);
  expect(() => call(upgrades, conn("GET", "/", { upgrades: [] }))).toThrow("upgrade: expected a protocol");
});

describe("a response is taken if it is what the test expects", () => {
  const pages = router()
    .get("/text", (it) => it.text("hello"))
    .get("/html", (it) => it.html("<p>"))
    .get("/json", (it) => it.json({ a: 1 }))
    .get("/problem", (it) => it.putRespContentType("application/problem+json").json({ b: 2 }))
    .get("/redirect", (it) => it.redirect("/away"))
    .get("/moved", (it) => it.putStatus(301).redirect({ external: "https://a.example" }))
    .get("/none", (it) => it.sendResp(204)).plug;
  const at = (path: string) => call(pages, conn("GET", path));

  test("of any type, of text, HTML or JSON", async () => {
    expect(response(await at("/none"), 204)).toBe("");
    expect(textResponse(await at("/text"), 200)).toBe("hello");
    expect(textResponse(await at("/html"), 200)).toBe("<p>");
    expect(htmlResponse(await at("/html"), 200)).toBe("<p>");
    expect(jsonResponse(await at("/json"), 200)).toEqual({ a: 1 });
    expect(jsonResponse(await at("/problem"), 200)).toEqual({ b: 2 });
  });

  test("and not with another status, which is shown with the body", async () => {
    const page = await at("/text");
    expect(() => textResponse(page, 404)).toThrow(
      "textResponse: expected a response with status 404, got: 200, with the body:\nhello",
    );
    const long = await through((it) => it.text("x".repeat(10_000)));
    expect(() => response(long, 500)).toThrow(/\nx{500}…$/);
  });

  test("and not with another type", async () => {
    const [text, json, none] = [await at("/text"), await at("/json"), await at("/none")];
    expect(() => htmlResponse(text, 200)).toThrow("htmlResponse: expected a content type of html, got: text/plain; ");
    expect(() => textResponse(json, 200)).toThrow("expected a content type of text, got: application/json; ");
    expect(() => jsonResponse(none, 204)).toThrow("jsonResponse: expected a content type of json, got: none");
  });

  test("as a redirect, to where it leads", async () => {
    expect(redirectedTo(await at("/redirect"))).toBe("/away");
    expect(redirectedTo(await at("/moved"), 301)).toBe("https://a.example");
    const [text, moved] = [await at("/text"), await at("/moved")];
    expect(() => redirectedTo(moved)).toThrow("redirectedTo: expected a response with status 302, got: 301");
    expect(() => redirectedTo(text, 200)).toThrow("redirectedTo: expected a location header, got: none");
  });

  test("a failure is an AssertionError whose stack begins where the test has asked", async () => {
    const page = await at("/text");
    let caught: unknown;
    try {
      textResponse(page, 404);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ name: "AssertionError" });
    expect((caught as Error).stack?.split("\n").find((line) => line.includes(" at "))).toContain(
      "testing-responses.test.ts",
    );
  });
});

describe("assertErrorSent", () => {
  const broken = (error: unknown) => () =>
    call(
      (): never => {
        throw error;
      },
      conn("GET", "/"),
    );

  test("gives what the client of a request that crashed was answered with", async () => {
    const wrong = await assertErrorSent(422, broken(new HttpError(422, "no")));
    expect([wrong.status, wrong.body]).toEqual([422, "422 no\n"]);
    const secret = await assertErrorSent(500, broken(new Error("secret")));
    expect([secret.status, secret.body]).toEqual([500, "500 Internal Server Error\n"]);
    expect((await assertErrorSent(503, broken(new HttpError(503, "secret")))).body).toBe("503 Service Unavailable\n");
    expect(
      (await assertErrorSent(404, () => call(router().get("/b", (it) => it).plug, conn("GET", "/a")))).body,
    ).toContain("GET /a");
    expect((await assertErrorSent(500, async () => broken(new Error("later"))())).status).toBe(500);
  });

  test("gives the response that was sent before the error", async () => {
    const late = () =>
      call(
        (it: Conn): never => {
          it.putStatus(418).text("done");
          throw new Error("late");
        },
        conn("GET", "/"),
      );
    expect((await assertErrorSent(418, late)).body).toBe("done");
  });

  test("fails with another status, and without an error", async () => {
    await expect(assertErrorSent(404, broken(new HttpError(409, "taken")))).rejects.toThrow(
      "assertErrorSent: expected an error with status 404, got: one with 409, with the body:\n409 taken",
    );
    await expect(assertErrorSent(404, () => through((it) => it.text("")))).rejects.toThrow(
      "assertErrorSent: expected an error with status 404, got: #Conn<GET / sent>",
    );
  });

  test("throws on what is no error of a request", async () => {
    const other = new Error("no request");
    await expect(assertErrorSent(500, () => Promise.reject(other))).rejects.toBe(other);
  });
});
