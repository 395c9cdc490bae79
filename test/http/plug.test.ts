import { type Conn, HttpError, type Plug, plug, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

const Greet = {
  name: "Greet",
  init: (options: { readonly greeting: string }) => options.greeting,
  call: (conn: Conn, greeting: string) => conn.text(greeting),
} satisfies Plug<string>;

describe("a module plug", () => {
  test("runs init once, when it is made, and call for each request with what init returned", async () => {
    const log: string[] = [];
    const Counted = {
      init: (options: string) => {
        log.push(`init ${options}`);
        return { options };
      },
      call: (conn: Conn, ready: { readonly options: string }) => {
        log.push(`call ${ready.options}`);
        return conn.text("");
      },
    } satisfies Plug;
    const made = plug(Counted, "x");
    expect(log).toEqual(["init x"]);
    await ask(made);
    await ask(made);
    expect(log).toEqual(["init x", "call x", "call x"]);
  });

  test("may be made several times, with other options each", async () => {
    const [hello, bye] = [plug(Greet, { greeting: "hello" }), plug(Greet, { greeting: "bye" })];
    expect([(await ask(hello)).body, (await ask(bye)).body]).toEqual(["hello", "bye"]);
  });

  test("may be a class instance: init and call keep their this", async () => {
    class Prefix {
      readonly prefix = "> ";
      init(text: string) {
        return this.prefix + text;
      }
      call(conn: Conn, text: string) {
        return conn.text(this.prefix + text);
      }
    }
    expect((await ask(plug(new Prefix(), "a"))).body).toBe("> > a");
  });

  test("fails when it is made if init throws", () => {
    const Strict = {
      init: (): never => {
        throw new Error("no such folder");
      },
      call: (conn: Conn) => conn,
    };
    expect(() => plug(Strict)).toThrow("no such folder");
  });

  test.each<[what: string, module: unknown]>([
    ["call", { init: () => 1 }],
    ["init", { call: (conn: Conn) => conn }],
    ["either", {}],
    ["being there", undefined],
    ["being a module: a function plug is none", (conn: Conn) => conn],
  ])("is refused when it is made without %s", (_, module) => {
    expect(() => plug(module as Plug)).toThrow(
      expect.objectContaining({
        name: "BadArgument",
        message: expect.stringContaining("expected a plug module with init and call, got: "),
      }),
    );
  });

  test("is named in errors by its name, or by its call", async () => {
    const broken = { init: () => 0, call: () => undefined as unknown as Conn };
    expect(await crash(plug({ ...broken, name: "Broken" }))).toContain("expected plug Broken to return a conn");
    expect(
      await crash(
        plug({
          ...broken,
          call: function breaks() {
            return undefined as unknown as Conn;
          },
        }),
      ),
    ).toContain("expected plug breaks to return a conn");
    expect(await crash(plug(broken))).toContain("expected plug a module plug to return a conn");
  });
});

describe("what is no conn", () => {
  const returns: readonly [string, unknown, string][] = [
    ["nothing", undefined, "undefined; is a return missing?"],
    ["null", null, "null; a plug returns the conn that it was given, changed or not"],
    ["a text", "hello", "'hello'; a plug returns the conn that it was given, changed or not"],
    ["an object", { status: 200 }, "{ status: 200 }; a plug returns the conn that it was given, changed or not"],
    [
      "a look-alike",
      { halted: false, state: "sent" },
      "{ halted: false, state: 'sent' }; a plug returns the conn that",
    ],
  ];

  test.each(returns)("is refused with the name of the plug: %s", async (_, result, shown) => {
    const forgetful = () => result as Conn;
    const message = `500 BadArgument: expected plug forgetful to return a conn, got: ${shown}`;
    expect(await crash(forgetful)).toContain(message);
    expect(await crash(plug({ name: "forgetful", init: () => 0, call: forgetful }))).toContain(message);
  });

  test.each(returns)("is refused after a promise, too: %s", async (_, result, shown) => {
    const forgetful = async () => result as Conn;
    expect(await crash(forgetful)).toContain(`expected plug forgetful to return a conn, got: a promise of ${shown}`);
  });

  test("is refused of a function without a name", async () => {
    expect(await crash(() => 1 as unknown as Conn)).toContain("expected plug an unnamed plug to return a conn, got: 1");
  });

  test("is shown in part when it is large", async () => {
    const text = await crash(() => "x".repeat(1_000_000) as unknown as Conn);
    expect(text.length).toBeLessThan(1000);
  });
});

describe("an error", () => {
  const throws = (error: unknown) => (): never => {
    throw error;
  };

  test.each([
    ["400", new HttpError(400, "bad id"), "400 bad id\n"],
    ["451", new HttpError(451, "not here"), "451 not here\n"],
    ["499", new HttpError(499, "gone"), "499 gone\n"],
  ])("below 500 is the client's: answered with its message, no crash: %s", async (_, error, body) => {
    const site = router().get("/", throws(error));
    const answer = await ask(site.plug);
    expect([answer.status, answer.body, answer.reason]).toEqual([error.status, body, "normal"]);
    expect(answer.header("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.header("cache-control")).toBe("no-store");
  });

  test("below 500 after a promise is answered, too", async () => {
    const answer = await ask(async () => throws(new HttpError(409, "taken"))());
    expect([answer.status, answer.body, answer.reason]).toEqual([409, "409 taken\n", "normal"]);
  });

  test("of ours is a crash, answered with 500 and none of its details", async () => {
    const error = new Error("password 1234");
    const answer = await ask(throws(error));
    expect([answer.status, answer.body, answer.reason]).toEqual([500, "500 Internal Server Error\n", error]);
  });

  test("with a status from 500 is a crash, answered with that status and none of its details", async () => {
    const error = new HttpError(503, "the database at 10.0.0.7 is down");
    const answer = await ask(throws(error));
    expect([answer.status, answer.body, answer.reason]).toEqual([503, "503 Service Unavailable\n", error]);
  });

  test("after the response was sent does not change it", async () => {
    const late = (conn: Conn): never => {
      conn.text("done");
      throw new HttpError(400, "too late");
    };
    const answer = await ask(late);
    expect([answer.status, answer.body, answer.reason]).toMatchObject([200, "done", { message: "too late" }]);
  });

  test.each([undefined, null, "text", 42])("may be anything: %j is a crash", async (thrown) => {
    const answer = await ask(throws(thrown));
    expect([answer.status, answer.reason]).toMatchObject([500, { name: "NoCatch", value: thrown }]);
  });

  test("HttpError has a name, a status and a cause", () => {
    const cause = new Error("why");
    const error = new HttpError(418, "teapot", { cause });
    expect(error).toMatchObject({ name: "HttpError", status: 418, message: "teapot", cause });
    expect(error).toBeInstanceOf(Error);
  });
});
