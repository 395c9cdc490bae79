import { Json, type JsonOptions, pipeline, plug } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const echo = (options?: JsonOptions) =>
  pipeline()
    .plug(plug(Json, options))
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
        `415 expected a body of type application/json, got: ${type}\n`,
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

  test("that is nested 100,000 deep is a 400, no crash", async () => {
    const answer = await post(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
    expect([answer.status, answer.reason]).toEqual([400, "normal"]);
  });

  test("may be as long as the limit, and is a 413 beyond", async () => {
    const body = '{"a":"é"}';
    const length = Buffer.byteLength(body);
    expect((await post(body, undefined, { limit: length })).status).toBe(200);
    const answer = await post(body, undefined, { limit: length - 1 });
    expect([answer.status, answer.body]).toEqual([413, `413 the body is longer than ${length - 1} bytes\n`]);
  });

  test("may have 8,000,000 bytes unless the plug says otherwise", async () => {
    const text = (length: number) => `"${"a".repeat(length - 2)}"`;
    expect((await post(text(8_000_000))).status).toBe(200);
    expect((await post(text(8_000_001))).status).toBe(413);
  });
});

describe("a JSON body can reach no prototype", () => {
  test.each([
    '{"__proto__":{"polluted":1}}',
    '{"_\\u005fproto_\\u005f":{"polluted":1}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '[{"__proto__":{"polluted":1}}]',
  ])("%s", async (body) => {
    let merged: unknown;
    let prototype: unknown;
    const look = pipeline()
      .plug(plug(Json))
      .plug((conn) => {
        merged = structuredClone(Object.assign({}, conn.bodyParams));
        prototype = Object.getPrototypeOf(conn.bodyParams);
        return conn.json(conn.params);
      });
    const answer = await ask(look, "POST /", { body, headers: { "content-type": "application/json" } });
    expect(answer.body).not.toContain("polluted");
    expect(JSON.stringify(merged)).not.toContain("polluted");
    expect(prototype).toBeNull();
    expect({}).not.toHaveProperty("polluted");
  });

  test("a constructor is a key like any other", async () => {
    expect((await post('{"constructor":{"prototype":{"polluted":1}}}')).json()).toEqual({
      constructor: { prototype: { polluted: 1 } },
    });
    expect({}).not.toHaveProperty("polluted");
  });
});
