import {
  type Conn,
  type CsrfOptions,
  CsrfProtection,
  cookieStore,
  deleteCsrfToken,
  getCsrfToken,
  getCsrfTokenFor,
  isCsrfToken,
  Parsers,
  pipeline,
  plug,
  Session,
} from "hornbeam/http";
import { request, type TestRequest, type TestResponse } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";
import { type Browser, browsing } from "../browser.ts";
import { ask, crash } from "../support.ts";

const session = plug(Session, { store: cookieStore({ signingSalt: "signing salt" }), key: "foobar" });

type Step = (conn: Conn) => Conn;
const same: Step = (conn) => conn;

/** A site whose pages show their session, behind the protection. */
const site = (page: Step = same, options?: CsrfOptions, before: Step = same) =>
  pipeline()
    .plug(plug(Parsers, { parsers: ["json"] }))
    .plug(session)
    .plug((conn) => conn.fetchSession())
    .plug(before)
    .plug(plug(CsrfProtection, options))
    .plug((conn) => {
      const next = page(conn);
      return next.state === "unset" ? next.json(next.getSession()) : next;
    });

const giveToken: Step = (conn) => conn.text(getCsrfToken(conn));
const keep: Step = (conn) => conn.putSession("key", "val");

/** A token, which is in the browser's session from then on. */
const tokenOf = async (browser: Browser, options?: CsrfOptions): Promise<string> =>
  (await browser.ask(site(giveToken, options, keep))).body;

const body = (token: unknown): TestRequest => ({ json: { _csrf_token: token } });
const header = (token: string, more: Record<string, string> = {}): TestRequest => ({
  headers: { "x-csrf-token": token, ...more },
});

const refused = expect.objectContaining({ status: 403, reason: "normal" });
const statusOf = (answer: TestResponse): number => answer.status;

