import { createHmac, pbkdf2Sync } from "node:crypto";
import fc from "fast-check";
import { decrypt, deriveKey, encrypt, secureCompare, sign, type TokenOptions, verify } from "hornbeam/http";
import { describe, expect, test } from "vitest";

const SECRET = "abcdef0123456789".repeat(8);

type Make = (secret: string, salt: string, value: unknown, options?: TokenOptions) => string;
type Read = (secret: string, salt: string, token: string | undefined, options?: TokenOptions) => unknown;

describe.each<[kind: string, make: Make, read: Read]>([
  ["signed", sign, verify],
  ["encrypted", encrypt, decrypt],
])("a value that is %s", (_, make, read) => {
  const token = make(SECRET, "salt", { id: 7 });

  test("is read with the same secret and salt", () => {
    expect(read(SECRET, "salt", token)).toEqual({ id: 7 });
  });

  test("may be whatever JSON has", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(read(SECRET, "salt", make(SECRET, "salt", value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("is text that may stand in a URL and in a cookie", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => /^[\w.-]+$/.test(make(SECRET, "salt", value))));
  });

  test("is not read with another salt", () => {
    expect(read(SECRET, "pepper", token)).toBeUndefined();
  });

  test("is not read with another secret", () => {
    expect(read(SECRET.toUpperCase(), "salt", token)).toBeUndefined();
  });

  test("is not read with a key that was derived otherwise", () => {
    expect(read(SECRET, "salt", token, { keyIterations: 999 })).toBeUndefined();
    expect(read(SECRET, "salt", token, { keyDigest: "sha512" })).toBeUndefined();
  });

  test("is not read when any one of its characters is another", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n%";
    for (let at = 0; at < token.length; at++) {
      for (const char of alphabet) {
        if (char === token[at]) continue;
        expect(read(SECRET, "salt", token.slice(0, at) + char + token.slice(at + 1))).toBeUndefined();
      }
    }
  });

  test("is not read when anything is missing, added or doubled", () => {
    for (let at = 0; at < token.length; at++) {
      expect(read(SECRET, "salt", token.slice(0, at))).toBeUndefined();
      expect(read(SECRET, "salt", token.slice(at + 1))).toBeUndefined();
      for (const more of ["A", "=", ".", " ", "\n", token]) {
        expect(read(SECRET, "salt", token.slice(0, at) + more + token.slice(at))).toBeUndefined();
      }
    }
    expect(read(SECRET, "salt", `${token}=`)).toBeUndefined();
  });

  test("is not read from anything that is no token, and nothing is thrown", () => {
    for (const garbage of [
      undefined,
      "",
      ".",
      "..",
      "bad",
      "a.b",
      "a.b.c",
      "é",
      "\0",
      "[1,2,3]",
      "A".repeat(100_000),
    ]) {
      expect(read(SECRET, "salt", garbage)).toBeUndefined();
    }
    for (const garbage of [null, 7, {}, []]) expect(read(SECRET, "salt", garbage as never)).toBeUndefined();
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => read(SECRET, "salt", text) === undefined));
  });

  test("is not read as what the other kind makes of the same salt", () => {
    const other: Make = make === sign ? encrypt : sign;
    expect(read(SECRET, "salt", other(SECRET, "salt", 1))).toBeUndefined();
  });

  test("is good for a day", () => {
    const at = (age: number) => read(SECRET, "salt", make(SECRET, "salt", 1, { now: Date.now() - age * 1000 }));
    expect([at(0), at(86_390), at(86_401)]).toEqual([1, 1, undefined]);
  });

  test("is good as long as its maker says", () => {
    const at = (age: number, maxAge: number) =>
      read(SECRET, "salt", make(SECRET, "salt", 1, { now: Date.now() - age * 1000, maxAge }));
    expect([at(50, 60), at(61, 60), at(100_000, 200_000), at(1e9, Number.POSITIVE_INFINITY)]).toEqual([
      1,
      undefined,
      1,
      1,
    ]);
  });

  test("is good as long as its reader says, if that says anything", () => {
    const old = make(SECRET, "salt", 1, { now: Date.now() - 100_000, maxAge: 1000 });
    expect(read(SECRET, "salt", old, { maxAge: 90 })).toBeUndefined();
    expect(read(SECRET, "salt", old, { maxAge: 110 })).toBe(1);
    const expired = make(SECRET, "salt", 1, { now: Date.now() - 100_000, maxAge: 10 });
    expect(read(SECRET, "salt", expired, { maxAge: Number.POSITIVE_INFINITY })).toBe(1);
  });

  test("and good for 0 seconds is never good", () => {
    expect(read(SECRET, "salt", make(SECRET, "salt", 1, { maxAge: 0 }))).toBeUndefined();
    expect(read(SECRET, "salt", make(SECRET, "salt", 1), { maxAge: 0 })).toBeUndefined();
  });

  test.each([Number.NaN, "60", null])("cannot be good for %o", (maxAge) => {
    const error = "expected a maxAge in seconds, or Infinity, got:";
    expect(() => make(SECRET, "salt", 1, { maxAge: maxAge as never })).toThrow(error);
  });

  const circle: unknown[] = [];
  circle.push(circle);
  test.each([[undefined], [() => 1], [Symbol("s")], [1n], [circle]])("cannot be what JSON has not: %o", (value) => {
    expect(() => make(SECRET, "salt", value)).toThrow("expected a value that JSON has, got:");
  });
});

