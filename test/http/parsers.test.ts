import {
  type BodyParser,
  type Conn,
  Parsers,
  type ParsersOptions,
  pipeline,
  plug,
  type Utf8Check,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const FORM = "application/x-www-form-urlencoded";

const parses = (options: Partial<ParsersOptions> = {}, before = (conn: Conn<any>) => conn) =>
  pipeline()
    .plug(before)
    .plug(plug(Parsers, { parsers: ["urlencoded", "json"], ...options }))
    .plug((conn) => conn.json({ body: conn.bodyFetched ? conn.bodyParams : "not parsed", params: conn.params }));

const post = (type: string, body: string | Uint8Array, options?: Partial<ParsersOptions>, target = "/") =>
  ask(parses(options), `POST ${target}`, { body, headers: { "content-type": type } });
const form = (body: string | Uint8Array, options?: Partial<ParsersOptions>) => post(FORM, body, options);

describe("the plug is refused when it is made", () => {
  test.each([undefined, {}, { parsers: [] }, { parsers: "json" }])("without parsers: %j", (options) => {
    expect(() => plug(Parsers, options as any)).toThrow("Parsers: expected a list of parsers, got: ");
  });

  test.each(["xml", "toString", {}, null, 42])("with a parser that is none: %j", (parser) => {
    expect(() => plug(Parsers, { parsers: [parser as any] })).toThrow(
      "Parsers: expected parsers to be json, urlencoded, multipart or with a function parse, got: ",
    );
  });
});

describe("parameters", () => {
  test("of the query are there", async () => {
    expect((await ask(parses(), "POST /?a=1")).json()).toEqual({ body: {}, params: { a: "1" } });
  });

  test("of a query that is longer than the limit are a 414", async () => {
    expect((await ask(parses({ queryLength: 3 }), "POST /?a=1")).status).toBe(200);
    expect((await ask(parses({ queryLength: 3 }), "GET /?a=12")).body).toBe(
      "414 the query string is longer than 3 bytes\n",
    );
  });

  test("of a query that is not UTF-8 are a 400, whoever reads them", async () => {
    expect((await ask(parses(), "GET /?a=%ff")).status).toBe(400);
    expect((await ask(parses(), "POST /?a=%ff")).body).toBe("400 the query string is not valid UTF-8\n");
  });

  test("that were put before are kept, over those of the query and under those of the body", async () => {
    const put = (conn: Conn<any>) => conn.putParams({ a: "put", b: "put", c: "put" });
    const answer = await ask(parses({}, put), "POST /?a=query&d=query", {
      body: "b=body",
      headers: { "content-type": FORM },
    });
    expect(answer.json().params).toEqual({ a: "put", b: "body", c: "put", d: "query" });
  });

  test("of the path win over those of the body", async () => {
    const put = (conn: Conn<any>) => conn.putPathParams({ id: "path" });
    const answer = await ask(parses({}, put), "POST /", { json: { id: "body", other: 1 } });
    expect(answer.json().params).toEqual({ id: "path", other: 1 });
  });

  test("of the body win over those of the query", async () => {
    expect((await post(FORM, "a=body", {}, "/?a=query&b=query")).json().params).toEqual({ a: "body", b: "query" });
  });

  test("of a body that was parsed before are kept, and the body is not read", async () => {
    const put = (conn: Conn<any>) => conn.putBodyParams({ mine: 1 });
    const answer = await ask(parses({}, put), "POST /?a=1", { body: "{", headers: { "content-type": "text/x" } });
    expect(answer.json()).toEqual({ body: { mine: 1 }, params: { a: "1", mine: 1 } });
  });

  test.each(["GET", "OPTIONS", "PURGE"])("of the body of %s are not parsed", async (method) => {
    const answer = await ask(parses(), `${method} /?q=1`, { json: { a: 1 } });
    expect(answer.json()).toEqual({ body: "not parsed", params: { q: "1" } });
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("of the body of %s are", async (method) => {
    expect((await ask(parses(), `${method} /`, { json: { a: 1 } })).json().body).toEqual({ a: 1 });
  });

  test("of a body without a type are none", async () => {
    expect((await ask(parses(), "POST /", { body: "a=1" })).json()).toEqual({ body: {}, params: {} });
  });

  test("named __proto__ and constructor are names like any other, and reach nothing", async () => {
    const answer = await form("__proto__[x]=1&constructor[prototype][x]=2&a[__proto__][x]=3&a[]=4");
    expect(answer.json().body.constructor).toEqual({ prototype: { x: "2" } });
    expect({}).not.toHaveProperty("x");
  });
});

describe("a form", () => {
  test.each([
    ["a=1&b[]=2&b[]=3&c[d]=4", { a: "1", b: ["2", "3"], c: { d: "4" } }],
    ["name=a+b%2B&e=%C3%A9", { name: "a b+", e: "é" }],
    ["", {}],
    ["é=✓", { é: "✓" }],
  ])("%s is decoded as a query is", async (body, params) => {
    expect((await form(body)).json().body).toEqual(params);
  });

  test("may say its charset", async () => {
    expect((await post(`${FORM}; charset=utf-8`, "a=1")).json().body).toEqual({ a: "1" });
  });

  test.each([
    ["an escape", "a=%ff"],
    ["a byte", Uint8Array.of(0x61, 0x3d, 0xff)],
  ])("that is not UTF-8 for %s is a 400", async (_, body) => {
    const answer = await form(body);
    expect([answer.status, answer.body]).toEqual([400, "400 the body is not valid UTF-8\n"]);
  });

  test("that is not UTF-8 throws an error of the class that the plug is given", async () => {
    class Mine extends Error {
      override readonly name = "Mine";
    }
    const strict = parses({ validateUtf8: Mine as Utf8Check });
    const request = { body: "a=%ff", headers: { "content-type": FORM } };
    expect(await crash(strict, "POST /", request)).toBe("500 Mine: the body is not valid UTF-8");
    const bytes = { body: Uint8Array.of(0xff), headers: { "content-type": FORM } };
    expect(await crash(strict, "POST /", bytes)).toBe("500 Mine: the body is not valid UTF-8");
  });

  test("that is not UTF-8 is taken as well as it goes, where nobody checks it", async () => {
    expect((await form("a=%ff%C3%A9&b=%", { validateUtf8: false })).json().body).toEqual({ a: "\uFFFDé", b: "%" });
    expect((await form(Uint8Array.of(0x61, 0x3d, 0xff), { validateUtf8: false })).json().body).toEqual({ a: "\uFFFD" });
  });

  test("is read by the reader that the plug is given", async () => {
    const answer = await form("ignored", { bodyReader: (conn) => [Buffer.from("given=1"), conn] });
    expect(answer.json().body).toEqual({ given: "1" });
  });

  test("may have 100,000 parameters, and is a 400 beyond", async () => {
    const pairs = (n: number) => "a&".repeat(n);
    expect((await form(pairs(100_000))).status).toBe(200);
    expect((await form(pairs(100_001))).body).toBe("400 the body has more than 100000 parameters\n");
    expect((await form(pairs(500_000))).status).toBe(400);
    expect((await form("a&b", { urlencoded: { pairs: 1 } })).status).toBe(400);
  });

  test("may have 100 brackets in a name, and is a 400 beyond", async () => {
    expect((await form(`a${"[b]".repeat(100)}=1`)).status).toBe(200);
    expect((await form(`a${"[b]".repeat(101)}=1`)).body).toBe(
      "400 a parameter of the body has more than 100 brackets\n",
    );
    expect((await form("a[b][c]=1", { urlencoded: { depth: 1 } })).status).toBe(400);
  });
});

describe("a body that is too long is a 413", () => {
  test("by the limit for all parsers", async () => {
    expect((await form("a=12", { length: 4 })).status).toBe(200);
    expect((await form("a=123", { length: 4 })).body).toBe("413 the body is longer than 4 bytes\n");
    expect((await post("application/json", '"abc"', { length: 4 })).status).toBe(413);
  });

  test("by the limit of its parser, which has precedence", async () => {
    const options = { length: 1000, urlencoded: { length: 4 } };
    expect((await form("a=123", options)).status).toBe(413);
    expect((await post("application/json", '{"a":123}', options)).status).toBe(200);
  });

  test("by the default of its parser: a form may have 1,000,000 bytes", async () => {
    expect((await form("a".repeat(1_000_000))).status).toBe(200);
    expect((await form("a".repeat(1_000_001))).status).toBe(413);
    expect((await post("application/json", `"${"a".repeat(1_000_000)}"`)).status).toBe(200);
  });
});

describe("a body that nobody parses", () => {
  const unknown = (type: string, pass: readonly string[] = []) => post(type, "abc", { pass });

  test("is a 415", async () => {
    const answer = await unknown("text/csv");
    expect([answer.status, answer.body]).toEqual([
      415,
      "415 expected a body of a type that is known here, got: text/csv\n",
    ]);
  });

  test.each([
    ["text/csv", "image/*"],
    ["text/csv", "text/plain"],
    ["text/csv", "text/csv; a=b"],
    ["text/csv", "*"],
  ])("of type %s does not pass for %s", async (type, pass) => {
    expect((await unknown(type, [pass])).status).toBe(415);
  });

  test.each(["", "text", "nonsense", "text/", "/csv", "text/*", "*/*"])(
    "of a type that is none is a 415, and passes where all pass: %j",
    async (type) => {
      expect((await unknown(type, ["text/csv"])).status).toBe(415);
      expect((await unknown(type, ["*/*"])).json().body).toBe("not parsed");
    },
  );

  test("passes where all types pass, unread", async () => {
    const reads = pipeline()
      .plug(plug(Parsers, { parsers: ["json"], pass: ["*/*"] }))
      .plug(async (conn) => conn.text(String(await conn.readBody())));
    const answer = await ask(reads, "POST /", { body: "a,b", headers: { "content-type": "text/csv" } });
    expect(answer.body).toBe("a,b");
  });

  test.each(["text/csv", "Text/CSV; charset=utf-8"])("passes where its type passes: %s", async (type) => {
    expect((await unknown(type, ["image/png", "text/csv"])).json().body).toBe("not parsed");
  });

  test("passes where all subtypes of its type pass", async () => {
    expect((await unknown("text/csv", ["text/*"])).json().body).toBe("not parsed");
  });

  test("and that has passed may be parsed by another one", async () => {
    const twice = pipeline()
      .plug(plug(Parsers, { parsers: ["json"], pass: ["*/*"] }))
      .plug(parses());
    const answer = await ask(twice, "POST /", { body: "a=1", headers: { "content-type": FORM } });
    expect(answer.json().body).toEqual({ a: "1" });
  });
});

describe("a parser of one's own", () => {
  const csv: BodyParser = {
    name: "csv",
    parse: async (conn, { type, subtype, params }, { bodyReader, timeout, length }) => {
      if (type !== "text" || subtype !== "csv") return "next";
      const [body, read] = await bodyReader(conn, { length: length ?? 10, timeout });
      return read.putBodyParams({ rows: String(body).split("\n"), header: params.header });
    },
  };

  test("has its turn in the order of the list, and says what is not its own", async () => {
    const parsers = [csv, "json"] as const;
    expect((await post("text/csv; header=present", "a\nb", { parsers })).json().body).toEqual({
      rows: ["a", "b"],
      header: "present",
    });
    expect((await post("application/json", "{}", { parsers })).json().body).toEqual({});
    expect((await post("text/plain", "{}", { parsers })).status).toBe(415);
  });

  test("has the limits of the plug, or its own", async () => {
    expect((await post("text/csv", "12345", { parsers: [csv], length: 4 })).status).toBe(413);
    expect((await post("text/csv", "12345678901", { parsers: [csv] })).status).toBe(413);
  });

  test.each([undefined, {}, "done"])("that does not return a conn with body params is named: %j", async (result) => {
    const bad = { name: "bad", parse: () => result as any };
    const request = { body: "", headers: { "content-type": "text/plain" } };
    const expected = /^500 BadArgument: expected parser bad to return a conn with body params, or "next", got: /;
    expect(await crash(parses({ parsers: [bad] }), "POST /", request)).toMatch(expected);
    const later = { name: "bad", parse: async () => result as any };
    expect(await crash(parses({ parsers: [later] }), "POST /", request)).toMatch(expected);
    const unparsed = { name: "bad", parse: (conn: Conn<any>) => conn };
    expect(await crash(parses({ parsers: [unparsed] }), "POST /", request)).toMatch(expected);
  });
});
