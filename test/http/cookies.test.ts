import { type CookieOptions, checkCookie, parseCookies, serializeCookie } from "hornbeam/http";
import { describe, expect, test } from "vitest";

describe("a cookie header", () => {
  test.each<[header: string, cookies: Record<string, string>]>([
    ["key1=value1, key2=value2", { key1: "value1, key2=value2" }],
    ["key1=value1; key2=value2", { key1: "value1", key2: "value2" }],
    ["key1=value1;key2=value2", { key1: "value1", key2: "value2" }],
    ["$key1=value1, key2=value2; $key3=value3", { $key1: "value1, key2=value2", $key3: "value3" }],
    ["key space=value, key=value space", {}],
    ["  key1=value1 , key2=value2  ", { key1: "value1 , key2=value2" }],
    ["", {}],
    ["=", {}],
    ["=value", {}],
    ["key, =, value", {}],
    ["key", {}],
    ["key=", { key: "" }],
    ["key1=;;key2=", { key1: "", key2: "" }],
    ["key==value=", { key: "=value=" }],
    ['key="quoted"', { key: '"quoted"' }],
    ["key=%20a%zz", { key: "%20a%zz" }],
    ["key=1; key=2", { key: "2" }],
    ["bad key=1; good=2; worse=\t", { good: "2" }],
    ["\t key=1", { key: "1" }],
  ])("%j is %j", (header, cookies) => {
    expect(parseCookies(header)).toEqual(cookies);
  });

  test.each([" ", "\t", "\r", "\n", "\v", "\f"])("has no cookie whose name is or has a space: %j", (space) => {
    expect(parseCookies(`${space}=value`)).toEqual({});
    expect(parseCookies(`${space}=${space}`)).toEqual({});
    expect(parseCookies(`k${space}y=value; b=1`)).toEqual({ b: "1" });
  });

  test.each([
    [" ", { key: "" }],
    ["\t", {}],
    ["\r", {}],
    ["\n", {}],
    ["\v", {}],
    ["\f", {}],
  ])("may have a value that ends with a space, and no other white space: %j", (space, cookies) => {
    expect(parseCookies(`key=${space}`)).toEqual(cookies);
  });

  test("that was written here is read here", () => {
    const header = serializeCookie("foo", "bar", {
      maxAge: 60,
      universalTime: new Date(Date.UTC(2012, 8, 29, 15, 32, 10)),
    });
    expect(parseCookies(header)).toEqual({
      foo: "bar",
      "Max-Age": "60",
      Path: "/",
      Expires: "Sat, 29 Sep 2012 15:33:10 GMT",
    });
  });

  test("can reach no prototype", () => {
    const cookies = parseCookies("__proto__=1; toString=2");
    expect(Object.getPrototypeOf(cookies)).toBeNull();
    expect(Object.entries(cookies)).toEqual([
      ["__proto__", "1"],
      ["toString", "2"],
    ]);
  });

  test.each(["a=1;".repeat(50_000), ";".repeat(200_000), `a=${" ".repeat(200_000)}b`, `${" ".repeat(200_000)}=`])(
    "of 200,000 characters takes no more than a moment",
    (header) => {
      const began = performance.now();
      parseCookies(header);
      expect(performance.now() - began).toBeLessThan(300);
    },
  );
});

