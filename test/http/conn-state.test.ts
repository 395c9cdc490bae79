import { AlreadySentError, type Conn, HttpError, SessionState, UnfetchedError } from "hornbeam/http";
import { conn, initTestSession, sentResp } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";

const path = new URL(import.meta.url).pathname;

/** Ways to begin a response. */
const ENDS: Readonly<Record<string, (it: Conn<any>) => Conn<any> | Promise<Conn<any>>>> = {
  sent: (it) => it.sendResp(200, ""),
  chunked: (it) => it.sendChunked(200),
  file: (it) => it.sendFile(200, { path }),
  upgraded: (it) => it.upgrade("websocket", async () => {}),
};

/** What is refused then. */
const CHANGES: Readonly<Record<string, (it: Conn<any>) => unknown>> = {
  putStatus: (it) => it.putStatus(200),
  putRespHeader: (it) => it.putRespHeader("x-a", "1"),
  mergeRespHeaders: (it) => it.mergeRespHeaders({ "x-a": "1" }),
  prependRespHeaders: (it) => it.prependRespHeaders([["x-a", "1"]]),
  updateRespHeader: (it) => it.updateRespHeader("x-a", "1", (old) => old),
  deleteRespHeader: (it) => it.deleteRespHeader("x-a"),
  putRespContentType: (it) => it.putRespContentType("text/css"),
  putReqHeader: (it) => it.putReqHeader("x-a", "1"),
  mergeReqHeaders: (it) => it.mergeReqHeaders({ "x-a": "1" }),
  prependReqHeaders: (it) => it.prependReqHeaders([["x-a", "1"]]),
  updateReqHeader: (it) => it.updateReqHeader("x-a", "1", (old) => old),
  deleteReqHeader: (it) => it.deleteReqHeader("x-a"),
  registerBeforeSend: (it) => it.registerBeforeSend((last) => last),
  holdResponse: (it) => it.holdResponse(Promise.resolve()),
  resp: (it) => it.resp(200, ""),
  sendResp: (it) => it.sendResp(200, ""),
  "sendResp()": (it) => it.sendResp(),
  sendChunked: (it) => it.sendChunked(200),
  sendFile: (it) => it.sendFile(200, { path }),
  inform: (it) => it.inform(103),
  informOrThrow: (it) => it.informOrThrow(103),
  upgrade: (it) => it.upgrade("websocket", async () => {}),
  text: (it) => it.text(""),
  html: (it) => it.html(""),
  json: (it) => it.json(1),
  redirect: (it) => it.redirect("/"),
  putRespCookie: (it) => it.putRespCookie("a", "1"),
  deleteRespCookie: (it) => it.deleteRespCookie("a"),
  putSession: (it) => it.putSession("a", 1),
  deleteSession: (it) => it.deleteSession("a"),
  clearSession: (it) => it.clearSession(),
  configureSession: (it) => it.configureSession({ drop: true }),
};

describe.each(Object.entries(ENDS))("once a response is %s", (state, end) => {
  const ended = () => end(initTestSession(conn("GET", "/"), { a: 1 }));

  test.each(Object.entries(CHANGES))("%s is refused", async (_, change) => {
    const done = await ended();
    expect(done.state).toBe(state);
    await expect((async () => change(done))()).rejects.toThrow(AlreadySentError);
  });

  test("what says nothing of the response is allowed: assign, private values, halt, looking", async () => {
    const done = await ended();
    const more = done.assign("a", 1).mergeAssigns({ b: 2 }).putPrivate("c", 3).fetchQueryParams();
    expect([more.assigns, more.private]).toEqual([{ a: 1, b: 2 }, { c: 3 }]);
    expect(more.halt()).toMatchObject({ halted: true, state });
    expect([more.getRespHeader("x-a"), more.getReqHeader("x-a"), more.getSession("a")]).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });
});

test.each<[string, (it: Conn) => unknown]>([
  ["resp", (it) => it.resp(42, "")],
  ["sendResp", (it) => it.sendResp(42, "")],
  ["sendChunked", (it) => it.sendChunked(42)],
  ["sendFile", (it) => it.sendFile(42, { path })],
  ["inform", (it) => it.inform(42)],
])("a bad status is told before that a response was sent: %s", async (_, change) => {
  const done = conn("GET", "/").sendResp(200, "");
  await expect((async () => change(done))()).rejects.toThrow("expected a status");
});