describe("a token", () => {
  test("has 56 characters that may stand anywhere, without padding", () =>
    browsing(async (browser) => {
      for (let i = 0; i < 50; i++) expect(await tokenOf(browser)).toMatch(/^[\w-]{56}$/);
    }));

  test("is masked otherwise in each request, and always good", () =>
    browsing(async (browser) => {
      const tokens = new Set<string>();
      for (let i = 0; i < 20; i++) tokens.add(await tokenOf(browser));
      expect(tokens.size).toBe(20);
      for (const token of tokens) expect((await browser.ask(site(), "POST /", header(token))).status).toBe(200);
      const shown = [...tokens].flatMap((token) => [token.slice(0, 32), token.slice(32)]);
      expect(new Set(shown).size).toBe(40);
    }));

  test("is the same within a request, whichever conn is asked", async () => {
    const seen: string[] = [];
    const twice: Step = (conn) => {
      seen.push(getCsrfToken(conn), getCsrfToken(conn.assign("a", 1)), getCsrfToken(conn));
      return conn;
    };
    await browsing(async (browser) => void (await browser.ask(site(twice))));
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(3);
  });

  test("is there only if it was asked for: pages without forms set no cookie", () =>
    browsing(async (browser) => {
      const answer = await browser.ask(site());
      expect([answer.json(), answer.header("set-cookie")]).toEqual([{}, undefined]);
      await tokenOf(browser);
      expect((await browser.ask(site())).json()).toEqual({
        key: "val",
        _csrf_token: expect.stringMatching(/^[\w-]{24}$/),
      });
    }));

  test("is deleted on demand, and the next one is another", () =>
    browsing(async (browser) => {
      const before = await tokenOf(browser);
      const forget: Step = (conn) => {
        deleteCsrfToken(conn);
        return conn;
      };
      await browser.ask(site(forget));
      expect((await browser.ask(site())).json()).toEqual({ key: "val" });
      const after = await tokenOf(browser);
      expect(await browser.ask(site(), "POST /", header(before))).toEqual(refused);
      expect((await browser.ask(site(), "POST /", header(after))).status).toBe(200);
    }));

  test("may be deleted and asked for in one request: at a log-in", () =>
    browsing(async (browser) => {
      const before = await tokenOf(browser);
      const logIn: Step = (conn) => {
        deleteCsrfToken(conn);
        return conn.configureSession({ renew: true }).text(getCsrfToken(conn));
      };
      const after = (await browser.ask(site(logIn))).body;
      expect(await browser.ask(site(), "POST /", header(before))).toEqual(refused);
      expect((await browser.ask(site(), "POST /", header(after))).status).toBe(200);
    }));

  test("that was handed out is in the session even if that was emptied meanwhile", () =>
    browsing(async (browser) => {
      await tokenOf(browser);
      const token = (await browser.ask(site((conn) => giveToken(conn.clearSession())))).body;
      expect((await browser.ask(site(), "POST /", header(token))).status).toBe(200);
    }));

  test("that was not handed out is not put back into a session that was emptied", () =>
    browsing(async (browser) => {
      await tokenOf(browser);
      await browser.ask(site((conn) => conn.clearSession()));
      expect((await browser.ask(site())).json()).toEqual({});
    }));

  test("is kept in the session under a key of one's own", () =>
    browsing(async (browser) => {
      const options = { sessionKey: "mine" };
      const token = await tokenOf(browser, options);
      expect((await browser.ask(site(same, options))).json()).toEqual({ key: "val", mine: expect.any(String) });
      expect((await browser.ask(site(same, options), "POST /", header(token))).status).toBe(200);
      expect(await browser.ask(site(), "POST /", header(token))).toEqual(refused);
    }));

  test.each(["invalid", "", "a".repeat(23), "a".repeat(25), 7, null, ["a".repeat(24)]])(
    "in the session that is none is as if it were not there: %j",
    (stored) =>
      browsing(async (browser) => {
        await browser.ask(site((conn) => conn.putSession("_csrf_token", stored)));
        expect(await browser.ask(site(), "POST /", header("a".repeat(56)))).toEqual(refused);
        const token = await tokenOf(browser);
        expect((await browser.ask(site(), "POST /", header(token))).status).toBe(200);
      }),
  );

  test("is that of one request alone, with many at a time", () =>
    browsing(async (browser) => {
      const slow = pipeline()
        .plug(session)
        .plug((conn) => conn.fetchSession())
        .plug(plug(CsrfProtection))
        .plug(async (conn) => {
          const first = getCsrfToken(conn);
          await conn.self.sleep(10);
          return conn.json([first, getCsrfToken(conn)]);
        });
      const answers = await Promise.all(Array.from({ length: 10 }, () => browser.ask(slow)));
      const pairs = answers.map((answer) => answer.json() as [string, string]);
      for (const [first, second] of pairs) expect(first).toBe(second);
      expect(new Set(pairs.map(([first]) => first)).size).toBe(10);
    }));

  test("cannot be had or deleted before the plug has run", async () => {
    const error = "expected plug(CsrfProtection) earlier in the pipeline, got: none";
    expect(await crash((conn) => conn.text(getCsrfToken(conn)))).toContain(`getCsrfToken: ${error}`);
    expect(await crash((conn) => conn.text(getCsrfTokenFor(conn, "/")))).toContain(error);
    const forget = (conn: Conn) => {
      deleteCsrfToken(conn);
      return conn;
    };
    expect(await crash(forget)).toContain(`deleteCsrfToken: ${error}`);
  });
});

