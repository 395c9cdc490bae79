import { actionName, type Conn, controller, controllerName, HttpError, type PlugFn, router } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask, crash } from "../support.ts";

const says = (text: string) => (conn: Conn<any>) => conn.text(text);

/** A plug that writes down that it ran. */
const marks = (name: string, log: string[]) => (conn: Conn<any>) => {
  log.push(name);
  return conn;
};

describe("a controller", () => {
  test("runs the plugs before its actions, in order, and those with a guard before the actions that it names", async () => {
    const log: string[] = [];
    const Users = controller({ name: "Users" })
      .plug(marks("all", log))
      .plug(marks("show", log), { when: ["show"] })
      .plug(marks("not show", log), { when: ({ action }) => action !== "show" })
      .plug(marks("get", log), { when: ({ conn }) => conn.method === "GET" })
      .actions({ index: says("index"), show: says("show"), create: says("create") });
    const site = router().resources("/users", Users, { only: ["index", "show", "create"] });
    const ran = async (what: string): Promise<unknown> => {
      log.length = 0;
      return [(await ask(site.plug, what)).body, ...log];
    };
    expect(await ran("GET /users")).toEqual(["index", "all", "not show", "get"]);
    expect(await ran("GET /users/1")).toEqual(["show", "all", "show", "get"]);
    expect(await ran("POST /users")).toEqual(["create", "all", "not show"]);
  });

  test("says in the conn which action of which controller runs, also to its plugs", async () => {
    const sees = (conn: Conn<any>) => conn.putRespHeader("x-action", `${controllerName(conn)}.${actionName(conn)}`);
    const Users = controller({ name: "Users" })
      .plug(sees)
      .actions({ show: (conn) => conn.text(`${controllerName(conn)}.${actionName(conn)}`) });
    const answer = await ask(router().get("/", Users.show).plug, "GET /");
    expect([answer.header("x-action"), answer.body]).toEqual(["Users.show", "Users.show"]);
    expect((await ask((conn) => conn.json([actionName(conn) ?? null, controllerName(conn) ?? null]))).json()).toEqual([
      null,
      null,
    ]);
  });

  test("gives its actions all parameters: those of the path over those of the query", async () => {
    const Users = controller().actions({ show: (conn, params) => conn.json(params) });
    const site = router().get("/users/:id", Users.show);
    expect((await ask(site.plug, "GET /users/7?id=1&page[size]=2")).json()).toEqual({ id: "7", page: { size: "2" } });
  });

  test.each<[how: string, deny: PlugFn<any, any>]>([
    ["halts", (conn) => conn.sendResp(401, "no").halt()],
    ["halts after a promise", async (conn) => conn.sendResp(401, "no").halt()],
    ["sends", (conn) => conn.sendResp(401, "no")],
  ])("ends at a plug that %s", async (_, deny) => {
    const log: string[] = [];
    const Users = controller()
      .plug(deny)
      .plug(marks("after", log))
      .actions({
        show: (conn) => {
          log.push("action");
          return conn;
        },
      });
    const answer = await ask(router().get("/", Users.show).plug, "GET /");
    expect([answer.status, answer.body, log]).toEqual([401, "no", []]);
  });

  test("reports at debug level which plug has halted", () =>
    inVirtualTime(async (sim) => {
      const halts: unknown[] = [];
      sim.telemetry.on(
        "http.pipeline.halt",
        (_, { pipeline, plug, level }) => void halts.push([pipeline, plug.replace(/ at .*/, ""), level]),
      );
      const deny: PlugFn<any, any> = (conn) => conn.sendResp(401, "").halt();
      const Users = controller({ name: "Users" })
        .plug(deny)
        .actions({ show: says("") });
      await request(sim, router().get("/", Users.show).plug, "GET", "/");
      expect(halts).toEqual([["Users", "deny", "debug"]]);
    }));

  test("does not mind an action that halts", async () => {
    const Users = controller().actions({ show: (conn) => conn.text("halted").halt() });
    expect(await ask(router().get("/", Users.show).plug, "GET /")).toMatchObject({ body: "halted", reason: "normal" });
  });

  test("is synchronous when its plugs and its action are", async () => {
    const Users = controller()
      .plug(marks("", []))
      .actions({ show: says("now") });
    let promised: unknown;
    await ask((conn) => {
      const result = Users.show(conn);
      promised = result instanceof Promise;
      return result;
    });
    expect(promised).toBe(false);
  });

  test.each<[title: string, declare: () => unknown, message: string]>([
    ["a plug that is none", () => controller().plug("auth" as never), "expected a plug, got: 'auth'"],
    [
      "an action that is none",
      () => controller({ name: "Users" }).actions({ show: 1 as never }),
      "Users: expected action show to be a function, got: 1",
    ],
    [
      "a guard that is none",
      () => controller().plug(says(""), {} as never),
      "expected { when: names of actions, or a function }, got: {}",
    ],
    [
      "a guard for an action that is not there",
      () =>
        controller()
          .plug(says(""), { when: ["shwo"] })
          .actions({ show: says("") }),
      "to be for some of show, got: shwo",
    ],
    ["a fallback that is none", () => controller({ fallback: "x" as never }), "expected the fallback to be a function"],
  ])("refuses %s", (_, declare, message) => {
    expect(declare).toThrow(message);
  });
});

