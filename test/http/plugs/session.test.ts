import {
  type Conn,
  pipeline,
  plug,
  Session,
  type SessionData,
  type SessionPlugOptions,
  SessionState,
  type SessionStore,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { browsing } from "../browser.ts";
import { ask, crash, headers } from "../support.ts";

/** Keeps sessions in a Map, under the ids 1, 2, … */
class Shelf implements SessionStore {
  readonly rows = new Map<string, SessionData>();
  private made = 0;
  get(_: Conn<any>, id: string) {
    const data = this.rows.get(id);
    return data === undefined ? { id: undefined, data: {} } : { id, data };
  }
  put(_: Conn<any>, id: string | undefined, data: SessionData): string {
    const key = id ?? String(++this.made);
    this.rows.set(key, data);
    return key;
  }
  delete(_: Conn<any>, id: string): void {
    this.rows.delete(id);
  }
}

type Change = (conn: Conn) => Conn;

/** A page that does something with its session, and shows what that was. */
const page = (store: SessionStore, change: Change = (conn) => conn, options: Partial<SessionPlugOptions> = {}) =>
  pipeline()
    .plug(plug(Session, { store, key: "foobar", ...options }))
    .plug((conn) => conn.fetchSession())
    .plug((conn) => {
      const seen = conn.getSession();
      return change(conn).json(seen);
    });

const cookie = (value: string) => ({ headers: { cookie: `foobar=${value}` } });
const shelfWith = (data: SessionData): Shelf => {
  const shelf = new Shelf();
  shelf.rows.set("sid", data);
  return shelf;
};

describe("a session", () => {
  test("that was only read sets no cookie", async () => {
    for (const options of [{}, cookie("sid"), cookie("unknown")]) {
      const answer = await ask(page(shelfWith({ foo: "bar" })), "GET /", options);
      expect(headers(answer, "set-cookie")).toEqual([]);
    }
  });

  test("that was written sets its cookie, with the options of the plug", async () => {
    const options = {
      secure: true,
      path: "/some/path",
      sameSite: "lax",
      domain: "a.example",
      extra: "Priority=High",
    } as const;
    const write = page(new Shelf(), (conn) => conn.putSession("foo", "bar"), options);
    expect(headers(await ask(write), "set-cookie")).toEqual([
      "foobar=1; Domain=a.example; Path=/some/path; HttpOnly; Secure; SameSite=Lax; Priority=High",
    ]);
  });

  test("sets a cookie that is hidden from scripts, and secure over https, unless told otherwise", async () => {
    const write = (conn: Conn) => conn.putSession("foo", "bar");
    const set = async (scheme: "http" | "https", options = {}) =>
      headers(await ask(page(new Shelf(), write, options), "GET /", { scheme }), "set-cookie");
    expect(await set("http")).toEqual(["foobar=1; Path=/; HttpOnly"]);
    expect(await set("https")).toEqual(["foobar=1; Path=/; HttpOnly; Secure"]);
    expect(await set("https", { secure: false, httpOnly: false })).toEqual(["foobar=1; Path=/"]);
  });

  test("that was put is in the store, under the id that it had", async () => {
    const shelf = shelfWith({ old: 1 });
    await ask(
      page(shelf, (conn) => conn.putSession("foo", "bar")),
      "GET /",
      cookie("sid"),
    );
    expect([...shelf.rows]).toEqual([["sid", { old: 1, foo: "bar" }]]);
  });

  test("is what the store has under its cookie", async () => {
    expect((await ask(page(shelfWith({ foo: "bar" })), "GET /", cookie("sid"))).json()).toEqual({ foo: "bar" });
  });

  test("that is dropped is gone from the store, and so is its cookie", async () => {
    const shelf = shelfWith({ foo: "bar" });
    const drop = (conn: Conn) => conn.putSession("foo", "baz").configureSession({ drop: true });
    const answer = await ask(page(shelf, drop, { path: "/some", domain: "a.example" }), "GET /", cookie("sid"));
    expect(headers(answer, "set-cookie")).toEqual([
      "foobar=; Max-Age=0; Domain=a.example; Path=/some; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly",
    ]);
    expect(shelf.rows.size).toBe(0);
  });

  test("that is dropped before it was ever stored sets no cookie", async () => {
    const shelf = new Shelf();
    const drop = (conn: Conn) => conn.putSession("foo", "baz").configureSession({ drop: true });
    expect(headers(await ask(page(shelf, drop)), "set-cookie")).toEqual([]);
    expect(shelf.rows.size).toBe(0);
  });

  test("that is renewed is stored under a new id, and gone from the old one", async () => {
    const shelf = shelfWith({ foo: "bar" });
    const answer = await ask(
      page(shelf, (conn) => conn.configureSession({ renew: true })),
      "GET /",
      cookie("sid"),
    );
    expect(headers(answer, "set-cookie")).toEqual(["foobar=1; Path=/; HttpOnly"]);
    expect([...shelf.rows]).toEqual([["1", { foo: "bar" }]]);
  });

  test("that is ignored is neither stored nor set", async () => {
    const shelf = shelfWith({ foo: "bar" });
    const ignore = (conn: Conn) => conn.putSession("foo", "baz").configureSession({ ignore: true }).putSession("b", 1);
    const answer = await ask(page(shelf, ignore), "GET /", cookie("sid"));
    expect(headers(answer, "set-cookie")).toEqual([]);
    expect([...shelf.rows]).toEqual([["sid", { foo: "bar" }]]);
  });

  test("that is new has an id of the store's", async () => {
    const shelf = new Shelf();
    const answer = await ask(page(shelf, (conn) => conn.putSession("foo", "bar")));
    expect(headers(answer, "set-cookie")).toEqual(["foobar=1; Path=/; HttpOnly"]);
    expect([...shelf.rows]).toEqual([["1", { foo: "bar" }]]);
  });

  test("whose id the store does not know has a new one: nobody chooses another's", async () => {
    const shelf = new Shelf();
    const answer = await ask(
      page(shelf, (conn) => conn.putSession("foo", "bar")),
      "GET /",
      cookie("chosen"),
    );
    expect(headers(answer, "set-cookie")).toEqual(["foobar=1; Path=/; HttpOnly"]);
    expect([...shelf.rows.keys()]).toEqual(["1"]);
  });

  test("that is cleared is kept, empty", async () => {
    const shelf = shelfWith({ foo: "bar" });
    const answer = await ask(
      page(shelf, (conn) => conn.clearSession()),
      "GET /",
      cookie("sid"),
    );
    expect(headers(answer, "set-cookie")).toHaveLength(1);
    expect([...shelf.rows]).toEqual([["sid", {}]]);
  });

  test("can still be written by a hook before the response that was registered after it was fetched", async () => {
    const shelf = new Shelf();
    const late = (conn: Conn) => conn.registerBeforeSend((it) => it.putSession("late", 1));
    await ask(page(shelf, late));
    expect([...shelf.rows]).toEqual([["1", { late: 1 }]]);
  });

  test("lasts from one request to the next, and changes", () =>
    browsing(async (browser) => {
      const counter = page(new Shelf(), (conn) => conn.putSession("n", ((conn.getSession("n") as number) ?? 0) + 1));
      const seen = [];
      for (let i = 0; i < 3; i++) seen.push((await browser.ask(counter)).json());
      expect(seen).toEqual([{}, { n: 1 }, { n: 2 }]);
      expect([...browser.cookies]).toEqual([["foobar", "1"]]);
    }));

  test("is fetched once", async () => {
    let gets = 0;
    const shelf = shelfWith({ foo: "bar" });
    const counting: SessionStore = {
      get: (conn, id) => {
        gets++;
        return shelf.get(conn, id);
      },
      put: shelf.put,
      delete: shelf.delete,
    };
    const again = pipeline()
      .plug(plug(Session, { store: counting, key: "foobar" }))
      .plug((conn) => conn.fetchSession())
      .plug(async (conn) => (await conn.fetchSession()).text("ok"));
    await ask(again, "GET /", cookie("sid"));
    expect(gets).toBe(1);
  });

  test("that nobody fetches costs the store nothing", async () => {
    const never = (): never => {
      throw new Error("touched");
    };
    const idle = pipeline()
      .plug(plug(Session, { store: { get: never, put: never, delete: never }, key: "foobar" }))
      .plug((conn) => conn.text("ok"));
    expect((await ask(idle, "GET /", cookie("sid"))).status).toBe(200);
  });
});

describe("a store that takes its time", () => {
  const slow = (shelf: Shelf, log: string[], fails = false): SessionStore => ({
    get: async (conn, id) => {
      await conn.self.sleep(100);
      return shelf.get(conn, id);
    },
    put: (conn, id = "new", data) => {
      const write = async () => {
        await conn.self.sleep(100);
        if (fails) throw new Error("the disk is full");
        shelf.put(conn, id, data);
        log.push("stored");
      };
      conn.holdResponse(write());
      return id;
    },
    delete: (conn, id) => shelf.delete(conn, id),
  });

  test("is waited for when it reads", async () => {
    const answer = await ask(page(slow(shelfWith({ foo: "bar" }), [])), "GET /", cookie("sid"));
    expect(answer.json()).toEqual({ foo: "bar" });
  });

  test("is waited for when it writes: the response does not overtake it", () =>
    browsing(async (browser) => {
      const log: string[] = [];
      const shelf = new Shelf();
      const write = page(slow(shelf, log), (conn) => conn.putSession("foo", "bar"));
      await browser.ask(write);
      log.push("answered");
      expect(log).toEqual(["stored", "answered"]);
      expect((await browser.ask(page(slow(shelf, log)))).json()).toEqual({ foo: "bar" });
    }));

  test("that fails to write has the request fail: nobody is told that it was kept", async () => {
    const write = page(slow(new Shelf(), [], true), (conn) => conn.putSession("foo", "bar"));
    const answer = await ask(write);
    expect([answer.status, headers(answer, "set-cookie")]).toEqual([500, []]);
  });
});

describe("the session of a test", () => {
  const given = (data: SessionData) => (conn: Conn) =>
    conn.putSessionState(new SessionState((it) => it, data, undefined));

  test("is there without a plug", async () => {
    const bare = pipeline()
      .plug(given({ foo: "bar" }))
      .plug((conn) => conn.fetchSession())
      .plug((conn) => conn.json(conn.getSession()));
    expect((await ask(bare)).json()).toEqual({ foo: "bar" });
  });

  test("that was put before the plug wins over what is stored", async () => {
    const before = pipeline()
      .plug(given({ foo: "test", mine: 1 }))
      .plug(page(shelfWith({ foo: "stored", other: 2 })));
    expect((await ask(before, "GET /", cookie("sid"))).json()).toEqual({ foo: "test", mine: 1, other: 2 });
  });

  test("that is put after the plug wins, too", async () => {
    const after = pipeline()
      .plug(plug(Session, { store: shelfWith({ foo: "stored", other: 2 }), key: "foobar" }))
      .plug((conn) => conn.fetchSession())
      .plug((conn) => conn.putSession("foo", "test"))
      .plug((conn) => conn.json(conn.getSession()));
    expect((await ask(after, "GET /", cookie("sid"))).json()).toEqual({ foo: "test", other: 2 });
  });
});

describe("the plug", () => {
  const store = new Shelf();
  test.each([
    [undefined, "Session: expected options (an object), got: undefined"],
    [{ key: "a" }, "Session: expected a store with get, put and delete, got: undefined"],
    [{ store: "cookie", key: "a" }, "Session: expected a store with get, put and delete, got: 'cookie'"],
    [{ store: { get() {}, put() {} }, key: "a" }, "Session: expected a store with get, put and delete"],
    [{ store }, "Session: expected a key (a string), got: undefined"],
    [{ store, key: "a;b" }, "cookie: expected a name of visible ASCII characters without = and ;"],
    [{ store, key: "a", path: "/;x" }, "cookie: expected a path of ASCII characters without ;"],
    [{ store, key: "__Host-a", path: "/x" }, 'expected path "/" and no domain'],
  ])("is not built with options that are none: %o", (options, error) => {
    expect(() => plug(Session, options as never)).toThrow(error);
  });

  test("has to come before fetchSession", async () => {
    expect(await crash((conn) => conn.fetchSession())).toContain("expected plug(Session, ...) earlier in the pipeline");
  });

  test.each([undefined, "info", false] as const)("reports a cookie that is none at a level, or not: %s", (log) =>
    browsing(async ({ sim }) => {
      const seen: unknown[] = [];
      sim.telemetry.on("http.session.unknown", (_, { request, key, level }) => seen.push([request, key, level]));
      const { request } = await import("hornbeam/http/test");
      const options = log === undefined ? {} : { log };
      await request(sim, page(new Shelf(), undefined, options), "GET", "/", cookie("unknown"));
      await request(sim, page(new Shelf(), undefined, options), "GET", "/");
      expect(seen).toEqual(log === false ? [] : [["GET /", "foobar", log ?? "debug"]]);
    }),
  );
});
