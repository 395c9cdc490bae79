import { STATUS_CODES } from "node:http";
import { defineStatus, statusCode, statusName, statusPhrase } from "hornbeam/http";
import { describe, expect, test } from "vitest";

describe("a status", () => {
  test.each([100, 200, 203, 299, 404, 599, 999])("by number is itself, known or not: %i", (code) => {
    expect(statusCode(code)).toBe(code);
  });

  test.each([
    ["continue", 100],
    ["earlyHints", 103],
    ["ok", 200],
    ["nonAuthoritativeInformation", 203],
    ["imUsed", 226],
    ["notFound", 404],
    ["imATeapot", 418],
    ["unprocessableContent", 422],
    ["httpVersionNotSupported", 505],
  ] as const)("by name is its code: %s is %i", (name, code) => {
    expect(statusCode(name)).toBe(code);
  });

  test.each([
    ["unprocessableEntity", 422],
    ["requestEntityTooLarge", 413],
    ["payloadTooLarge", 413],
    ["requestUriTooLong", 414],
    ["requestedRangeNotSatisfiable", 416],
  ] as const)("may be called by its older name: %s is %i", (alias, code) => {
    expect(statusCode(alias)).toBe(code);
    expect(statusName(code)).not.toBe(alias);
  });

  test.each([0, 99, 1000, -200, 200.5, Number.NaN, "nope", "toString", "__proto__", "", "404", null, undefined, {}])(
    "that is none is refused, saying what was expected: %o",
    (status) => {
      expect(() => statusCode(status as never)).toThrow(/^expected a status from 100 to 999, or the name of one/);
    },
  );
});

describe("a code", () => {
  test.each([
    [200, "ok"],
    [203, "nonAuthoritativeInformation"],
    [404, "notFound"],
    [422, "unprocessableContent"],
  ])("has a name: %i is %s", (code, name) => {
    expect(statusName(code)).toBe(name);
  });

  test.each([
    [200, "OK"],
    [203, "Non-Authoritative Information"],
    [306, "Switch Proxy"],
    [404, "Not Found"],
    [413, "Content Too Large"],
    [414, "URI Too Long"],
    [418, "I'm a Teapot"],
    [422, "Unprocessable Content"],
  ])("has a phrase: %i is %s", (code, phrase) => {
    expect(statusPhrase(code)).toBe(phrase);
  });

  test("that Node knows has a name, a phrase, and a way back", () => {
    const known = Object.keys(STATUS_CODES).map(Number);
    expect(known.length).toBeGreaterThan(60);
    for (const code of known) {
      expect(statusCode(statusName(code) as never), String(code)).toBe(code);
      expect(statusPhrase(code)).not.toBe("");
    }
  });

  test("that is not known has no name, and the error says how to make it known", () => {
    expect(() => statusName(997)).toThrow("expected a known status code, got: 997; one of your own is made known by");
  });

  test("that is not known has no phrase, and the error says how to make it known", () => {
    expect(() => statusPhrase(997)).toThrow('defineStatus(997, "itsName", "Its Phrase")');
  });
});

describe("a status of one's own", () => {
  test("is found by its name, and has its name and phrase", () => {
    const name = defineStatus(998, "notAnRfcStatusCode", "Not An RFC Status Code");
    expect(name).toBe("notAnRfcStatusCode");
    expect(statusCode(name)).toBe(998);
    expect(statusName(998)).toBe("notAnRfcStatusCode");
    expect(statusPhrase(998)).toBe("Not An RFC Status Code");
  });

  test("may have the code of a known one: both names lead to it, and name and phrase are the new ones", () => {
    const name = defineStatus(418, "totallyNotATeapot", "Totally not a teapot");
    expect([statusCode("imATeapot"), statusCode(name)]).toEqual([418, 418]);
    expect(statusName(418)).toBe("totallyNotATeapot");
    expect(statusPhrase(418)).toBe("Totally not a teapot");
  });

  test.each<[code: number, name: string, phrase: string, error: string]>([
    [999, "notFound", "Mine", "expected a name that no other code has, got: 'notFound', which is 404"],
    [99, "tooLow", "Too Low", "expected a status from 100 to 999"],
    [999, "not_found", "Mine", "expected a name in camelCase, got: 'not_found'"],
    [999, "mine", "Mine\r\nSet-Cookie: a=1", "expected a phrase of visible ASCII characters"],
    [999, "mine", "", "expected a phrase of visible ASCII characters, got: ''"],
  ])("is refused if it is none: %i %s %j", (code, name, phrase, error) => {
    expect(() => defineStatus(code, name, phrase)).toThrow(error);
    expect(() => statusName(999)).toThrow();
  });
});