describe("a request that may change something", () => {
  const methods = ["POST", "PUT", "PATCH", "DELETE", "PURGE"];

  test("is let through with a token in the body", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      for (const method of methods.slice(0, 4)) {
        expect((await browser.ask(site(), `${method} /`, body(token))).status).toBe(200);
      }
    }));

  test("is let through with a token in the header", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      for (const method of methods) expect((await browser.ask(site(), `${method} /`, header(token))).status).toBe(200);
    }));

  test("is refused with 403 when its session has no token", () =>
    browsing(async (browser) => {
      for (const method of methods) expect(await browser.ask(site(), `${method} /`)).toEqual(refused);
      expect(await browser.ask(site(), "POST /", body("foo"))).toEqual(refused);
      expect(await browser.ask(site(), "POST /", header("a".repeat(56)))).toEqual(refused);
    }));

  test("is refused with 403 when its token is not that of its session", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      const others = [
        "foo",
        "",
        "a".repeat(56),
        token.slice(1),
        `${token}a`,
        `b${token}`,
        token.toLowerCase(),
        "é".repeat(56),
      ];
      for (const other of others) {
        expect(await browser.ask(site(), "POST /", header(other)), other).toEqual(refused);
        expect(await browser.ask(site(), "POST /", body(other)), other).toEqual(refused);
      }
      for (const other of [undefined, null, 7, {}, [token]]) {
        expect(await browser.ask(site(), "POST /", body(other))).toEqual(refused);
      }
    }));

  test("is refused with 403 when any one character of its token is another", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      const inner = (await browser.ask(site())).json()._csrf_token;
      expect(isCsrfToken(token, inner)).toBe(true);
      for (let at = 0; at < token.length; at++) {
        for (const char of "Aa0_-.+/= ") {
          if (char === token[at]) continue;
          expect(isCsrfToken(token.slice(0, at) + char + token.slice(at + 1), inner), `${at} ${char}`).toBe(false);
        }
      }
    }));

  test("is refused with 403 when its token is spelt otherwise", () =>
    browsing(async (browser) => {
      let token = await tokenOf(browser);
      while (!/[-_]/.test(token.slice(0, 32))) token = await tokenOf(browser);
      const plain = token.slice(0, 32).replaceAll("-", "+").replaceAll("_", "/") + token.slice(32);
      expect((await browser.ask(site(), "POST /", header(token))).status).toBe(200);
      expect(await browser.ask(site(), "POST /", header(plain))).toEqual(refused);
    }));

  test.each(["*", "=", "+", " ", "\0"])("is refused with 403 when its token is not base64: %j", (char) =>
    browsing(async (browser) => {
      await tokenOf(browser);
      expect(await browser.ask(site(), "POST /", body(char.repeat(56)))).toEqual(refused);
    }),
  );

  test("is refused with 403 when its token is that of another session", () =>
    browsing(async (browser) => {
      const foreign = await tokenOf(browser);
      browser.cookies.clear();
      await tokenOf(browser);
      expect(await browser.ask(site(), "POST /", header(foreign))).toEqual(refused);
    }));

  test("is refused with 403 when its token is in the query alone, or is what the session has, bare", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      expect(await browser.ask(site(), `POST /?_csrf_token=${token}`)).toEqual(refused);
      const bare = (await browser.ask(site())).json()._csrf_token;
      expect(await browser.ask(site(), "POST /", header(bare))).toEqual(refused);
    }));

  test("is told what is wrong", () =>
    browsing(async (browser) => {
      const expected =
        "403 expected the token of this session as _csrf_token in the body or as x-csrf-token in the header";
      expect((await browser.ask(site(), "POST /")).body).toBe(`${expected}, got: none\n`);
      expect((await browser.ask(site(), "POST /", header("x"))).body).toBe(
        `${expected}, got: one that is not of this session\n`,
      );
      const unparsed = pipeline()
        .plug(session)
        .plug((conn) => conn.fetchSession())
        .plug(plug(CsrfProtection));
      expect((await browser.ask(unparsed, "POST /")).body).toBe(
        `${expected}, got: none (the body was not parsed before)\n`,
      );
    }));

  test("is let through when it is marked so, and its session has a token if one is asked for", () =>
    browsing(async (browser) => {
      const skip: Step = (conn) => conn.putPrivate("plugSkipCsrfProtection", true);
      expect((await browser.ask(site(giveToken, {}, skip), "POST /")).status).toBe(200);
      expect((await browser.ask(site())).json()).toHaveProperty("_csrf_token");
      expect(
        await browser.ask(
          site(giveToken, {}, (conn) => conn.putPrivate("plugSkipCsrfProtection", "yes")),
          "POST /",
        ),
      ).toEqual(refused);
    }));

  test("goes through the plug twice with one token", () =>
    browsing(async (browser) => {
      const twice = (page: Step) =>
        pipeline()
          .plug(plug(Parsers, { parsers: ["json"] }))
          .plug(session)
          .plug((conn) => conn.fetchSession())
          .plug(plug(CsrfProtection))
          .plug(plug(CsrfProtection))
          .plug((conn) => page(conn));
      const token = (await browser.ask(twice(giveToken))).body;
      const changed = await browser.ask(
        twice((conn) => conn.json(conn.getSession())),
        "POST /",
        header(token),
      );
      expect([changed.status, Object.keys(changed.json())]).toEqual([200, ["_csrf_token"]]);
    }));
});

