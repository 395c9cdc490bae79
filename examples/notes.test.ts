// Tests of examples/notes.ts, without a server and with one. The guide is docs/http.md.

import { child } from "hornbeam/genserver";
import { type Conn, plug } from "hornbeam/http";
import {
  assertErrorSent,
  call,
  conn,
  jsonResponse,
  recycleCookies,
  redirectedTo,
  request,
  response,
  sentChunks,
  textResponse,
  withDrain,
} from "hornbeam/http/test";
import { test } from "hornbeam/vitest";
import { describe, expect } from "vitest";
import { CacheFor, Notes, notes, site } from "./notes.ts";

test("a plug is a function: a conn goes in, a conn comes out", async () => {
  const cached = await call(plug(CacheFor, 60), conn("GET", "/"));
  expect(cached.getRespHeader("cache-control")).toBe("private, max-age=60");
  expect([cached.state, cached.halted]).toEqual(["unset", false]);
});

test("the site greets by name", async () => {
  const answer = await call(site.plug, conn("GET", "/hello/world"));
  expect(textResponse(answer, 200)).toBe("Hello, world!\n");
});

test("who has logged in is remembered", async () => {
  const login = await call(site.plug, conn("POST", "/login/ada"));
  expect(redirectedTo(login)).toBe("/notes");
  const stranger = await call(site.plug, conn("POST", "/notes", { body: "hello" }));
  expect(response(stranger, 401)).toBe("log in first\n");
  const member = recycleCookies(conn("POST", "/notes", { body: "" }), login);
  await assertErrorSent(422, () => call(site.plug, member));
});

describe("with a process that keeps the notes", () => {
  test("a note is added for who is in the session", async ({ sim }) => {
    await sim.start(child(Notes, { name: notes }));
    const session = { user: "ada" };
    const added = await call(site.plug, conn(sim, "POST", "/notes", { session, body: "buy milk" }));
    expect(jsonResponse(added, 201)).toEqual({ number: 1 });
    const all = await call(site.plug, conn(sim, "GET", "/notes", { session }));
    expect(jsonResponse(all, 200)).toEqual(["ada: buy milk"]);
  });

  test("they are sent one by one, a second apart", async ({ sim }) => {
    await sim.start(child(Notes, { name: notes }));
    for (const note of ["a", "b"]) await sim.call(notes, "add", note);
    const began = sim.now();
    const done: Conn = await call(site.plug, conn(sim, "GET", "/notes/export", { session: { user: "ada" } }));
    expect([sentChunks(done), sim.now() - began]).toEqual([["a\n", "b\n"], 2000]);
  });

  test("a crash is answered with 500, in the request's own process", async ({ sim }) => {
    const { status, reason } = await request(sim, site.plug, "GET", "/notes", { session: { user: "ada" } });
    expect([status, String(reason)]).toEqual([500, expect.stringContaining("notes")]);
  });
});

test("a server that stops finishes what it has begun", () =>
  withDrain({ plug: site.plug, drain: 5000 }, async (d) => {
    await d.sim.start(child(Notes, { name: notes }));
    const idle = await d.keepAlive("/hello/world");
    const half = await d.halfHead();
    await d.drain();
    const late = await idle.get("/hello/again");
    expect([late.body, late.headers.connection]).toEqual(["Hello, again!\n", "close"]);
    expect(await d.closedAfter(half)).toBe(1000);
    expect(await d.drained()).toEqual({ took: 1000, cutOff: [] });
  }));