describe("what is kept for libraries", () => {
  test("is put one by one, or several at once", () => {
    const one = conn("GET", "/").putPrivate("lib", 1);
    const more = one.mergePrivate({ lib: 2, other: 3 });
    expect([one.private, more.private]).toEqual([{ lib: 1 }, { lib: 2, other: 3 }]);
  });

  test("conns that are made of the same one do not see each other's assigns, whenever somebody looks", () => {
    const base = conn("GET", "/").assign("a", 1).assign("b", 1);
    const left = base.assign("c", "left");
    const right = base.assign("c", "right").assign("a", 2);
    expect(right.assigns).toEqual({ a: 2, b: 1, c: "right" });
    expect([left.assigns, base.assigns]).toEqual([
      { a: 1, b: 1, c: "left" },
      { a: 1, b: 1 },
    ]);
    expect(left.assigns).toBe(left.putStatus(201).assigns);
    expect(left.assign("d", 1).assigns).toEqual({ a: 1, b: 1, c: "left", d: 1 });
  });

  test("a name such as __proto__ is assigned like any other", () => {
    const { assigns } = conn("GET", "/").assign("__proto__", { polluted: true }).assign("a", 1);
    expect(Object.entries(assigns)).toEqual([
      ["__proto__", { polluted: true }],
      ["a", 1],
    ]);
    expect(Object.getPrototypeOf(assigns)).toBe(Object.prototype);
  });

  test("and several assigns at once, over those that were there", () => {
    const one = conn("GET", "/").assign("a", 1).mergeAssigns({ a: 2, b: 3 });
    expect(one.assigns).toEqual({ a: 2, b: 3 });
  });
});

describe("a status", () => {
  test("is put by number or by name", () => {
    expect([conn("GET", "/").putStatus(404).status, conn("GET", "/").putStatus("notFound").status]).toEqual([404, 404]);
  });

  test("that has no such name is refused", () => {
    expect(() => conn("GET", "/").putStatus("nowhere" as "notFound")).toThrow("nowhere");
  });
});

describe("what was not fetched explains itself", () => {
  test("the parameters of a body", () => {
    expect(() => conn("POST", "/").bodyParams).toThrow(UnfetchedError);
    expect(() => conn("POST", "/").bodyParams).toThrow("expected a plug before that reads the body: plug(Parsers)");
  });

  test("the session", () => {
    expect(() => conn("GET", "/").getSession("a")).toThrow(UnfetchedError);
    expect(() => conn("GET", "/").getSession("a")).toThrow("expected fetchSession in a plug before");
  });
});

describe("params are merged", () => {
  test("path over body over query, and what is put takes the place of the last two", () => {
    const all = conn("POST", "/?a=query&b=query&c=query", { params: { a: "body", b: "body" } });
    const routed = all.putPathParams({ a: "path" });
    expect(routed.params).toEqual({ a: "path", b: "body", c: "query" });
    expect(routed.putParams({ b: "put" }).params).toEqual({ a: "path", b: "put" });
    expect(routed.queryParams).toEqual({ a: "query", b: "query", c: "query" });
  });

  test("with those of a body that comes later over those that were put", () => {
    const put = conn("POST", "/").putParams({ a: "put", b: "put" }).putBodyParams({ a: "body" });
    expect(put.params).toEqual({ a: "body", b: "put" });
  });

  test.each([
    ["with bytes that are not UTF-8", "/?a=%ff", 400],
    ["longer than a million bytes", `/?${"a".repeat(1_000_001)}`, 414],
  ])("unless there is a query %s: an error for the client", (_, target, status) => {
    const bad = conn("GET", target);
    for (const look of [() => bad.params, () => bad.queryParams, () => bad.fetchQueryParams()]) {
      expect(look).toThrow(HttpError);
      expect(look).toThrow(expect.objectContaining({ status }));
    }
  });
});

test("halt says that the conn is halted, and nothing of its response", () => {
  const halted = conn("GET", "/").halt();
  expect(halted).toMatchObject({ halted: true, state: "unset", status: undefined });
});

test("a response to HEAD has its headers, and no body", async () => {
  const head = conn("HEAD", "/").putRespHeader("x-a", "1");
  const { body, header } = sentResp(head.sendResp(200, "hello"));
  expect([body, header("x-a")]).toEqual(["", "1"]);
  expect(sentResp(await conn("HEAD", "/").sendFile(200, { path })).body).toBe("");
});

test("neither a secret, nor sessions and cookies are shown with a conn", () => {
  const secretKeyBase = "s3cret".repeat(20);
  const told = conn("GET", "/", { secretKeyBase, cookies: { a: "c00kie" } });
  const shown = [String(told), JSON.stringify(String(initTestSession(told, { a: "sessi0n" })))].join();
  expect(shown).not.toMatch(/s3cret|c00kie|sessi0n/);
});

test("a session state is a value: what is put makes another one", () => {
  const empty = new SessionState((it) => it, {}, undefined);
  expect([empty.put("a", 1).data, empty.data, empty.change]).toEqual([{ a: 1 }, {}, undefined]);
});
