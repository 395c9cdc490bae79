import fc from "fast-check";
import { type Conn, decodeQuery, type QueryLimits } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

/** The parameters of a query string, as a plug sees them. */
const decode = async (query: string) => (await ask((conn) => conn.json(conn.queryParams), `GET /?${query}`)).json();

describe("a query", () => {
  test.each<[rule: string, query: string, params: unknown]>([
    ["is empty", "", {}],
    ["has pairs", "a=1&b=2", { a: "1", b: "2" }],
    ["has keys without a value", "a&b=", { a: "", b: "" }],
    ["may have a key that is empty", "=1", { "": "1" }],
    ["may have a pair that is =", "=", { "": "" }],
    ["may have = in a value", "a=b=c", { a: "b=c" }],
    ["skips empty pairs", "&&a=1&&", { a: "1" }],
    ["is not split at ;", "a=1;b=2", { a: "1;b=2" }],
    ["takes the last of a repeated key", "a=1&a=2", { a: "2" }],
    ["has + for a space", "a+b=c+d", { "a b": "c d" }],
    ["has %2B for a plus", "a=1%2B1", { a: "1+1" }],
    ["has %26 and %3D for data", "a=%26b%3Dc", { a: "&b=c" }],
    ["is UTF-8", "n%C3%A9=%E2%9C%93%F0%9F%8C%B3", { né: "✓🌳" }],
    ["is decoded once", "a=%2525", { a: "%25" }],
    ["keeps an escape that is none", "a=%&b=%4&c=%zz&d=%%31", { a: "%", b: "%4", c: "%zz", d: "%1" }],
    ["keeps an escape that is none beside others", "a=%zz%C3%A9", { a: "%zzé" }],
    ["keeps a byte order mark", "a=%EF%BB%BFb", { a: "\uFEFFb" }],
    ["may have a NUL", "a=%00", { a: "\0" }],
  ])("%s: %j", async (_, query, params) => {
    expect(await decode(query)).toEqual(params);
  });
});

describe("brackets make", () => {
  test.each<[what: string, query: string, params: unknown]>([
    ["a list", "a[]=1&a[]=2", { a: ["1", "2"] }],
    ["a list of one without a value", "a[]", { a: [""] }],
    ["a list in a list", "x[][][]=1", { x: [[["1"]]] }],
    ["a list of maps, one for each pair", "x[][a]=1&x[][b]=2", { x: [{ a: "1" }, { b: "2" }] }],
    ["a map", "a[b]=1&a[c]=2", { a: { b: "1", c: "2" } }],
    ["a map in a map", "a[b][c]=1&a[b][d]=2", { a: { b: { c: "1", d: "2" } } }],
    ["a list in a map", "a[b][]=1&a[b][]=2", { a: { b: ["1", "2"] } }],
    ["a map of indexes, not a list", "u[0][f]=1&u[1][f]=2", { u: { 0: { f: "1" }, 1: { f: "2" } } }],
    ["a map after decoding, too", "a%5Bb%5D=1", { a: { b: "1" } }],
    ["the last value of a repeated key", "a[b]=1&a[b]=2", { a: { b: "2" } }],
    ["nothing when nothing is before them", "[]=1&[a]=2", { "[]": "1", "[a]": "2" }],
    ["nothing when something is after them", "a[b]c=1", { "a[b]c": "1" }],
    ["nothing when they do not open", "a]=1", { "a]": "1" }],
    ["nothing when they do not close", "a[b=1", { "a[b": "1" }],
    ["one key of what is inside unless ][ splits it", "a[b]c]=1", { a: { "b]c": "1" } }],
  ])("%s: %s", async (_, query, params) => {
    expect(await decode(query)).toEqual(params);
  });
});

describe("of two shapes of one key the last wins", () => {
  test.each<[query: string, params: unknown]>([
    ["x[]=1&x[y]=1", { x: { y: "1" } }],
    ["x[y]=1&x[]=1", { x: ["1"] }],
    ["x=1&x[y]=1", { x: { y: "1" } }],
    ["x[y]=1&x=1", { x: "1" }],
    ["x=1&x[]=2", { x: ["2"] }],
    ["x[]=1&x=2", { x: "2" }],
    ["x[y]=1&x[y][z]=2", { x: { y: { z: "2" } } }],
  ])("%s", async (query, params) => {
    expect(await decode(query)).toEqual(params);
  });
});

test.each(["a=%ff", "%c3%28=1", "a=%C3", "a=%ED%A0%80", "a[%ff]=1"])("%s is not UTF-8: 400", async (query) => {
  const answer = await ask((conn) => conn.json(conn.queryParams), `GET /?${query}`);
  expect([answer.status, answer.body]).toEqual([400, "400 the query string is not valid UTF-8\n"]);
});

test("a query longer than a million bytes is refused with 414", async () => {
  const answer = await ask((conn) => conn.json(conn.queryParams), `GET /?${"a".repeat(1_000_001)}`);
  expect(answer.status).toBe(414);
});