describe("a set-cookie header", () => {
  const start = new Date(Date.UTC(2012, 8, 29, 15, 32, 10));

  test.each<[what: string, options: CookieOptions, attributes: string]>([
    ["by default a path, and is hidden from scripts", {}, "; Path=/; HttpOnly"],
    ["a path", { path: "/baz" }, "; Path=/baz; HttpOnly"],
    ["a domain", { domain: "google.com" }, "; Domain=google.com; Path=/; HttpOnly"],
    ["secure", { secure: true }, "; Path=/; HttpOnly; Secure"],
    ["sameSite lax", { sameSite: "lax" }, "; Path=/; HttpOnly; SameSite=Lax"],
    ["sameSite strict", { sameSite: "strict" }, "; Path=/; HttpOnly; SameSite=Strict"],
    ["sameSite none", { sameSite: "none" }, "; Path=/; HttpOnly; SameSite=None"],
    ["no httpOnly if told so", { httpOnly: false }, "; Path=/"],
    ["partitioned", { partitioned: true }, "; Path=/; HttpOnly; Partitioned"],
    [
      "an age, and the moment that it makes",
      { maxAge: 60, universalTime: start },
      "; Max-Age=60; Path=/; Expires=Sat, 29 Sep 2012 15:33:10 GMT; HttpOnly",
    ],
    [
      "an age of 0 that has passed",
      { maxAge: 0, universalTime: new Date(0) },
      "; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly",
    ],
    ["what else is wanted", { extra: "Priority=High; Foo" }, "; Path=/; HttpOnly; Priority=High; Foo"],
  ])("has %s", (_, options, attributes) => {
    expect(serializeCookie("foo", "bar", options)).toBe(`foo=bar${attributes}`);
  });

  test("may have an empty value", () => {
    expect(serializeCookie("foo", "")).toBe("foo=; Path=/; HttpOnly");
  });

  test("has its value as it is", () => {
    expect(serializeCookie("foo", '"a,b%20\\')).toBe('foo="a,b%20\\; Path=/; HttpOnly');
  });

  test("has at most 4,096 bytes", () => {
    const room = 4096 - "foo=; Path=/; HttpOnly".length;
    expect(serializeCookie("foo", "a".repeat(room))).toHaveLength(4096);
    expect(() => serializeCookie("foo", "a".repeat(room + 1))).toThrow(
      expect.objectContaining({
        name: "CookieOverflowError",
        message: expect.stringContaining(
          "expected cookie foo to have at most 4096 bytes with its attributes, got: 4097",
        ),
      }),
    );
  });
});

describe("a cookie is refused", () => {
  const bad = ["a;b", "a\r\nb", "a\nb", "a\0b", "a\x7fb", "é"];
  test.each<[field: string, make: (text: string) => [string, string, CookieOptions]]>([
    ["name", (text) => [text, "1", {}]],
    ["value", (text) => ["a", text, {}]],
    ["path", (text) => ["a", "1", { path: `/${text}` }]],
    ["domain", (text) => ["a", "1", { domain: text }]],
    ["sameSite", (text) => ["a", "1", { sameSite: text as "lax" }]],
  ])("when its %s would end it, has a control character, or is not ASCII", (field, make) => {
    for (const text of bad) {
      const expected = { name: "InvalidHeaderError", message: expect.stringContaining(`expected a ${field} of`) };
      expect(() => checkCookie(...make(text)), text).toThrow(expect.objectContaining(expected));
      expect(() => serializeCookie(...make(text)), text).toThrow(expect.objectContaining(expected));
    }
  });

  test("when extra attributes have a line break or another control character", () => {
    for (const extra of ["a\r\nb", "a\0", "a\tb", "é"]) {
      expect(() => checkCookie("a", "1", { extra })).toThrow("expected a extra of ASCII characters");
    }
  });

  test.each(["", "a=b", "a b", "a\tb"])("when its name is %j", (name) => {
    expect(() => checkCookie(name, "1")).toThrow("expected a name of visible ASCII characters without = and ;");
  });

  test("when its value has a space, and is told how to have one", () => {
    expect(() => checkCookie("a", "b c")).toThrow("encodeURIComponent");
    expect(() => checkCookie("a", encodeURIComponent("b c;é"))).not.toThrow();
  });

  test.each([undefined, null, 1, { a: 1 }])("when its value is no string: %j", (value) => {
    expect(() => checkCookie("a", value as never)).toThrow(
      "cookie a: expected a value that is a string, unless it is signed or encrypted",
    );
  });

  test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e12, "60"])(
    "when its age is no number of seconds: %s",
    (maxAge) => {
      expect(() => checkCookie("a", "1", { maxAge: maxAge as number })).toThrow("expected a maxAge in whole seconds");
    },
  );

  test.each<[name: string, options: CookieOptions, error: string]>([
    ["__Host-a", {}, "expected secure: true"],
    ["__Secure-a", { secure: false }, "expected secure: true"],
    ["__host-a", { secure: true, path: "/x" }, 'expected path "/" and no domain'],
    ["__Host-a", { secure: true, domain: "a.example" }, 'expected path "/" and no domain'],
  ])("when browsers would drop it for its prefix: %s %j", (name, options, error) => {
    expect(() => checkCookie(name, "1", options)).toThrow(error);
    expect(() => checkCookie(name, "1", { secure: true })).not.toThrow();
  });
});
