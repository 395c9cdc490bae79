import { type Conn, matchPath, type PlugFn, pipeline, plug, plugAtRuntime, router } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const says = (text: string) => (conn: Conn<any>) => conn.text(text);
const body = async (plug: PlugFn<any, any>, what: string, host?: string) =>
  (await ask(plug, what, host === undefined ? {} : { host })).body;

describe("a guard", () => {
  test("that is false leaves the request to the routes after", async () => {
    const site = router()
      .get("/:id", { when: (_, { id }) => /^\d+$/.test(id) }, says("number"))
      .get("/:name", { when: (conn) => conn.getReqHeader("x-vip") !== undefined }, says("vip"))
      .get("/:any", says("any"));
    expect(await body(site.plug, "GET /12")).toBe("number");
    expect(await body(site.plug, "GET /x")).toBe("any");
    expect((await ask(site.plug, "GET /x", { headers: { "x-vip": "1" } })).body).toBe("vip");
  });

  test("sees decoded values", async () => {
    const seen: unknown[] = [];
    const guard = (_: Conn, params: unknown) => seen.push(params) > 0;
    await ask(router().get("/:a/*rest", { when: guard }, says("")).plug, "GET /a%20b/c%2Fd/e");
    expect(seen).toEqual([{ a: "a b", rest: ["c/d", "e"] }]);
  });

  test("of a forward decides too", async () => {
    const site = router()
      .forward("/a", { when: (conn) => conn.queryParams.new === "1" }, says("new"))
      .forward("/a", says("old"));
    expect([await body(site.plug, "GET /a?new=1"), await body(site.plug, "GET /a")]).toEqual(["new", "old"]);
  });

  test("that is no function is refused", () => {
    const declare = (): unknown => router().get("/a", { when: true as never }, says(""));
    expect(declare).toThrow("expected a guard of /a to be a function, got: true");
  });
});

describe("a host", () => {
  const site = router()
    .get("/", { host: "example.com" }, says("exact"))
    .get("/", { host: ["a.example.com", "B.example.com"] }, says("list"))
    .get("/", { host: "api." }, says("prefix"))
    .get("/", says("any"));

  test.each([
    ["example.com", "exact"],
    ["EXAMPLE.com", "exact"],
    ["a.example.com", "list"],
    ["b.example.com", "list"],
    ["api.example.com", "prefix"],
    ["api.example.org", "prefix"],
    ["my.api.example.com", "any"],
    ["example.com.evil.org", "any"],
    ["apiexample.com", "any"],
  ])("decides: %s goes to %s", async (host, by) => {
    expect(await body(site.plug, "GET /", host)).toBe(by);
  });

  test("of a scope is that of its routes, unless they have their own", async () => {
    const scoped = router()
      .scope("/", { host: "a." }, (scope) => scope.get("/x", says("a")).get("/x", { host: "b." }, says("b")))
      .get("/x", says("any"));
    const bodies = ["a.com", "b.com", "c.com"].map((host) => body(scoped.plug, "GET /x", host));
    expect(await Promise.all(bodies)).toEqual(["a", "b", "any"]);
  });

  test.each(["", 1, null, [undefined]])("%j is refused", (host) => {
    expect(() => router().get("/", { host: host as never }, says(""))).toThrow("expected a host such as");
  });
});

describe("assigns and private values of a route", () => {
  test("are there for its pipelines and its action, and typed", async () => {
    const sees = pipeline().plug((conn) => conn.putRespHeader("x-role", String(conn.private.role)));
    const site = router()
      .pipeThrough(sees)
      .get("/", { assigns: { title: "home" }, private: { role: "page" } }, (conn) => conn.text(conn.assigns.title));
    const answer = await ask(site.plug, "GET /");
    expect([answer.body, answer.header("x-role")]).toEqual(["home", "page"]);
  });

  test("keep what was there, and are merged through scopes and forwards, the inner over the outer", async () => {
    const inner = router().get("/", { assigns: { c: 3 }, private: { z: 3 } }, (conn: Conn<any>) =>
      conn.json([conn.assigns, conn.private.x, conn.private.y, conn.private.z]),
    );
    const site = router().scope("/s", { assigns: { a: 1, b: 1 }, private: { x: 1, y: 1 } }, (scope) =>
      scope.scope("/t", { assigns: { b: 2 }, private: { y: 2 } }, (deep) =>
        deep.forward("/u", { assigns: { d: 4 } }, inner.plug),
      ),
    );
    const answer = await ask((conn) => site.plug(conn.assign("before", 0).putPrivate("w", 0)), "GET /s/t/u");
    expect(answer.json()).toEqual([{ before: 0, a: 1, b: 2, c: 3, d: 4 }, 1, 2, 3]);
  });

  test("do not leak into other routes", async () => {
    const shows = (conn: Conn<any>) => conn.json(conn.assigns);
    const site = router()
      .get("/a", { assigns: { only: "a" } }, shows)
      .get("/b", shows);
    expect((await ask(site.plug, "GET /b")).json()).toEqual({});
  });
});

