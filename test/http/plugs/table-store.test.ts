import type { Pid } from "hornbeam";
import {
  type Conn,
  countSessions,
  pipeline,
  plug,
  Session,
  type SessionTableOptions,
  sessionTable,
  tableStore,
} from "hornbeam/http";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { Browser } from "../browser.ts";

type Change = (conn: Conn) => Conn;

const page = (change: Change = (conn) => conn, table = "sessions") =>
  pipeline()
    .plug(plug(Session, { store: tableStore({ table }), key: "foobar" }))
    .plug((conn) => conn.fetchSession())
    .plug((conn) => change(conn).json(conn.getSession()));

const put =
  (value: unknown): Change =>
  (conn) =>
    conn.putSession("foo", value);

/** A browser in a system with a table of sessions. */
const withTable = (
  test: (browser: Browser, sim: VirtualSystem, table: Pid) => Promise<void>,
  options: Partial<SessionTableOptions> = {},
): Promise<void> =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const table = await sim.start(sessionTable({ name: "sessions", ...options }));
    await test(new Browser(sim), sim, table);
  });

describe("a session in a table", () => {
  test("is put, and got by its id alone", () =>
    withTable(async (one, sim) => {
      const other = new Browser(sim);
      await one.ask(page(put("bar")));
      await other.ask(page(put("baz")));
      expect((await one.ask(page())).json()).toEqual({ foo: "bar" });
      expect((await other.ask(page())).json()).toEqual({ foo: "baz" });
    }));

  test("is not there under an id that is not known", () =>
    withTable(async (browser) => {
      await browser.ask(page(put("bar")));
      for (const id of ["unknown", "", "__proto__", "constructor"]) {
        browser.cookies.set("foobar", id);
        expect((await browser.ask(page())).json()).toEqual({});
      }
    }));

  test("is deleted, and others are not", () =>
    withTable(async (one, sim) => {
      const [other, thief] = [new Browser(sim), new Browser(sim)];
      await one.ask(page(put("bar")));
      await other.ask(page(put("baz")));
      thief.cookies.set("foobar", one.cookies.get("foobar") as string);
      await one.ask(page((conn) => conn.configureSession({ drop: true })));
      expect((await thief.ask(page())).json()).toEqual({});
      expect((await other.ask(page())).json()).toEqual({ foo: "baz" });
    }));

  test("has a new id of 128 characters", () =>
    withTable(async (browser, sim) => {
      const ids = new Set<string>();
      for (let i = 0; i < 20; i++) {
        const visitor = new Browser(sim);
        await visitor.ask(page(put(i)));
        ids.add(visitor.cookies.get("foobar") as string);
      }
      expect(ids.size).toBe(20);
      for (const id of ids) expect(id).toMatch(/^[\w-]{128}$/);
      expect(browser.cookies.size).toBe(0);
    }));

  test("has no id that a client has chosen", () =>
    withTable(async (browser) => {
      browser.cookies.set("foobar", "chosen");
      await browser.ask(page(put("bar")));
      expect(browser.cookies.get("foobar")).toMatch(/^[\w-]{128}$/);
    }));

  test("has another id when it is renewed, and the old one is good for nothing", () =>
    withTable(async (browser, sim) => {
      await browser.ask(page(put("bar")));
      const thief = new Browser(sim);
      thief.cookies.set("foobar", browser.cookies.get("foobar") as string);
      await browser.ask(page((conn) => conn.configureSession({ renew: true })));
      expect((await browser.ask(page())).json()).toEqual({ foo: "bar" });
      expect((await thief.ask(page())).json()).toEqual({});
    }));

  test("is a copy for each request: nothing that one does to it is seen by another", () =>
    withTable(async (browser) => {
      const list = [1];
      await browser.ask(page(put(list)));
      list.push(2);
      await browser.ask(
        page((conn) => {
          (conn.getSession("foo") as number[]).push(3);
          return conn;
        }),
      );
      expect((await browser.ask(page())).json()).toEqual({ foo: [1] });
    }));

  test("may hold what can be copied", () =>
    withTable(async (browser) => {
      await browser.ask(page(put(new Map([["a", new Date(0)]]))));
      const seen = page(
        (conn) => conn.assign("seen", conn.getSession<Map<string, Date>>("foo")?.get("a")?.getTime()) as Conn,
      );
      expect((await browser.ask(seen)).status).toBe(200);
      const { reason } = await browser.ask(page(put(() => 1)));
      expect(String(reason)).toContain("expected a session of values that can be copied, got: { foo: [Function");
    }));
});