describe("a query has limits:", () => {
  test.each<[what: string, query: string, limits: QueryLimits, status: number, message: string]>([
    ["its bytes", "a=1234", { length: 5 }, 414, "the query string is longer than 5 bytes"],
    [
      "its bytes, of which a letter may have several",
      "a=éé",
      { length: 5 },
      414,
      "the query string is longer than 5 bytes",
    ],
    ["its pairs", "a&&b&c", { pairs: 2 }, 400, "the query string has more than 2 parameters"],
    ["its brackets", "a[b][c][]=1", { depth: 2 }, 400, "a parameter of the query string has more than 2 brackets"],
  ])("%s", (_, query, limits, status, message) => {
    expect(() => decodeQuery(query, limits)).toThrow(
      expect.objectContaining({ name: "InvalidQueryError", status, message }),
    );
  });

  test.each<[what: string, query: string, limits: QueryLimits]>([
    ["its bytes", "a=123", { length: 5 }],
    ["its bytes, of which a letter may have several", "a=éb", { length: 5 }],
    ["its pairs", "a&&b", { pairs: 2 }],
    ["its brackets", "a[b][c]=1", { depth: 2 }],
  ])("%s, which may be reached", (_, query, limits) => {
    expect(() => decodeQuery(query, limits)).not.toThrow();
  });

  test("a hundred thousand pairs and a hundred brackets, unless told otherwise", () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, i) => `${i}`).join("&");
    expect(Object.keys(decodeQuery(pairs(100_000)))).toHaveLength(100_000);
    expect(() => decodeQuery(pairs(100_001))).toThrow("more than 100000 parameters");
    expect(() => decodeQuery(`a${"[b]".repeat(100)}=1`)).not.toThrow();
    expect(() => decodeQuery(`a${"[b]".repeat(101)}=1`)).toThrow("more than 100 brackets");
  });
});

const noLimits: QueryLimits = {
  length: Number.POSITIVE_INFINITY,
  pairs: Number.POSITIVE_INFINITY,
  depth: Number.POSITIVE_INFINITY,
};

test.each([
  ["maps 100,000 deep", `a${"[b]".repeat(100_000)}=1`],
  ["lists 100,000 deep", `a${"[]".repeat(100_000)}=1`],
  ["a list of 300,000", "a[]=&".repeat(300_000)],
  ["a map of 100,000", Array.from({ length: 100_000 }, (_, i) => `a[${i}]=`).join("&")],
  ["a million keys", Array.from({ length: 1_000_000 }, (_, i) => `${i}`).join("&")],
  ["500,000 keys without a value", "a&".repeat(500_000)],
  ["a million ampersands", "&".repeat(1_000_000)],
  ["300,000 escapes that are none", "%&".repeat(300_000)],
  ["a million percent signs", "%".repeat(1_000_000)],
  ["a million pluses", "+".repeat(1_000_000)],
  ["a million opening brackets", `${"[".repeat(1_000_000)}]`],
  ["a million closing brackets", `a[${"]".repeat(1_000_000)}`],
  ["shapes that replace each other", "a[b]=1&a[]=1&a=1&".repeat(50_000)],
])("a query of %s takes time in proportion, with limits or without", (_, query) => {
  const began = performance.now();
  expect(() => decodeQuery(query, noLimits)).not.toThrow();
  const limited = (): unknown => decodeQuery(query, { length: Number.POSITIVE_INFINITY });
  try {
    limited();
  } catch (error) {
    expect(error).toMatchObject({ name: "InvalidQueryError", status: 400 });
  }
  expect(performance.now() - began).toBeLessThan(5000);
});

describe("a query can reach no prototype", () => {
  test.each([
    "__proto__=1",
    "__proto__[polluted]=1",
    "a[__proto__][polluted]=1",
    "constructor[prototype][polluted]=1",
    "a[constructor][prototype][polluted]=1",
    "__proto__[]=1&__proto__[polluted]=1",
    "toString=1&hasOwnProperty[a]=1&a[toString]=1",
  ])("%s", async (query) => {
    const seen: boolean[] = [];
    await ask((conn) => {
      const walk = (params: object): void => {
        seen.push(Array.isArray(params) || Object.getPrototypeOf(params) === null);
        for (const value of Object.values(params)) if (typeof value === "object") walk(value);
      };
      walk(conn.queryParams);
      walk(conn.params);
      return conn.text("");
    }, `GET /?${query}`);
    expect(seen).not.toContain(false);
    expect({}).not.toHaveProperty("polluted");
    expect({}.toString()).toBe("[object Object]");
  });

  test("a key that a plain object would have is not there unless it was sent", async () => {
    const look = (conn: Conn) => conn.json([conn.params.constructor ?? null, "toString" in conn.queryParams]);
    expect((await ask(look, "GET /?a=1")).json()).toEqual([null, false]);
  });
});

test("whatever the query, it is decoded, or refused with 400", async () => {
  const piece = fc.oneof(
    fc.constantFrom("&", "=", "[", "]", "[]", "][", "+", "%", "%20", "%5B", "%5D", "%ff", "%C3%A9", ";", "__proto__"),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  const query = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(query, async (text) => {
      const { status, reason } = await ask((conn) => conn.json(Object.keys(conn.queryParams)), `GET /?${encode(text)}`);
      expect(reason).toBe("normal");
      expect([200, 400]).toContain(status);
      expect({}).not.toHaveProperty("polluted");
    }),
    { numRuns: 500 },
  );
});

test("what was written by URLSearchParams is read as it was", async () => {
  const key = fc.string({ unit: "grapheme" }).filter((text) => !/[[\]]/.test(text) && text.isWellFormed());
  const value = fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, value, { noNullPrototype: false }), async (pairs) => {
      const query = new URLSearchParams(Object.entries(pairs)).toString();
      expect(Object.entries(await decode(query)).sort()).toEqual(Object.entries(pairs).sort());
    }),
    { numRuns: 200 },
  );
});

/** A target has no space: the kit takes what is before it for the method. */
const encode = (text: string): string => text.replaceAll(/\s/g, "+");