describe("a fallback", () => {
  type Failure = { readonly error: string };
  const fallback = (conn: Conn<any>, { error }: Failure) =>
    conn.putStatus(422).json({ error, assigns: conn.assigns, status: conn.status ?? null });

  const found = (fail: Conn<any>["assigns"] | undefined) => fail === undefined;

  test.each<[how: string, act: (conn: Conn<any>) => any]>([
    ["at once", (conn) => (conn.assign("lost", 1).putStatus(201).assigns.lost === 1 ? { error: "not found" } : conn)],
    ["after a promise", async (conn) => (found(conn.assign("lost", 1).assigns.none) ? { error: "not found" } : conn)],
  ])(
    "answers for what an action returns %s instead of a conn, with the conn from before the action",
    async (_, act) => {
      const Users = controller({ fallback })
        .plug((conn) => conn.assign("kept", true))
        .actions({ show: act });
      await inVirtualTime(async (sim) => {
        const stale: unknown[] = [];
        sim.telemetry.on("http.conn.stale", (__, metadata) => void stale.push(metadata));
        const answer = await request(sim, router().get("/", Users.show).plug, "GET", "/");
        expect([answer.status, answer.json()]).toEqual([
          422,
          { error: "not found", assigns: { kept: true }, status: null },
        ]);
        expect(stale).toEqual([]);
      });
    },
  );

  test("has nothing to do with what an action answers itself, nor with errors", async () => {
    const Users = controller({ fallback }).actions({
      show: says("shown"),
      fail: () => {
        throw new HttpError(409, "taken");
      },
    });
    const site = router().get("/", Users.show).get("/fail", Users.fail);
    expect((await ask(site.plug, "GET /")).body).toBe("shown");
    expect((await ask(site.plug, "GET /fail")).status).toBe(409);
  });

  test("that is missing makes a value an error, which names the action", async () => {
    const Users = controller({ name: "Users" }).actions({ show: (() => ({ error: "x" })) as never });
    expect(await crash(router().get("/", Users.show).plug, "GET /")).toBe(
      "500 BadArgument: expected action Users.show to return a conn, got: { error: 'x' }; is a return missing, or a fallback?",
    );
  });

  test("must return a conn itself", async () => {
    const Users = controller({ name: "Users", fallback: () => undefined as never }).actions({
      show: (() => 1) as never,
    });
    expect(await crash(router().get("/", Users.show).plug, "GET /")).toContain(
      "expected plug the fallback of Users to return a conn, got: undefined",
    );
  });
});