test.each(["GET", "HEAD", "OPTIONS"])("%s is always let through, and leaves no token in the session", (method) =>
  browsing(async (browser) => {
    const answer = await browser.ask(site(keep), `${method} /`);
    expect(answer.status).toBe(200);
    expect((await browser.ask(site())).json()).toEqual({ key: "val" });
  }),
);

describe("with clearSession", () => {
  const clearing: CsrfOptions = { with: "clearSession" };

  test.each<[what: string, request: (token: string) => TestRequest]>([
    ["no token", () => ({})],
    ["a wrong token in the body", () => body("foo")],
    ["a wrong token in the header", (token) => header(`x${token.slice(1)}x`)],
  ])("a request with %s goes on with an empty session", (_, request) =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      const answer = await browser.ask(site(same, clearing), "POST /", request(token));
      expect([answer.status, answer.json()]).toEqual([200, {}]);
    }),
  );

  test("a request without a session goes on, too", () =>
    browsing(async (browser) => {
      expect(statusOf(await browser.ask(site(same, clearing), "POST /"))).toBe(200);
    }));

  test("the session is empty for this request only, and what is put into it is not kept", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      const write = site((conn) => conn.putSession("key", "stolen"), clearing);
      expect((await browser.ask(write, "POST /")).json()).toEqual({ key: "stolen" });
      expect((await browser.ask(site(same, clearing), "POST /", header(token))).json()).toMatchObject({ key: "val" });
    }));
});

