import { type BodySource, type Conn, type JsonOptions, Parsers, pipeline, plug } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const echo = (json: JsonOptions = {}) =>
  pipeline()
    .plug(plug(Parsers, { parsers: ["json"], json }))
    .plug((conn) => conn.json(conn.bodyFetched ? conn.bodyParams : "not parsed"));

const post = (body: string | Uint8Array, type = "application/json", options?: JsonOptions) =>
  ask(echo(options), "POST /", { body, headers: { "content-type": type } });

describe("a JSON body", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE"])("of %s is parsed", async (method) => {
    expect((await ask(echo(), `${method} /`, { json: { a: [1] } })).json()).toEqual({ a: [1] });
  });

  test.each(["GET", "HEAD", "OPTIONS", "PURGE"])("of %s is not", async (method) => {
    const { status, body } = await ask(echo(), `${method} /`, { json: { a: 1 } });
    expect([status, body]).toEqual([200, method === "HEAD" ? "" : '"not parsed"']);
  });

  test.each([
    ['{"a":{"b":[1,2]}}', { a: { b: [1, 2] } }],
    ['{"é":"✓"}', { é: "✓" }],
    ["", {}],
    ["{}", {}],
    ["[1,2]", { _json: [1, 2] }],
    ['"text"', { _json: "text" }],
    ["42", { _json: 42 }],
    ["true", { _json: true }],
    ["null", { _json: null }],
    ['{"_json":1}', { _json: 1 }],
  ])("%s is %j", async (body, params) => {
    expect((await post(body)).json()).toEqual(params);
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/json;odata=verbose",
    "application/problem+json",
    "application/vnd.api+json; a=b",
    "application/vnd.a_b.v2-x+json",
  ])("may be of type %s", async (type) => {
    expect((await post('{"a":1}', type)).json()).toEqual({ a: 1 });
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", "+json", ""])(
    "may not be of type %j: 415",
    async (type) => {
      const answer = await post('{"a":1}', type);
      expect([answer.status, answer.body]).toEqual([
        415,
        `415 expected a body of a type that is known here, got: ${type}\n`,
      ]);
    },
  );

  test("without a type is not read, and the parameters are empty", async () => {
    expect((await ask(echo(), "POST /", { body: "whatever" })).json()).toEqual({});
  });

  test("that a plug before has parsed is not parsed again", async () => {
    const twice = pipeline()
      .plug((conn) => conn.putBodyParams({ mine: 1 }))
      .plug(echo());
    expect((await ask(twice, "POST /", { json: { a: 1 } })).json()).toEqual({ mine: 1 });
  });

  test.each(["{", '{"a":}', "{'a':1}", "nope", '{"a":1}{"b":2}', "NaN", '{"a":1,}'])(
    "that is malformed is a 400, no crash: %s",
    async (body) => {
      const answer = await post(body);
      expect([answer.status, answer.reason]).toEqual([400, "normal"]);
      expect(answer.body).toMatch(/^400 the body is not valid JSON: /);
    },
  );

  test("that is not UTF-8 is a 400", async () => {
    expect((await post(Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
  });

  test.each([
    ["objects", '{"a":', "}"],
    ["lists", "[", "]"],
    ["objects with a key to be dropped", '{"__proto__":', "}"],
  ])("that is nested 100,000 deep is a 400, no crash: %s", async (_, open, close) => {
    const answer = await post(`${open.repeat(100_000)}1${close.repeat(100_000)}`);
    expect([answer.status, answer.reason]).toEqual([400, "normal"]);
    expect(answer.body).toMatch(
      /^400 the (JSON of the body is nested deeper than 100 levels|body is not valid JSON: )/,
    );
  });

  test("may be nested 100 deep, or as deep as the plug says", async () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${" ".repeat(200)}${"]".repeat(depth)}`;
    expect((await post(nested(100))).status).toBe(200);
    expect((await post(nested(101))).status).toBe(400);
    expect((await post(nested(3), undefined, { depth: 3 })).status).toBe(200);
    expect((await post(nested(4), undefined, { depth: 3 })).body).toBe(
      "400 the JSON of the body is nested deeper than 3 levels\n",
    );
  });

  test("may begin with a byte order mark", async () => {
    expect((await post('\uFEFF{"a":1}')).json()).toEqual({ a: 1 });
  });

  test("that is an object is found under _json, too, where the plug nests all", async () => {
    expect((await post('{"a":1}', undefined, { nestAllJson: true })).json()).toEqual({ _json: { a: 1 } });
    expect((await post("[1]", undefined, { nestAllJson: true })).json()).toEqual({ _json: [1] });
    expect((await post("", undefined, { nestAllJson: true })).json()).toEqual({});
  });

  test("is revived as the plug says", async () => {
    const reviver = (key: string, value: unknown) => (key === "at" ? `at ${value}` : value);
    const answer = await post('{"at":1,"__proto__":{"x":1},"in":[{"at":2}]}', undefined, { reviver });
    expect(answer.json()).toEqual({ at: "at 1", in: [{ at: "at 2" }] });
  });

  test("whose reviver throws is a crash of its request", async () => {
    const reviver = () => {
      throw new TypeError("bad reviver");
    };
    const answer = await post("{}", undefined, { reviver });
    expect([answer.status, String(answer.reason)]).toEqual([500, "TypeError: bad reviver"]);
  });

  test("may be as long as the limit, and is a 413 beyond", async () => {
    const body = '{"a":"é"}';
    const length = Buffer.byteLength(body);
    expect((await post(body, undefined, { length })).status).toBe(200);
    const answer = await post(body, undefined, { length: length - 1 });
    expect([answer.status, answer.body]).toEqual([413, `413 the body is longer than ${length - 1} bytes\n`]);
  });

  test("may have 8,000,000 bytes unless the plug says otherwise", async () => {
    const text = (length: number) => `"${"a".repeat(length - 2)}"`;
    expect((await post(text(8_000_000))).status).toBe(200);
    expect((await post(text(8_000_001))).status).toBe(413);
  });
});

describe("a JSON body is read", () => {
  test("by the reader that the plug is given, which may keep it on the conn", async () => {
    const bodyReader: BodySource = async (conn, options) => {
      const body = await conn.readBody(options);
      return [body, conn.assign("rawBody", String(body))];
    };
    const keeps = pipeline()
      .plug(plug(Parsers, { parsers: ["json"], bodyReader }))
      .plug((conn: Conn<any>) => conn.json([conn.assigns.rawBody, conn.bodyParams]));
    expect((await ask(keeps, "POST /", { json: { a: 1 } })).json()).toEqual(['{"a":1}', { a: 1 }]);
  });

  test("by a reader that has arguments of its own, and need not be asynchronous", async () => {
    const fixed =
      (text: string): BodySource =>
      (conn) => [Buffer.from(text), conn];
    const answer = await post("ignored", undefined, { bodyReader: fixed('{"given":true}') });
    expect(answer.json()).toEqual({ given: true });
  });
});

describe("a JSON body can reach no prototype", () => {
  test.each([
    '{"\\u005f_proto\\u005F_":{"polluted":1}}',
    '{"__proto__":{"polluted":1}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '[{"__proto__":{"polluted":1}}]',
  ])("%s", async (body) => {
    let merged: unknown;
    const inherited: boolean[] = [];
    const look = pipeline()
      .plug(plug(Parsers, { parsers: ["json"] }))
      .plug((conn) => {
        merged = structuredClone(Object.assign({}, conn.bodyParams));
        for (const name of ["constructor", "toString", "__proto__"]) inherited.push(name in conn.bodyParams);
        return conn.json(conn.params);
      });
    const answer = await ask(look, "POST /", { body, headers: { "content-type": "application/json" } });
    expect(answer.body).not.toContain("polluted");
    expect(JSON.stringify(merged)).not.toContain("polluted");
    expect(inherited).toEqual([false, false, false]);
    expect({}).not.toHaveProperty("polluted");
  });

  test("a constructor is a key like any other", async () => {
    expect((await post('{"constructor":{"prototype":{"polluted":1}}}')).json()).toEqual({
      constructor: { prototype: { polluted: 1 } },
    });
    expect({}).not.toHaveProperty("polluted");
  });
});