describe("a table of sessions", () => {
  test("forgets those that were idle too long, and each use counts", () =>
    withTable(
      async (browser, sim) => {
        await browser.ask(page(put("bar")));
        await sim.advance(900);
        expect((await browser.ask(page())).json()).toEqual({ foo: "bar" });
        await sim.advance(1000);
        expect((await browser.ask(page())).json()).toEqual({ foo: "bar" });
        await sim.advance(1001);
        expect((await browser.ask(page())).json()).toEqual({});
      },
      { idleTime: 1000 },
    ));

  test("frees their memory, whether somebody comes back or not", () =>
    withTable(
      async (_, sim) => {
        const count = () => countSessions(sim, "sessions");
        for (let i = 0; i < 5; i++) await new Browser(sim).ask(page(put(i)));
        await sim.advance(600);
        await new Browser(sim).ask(page(put("late")));
        expect(count()).toBe(6);
        await sim.advance(401);
        expect(count()).toBe(1);
        await sim.advance(1000);
        expect(count()).toBe(0);
        await new Browser(sim).ask(page(put("again")));
        expect(count()).toBe(1);
        await sim.advance(1002);
        expect(count()).toBe(0);
      },
      { idleTime: 1000 },
    ));

  test("keeps no more than its maximum: the one that was idle longest goes", () =>
    withTable(
      async (first, sim) => {
        const [second, third] = [new Browser(sim), new Browser(sim)];
        await first.ask(page(put(1)));
        await second.ask(page(put(2)));
        await first.ask(page());
        await third.ask(page(put(3)));
        expect((await first.ask(page())).json()).toEqual({ foo: 1 });
        expect((await second.ask(page())).json()).toEqual({});
        expect((await third.ask(page())).json()).toEqual({ foo: 3 });
      },
      { max: 2 },
    ));

  test("that crashes takes its sessions along, and nothing else: it may be started again", () =>
    withTable(async (browser, sim, table) => {
      await browser.ask(page(put("bar")));
      sim.exit(table, "kill");
      expect(() => countSessions(sim, "sessions")).toThrow("expected a session table that runs");
      await sim.start(sessionTable({ name: "sessions" }));
      const answer = await browser.ask(page(put("again")));
      expect([answer.status, answer.json()]).toEqual([200, {}]);
      expect((await browser.ask(page())).json()).toEqual({ foo: "again" });
    }));

  test("is one of several, by name", () =>
    withTable(async (browser, sim) => {
      await sim.start(sessionTable({ name: "others" }));
      await browser.ask(page(put("bar")));
      expect((await browser.ask(page(undefined, "others"))).json()).toEqual({});
      expect((await browser.ask(page())).json()).toEqual({ foo: "bar" });
    }));

  test("has a name of its own", () =>
    withTable(async (_, sim) => {
      await expect(sim.start(sessionTable({ name: "sessions" }))).rejects.toThrow();
    }));

  test("that does not run is an error that says what is missing", () =>
    inVirtualTime(async (sim) => {
      const { status, reason } = await new Browser(sim).ask(page(put("bar")));
      expect(status).toBe(500);
      expect(String(reason)).toContain(
        "tableStore: expected a session table that runs, got: 'sessions'; is sessionTable({ name: 'sessions' }) a child before the server?",
      );
    }));

  test.each([
    [undefined, "sessionTable: expected options (an object), got: undefined"],
    [{}, "sessionTable: expected a name (a string), got: undefined"],
    [{ name: "" }, "sessionTable: expected a name (a string), got: ''"],
    [{ name: "a", max: 0 }, "sessionTable max: expected a whole number from 1 up, got: 0"],
    [{ name: "a", idleTime: 0 }, "sessionTable: expected an idleTime above 0 ms, got: 0"],
    [{ name: "a", idleTime: "1s" }, "sessionTable: expected an idleTime above 0 ms, got: '1s'"],
  ])("is refused with options that are none: %o", (options, error) => {
    expect(() => sessionTable(options as never)).toThrow(error);
  });

  test("is found by a name only", () => {
    expect(() => tableStore({} as never)).toThrow("tableStore: expected a table (a string), got: undefined");
  });
});
