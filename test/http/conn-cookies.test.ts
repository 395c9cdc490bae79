import { type Conn, type PutCookieOptions, sign } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { browsing, SECRET } from "./browser.ts";
import { ask, crash, headers } from "./support.ts";

const cookie = (header: string) => ({ headers: { cookie: header }, secretKeyBase: SECRET });

/** What a plug that changes cookies has sent, as `set-cookie` headers. */
const set = async (change: (conn: Conn) => Conn, scheme: "http" | "https" = "http"): Promise<string[]> =>
  headers(await ask((conn) => change(conn).text(""), "GET /", { scheme, secretKeyBase: SECRET }), "set-cookie");

/** The cookies that a plug sees after a change. */
const seen = async (change: (conn: Conn) => Conn, header = "foo=bar; bar=baz"): Promise<unknown> =>
  (await ask((conn) => conn.json(change(conn).cookies), "GET /", cookie(header))).json();

describe("the cookies of a request", () => {
  test("are there by name", async () => {
    const answer = await ask((conn) => conn.json(conn.reqCookies), "GET /", cookie("foo=bar; baz=bat"));
    expect(answer.json()).toEqual({ foo: "bar", baz: "bat" });
    expect(await seen((conn) => conn, "foo=bar; baz=bat")).toEqual({ foo: "bar", baz: "bat" });
  });

  test("are none where the client has sent none", async () => {
    expect((await ask((conn) => conn.json([conn.reqCookies, conn.cookies]))).json()).toEqual([{}, {}]);
  });

  test("that come in several headers are read as if it were one", async () => {
    const more = (conn: Conn) => conn.prependReqHeaders([["cookie", "a=1; b=1"]]);
    expect(await seen(more, "b=2; c=2")).toEqual({ a: "1", b: "2", c: "2" });
  });

  test("can be fetched without a secret, as long as none is to be opened", async () => {
    const plain = await ask((conn) => conn.json(conn.fetchCookies().cookies), "GET /", { headers: { cookie: "a=1" } });
    expect(plain.json()).toEqual({ a: "1" });
    expect(
      await crash((conn) => conn.fetchCookies({ signed: ["a"] }), "GET /", { secretKeyBase: undefined }),
    ).toContain("expected a secretKeyBase of at least 64 bytes, got: undefined");
  });

  test("fetched early are those that were put and deleted since", async () => {
    const early = (change: (conn: Conn) => Conn) => seen((conn) => change(conn.fetchCookies()));
    expect(await early((conn) => conn.putRespCookie("new", "1"))).toEqual({ foo: "bar", bar: "baz", new: "1" });
    expect(await early((conn) => conn.putRespCookie("foo", "2"))).toEqual({ foo: "2", bar: "baz" });
    expect(await early((conn) => conn.deleteRespCookie("foo"))).toEqual({ bar: "baz" });
  });

  test("fetched late are those that were put and deleted before", async () => {
    const late = (conn: Conn) =>
      conn.putRespCookie("foo", "baz").putRespCookie("baz", "bat").deleteRespCookie("bar").fetchCookies();
    expect(await seen(late)).toEqual({ foo: "baz", baz: "bat" });
  });

  test("can reach no prototype", async () => {
    const odd = "__proto__=1; constructor=2";
    const look = (conn: Conn) => {
      const { cookies } = conn.fetchCookies().putRespCookie("__proto__", "3");
      return conn.json([Object.getPrototypeOf(cookies), Object.entries(cookies)]);
    };
    expect((await ask(look, "GET /", cookie(odd))).json()).toEqual([
      null,
      [
        ["__proto__", "3"],
        ["constructor", "2"],
      ],
    ]);
  });
});

