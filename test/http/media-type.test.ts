import { contentType, headerList, headerParams, mediaType, token, validateUtf8 } from "hornbeam/http";
import { describe, expect, test } from "vitest";

const parts = (type: string, subtype: string, params: Record<string, string> = {}) => ({ type, subtype, params });

describe("a media type", () => {
  test.each([
    ["text/plain", parts("text", "plain")],
    ["APPLICATION/vnd.ms-data+XML", parts("application", "vnd.ms-data+xml")],
    ["text/*; q=1.0", parts("text", "*", { q: "1.0" })],
    ["*/*; q=1.0", parts("*", "*", { q: "1.0" })],
    ["*/*", parts("*", "*")],
    ["  text/plain  ", parts("text", "plain")],
    ["application/vnd.a_b.v2-x+json", parts("application", "vnd.a_b.v2-x+json")],
    ["text/plain;", parts("text", "plain")],
  ])("is taken apart: %j", (text, type) => {
    expect(mediaType(text)).toEqual(type);
  });

  test.each([
    "x y",
    "*/html",
    "/",
    "x/y z",
    "x",
    "",
    "x/",
    "/x",
    "*",
    "*; q=1",
    "te*t/html",
    "text/*html",
    "a/b/c",
    "é/x",
  ])("%j is none", (text) => {
    expect(mediaType(text)).toBeUndefined();
  });
});

describe("a content type", () => {
  test.each([
    ["x-sample/json; charset=utf-8", parts("x-sample", "json", { charset: "utf-8" })],
    ["x-sample/json  ; charset=utf-8  ; foo=bar", parts("x-sample", "json", { charset: "utf-8", foo: "bar" })],
    ["\r\n text/plain;\r\n charset=utf-8\r\n", parts("text", "plain", { charset: "utf-8" })],
    ["text/plain", parts("text", "plain")],
    ['multipart/form-data; boundary="a;b"', parts("multipart", "form-data", { boundary: "a;b" })],
  ])("is taken apart: %j", (text, type) => {
    expect(contentType(text)).toEqual(type);
  });

  test.each(["x/*", "*/*", "text", "text/"])("%j is none", (text) => {
    expect(contentType(text)).toBeUndefined();
  });
});

describe("the parameters of a header", () => {
  test.each<[text: string, params: Record<string, string>]>([
    ["foo=bar", { foo: "bar" }],
    ["  foo=bar  ", { foo: "bar" }],
    ["FOO=bar", { foo: "bar" }],
    ["Foo=bar; baz=BOING", { foo: "bar", baz: "BOING" }],
    ["foo=BAR ; wat", { foo: "BAR" }],
    ['foo="bar"; baz="boing"', { foo: "bar", baz: "boing" }],
    ['foo="bar;"; baz="boing"', { foo: "bar;", baz: "boing" }],
    ['foo="a\\";b"; baz=c', { foo: 'a";b', baz: "c" }],
    ["=", {}],
    [";", {}],
    ["", {}],
    ["foo=", {}],
    ["foo=a b; baz=c", { baz: "c" }],
    ["f o=a; baz=c", { baz: "c" }],
    ["foo=1; foo=2", { foo: "1" }],
    ['foo="open; baz=c', {}],
    ['foo="open\\', {}],
  ])("%j are %j", (text, params) => {
    expect(headerParams(text)).toEqual(params);
  });

  test("can reach no prototype", () => {
    const params = headerParams("__proto__=1; toString=2; constructor=3");
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(Object.keys(params)).toEqual(["__proto__", "tostring", "constructor"]);
  });
});

describe("a token", () => {
  test.each([
    ["foo", "foo"],
    ["foo-bar", "foo-bar"],
    ["<foo>", undefined],
    ['"<foo>"', "<foo>"],
    ['"<f\\oo>\\"<b\\ar>"', '<foo>"<bar>'],
    ['"', undefined],
    ['"foo', undefined],
    ['foo"', undefined],
    ['"a"b"', undefined],
    ["foo  ", "foo"],
    ['"foo"  ', "foo"],
    ["foo bar", undefined],
    ["", undefined],
    [" ", ""],
    ["a\u0001", undefined],
    ["é", "é"],
  ])("%j is %j", (text, value) => {
    expect(token(text)).toBe(value);
  });
});

test.each([
  ["foo, bar", ["foo", "bar"]],
  ["foobar", ["foobar"]],
  ["", []],
  ["empties, , are,, filtered", ["empties", "are", "filtered"]],
  ["whitespace , , ,,   is   ,definitely,optional", ["whitespace", "is", "definitely", "optional"]],
])("a list in a header is its parts: %j", (text, list) => {
  expect(headerList(text)).toEqual(list);
});

describe("bytes that should be UTF-8", () => {
  test("are their text, with a byte order mark if there is one", () => {
    expect(validateUtf8(Buffer.from("é✓🌳\uFEFF"), "body")).toBe("é✓🌳\uFEFF");
    expect(validateUtf8(Buffer.from("\uFEFFa"), "body")).toBe("\uFEFFa");
  });

  test.each([[[0xff]], [[0x61, 0xc3]], [[0xc3, 0x28]], [[0xed, 0xa0, 0x80]], [[0xc0, 0xaf]]])(
    "are a 400 that names the place if they are not: %j",
    (bytes) => {
      expect(() => validateUtf8(Uint8Array.from(bytes), "body")).toThrow(
        expect.objectContaining({ name: "HttpError", status: 400, message: "the body is not valid UTF-8" }),
      );
    },
  );
});

test.each([
  ["spaces before a letter", `${" ".repeat(100_000)}a`],
  ["spaces within", `a${" ".repeat(100_000)}b`],
  ["quotes", '"'.repeat(100_001)],
  ["backslashes", `"${"\\".repeat(100_001)}`],
  ["semicolons", ";".repeat(100_000)],
  ["names", "a/b;".repeat(30_000)],
])("a header of a hundred thousand %s takes no more than a moment", (_, text) => {
  const began = performance.now();
  for (const parse of [mediaType, headerParams, token, headerList]) parse(text);
  mediaType(`a/b;${text}`);
  token(`"${text}"`);
  expect(performance.now() - began).toBeLessThan(500);
});