describe("a secret", () => {
  test.each([
    ["a".repeat(63), "63 bytes"],
    ["", "0 bytes"],
    [undefined, "undefined"],
    [Buffer.alloc(64), "object"],
  ])("below 64 bytes is refused: %j, and the error says how to make one, and not what it was", (secret, got) => {
    for (const use of [sign, encrypt, verify, decrypt]) {
      expect(() => use(secret as string, "salt", "x")).toThrow(
        `expected a secretKeyBase of at least 64 bytes, got: ${got}; make one with node -e`,
      );
      expect(() => use(secret as string, "salt", "x")).not.toThrow("aaa");
    }
  });

  test("is counted in bytes", () => {
    expect(verify("é".repeat(32), "salt", sign("é".repeat(32), "salt", 1))).toBe(1);
  });
});

describe("a key", () => {
  test("is PBKDF2 with 1,000 rounds of SHA-256, and 32 bytes long, unless told otherwise", () => {
    expect(deriveKey(SECRET, "salt")).toEqual(pbkdf2Sync(SECRET, "salt", 1000, 32, "sha256"));
    expect(deriveKey(SECRET, "salt", { keyIterations: 2000, keyLength: 64, keyDigest: "sha1" })).toEqual(
      pbkdf2Sync(SECRET, "salt", 2000, 64, "sha1"),
    );
  });

  test("is derived once: the same is given again", () => {
    expect(deriveKey(SECRET, "once")).toBe(deriveKey(SECRET, "once"));
  });

  test("of which 1,000 others were asked for since is derived anew, so that memory does not grow", () => {
    const options = { keyIterations: 1 };
    const first = deriveKey(SECRET, "first", options);
    for (let i = 0; i < 1000; i++) deriveKey(SECRET, `salt ${i}`, options);
    const again = deriveKey(SECRET, "first", options);
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
  });

  test("of one secret and salt is not that of others that look the same when joined", () => {
    expect(deriveKey(`${SECRET}a`, "b")).not.toEqual(deriveKey(SECRET, "ab"));
  });

  test.each([
    ["salt", ""],
    ["salt", undefined],
  ])("needs a salt: %s %j", (_, salt) => {
    expect(() => deriveKey(SECRET, salt as string)).toThrow("expected a salt that is not empty");
  });

  test("of another length cannot encrypt", () => {
    expect(() => encrypt(SECRET, "salt", 1, { keyLength: 64 })).toThrow("expected a keyLength of 32 bytes, got: 64");
    expect(() => decrypt(SECRET, "salt", "x", { keyLength: 16 })).toThrow("expected a keyLength of 32 bytes, got: 16");
    expect(verify(SECRET, "salt", sign(SECRET, "salt", 1, { keyLength: 64 }), { keyLength: 64 })).toBe(1);
  });
});

test("two encryptions of one value have nothing in common", () => {
  const [a, b] = [encrypt(SECRET, "salt", "same"), encrypt(SECRET, "salt", "same")];
  expect(a.slice(0, 16)).not.toBe(b.slice(0, 16));
  expect(a.slice(16)).not.toBe(b.slice(16));
});

test("what is encrypted cannot be read in its token; what is signed can", () => {
  const seen = (token: string) => Buffer.from(token.split(".")[0] as string, "base64url").toString("latin1");
  expect(seen(sign(SECRET, "salt", "visible"))).toContain("visible");
  expect(seen(encrypt(SECRET, "salt", "visible"))).not.toContain("visible");
});

test("a signature is made for this kind of token only: that of the bare payload is not good", () => {
  const [payload = ""] = sign(SECRET, "salt", 1).split(".");
  const bare = createHmac("sha256", deriveKey(SECRET, "salt")).update(payload).digest("base64url");
  expect(verify(SECRET, "salt", `${payload}.${bare}`)).toBeUndefined();
});

test.each([
  ["", "", true],
  ["a", "a", true],
  ["é", "é", true],
  ["a", "b", false],
  ["a", "aa", false],
  ["", "a", false],
])("comparing in constant time gives what === gives: %j %j", (left, right, same) => {
  expect(secureCompare(left, right)).toBe(same);
});