describe("a token for another host", () => {
  const pay = "https://pay.example.com/orders";
  const tokenFor = async (browser: Browser, url: string): Promise<string> =>
    (await browser.ask(site((conn) => conn.text(getCsrfTokenFor(conn, url))))).body;
  const at = (host: string, token: string): TestRequest => ({ ...header(token), host });

  test("is good there", () =>
    browsing(async (browser) => {
      const token = await tokenFor(browser, pay);
      expect((await browser.ask(site(), "POST /", at("pay.example.com", token))).status).toBe(200);
      const same = { host: "pay.example.com", ...body(token) };
      expect((await browser.ask(site(), "POST /", same)).status).toBe(200);
    }));

  test("is refused elsewhere", () =>
    browsing(async (browser) => {
      const token = await tokenFor(browser, pay);
      for (const host of ["www.example.com", "example.com", "xpay.example.com", "pay.example.com.evil.example"]) {
        expect(await browser.ask(site(), "POST /", at(host, token)), host).toEqual(refused);
      }
    }));

  test("is good elsewhere, too, where its host is allowed", () =>
    browsing(async (browser) => {
      const token = await tokenFor(browser, pay);
      const allowed = (...allowHosts: string[]) => browser.ask(site(same, { allowHosts }), "POST /", header(token));
      expect(statusOf(await allowed("pay.example.com"))).toBe(200);
      expect(statusOf(await allowed("a.example", ".example.com"))).toBe(200);
      expect(await allowed("example.com")).toEqual(refused);
      expect(await allowed(".ay.example.com")).toEqual(refused);
      expect(await allowed(".com.evil")).toEqual(refused);
      expect(await allowed(".example")).toEqual(refused);
    }));

  test("is refused with another session, another secret, or when it was changed", () =>
    browsing(async (browser) => {
      const token = await tokenFor(browser, pay);
      const [nonce = "", host = "", signature = ""] = token.split(".");
      const other = Buffer.from("www.example.com").toString("base64url");
      for (const forged of [
        `${nonce}.${other}.${signature}`,
        `${nonce}.${host}.${signature.slice(1)}`,
        `${nonce}.${host}`,
        `.${signature}`,
        ".",
        "..",
        `x${token}`,
      ]) {
        expect(await browser.ask(site(), "POST /", at("pay.example.com", forged)), forged).toEqual(refused);
        expect(await browser.ask(site(), "POST /", at("www.example.com", forged)), forged).toEqual(refused);
      }
      const secretKeyBase = "another secret ".repeat(5);
      expect(await browser.ask(site(), "POST /", { ...at("pay.example.com", token), secretKeyBase })).toEqual(refused);
      browser.cookies.clear();
      await tokenOf(browser);
      expect(await browser.ask(site(), "POST /", at("pay.example.com", token))).toEqual(refused);
    }));

  test("is refused, and no error, where the server has no secret", () =>
    browsing(async (browser) => {
      const store = cookieStore({ signingSalt: "salt", secretKeyBase: "s".repeat(64) });
      const own = pipeline()
        .plug(plug(Session, { store, key: "own" }))
        .plug((conn) => conn.fetchSession())
        .plug(plug(CsrfProtection))
        .plug(giveToken);
      const bare = (what: string, options: TestRequest = {}) =>
        request(browser.sim, own, what, "/", { ...options, headers: { cookie, ...options.headers } });
      let cookie = "";
      const given = await bare("GET");
      cookie = (given.header("set-cookie") as string).split(";")[0] as string;
      expect((await bare("POST", header(given.body))).status).toBe(200);
      expect(await bare("POST", header("a.b.c"))).toEqual(refused);
    }));

  test("is that of this host for a path, and for a URL of this host", () =>
    browsing(async (browser) => {
      for (const url of ["/orders", "orders?a=b", "http://www.example.com:8080/", "//www.example.com/x", ""]) {
        expect(await tokenFor(browser, url), url).toMatch(/^[\w-]{56}$/);
      }
      for (const url of ["//evil.example/x", "https://example.com", "http://[::1]/"]) {
        expect(await tokenFor(browser, url), url).toMatch(/^[\w-]{24}\.[\w-]+\.[\w-]{43}$/);
      }
    }));

  test("cannot be made for what is no URL", () =>
    browsing(async (browser) => {
      const { reason } = await browser.ask(site((conn) => conn.text(getCsrfTokenFor(conn, "http://a b/"))));
      expect(String(reason)).toContain("getCsrfTokenFor: expected a path or a URL, got: 'http://a b/'");
    }));
});

describe("a script", () => {
  const script =
    (type: string): Step =>
    (conn) =>
      conn.putRespContentType(type).sendResp(200, "alert(1)");
  const xhr = { headers: { "x-requested-with": "XMLHttpRequest" } };

  test.each(["application/javascript", "text/javascript", "Text/JavaScript"])(
    "that is the answer to GET is refused with 403: %s",
    (type) =>
      browsing(async (browser) => {
        const answer = await browser.ask(site(script(type)));
        expect(answer).toEqual(refused);
        expect(answer.body).not.toContain("alert");
      }),
  );

  test("that was asked for by XMLHttpRequest is sent", () =>
    browsing(async (browser) => {
      expect((await browser.ask(site(script("text/javascript")), "GET /", xhr)).body).toBe("alert(1)");
    }));

  test("that is the answer to another method is sent, and so is what is no script", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      expect((await browser.ask(site(script("text/javascript")), "POST /", header(token))).status).toBe(200);
      expect((await browser.ask(site(script("application/json")))).status).toBe(200);
    }));

  test("is sent where the protection is skipped", () =>
    browsing(async (browser) => {
      const skip: Step = (conn) => conn.putPrivate("plugSkipCsrfProtection", true);
      expect((await browser.ask(site(script("text/javascript"), {}, skip))).body).toBe("alert(1)");
    }));

  test("is sent to this site where the browser is believed", () =>
    browsing(async (browser) => {
      const from = (where: string) => ({ headers: { "sec-fetch-site": where } });
      const page = site(script("text/javascript"), { secFetchSite: true });
      expect((await browser.ask(page, "GET /", from("same-origin"))).body).toBe("alert(1)");
      expect(await browser.ask(page, "GET /", from("cross-site"))).toEqual(refused);
      expect(await browser.ask(site(script("text/javascript")), "GET /", from("same-origin"))).toEqual(refused);
    }));
});

