import { type Conn, pipeline, plug, Session, type SessionOptions, type SessionStore } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const store: SessionStore = {
  get: (_, id) => ({ id, data: { foo: "stored", nil: null } }),
  put: (_, id = "new") => id,
  delete: () => {},
};

const ready = (page: (conn: Conn) => Conn) =>
  pipeline()
    .plug(plug(Session, { store, key: "sid" }))
    .plug((conn) => conn.fetchSession())
    .plug((conn) => page(conn));

const withCookie = { headers: { cookie: "sid=1" } };
const see = async (page: (conn: Conn) => unknown): Promise<unknown> =>
  (
    await ask(
      ready((conn) => conn.json(page(conn) ?? "undefined")),
      "GET /",
      withCookie,
    )
  ).json();

const change = async (page: (conn: Conn) => Conn) => see((conn) => page(conn).sessionState?.change ?? "none");

test("a session that is fetched is not fetched again: the same conn comes back", async () => {
  expect(await see((conn) => conn.fetchSession() === conn)).toBe(true);
});

describe("a session that is not fetched", () => {
  const operations: Record<string, (conn: Conn) => unknown> = {
    getSession: (conn) => conn.getSession("foo"),
    putSession: (conn) => conn.putSession("foo", 1),
    deleteSession: (conn) => conn.deleteSession("foo"),
    clearSession: (conn) => conn.clearSession(),
    configureSession: (conn) => conn.configureSession({ drop: true }),
  };

  test.each(Object.entries(operations))("cannot be used, and the error says what to do: %s", async (name, use) => {
    const error = `500 UnfetchedError: ${name}: the session is not fetched; expected fetchSession in a plug before`;
    const without = (conn: Conn) => {
      use(conn);
      return conn;
    };
    expect(await crash(without)).toBe(error);
    expect(
      await crash(
        pipeline()
          .plug(plug(Session, { store, key: "sid" }))
          .plug(without),
      ),
    ).toBe(error);
  });

  test("cannot be fetched without the plug that has it", async () => {
    expect(await crash((conn) => conn.fetchSession())).toBe(
      "500 BadArgument: fetchSession: expected plug(Session, ...) earlier in the pipeline, got: none",
    );
  });
});

describe("a session", () => {
  test("has what was stored, whole or by key", async () => {
    expect(await see((conn) => conn.getSession())).toEqual({ foo: "stored", nil: null });
    expect(await see((conn) => [conn.getSession("foo"), conn.getSession("nil")])).toEqual(["stored", null]);
    expect(await see((conn) => conn.getSession("unknown"))).toBe("undefined");
    expect(await see((conn) => conn.getSession("toString"))).toBe("undefined");
    expect(await see((conn) => conn.getSession("__proto__"))).toBe("undefined");
  });

  test("has what is put, and not what is deleted", async () => {
    expect(await see((conn) => conn.putSession("a", 1).putSession("foo", 2).getSession())).toEqual({
      foo: 2,
      nil: null,
      a: 1,
    });
    expect(await see((conn) => conn.putSession("a", 1).deleteSession("foo").getSession())).toEqual({ nil: null, a: 1 });
    expect(await see((conn) => conn.clearSession().getSession())).toEqual({});
  });

  test("of an older conn is as it was", async () => {
    const both = (conn: Conn) => [conn.putSession("a", 1).getSession("a"), conn.getSession("a") ?? "none"];
    expect(await see(both)).toEqual([1, "none"]);
  });

  test.each<[what: string, page: (conn: Conn) => Conn, then: string]>([
    ["nothing", (conn) => conn, "none"],
    ["a write", (conn) => conn.putSession("a", 1), "write"],
    ["a deletion", (conn) => conn.deleteSession("foo"), "write"],
    ["a clearing", (conn) => conn.clearSession(), "write"],
    ["what is false", (conn) => conn.configureSession({ drop: false, renew: false }), "none"],
    ["what is false after a write", (conn) => conn.putSession("a", 1).configureSession({ drop: false }), "write"],
    ["drop", (conn) => conn.configureSession({ drop: true }), "drop"],
    ["renew after drop", (conn) => conn.configureSession({ drop: true }).configureSession({ renew: true }), "renew"],
    ["renew before a write", (conn) => conn.configureSession({ renew: true }).putSession("a", 1), "renew"],
    ["drop after a write", (conn) => conn.putSession("a", 1).configureSession({ drop: true }), "drop"],
    ["ignore before a clearing", (conn) => conn.configureSession({ ignore: true }).clearSession(), "ignore"],
    ["all at once", (conn) => conn.configureSession({ ignore: true, drop: true, renew: true }), "renew"],
    ["drop and ignore at once", (conn) => conn.configureSession({ ignore: true, drop: true }), "drop"],
  ])("remembers what is to become of it: after %s", async (_, page, then) => {
    expect(await change(page)).toBe(then);
  });

  test("is not configured with what is no option", async () => {
    const wrong = { reset: true } as SessionOptions;
    expect(await crash(ready((conn) => conn.configureSession(wrong)))).toContain(
      "configureSession: expected renew, drop or ignore, got: { reset: true }",
    );
  });

  test("has keys that are strings", async () => {
    expect(await crash(ready((conn) => conn.putSession(7 as never, 1)))).toContain(
      "expected a key that is a string, got: 7",
    );
    expect(await crash(ready((conn) => conn.deleteSession(7 as never)))).toContain(
      "expected a key that is a string, got: 7",
    );
  });

  test.each<[operation: string, use: (conn: Conn) => Conn]>([
    ["putSession", (conn) => conn.putSession("a", 1)],
    ["deleteSession", (conn) => conn.deleteSession("a")],
    ["clearSession", (conn) => conn.clearSession()],
    ["configureSession", (conn) => conn.configureSession({ renew: true })],
  ])("cannot be changed when the response was sent, or has begun: %s", async (operation, use) => {
    expect(await crash(ready((conn) => use(conn.text(""))))).toContain(`200 AlreadySentError: ${operation}`);
    expect(await crash(ready((conn) => use(conn.sendChunked(200))))).toContain(`200 AlreadySentError: ${operation}`);
  });
});
