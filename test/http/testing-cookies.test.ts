import { type Conn, type Plug, plug, SessionState } from "hornbeam/http";
import {
  call,
  conn,
  deleteReqCookie,
  initTestSession,
  putReqCookie,
  recycleCookies,
  request,
  sentResp,
} from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";

describe("putReqCookie and deleteReqCookie", () => {
  test("say what cookies the client sends, beside those that it has", () => {
    const some = putReqCookie(conn("GET", "/", { cookies: { a: "1", b: "2" } }), "c", "3");
    expect(some.reqCookies).toEqual({ a: "1", b: "2", c: "3" });
    expect(some.getReqHeaders("cookie")).toEqual(["a=1; b=2; c=3"]);
    const fewer = deleteReqCookie(deleteReqCookie(putReqCookie(some, "a", "new"), "b"), "none");
    expect(fewer.reqCookies).toEqual({ a: "new", c: "3" });
    expect(deleteReqCookie(conn("GET", "/", { cookies: { a: "1" } }), "a").reqHeaders).toEqual([]);
  });

  test("seal a value as a response does: signed or encrypted", () => {
    const sealed = putReqCookie(
      putReqCookie(conn("GET", "/"), "s", [1], { sign: true }),
      "e",
      { a: 1 },
      { encrypt: true },
    );
    expect(sealed.fetchCookies({ signed: ["s"], encrypted: ["e"] }).cookies).toEqual({ s: [1], e: { a: 1 } });
    expect(Object.values(sealed.reqCookies).join()).not.toContain("{");
    const bare = conn("GET", "/", { secretKeyBase: undefined });
    expect(() => putReqCookie(bare, "s", 1, { sign: true })).toThrow("expected a secretKeyBase");
  });

  test("refuse a conn whose cookies are fetched, for which it is too late", () => {
    const late = conn("GET", "/").putRespCookie("a", "1");
    const message = "expected a conn whose cookies are not fetched yet, got: #Conn<GET / unset>";
    expect(() => putReqCookie(late, "b", "2")).toThrow(`putReqCookie: ${message}`);
    expect(() => deleteReqCookie(late, "b")).toThrow(`deleteReqCookie: ${message}`);
    expect(() => recycleCookies(late, conn("GET", "/"))).toThrow(`recycleCookies: ${message}`);
  });
});

describe("recycleCookies has the client send", () => {
  const visited = () => conn("GET", "/", { cookies: { kept: "1", changed: "1", gone: "1" } });
  const changes = (it: Conn) =>
    it
      .putRespCookie("changed", "2")
      .putRespCookie("more", "x=y")
      .deleteRespCookie("gone")
      .putRespCookie("old", "", { maxAge: 0 });
  const after = { kept: "1", changed: "2", more: "x=y" };

  test("what it sent before, as the response has changed it", () => {
    const old = call((it: Conn) => changes(it).text(""), visited());
    expect(recycleCookies(conn("GET", "/"), old).reqCookies).toEqual(after);
  });

  test("what a response says that is set, and not sent yet, or not set", () => {
    const hooked = visited().registerBeforeSend((it) => changes(it as Conn));
    expect(recycleCookies(conn("GET", "/"), hooked.resp(200, "")).reqCookies).toEqual(after);
    expect(recycleCookies(conn("GET", "/"), changes(visited())).reqCookies).toEqual(after);
  });

  test("what it has already, unless the response before says otherwise", () => {
    const old = call((it: Conn) => changes(it).text(""), visited());
    const next = conn("GET", "/", { cookies: { own: "1", changed: "0" } });
    expect(recycleCookies(next, old).reqCookies).toEqual({ ...after, own: "1" });
  });

  test("a sealed value that opens again", () => {
    const old = call((it: Conn) => it.putRespCookie("user", { id: 1 }, { encrypt: true }).text(""), conn("GET", "/"));
    const next = recycleCookies(conn("GET", "/"), old).fetchCookies({ encrypted: ["user"] });
    expect(next.cookies.user).toEqual({ id: 1 });
  });
});

/** A session plug whose store has always the same. */
const Stored = {
  name: "Stored",
  init: (data: Readonly<Record<string, unknown>>) => data,
  call: (it: Conn, data: Readonly<Record<string, unknown>>) => {
    const early = it.sessionState;
    const fetch = (one: Conn<any>) => {
      const state = new SessionState((same) => same, early?.data, early?.change).fetched(data);
      return one.putSessionState(state).registerBeforeSend((last) => {
        const { data: kept, change = "nothing" } = last.sessionState as SessionState;
        return last.putRespHeader("x-session", `${change} ${JSON.stringify(kept)}`);
      });
    };
    return it.putSessionState(new SessionState(fetch, undefined, undefined));
  },
} satisfies Plug;

describe("a test session", () => {
  test("is there without a session plug, and adds up", () => {
    const member = initTestSession(initTestSession(conn("GET", "/"), { a: 1 }), { b: 2 });
    expect(member.getSession()).toEqual({ a: 1, b: 2 });
    expect(conn("GET", "/", { session: { a: 1 } }).fetchSession()).toMatchObject({ state: "unset" });
    expect(conn("GET", "/", { session: {} }).getSession()).toEqual({});
  });

  test("is kept by a session plug over what its store has, and written", async () => {
    const stored = plug(Stored, { a: "stored", b: "stored" });
    const plugged = await call(stored, initTestSession(conn("GET", "/"), { a: "test" }));
    const fetched = await plugged.fetchSession();
    expect(fetched.getSession()).toEqual({ a: "test", b: "stored" });
    expect(sentResp(fetched.text("")).header("x-session")).toBe('write {"a":"test","b":"stored"}');
  });

  test("may be put into one that is fetched, and not between plug and fetch", async () => {
    const plugged = await call(plug(Stored, { a: 1 }), conn("GET", "/"));
    expect(initTestSession(await plugged.fetchSession(), { b: 2 }).getSession()).toEqual({ a: 1, b: 2 });
    expect(() => initTestSession(plugged, { b: 2 })).toThrow(
      "initTestSession: expected a conn before its session plug",
    );
  });

  test("is there for a request in a process, with its cookies", () =>
    inVirtualTime(async (sim) => {
      const show = (it: Conn) => it.json([it.getSession("user"), it.cookies]);
      const options = { session: { user: "ada" }, cookies: { a: "1" } };
      expect((await request(sim, show, "GET", "/", options)).json()).toEqual(["ada", { a: "1" }]);
    }));
});

test("a conn has a secret of its own for tests, or the one that it is given", () => {
  expect(Buffer.byteLength(conn("GET", "/").secretKeyBase)).toBeGreaterThanOrEqual(64);
  const secretKeyBase = "x".repeat(64);
  expect(conn("GET", "/", { secretKeyBase }).secretKeyBase).toBe(secretKeyBase);
});