describe("match", () => {
  test("takes the methods of via, in capitals or not, and no others", async () => {
    const site = router().match("/", { via: ["get", "PURGE"] }, (conn) => conn.text(conn.method));
    const answers = ["GET", "PURGE", "POST"].map(async (method) => (await ask(site.plug, `${method} /`)).status);
    expect(await Promise.all(answers)).toEqual([200, 200, 404]);
    expect((await ask(router().forward("/", { via: "post" }, says("")).plug, "GET /")).status).toBe(404);
  });

  test("keeps its place among routes of one method", async () => {
    const site = router().get("/a", says("first")).match("/:any", says("any")).get("/b", says("late"));
    expect([await body(site.plug, "GET /a"), await body(site.plug, "GET /b"), await body(site.plug, "FOO /b")]).toEqual(
      ["first", "any", "any"],
    );
  });

  test.each(["", "GET /", 1])("refuses the method %j", (via) => {
    expect(() => router().match("/", { via: via as string }, says(""))).toThrow("expected a method such as");
  });
});

describe("a name", () => {
  test("is what errors call the route", async () => {
    const site = router().get("/forgot", { name: "forgetful" }, () => undefined as never);
    expect(await crash(site.plug, "GET /forgot")).toContain("expected plug forgetful to return a conn");
  });
});

describe("matchPath", () => {
  const where = (conn: Conn<any>) => conn.text(matchPath(conn) ?? "");

  test.each([
    ["/", "/"],
    ["/users/7", "/users/:id"],
    ["/s/t/7", "/s/t/:x"],
    ["/files/a/b", "/files/*path"],
    ["/plug/a/b", "/plug/*rest"],
    ["/step/deep/7", "/step/*rest/deep/:x"],
    ["/step", "/step/*rest"],
  ])("of %s is %s", async (path, expected) => {
    const inner = router().get("/", where).get("/deep/:x", where);
    const site = router()
      .get("/", where)
      .get("/users/:id", where)
      .scope("/s", (s) => s.scope("/t", (t) => t.get("/:x", where)))
      .get("/files/*path", where)
      .forward("/plug", where)
      .forward("/step", inner.plug);
    expect(await body(site.plug, `GET ${path}`)).toBe(expected);
  });

  test("is undefined before a router", async () => {
    expect(await body(where, "GET /a")).toBe("");
  });
});

describe("forward", () => {
  const init = (log: unknown[]) => ({
    name: "Target",
    init: (options: string) => {
      log.push(options);
      return options.toUpperCase();
    },
    call: (conn: Conn<any>, options: string) => conn.text(options),
  });

  test("hands a module plug what its init made of the options, once", async () => {
    const log: unknown[] = [];
    const site = router().forward("/a", plug(init(log), "options"));
    expect([await body(site.plug, "GET /a"), await body(site.plug, "GET /a/b")]).toEqual(["OPTIONS", "OPTIONS"]);
    expect(log).toEqual(["options"]);
  });

  test("hands a module plug what its init makes for each request, if that is asked for", async () => {
    const log: unknown[] = [];
    const site = router().forward("/a", plugAtRuntime(init(log), "options"));
    await body(site.plug, "GET /a");
    await body(site.plug, "GET /a");
    expect(log).toEqual(["options", "options"]);
  });

  test("lets path parameters win over those of the query, also those of its own path", async () => {
    const inner = router().get("/:b", (conn) => conn.json([conn.params, conn.pathParams]));
    const site = router().forward("/:a", inner.plug);
    expect((await ask(site.plug, "GET /1/2?a=x&b=x&c=x")).json()).toEqual([
      { a: "1", b: "2", c: "x" },
      { a: "1", b: "2" },
    ]);
  });
});

