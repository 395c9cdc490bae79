import { Conn, type Halted, type PlugFn, pipeline, plug, RequestId } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

/** A plug that writes down its name. */
const marks =
  (name: string, log: string[], asynchronous = false): PlugFn<any, any> =>
  (conn) => {
    log.push(name);
    return asynchronous ? Promise.resolve(conn) : conn;
  };

const denies: PlugFn<any, any> = (conn) => conn.sendResp(401, "stop").halt();

describe("a pipeline", () => {
  test("runs its plugs in order, whether they are synchronous or not", async () => {
    const log: string[] = [];
    const all = pipeline()
      .plug(marks("1", log))
      .plug(marks("2", log, true))
      .plug(marks("3", log))
      .plug(marks("4", log, true))
      .plug((conn) => conn.text("end"));
    expect((await ask(all)).body).toBe("end");
    expect(log).toEqual(["1", "2", "3", "4"]);
  });

  test("hands each plug the conn that the one before returned", async () => {
    const count: PlugFn<any, any> = (conn) => conn.assign("count", (conn.assigns.count ?? 0) + 1);
    const all = pipeline()
      .plug(count)
      .plug(async (conn) => count(conn))
      .plug(count);
    const answer = await ask(
      pipeline()
        .plug(all)
        .plug((conn: Conn<any>) => conn.json(conn.assigns.count)),
    );
    expect(answer.json()).toBe(3);
  });

  test.each<[how: string, deny: PlugFn<any, any>]>([
    ["at once", denies],
    ["after a promise", async (conn) => denies(conn)],
  ])("stops where a plug halts %s, and so do those around it", async (_, deny) => {
    const log: string[] = [];
    const inner = pipeline().plug(marks("before", log)).plug(deny).plug(marks("inner", log));
    const middle = pipeline().plug(inner).plug(marks("middle", log));
    const answer = await ask(pipeline().plug(middle).plug(marks("outer", log)));
    expect([answer.status, answer.body, log]).toEqual([401, "stop", ["before"]]);
  });

  test("goes on after a plug that has sent and not halted", async () => {
    const log: string[] = [];
    const answer = await ask(
      pipeline()
        .plug((conn) => conn.text("sent"))
        .plug(marks("next", log)),
    );
    expect([answer.body, answer.reason, log]).toEqual(["sent", "normal", ["next"]]);
  });

  test("runs nothing for a conn that is halted already", async () => {
    const log: string[] = [];
    let same = false;
    await ask((conn) => {
      const halted = conn.text("").halt() as unknown as Conn;
      same = pipeline().plug(marks("1", log))(halted) === (halted as unknown as Halted);
      return halted;
    });
    expect([same, log]).toEqual([true, []]);
  });

  test("is synchronous as long as its plugs are, and asynchronous from the first that is not", async () => {
    const kinds: string[] = [];
    const kind = (result: unknown) => kinds.push(result instanceof Conn ? "conn" : "promise");
    await ask(async (conn) => {
      kind(pipeline()(conn));
      kind(pipeline().plug(marks("", [])).plug(plug(RequestId))(conn));
      kind(pipeline().plug(pipeline().plug(denies))(conn));
      kind(pipeline().plug(marks("", [], true))(conn));
      kind(
        pipeline()
          .plug(marks("", []))
          .plug(marks("", [], true))
          .plug(marks("", []))(conn),
      );
      return conn;
    });
    expect(kinds).toEqual(["conn", "conn", "conn", "promise", "promise"]);
  });

  test("is a value: adding a plug makes another one", async () => {
    const log: string[] = [];
    const base = pipeline().plug(marks("base", log));
    const more = base.plug(marks("more", log));
    await ask(
      pipeline()
        .plug(base)
        .plug((conn) => conn.text("")),
    );
    expect(log).toEqual(["base"]);
    await ask(
      pipeline()
        .plug(more)
        .plug((conn) => conn.text("")),
    );
    expect(log).toEqual(["base", "base", "more"]);
  });

  test("takes plugs that return promises of other libraries", async () => {
    const thenable = (conn: Conn) => {
      const promise = Promise.resolve(conn.text("other"));
      // biome-ignore lint/suspicious/noThenProperty: a promise of another library is what is tested
      return { then: promise.then.bind(promise) } as Promise<Conn>;
    };
    expect((await ask(thenable)).body).toBe("other");
  });

  test("crashes the request when a plug throws or rejects, and runs no further plug", async () => {
    const error = new Error("broken plug");
    for (const broken of [
      (): never => {
        throw error;
      },
      async (): Promise<never> => {
        throw error;
      },
    ]) {
      const log: string[] = [];
      const answer = await ask(
        pipeline()
          .plug(broken as PlugFn<any, any>)
          .plug(marks("next", log)),
      );
      expect([answer.status, answer.reason, log]).toEqual([500, error, []]);
    }
  });

  test("refuses a module plug that was not made one, when it is built, and says how", () => {
    expect(() => pipeline().plug(RequestId as unknown as PlugFn)).toThrow(
      /expected a function plug, got: \{.*\}; a module plug goes in as plug\(module, options\)/,
    );
    expect(() => pipeline().plug(undefined as unknown as PlugFn)).toThrow("expected a function plug, got: undefined");
  });
});
