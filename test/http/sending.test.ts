import { AlreadySentError, type Body, type Conn, type PlugFn, pipeline, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

describe("a response", () => {
  test("is sent by sendResp", async () => {
    const answer = await ask((conn) => conn.sendResp(201, "made"));
    expect([answer.status, answer.body, answer.reason]).toEqual([201, "made", "normal"]);
  });

  test("may be bytes", async () => {
    const answer = await ask((conn) => conn.sendResp(200, Uint8Array.of(0, 255, 128)));
    expect([...answer.bytes]).toEqual([0, 255, 128]);
  });

  test("is set by resp, and sent as it is by sendResp()", async () => {
    const states: string[] = [];
    const answer = await ask((conn) => {
      const set = conn.resp(201, "first").resp(202, "second").putRespHeader("x-a", "1");
      const sent = set.sendResp();
      states.push(conn.state, set.state, sent.state);
      return sent;
    });
    expect([answer.status, answer.body, answer.header("x-a")]).toEqual([202, "second", "1"]);
    expect(states).toEqual(["unset", "set", "sent"]);
  });

  test("that is set and not sent is sent when the pipeline ends", async () => {
    const answer = await ask(
      pipeline()
        .plug((conn) => conn.resp(202, "later"))
        .plug((conn) => conn.assign("more", 1)),
    );
    expect([answer.status, answer.body, answer.reason]).toEqual([202, "later", "normal"]);
  });

  test("that is set by a plug that halts is sent, too", async () => {
    const answer = await ask((conn) => conn.resp(401, "who are you?").halt());
    expect([answer.status, answer.body]).toEqual([401, "who are you?"]);
  });

  test("has the status that was put when sendResp() is told none", async () => {
    expect((await ask((conn) => conn.resp(200, "x").putStatus(203).sendResp())).status).toBe(203);
  });

  test("has no body left on the conn once it is sent", async () => {
    const bodies: (Body | undefined)[] = [];
    await ask((conn) => {
      const set = conn.resp(200, "x");
      const sent = set.sendResp();
      bodies.push(set.respBody, sent.respBody);
      return sent;
    });
    expect(bodies).toEqual(["x", undefined]);
  });

  test.each([undefined, null, 42, {}, [["a"], 1]])("may not be %j", async (body) => {
    expect(await crash((conn) => conn.resp(200, body as unknown as Body))).toContain(
      "500 BadArgument: resp: expected a body of strings and bytes, got: ",
    );
  });

  test("must be there for sendResp()", async () => {
    expect(await crash((conn) => conn.putStatus(204).sendResp())).toBe(
      "500 BadArgument: sendResp: no response is set; expected a status and a body, or resp(status, body) before",
    );
  });
});

describe("a pipeline that sends nothing answers 500 at once", () => {
  const lazy = (conn: Conn) => conn;
  const guard = (conn: Conn) => conn.halt();
  const settled = (conn: Conn) => conn.putStatus(204);

  test.each<[why: string, plug: PlugFn<any, any>, message: string]>([
    ["with the plug where it ended", lazy, 'it ended in lazy; did you mean conn.sendResp(200, "OK")?'],
    [
      "with the status that was put",
      settled,
      'it ended in settled with status 204, and putStatus() sends nothing; did you mean conn.sendResp(204, "")?',
    ],
    [
      "with the plug that halted",
      guard,
      'it was halted by guard, and halt() sends nothing; did you mean conn.sendResp(401, "Unauthorized").halt()?',
    ],
    ["with the last plug of a pipeline", pipeline().plug(settled).plug(lazy), "it ended in lazy with status 204"],
    ["with the plug that halted, not a later one", pipeline().plug(guard).plug(lazy), "it was halted by guard"],
    ["with the route", router().get("/nothing", lazy).plug, "it ended in GET /nothing; did you mean"],
    ["after a promise, too", async (conn) => conn, "it ended in an unnamed plug; did you mean"],
  ])("%s", async (_, plug, message) => {
    expect(await crash(plug, "GET /nothing")).toContain(`500 NotSentError: GET /nothing got no response: ${message}`);
  });

  test("with a status that has no name", async () => {
    expect(await crash((conn) => conn.putStatus(799))).toContain('did you mean conn.sendResp(799, "")?');
  });
});

describe("a second response", () => {
  const login = (conn: Conn) => conn.putStatus(401).text("log in first");
  const render = (conn: Conn) => conn.text("hello");

  test("is refused with the plugs that sent the first and the second", async () => {
    expect(await crash(pipeline().plug(login).plug(render), "GET /me")).toBe(
      "401 AlreadySentError: text: the response to GET /me was sent already: first by login, and now again by render; does login have to return conn.halt()?",
    );
  });

  test("is refused of the plug that sent the first, too", async () => {
    const twice = (conn: Conn) => conn.sendResp(200, "1").sendResp(200, "2");
    expect(await crash(twice)).toContain("was sent already: first by twice, and now again by twice");
  });

  test("is refused of an old conn that does not know of the first", async () => {
    const stale = (conn: Conn) => {
      conn.sendResp(200, "1");
      return conn.sendResp(200, "2");
    };
    expect(await crash(stale)).toContain(
      "200 AlreadySentError: sendResp: the response to GET / was sent already: first by stale",
    );
  });

  test("is refused, and the first one stands", async () => {
    const answer = await ask(pipeline().plug(login).plug(render));
    expect([answer.status, answer.body]).toEqual([401, "log in first"]);
    expect(answer.reason).toBeInstanceOf(AlreadySentError);
  });

  test("is refused of an asynchronous plug, too", async () => {
    const hello = (conn: Conn) => conn.resp(200, "hello").sendResp();
    const again = async (conn: Conn) => conn.resp(200, "again");
    expect(await crash(pipeline().plug(hello).plug(again))).toContain("by hello, and now again by again");
  });
});

describe("once a response is sent", () => {
  test.each<[name: string, change: (conn: Conn) => unknown]>([
    ["putStatus", (conn) => conn.putStatus(200)],
    ["putRespHeader", (conn) => conn.putRespHeader("x-a", "1")],
    ["prependRespHeaders", (conn) => conn.prependRespHeaders([["x-a", "1"]])],
    ["deleteRespHeader", (conn) => conn.deleteRespHeader("x-a")],
    ["registerBeforeSend", (conn) => conn.registerBeforeSend((last) => last)],
    ["resp", (conn) => conn.resp(200, "")],
    ["sendResp", (conn) => conn.sendResp()],
    ["sendFile", (conn) => conn.sendFile(200, { path: "/etc/hostname", offset: 0, length: 1 })],
    ["putRespHeader", (conn) => conn.putRespContentType("text/css")],
    ["text", (conn) => conn.text("")],
    ["putStatus", (conn) => conn.redirect("/")],
  ])("%s is refused", async (name, change) => {
    const late = (conn: Conn) => change(conn.sendResp(200, "done")) as Conn;
    expect(await crash(late)).toContain(`200 AlreadySentError: ${name}: the response to GET / was sent already`);
  });

  test("a bad status is still told as such", async () => {
    expect(await crash((conn) => conn.sendResp(200, "").resp(42, ""))).toContain("expected a status from 100 to 999");
  });
});
