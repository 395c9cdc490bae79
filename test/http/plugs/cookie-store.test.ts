import {
  type Conn,
  type CookieStoreOptions,
  cookieStore,
  decrypt,
  pipeline,
  plug,
  Session,
  sign,
  verify,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { Browser, browsing, SECRET } from "../browser.ts";
import { headers } from "../support.ts";

const signed: CookieStoreOptions = { signingSalt: "signing salt" };
const encrypted: CookieStoreOptions = { encryptionSalt: "encrypted cookie salt", signingSalt: "signing salt" };
const serialized: CookieStoreOptions = {
  ...signed,
  serializer: {
    encode: (data) => Object.entries(data).flat().join("|"),
    decode: (text) => {
      const [key = "", value] = text.split("|");
      if (value === undefined) throw new Error("not ours");
      return { [key]: value };
    },
  },
};

type Change = (conn: Conn) => Conn;

const page = (options: CookieStoreOptions, change: Change = (conn) => conn) =>
  pipeline()
    .plug(plug(Session, { store: cookieStore(options), key: "foobar" }))
    .plug((conn) => conn.fetchSession())
    .plug((conn) => change(conn).json(conn.getSession()));

const put: Change = (conn) => conn.putSession("foo", "baz");

describe.each([
  ["signed", signed],
  ["encrypted", encrypted],
  ["serialized by one's own means", serialized],
])("a session in a cookie that is %s", (_, options) => {
  test("is read when it comes back", () =>
    browsing(async (browser) => {
      await browser.ask(page(options, put));
      expect((await browser.ask(page(options))).json()).toEqual({ foo: "baz" });
    }));

  test("is empty when the cookie is not ours, and that is no error", () =>
    browsing(async (browser) => {
      for (const cookie of ["bad", "", "a.b.c", "A".repeat(200)]) {
        browser.cookies.set("foobar", cookie);
        const answer = await browser.ask(page(options));
        expect([answer.status, answer.json()]).toEqual([200, {}]);
      }
    }));

  test("is empty when the cookie was changed", () =>
    browsing(async (browser) => {
      await browser.ask(page(options, put));
      const cookie = browser.cookies.get("foobar") as string;
      browser.cookies.set("foobar", `${cookie.startsWith("B") ? "C" : "B"}${cookie.slice(1)}`);
      expect((await browser.ask(page(options))).json()).toEqual({});
    }));

  test("is gone when it is dropped", () =>
    browsing(async (browser) => {
      await browser.ask(page(options, put));
      await browser.ask(page(options, (conn) => conn.configureSession({ drop: true })));
      expect([...browser.cookies]).toEqual([]);
      expect((await browser.ask(page(options))).json()).toEqual({});
    }));

  test("is empty with another secret", () =>
    browsing(async (browser) => {
      await browser.ask(page(options, put));
      const other = new Browser(browser.sim, SECRET.toUpperCase());
      other.cookies.set("foobar", browser.cookies.get("foobar") as string);
      expect((await other.ask(page(options))).json()).toEqual({});
    }));

  test("does not expire, unless it is told to", () =>
    browsing(async (browser) => {
      await browser.ask(page(options, put));
      await browser.sim.advance(59_000);
      expect((await browser.ask(page({ ...options, maxAge: 60 }))).json()).toEqual({ foo: "baz" });
      await browser.sim.advance(2000);
      expect((await browser.ask(page({ ...options, maxAge: 60 }))).json()).toEqual({});
      await browser.sim.advance(100 * 365 * 86_400_000);
      expect((await browser.ask(page(options))).json()).toEqual({ foo: "baz" });
    }));
});

test("a session in a cookie is signed, or encrypted, with the secret of the server and the salt", () =>
  browsing(async (browser) => {
    await browser.ask(page(signed, put));
    expect(verify(SECRET, "signing salt", browser.cookies.get("foobar"))).toEqual({ foo: "baz" });
    await browser.ask(page(encrypted, put));
    expect(decrypt(SECRET, "encrypted cookie salt", browser.cookies.get("foobar"))).toEqual({ foo: "baz" });
  }));

test("a session in a cookie may have a secret of its own", () =>
  browsing(async (browser) => {
    const own = { ...signed, secretKeyBase: "0".repeat(64) };
    await browser.ask(page(own, put));
    expect(verify("0".repeat(64), "signing salt", browser.cookies.get("foobar"))).toEqual({ foo: "baz" });
    expect((await browser.ask(page(own))).json()).toEqual({ foo: "baz" });
    expect((await browser.ask(page(signed))).json()).toEqual({});
  }));

test("a session in a cookie may have salts that are made when they are needed", () =>
  browsing(async (browser) => {
    let salt = "one";
    const late = { signingSalt: () => salt };
    await browser.ask(page(late, put));
    expect((await browser.ask(page(late))).json()).toEqual({ foo: "baz" });
    salt = "two";
    expect((await browser.ask(page(late))).json()).toEqual({});
  }));

test("keys are derived by default, or as the options say", () =>
  browsing(async (browser) => {
    await browser.ask(page(signed, put));
    const said = { keyIterations: 1000, keyLength: 32, keyDigest: "sha256" };
    expect((await browser.ask(page({ ...signed, ...said }))).json()).toEqual({ foo: "baz" });
    const others = { keyIterations: 2000, keyLength: 64, keyDigest: "sha1" };
    expect((await browser.ask(page({ ...signed, ...others }))).json()).toEqual({});
    await browser.ask(page({ ...signed, ...others }, put));
    expect(verify(SECRET, "signing salt", browser.cookies.get("foobar"), others)).toEqual({ foo: "baz" });
  }));

test("a serializer's text is what is sealed; what it cannot read, or makes no object of, is no session", () =>
  browsing(async (browser) => {
    await browser.ask(page(serialized, put));
    expect(verify(SECRET, "signing salt", browser.cookies.get("foobar"))).toBe("foo|baz");
    for (const value of ["nothing", 7, null, { foo: "baz" }]) {
      browser.cookies.set("foobar", sign(SECRET, "signing salt", value));
      expect((await browser.ask(page(serialized))).json()).toEqual({});
    }
    for (const value of ["text", 7, null, [1]]) {
      browser.cookies.set("foobar", sign(SECRET, "signing salt", value));
      expect((await browser.ask(page(signed))).json()).toEqual({});
    }
  }));

test("a session that was sealed with older options is read, and written with the newest", () =>
  browsing(async (browser) => {
    const oldest = { ...signed, secretKeyBase: "1".repeat(64) };
    const old = { encryptionSalt: "old", secretKeyBase: "2".repeat(64) };
    const rotating = { signingSalt: "new", rotatingOptions: [old, oldest] };
    for (const before of [oldest, old]) {
      await browser.ask(page(before, put));
      expect((await browser.ask(page({ signingSalt: "new" }))).json()).toEqual({});
      expect((await browser.ask(page(rotating))).json()).toEqual({ foo: "baz" });
      await browser.ask(page(rotating, (conn) => conn.putSession("more", 1)));
      expect((await browser.ask(page({ signingSalt: "new" }))).json()).toEqual({ foo: "baz", more: 1 });
    }
  }));

describe("a cookie store is refused", () => {
  test.each([
    [undefined, "cookieStore: expected options (an object), got: undefined"],
    [{}, "cookieStore: expected a signingSalt or an encryptionSalt (a string), got: undefined"],
    [{ signingSalt: "" }, "cookieStore: expected a signingSalt or an encryptionSalt (a string), got: ''"],
    [{ signingSalt: 7 }, "cookieStore: expected a signingSalt or an encryptionSalt (a string), got: 7"],
    [{ ...signed, secretKeyBase: "short" }, "expected a secretKeyBase of at least 64 bytes, got: 5 bytes"],
    [{ ...signed, serializer: "json" }, "cookieStore: expected a serializer with encode and decode, got: 'json'"],
    [{ ...signed, rotatingOptions: {} }, "cookieStore rotatingOptions: expected an array, got: {}"],
    [{ ...signed, rotatingOptions: [{}] }, "cookieStore: expected a signingSalt or an encryptionSalt"],
  ])("when it is built: %o", (options, error) => {
    expect(() => cookieStore(options as never)).toThrow(error);
  });

  test("when it is used, if the server's secret is too short, or there is none", () =>
    browsing(async ({ sim }) => {
      for (const [secret, got] of [
        ["abcdef", "6 bytes"],
        ["", "0 bytes"],
      ] as const) {
        const { status, reason } = await new Browser(sim, secret).ask(page(signed, put));
        expect(status).toBe(500);
        expect(String(reason)).toContain(`expected a secretKeyBase of at least 64 bytes, got: ${got}; make one with`);
      }
    }));
});

test("a session that is too large for a cookie is an error that says so, and nothing is sent of it", () =>
  browsing(async (browser) => {
    const answer = await browser.ask(page(signed, (conn) => conn.putSession("foo", "a".repeat(4000))));
    expect([answer.status, headers(answer, "set-cookie")]).toEqual([500, []]);
    expect(String(answer.reason)).toContain("expected cookie foobar to have at most 4096 bytes");
  }));

test("a session with a value that JSON has not is an error", () =>
  browsing(async (browser) => {
    const { reason } = await browser.ask(page(signed, (conn) => conn.putSession("foo", 1n)));
    expect(String(reason)).toContain("expected a value that JSON has");
  }));