describe("a response", () => {
  test("sets no cookie unless one was put", async () => {
    expect(await set((conn) => conn)).toEqual([]);
  });

  test("sets each cookie in a header of its own, after what hooks have put", async () => {
    const hooked = (conn: Conn) =>
      conn.registerBeforeSend((it) => it.putRespCookie("b", "2")).putRespCookie("a", "1", { path: "/baz" });
    expect(await set(hooked)).toEqual(["a=1; Path=/baz; HttpOnly", "b=2; Path=/; HttpOnly"]);
  });

  test("sets cookies that expire at a moment of the time that the system has", () =>
    browsing(async (browser) => {
      await browser.sim.advance(86_400_000);
      const answer = await browser.ask((conn) => conn.putRespCookie("a", "1", { maxAge: 60 }).text(""));
      expect(headers(answer, "set-cookie")).toEqual([
        "a=1; Max-Age=60; Path=/; Expires=Fri, 02 Jan 1970 00:01:00 GMT; HttpOnly",
      ]);
    }));

  test("sets the last of cookies of one name", async () => {
    expect(await set((conn) => conn.putRespCookie("a", "1").putRespCookie("a", "2"))).toEqual([
      "a=2; Path=/; HttpOnly",
    ]);
  });

  test("has a cookie deleted that is put and then deleted", async () => {
    expect(await set((conn) => conn.putRespCookie("foo", "baz").deleteRespCookie("foo", { path: "/baz" }))).toEqual([
      "foo=; Max-Age=0; Path=/baz; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly",
    ]);
  });

  test("has a cookie deleted at once, whatever age is given", async () => {
    const options = { path: "/baz", maxAge: 1000, universalTime: new Date("4000-01-01") };
    expect(await set((conn) => conn.deleteRespCookie("foo", options))).toEqual([
      "foo=; Max-Age=0; Path=/baz; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly",
    ]);
  });

  test("sets cookies that are secure over https, unless told otherwise", async () => {
    expect(await set((conn) => conn.putRespCookie("foo", "baz"), "https")).toEqual([
      "foo=baz; Path=/; HttpOnly; Secure",
    ]);
    expect(await set((conn) => conn.putRespCookie("foo", "baz", { secure: false }), "https")).toEqual([
      "foo=baz; Path=/; HttpOnly",
    ]);
  });

  test("has cookies deleted that are secure over https", async () => {
    const [header] = await set((conn) => conn.deleteRespCookie("foo"), "https");
    expect(header).toContain("; Secure");
  });

  test.each<[what: string, change: (conn: Conn) => Conn, error: string]>([
    [
      "is longer than 4,096 bytes",
      (conn) => conn.putRespCookie("foo", "a".repeat(4095)).text(""),
      "500 CookieOverflowError: expected cookie foo to have at most 4096 bytes",
    ],
    [
      "has a line break",
      (conn) => conn.putRespCookie("foo", "bar\nbaz"),
      "500 InvalidHeaderError: cookie: expected a value",
    ],
    [
      "would end itself",
      (conn) => conn.putRespCookie("foo", "a; Domain=b"),
      "500 InvalidHeaderError: cookie: expected a value",
    ],
    [
      "is no text",
      (conn) => conn.putRespCookie("foo", { a: 1 }),
      "500 BadArgument: cookie foo: expected a value that is a",
    ],
    [
      "is to be signed and encrypted",
      (conn) => conn.putRespCookie("foo", "1", { sign: true, encrypt: true }),
      "500 BadArgument: cookie foo: expected sign or encrypt, which signs too",
    ],
    ["is put too late", (conn) => conn.text("").putRespCookie("foo", "1"), "200 AlreadySentError: putRespCookie"],
    ["is deleted too late", (conn) => conn.text("").deleteRespCookie("foo"), "200 AlreadySentError: deleteRespCookie"],
    [
      "is put after the head",
      (conn) => conn.sendChunked(200).putRespCookie("foo", "1"),
      "200 AlreadySentError: putRespCookie",
    ],
    [
      "is deleted after the head",
      (conn) => conn.sendChunked(200).deleteRespCookie("foo"),
      "200 AlreadySentError: deleteRespCookie",
    ],
  ])("cannot have a cookie that %s", async (_, change, error) => {
    expect(await crash(change, "GET /", { secretKeyBase: SECRET })).toContain(error);
  });
});