describe("pipeThrough", () => {
  const marks = (name: string, log: string[]) => {
    const mark: PlugFn<any, any> = (conn) => {
      log.push(name);
      return conn;
    };
    return pipeline({ name }).plug(mark);
  };

  test("runs its plugs in order between match and action, for the routes that follow", async () => {
    const log: string[] = [];
    const sees = (conn: Conn<any>) => {
      log.push(`${matchPath(conn)} ${conn.pathParams.id}`);
      return conn;
    };
    const base = router().get("/before", says("before"));
    base.pipeThrough(marks("one", log), marks("two", log), sees).get("/:id", says("after"));
    expect([await body(base.plug, "GET /before"), log]).toEqual(["before", []]);
    expect(await body(base.plug, "GET /7")).toBe("after");
    expect(log).toEqual(["one", "two", "/:id 7"]);
  });

  test("stops at the first that halts, without the others and without the action", async () => {
    const log: string[] = [];
    const site = router()
      .pipeThrough(marks("one", log), (conn) => conn.sendResp(401, "no").halt(), marks("three", log))
      .get("/", () => {
        log.push("action");
        throw new Error("not reached");
      });
    expect([await body(site.plug, "GET /"), log]).toEqual(["no", ["one"]]);
  });

  test("stops at the first that sends, unless the router is told otherwise", async () => {
    const sends = (conn: Conn<any>) => conn.text("sent");
    const stopping = router()
      .pipeThrough(sends)
      .get("/", () => {
        throw new Error("not reached");
      });
    expect(await body(stopping.plug, "GET /")).toBe("sent");
    const going = router({ afterSend: "plug" }).pipeThrough(sends).get("/", says("again"));
    expect(await crash(going.plug, "GET /")).toContain("AlreadySentError");
  });

  test("waits for what is asynchronous", async () => {
    const site = router()
      .pipeThrough(async (conn: Conn) => conn.assign("user", "ada"))
      .get("/", (conn) => conn.text(conn.assigns.user));
    expect(await body(site.plug, "GET /")).toBe("ada");
  });

  test("refuses a pipeline that the scope goes through already, and names it", () => {
    const browser = pipeline({ name: "browser" });
    expect(() => router().pipeThrough(browser, browser)).toThrow(
      "expected each pipeline once in pipeThrough, got: browser twice",
    );
    const nested = (): unknown =>
      router().scope("/a", browser, (a) => a.scope("/b", (b) => b.pipeThrough(browser).get("/", says(""))));
    expect(nested).toThrow("got: browser twice");
    expect(() =>
      router()
        .scope("/a", browser, (a) => a.get("/", says("")))
        .scope("/b", browser, (b) => b.get("/", says(""))),
    ).not.toThrow();
  });

  test("refuses what is no plug", () => {
    expect(() => router().pipeThrough("browser" as never)).toThrow("expected a pipeline or a plug, got: 'browser'");
  });
});

describe("each dispatch is told", () => {
  const told = (site: PlugFn<any, any>, what: string) =>
    inVirtualTime(async (sim) => {
      const events: unknown[] = [];
      for (const event of ["start", "stop", "exception"] as const) {
        sim.telemetry.on(
          `http.router.dispatch.${event}`,
          (measured: object, { route, router: by, conn, ...rest }: any) =>
            void events.push([event, Object.keys(measured), route, by, conn.state, rest.error?.message]),
        );
      }
      const [method, path] = what.split(" ") as [string, string];
      await request(sim, site, method, path);
      return events;
    });

  const fails = () => {
    throw new Error("broken");
  };
  const site = router({ name: "site" })
    .get("/ok/:id", says("ok"))
    .get("/later", async (conn) => conn.text("ok"))
    .get("/throws", fails)
    .get("/rejects", async () => fails())
    .forward("/inner", router({ name: "inner" }).get("/:x", says("x")).plug);

  test.each<[what: string, events: unknown[]]>([
    [
      "GET /ok/7",
      [
        ["start", [], "/ok/:id", "site", "unset", undefined],
        ["stop", ["duration"], "/ok/:id", "site", "sent", undefined],
      ],
    ],
    [
      "GET /later",
      [
        ["start", [], "/later", "site", "unset", undefined],
        ["stop", ["duration"], "/later", "site", "sent", undefined],
      ],
    ],
    [
      "GET /throws",
      [
        ["start", [], "/throws", "site", "unset", undefined],
        ["exception", ["duration"], "/throws", "site", "unset", "broken"],
      ],
    ],
    [
      "GET /rejects",
      [
        ["start", [], "/rejects", "site", "unset", undefined],
        ["exception", ["duration"], "/rejects", "site", "unset", "broken"],
      ],
    ],
    ["GET /nothing", []],
    [
      "GET /inner/1",
      [
        ["start", [], "/inner/*rest", "site", "unset", undefined],
        ["start", [], "/inner/*rest/:x", "inner", "unset", undefined],
        ["stop", ["duration"], "/inner/*rest/:x", "inner", "sent", undefined],
        ["stop", ["duration"], "/inner/*rest", "site", "sent", undefined],
      ],
    ],
  ])("%s", async (what, events) => {
    expect(await told(site.plug, what)).toEqual(events);
  });
});
