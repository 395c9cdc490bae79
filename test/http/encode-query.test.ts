import fc from "fast-check";
import { decodeQuery, encodeQuery, type QueryData } from "hornbeam/http";
import { describe, expect, test } from "vitest";

const strange = "q1!2\"'w$5&7/z8)?";

describe("a query is encoded", () => {
  test.each<[what: string, data: QueryData, query: string]>([
    ["from names and values", { foo: "bar", baz: "bat" }, "foo=bar&baz=bat"],
    [
      "in the order of its pairs",
      [
        ["foo", "bar"],
        ["baz", "bat"],
      ],
      "foo=bar&baz=bat",
    ],
    [
      "with a name as often as there are pairs",
      [
        ["foo", "bar"],
        ["foo", "bat"],
      ],
      "foo=bar&foo=bat",
    ],
    ["from a Map", new Map<string, unknown>([["foo", new Map([["a", 1]])]]), "foo[a]=1"],
    ["with null as an empty value", { foo: null }, "foo="],
    ["without what is undefined", { foo: undefined, bar: [undefined], baz: 1 }, "baz=1"],
    ["as UTF-8", { foo: "bå®" }, "foo=b%C3%A5%C2%AE"],
    ["with numbers and booleans", { foo: 1337, bar: true, big: 10n }, "foo=1337&bar=true&big=10"],
    ["with dates in their ISO form", { at: new Date(0) }, "at=1970-01-01T00%3A00%3A00.000Z"],
    ["with objects of a class as their text", { at: new URL("http://a/") }, "at=http%3A%2F%2Fa%2F"],
    ["with lists", { foo: ["bar", "baz"] }, "foo[]=bar&foo[]=baz"],
    ["with several lists", { foo: ["bar", "baz"], bat: [1, 2] }, "foo[]=bar&foo[]=baz&bat[]=1&bat[]=2"],
    ["with a list of an empty value", { foo: [""] }, "foo[]="],
    ["with lists in lists", { foo: [["bar"], ["baz"]] }, "foo[][]=bar&foo[][]=baz"],
    ["with maps", { users: { name: "hello", age: 17 } }, "users[name]=hello&users[age]=17"],
    ["with maps in maps", { x: { y: { z: 1 } } }, "x[y][z]=1"],
    ["with lists in maps", { x: { y: { z: [1, 2] } } }, "x[y][z][]=1&x[y][z][]=2"],
    ["with maps in lists", { x: { y: [{ z: 1 }] } }, "x[y][][z]=1"],
    ["with lists in maps in lists", { x: { y: [{ z: [1] }] } }, "x[y][][z][]=1"],
    ["with strange names and values", { "my weird field": strange }, "my+weird+field=q1%212%22%27w%245%267%2Fz8%29%3F"],
    [
      "with strange names within",
      { foo: { "my weird field": strange } },
      "foo[my+weird+field]=q1%212%22%27w%245%267%2Fz8%29%3F",
    ],
    ["with brackets in names escaped", { "a[b]": 1, c: { "d]": 2 } }, "a%5Bb%5D=1&c[d%5D]=2"],
    ["with all that is not unreserved escaped", { a: "-._~!'()*+%" }, "a=-._~%21%27%28%29%2A%2B%25"],
    ["with half a character as the sign for that", { a: "\ud800" }, "a=%EF%BF%BD"],
    ["from nothing", {}, ""],
    ["from no pairs", [], ""],
    ["without empty maps", { filter: {}, foo: "bar", baz: "bat" }, "foo=bar&baz=bat"],
    ["without empty lists", { filter: [], foo: "bar", baz: "bat" }, "foo=bar&baz=bat"],
    ["without what is empty within", { a: { b: [], c: {} }, d: [[]] }, ""],
    ["with an empty name", { "": "a" }, "=a"],
  ])("%s", (_, data, query) => {
    expect(encodeQuery(data)).toBe(query);
  });

  test("with an encoder of one's own for values, whose text is escaped", () => {
    const twice = (value: unknown) => String(value).repeat(2);
    expect(encodeQuery({ foo: "bar", baz: "bat" }, twice)).toBe("foo=barbar&baz=batbat");
    expect(encodeQuery({ foo: ["bar", "baz"] }, twice)).toBe("foo[]=barbar&foo[]=bazbaz");
    expect(encodeQuery({ foo: new Date(0) }, () => "/bar")).toBe("foo=%2Fbar");
  });
});

describe("a query is not encoded", () => {
  test.each([[{ a: 1, b: 2 }], [{}]])("from a list with a map that has not one key: %j", (map) => {
    expect(() => encodeQuery({ foo: [map] })).toThrow("encodeQuery: expected a map in a list to have one key, got:");
  });

  test.each([[() => 1], [Symbol("s")]])("from what has no text: %o", (value) => {
    expect(() => encodeQuery({ foo: value })).toThrow("encodeQuery: expected a value that has a text, got:");
  });

  test("from what is nested in itself", () => {
    const self: Record<string, unknown> = {};
    self.self = self;
    expect(() => encodeQuery(self)).toThrow("expected at most 100 levels of maps and lists");
    expect(encodeQuery({ a: nested(99) })).toBe(`a${"[b]".repeat(99)}=1`);
  });
});

const nested = (depth: number): unknown => (depth === 0 ? 1 : { b: nested(depth - 1) });

test("what was encoded is decoded to the same, as long as a list has no lists or maps of many", () => {
  const key = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !/[[\]]/.test(text) && text.isWellFormed());
  const value = fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed());
  const inner = fc.dictionary(key, value, { minKeys: 1 });
  const data = fc.dictionary(key, fc.oneof(value, fc.array(value, { minLength: 1 }), inner));
  fc.assert(
    fc.property(data, (given) => {
      expect(decodeQuery(encodeQuery(given))).toEqual({ ...given });
    }),
  );
});