describe.each<[kind: string, seal: PutCookieOptions, names: "signed" | "encrypted"]>([
  ["signed", { sign: true }, "signed"],
  ["encrypted", { encrypt: true }, "encrypted"],
])("a cookie that is %s", (_, seal, kind) => {
  const put =
    (options: PutCookieOptions = {}) =>
    (conn: Conn) => {
      const next = conn.putRespCookie("foo", { id: 7 }, { ...seal, ...options });
      return next.json(next.cookies);
    };
  const raw = (conn: Conn) => conn.json(conn.fetchCookies().cookies);
  const open = (conn: Conn) => conn.json(conn.fetchCookies({ [kind]: ["foo"] }).cookies);

  test("is the value itself for plugs, and sealed for the client", () =>
    browsing(async (browser) => {
      const answer = await browser.ask(put());
      expect(answer.json()).toEqual({ foo: { id: 7 } });
      expect(headers(answer, "set-cookie")).toEqual([expect.stringMatching(/^foo=[\w.-]{50,}; Path=\/; HttpOnly$/)]);
    }));

  test("comes back sealed, and is opened on demand", () =>
    browsing(async (browser) => {
      await browser.ask(put());
      expect((await browser.ask(raw)).json()).toEqual(Object.fromEntries(browser.cookies));
      expect((await browser.ask(open)).json()).toEqual({ foo: { id: 7 } });
    }));

  test("may be opened once more", () =>
    browsing(async (browser) => {
      await browser.ask(put());
      const names = { [kind]: ["foo"] };
      const twice = (conn: Conn) => conn.json(conn.fetchCookies().fetchCookies(names).fetchCookies(names).cookies);
      expect((await browser.ask(twice)).json()).toEqual({ foo: { id: 7 } });
    }));

  test("is not opened again where it was put anew", () =>
    browsing(async (browser) => {
      await browser.ask(put());
      const names = { [kind]: ["foo"] };
      const anew = (conn: Conn) => conn.json(conn.putRespCookie("foo", "new", seal).fetchCookies(names).cookies);
      expect((await browser.ask(anew)).json()).toEqual({ foo: "new" });
    }));

  test("is as if it were not there when it is not ours, or not of this name", () =>
    browsing(async (browser) => {
      await browser.ask(put());
      const sealed = browser.cookies.get("foo") as string;
      for (const value of ["", "bad", `${sealed}x`, sign(SECRET, "bar_cookie", 1)]) {
        browser.cookies.set("foo", value);
        expect((await browser.ask(open)).json()).toEqual({});
      }
      browser.cookies.clear();
      expect((await browser.ask(open)).json()).toEqual({});
      browser.cookies.set("bar", sealed);
      expect((await browser.ask((conn) => conn.json(conn.fetchCookies({ [kind]: ["bar"] }).cookies))).json()).toEqual(
        {},
      );
    }));

  test("is good for a day though the browser forgets it at its end, or as long as its maxAge says", () =>
    browsing(async (browser) => {
      const later = async (seconds: number): Promise<unknown> => {
        await browser.sim.advance(seconds * 1000);
        return (await browser.ask(open)).json();
      };
      await browser.ask(put());
      expect([await later(86_000), await later(1000)]).toEqual([{ foo: { id: 7 } }, {}]);
      await browser.ask(put({ maxAge: 100_000 }));
      expect([await later(99_000), await later(2000)]).toEqual([{ foo: { id: 7 } }, {}]);
    }));

  test("and is good for no time has expired at once", async () => {
    let sealed = "";
    await ask(
      (conn) => {
        const next = conn.putRespCookie("foo", 1, { ...seal, maxAge: 0 });
        sealed = next.respCookies.foo?.value ?? "";
        return next.text("");
      },
      "GET /",
      { secretKeyBase: SECRET },
    );
    expect(sealed).toMatch(/^[\w.-]{30,}$/);
    expect((await ask(raw, "GET /", cookie(`foo=${sealed}`))).json()).toEqual({ foo: sealed });
    expect((await ask(open, "GET /", cookie(`foo=${sealed}`))).json()).toEqual({});
  });
});