describe("with secFetchSite, a request", () => {
  const believing: CsrfOptions = { secFetchSite: true };
  const from = (site: string, more: Record<string, string> = {}) => ({ headers: { "sec-fetch-site": site, ...more } });

  test.each(["same-origin", "none"])("that the browser says is %s needs no token", (where) =>
    browsing(async (browser) => {
      expect((await browser.ask(site(same, believing), "POST /", from(where))).status).toBe(200);
      expect(await browser.ask(site(), "POST /", from(where))).toEqual(refused);
    }),
  );

  test.each(["cross-site", "same-site", "nonsense", ""])(
    "that the browser says is %j is refused, with a token or not",
    (where) =>
      browsing(async (browser) => {
        const token = await tokenOf(browser);
        const answer = await browser.ask(site(same, believing), "POST /", header(token, { "sec-fetch-site": where }));
        expect(answer).toEqual(refused);
        expect(answer.body).toBe(`403 the request comes from another site (${where})\n`);
      }),
  );

  test("of which the browser says nothing needs a token", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      expect(await browser.ask(site(same, believing), "POST /")).toEqual(refused);
      expect((await browser.ask(site(same, believing), "POST /", header(token))).status).toBe(200);
    }));

  test("from a host that is allowed needs its token", () =>
    browsing(async (browser) => {
      const token = await tokenOf(browser);
      const allowing = site(same, { ...believing, allowHosts: [".example.com"] });
      const sent = (origin: string, more = {}) =>
        browser.ask(allowing, "POST /", from("same-site", { origin, ...more }));
      expect(await sent("https://pay.example.com")).toEqual(refused);
      expect((await sent("https://pay.example.com:8443", { "x-csrf-token": token })).status).toBe(200);
      for (const origin of ["https://evil.example", "null", "", "https://example.com.evil.example"]) {
        expect(await sent(origin, { "x-csrf-token": token }), origin).toEqual(refused);
      }
    }));
});

describe("the plug", () => {
  test.each([
    [{ with: "unknown" }, "CsrfProtection: expected with to be exception or clearSession, got: 'unknown'"],
    [{ allowHosts: "a" }, "CsrfProtection allowHosts: expected an array, got: 'a'"],
    ["x", "CsrfProtection: expected options (an object), got: 'x'"],
  ])("is not built with options that are none: %o", (options, error) => {
    expect(() => plug(CsrfProtection, options as never)).toThrow(error);
  });

  test("needs a session that is fetched", async () => {
    const { status, reason } = await ask(plug(CsrfProtection), "POST /");
    expect(status).toBe(500);
    expect(String(reason)).toContain("the session is not fetched; expected fetchSession in a plug before");
  });
});

test.each([undefined, null, 7, "", "a", "*".repeat(56), "a".repeat(56), "é".repeat(56)])(
  "what is shown is no token of a session: %j",
  (shown) => {
    expect(isCsrfToken(shown, "b".repeat(24))).toBe(false);
    expect(isCsrfToken(shown, undefined)).toBe(false);
  },
);
