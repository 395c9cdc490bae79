import { BasicAuth, type Conn, encodeBasicAuth, parseBasicAuth, pipeline, plug, requestBasicAuth } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "../support.ts";

const guarded = pipeline()
  .plug(plug(BasicAuth, { username: "hello", password: "world" }))
  .plug((conn) => conn.text("in"));

const as = (username: string, password: string) => ({
  headers: { authorization: encodeBasicAuth(username, password) },
});

describe("BasicAuth", () => {
  test("lets the right username and password through", async () => {
    const { status, body } = await ask(guarded, "GET /", as("hello", "world"));
    expect([status, body]).toEqual([200, "in"]);
  });

  test.each([
    ["hello", "wrong"],
    ["wrong", "hello"],
    ["wrong", "world"],
    ["", ""],
    ["hello", ""],
    ["hello", "world "],
    ["Hello", "world"],
  ])("refuses others, asks for better ones and halts: %j %j", async (username, password) => {
    const answer = await ask(guarded, "GET /", as(username, password));
    expect([answer.status, answer.body, answer.header("www-authenticate")]).toEqual([
      401,
      "Unauthorized",
      'Basic realm="Application"',
    ]);
  });

  test("refuses a request without any", async () => {
    expect((await ask(guarded)).status).toBe(401);
  });

  test("may have an empty username and password, but not none", async () => {
    const open = pipeline()
      .plug(plug(BasicAuth, { username: "", password: "" }))
      .plug((conn) => conn.text("in"));
    expect((await ask(open, "GET /", as("", ""))).status).toBe(200);
    expect((await ask(open)).status).toBe(401);
    expect((await ask(open, "GET /", { headers: { authorization: "Basic !" } })).status).toBe(401);
  });

  test("knows passwords that are not ASCII", async () => {
    const guard = pipeline()
      .plug(plug(BasicAuth, { username: "é", password: "пароль" }))
      .plug((conn) => conn.text("in"));
    expect((await ask(guard, "GET /", as("é", "пароль"))).status).toBe(200);
    expect((await ask(guard, "GET /", as("é", "пароли"))).status).toBe(401);
  });

  test.each([
    [undefined, "BasicAuth: expected options (an object), got: undefined"],
    [{}, "BasicAuth: expected a username (a string), got: undefined"],
    [{ username: "a" }, "BasicAuth: expected a password (a string), got: undefined"],
    [{ username: "a", password: 1 }, "BasicAuth: expected a password (a string), got: 1"],
  ])("is not built without a username and a password: %j", (options, error) => {
    expect(() => plug(BasicAuth, options as never)).toThrow(error);
  });
});

describe("encodeBasicAuth", () => {
  test("makes the header of a client", () => {
    expect(encodeBasicAuth("hello", "world")).toBe("Basic aGVsbG86d29ybGQ=");
  });

  test("refuses a username with a colon, which would end there", () => {
    expect(() => encodeBasicAuth("a:b", "c")).toThrow("expected a username without a colon, got: 'a:b'");
  });
});

describe("parseBasicAuth", () => {
  const parsed = async (headers: Record<string, string>, before = (conn: Conn) => conn) =>
    (await ask((conn) => conn.json(parseBasicAuth(before(conn)) ?? null), "GET /", { headers })).json();
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  test("gives nothing without a header", async () => {
    expect(await parsed({})).toBeNull();
  });

  test.each(["Token abcdef", "basic aGVsbG86d29ybGQ=", "Basic", "Bearer aGVsbG86d29ybGQ=", "Basic  aGVsbG86d29ybGQ="])(
    "gives nothing for a header of another scheme: %s",
    async (authorization) => {
      expect(await parsed({ authorization })).toBeNull();
    },
  );

  test.each([
    "Basic abcdef",
    "Basic aGVsbG86d29ybGQ",
    "Basic aGVsbG86d29ybGQ= ",
    "Basic aGVs!bG8=",
    "Basic =",
    "Basic ",
  ])("gives nothing for what is not base64: %j", async (authorization) => {
    expect(await parsed({ authorization })).toBeNull();
  });

  test("gives nothing where there is only a username", async () => {
    expect(await parsed({ authorization: `Basic ${base64("hello")}` })).toBeNull();
  });

  test("gives nothing for two headers", async () => {
    const header = encodeBasicAuth("hello", "world");
    const twice = (conn: Conn) => conn.prependReqHeaders([["authorization", header]]);
    expect(await parsed({ authorization: header })).not.toBeNull();
    expect(await parsed({ authorization: header }, twice)).toBeNull();
  });

  test.each([
    ["hello", "world"],
    ["hello", "long:world"],
    ["", ""],
    ["", "only"],
    ["é", "✓"],
  ])("gives the username and the password: %j %j", async (username, password) => {
    expect(await parsed({ authorization: encodeBasicAuth(username, password) })).toEqual({ username, password });
  });
});

describe("requestBasicAuth", () => {
  test.each([
    [undefined, 'Basic realm="Application"'],
    ["Observer", 'Basic realm="Observer"'],
    ['"tricky"', 'Basic realm="tricky"'],
    ["a\\", 'Basic realm="a"'],
  ])("asks for the realm: %j", async (realm, header) => {
    const answer = await ask((conn) => requestBasicAuth(conn, realm === undefined ? {} : { realm }));
    expect([answer.status, answer.header("www-authenticate")]).toEqual([401, header]);
  });

  test("sets the response and does not send it, so that it can be changed", async () => {
    const answer = await ask((conn) => requestBasicAuth(conn).putRespHeader("x-more", "1").resp(401, "Who?"));
    expect([answer.body, answer.header("x-more")]).toEqual(["Who?", "1"]);
  });
});
