import { type Conn, pipeline } from "hornbeam/http";
import { conn, initTestSession } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";
import { ask, crash, headers } from "./support.ts";

const adds = (value: string) => (conn: Conn) => conn.prependRespHeaders([["x-hook", value]]);

test("hooks run when the response is sent, the last registered first", async () => {
  const log: string[] = [];
  const hook = (name: string) => (conn: Conn) => {
    log.push(`${name} ${conn.state}`);
    return conn;
  };
  await ask((conn) => {
    const ready = conn.registerBeforeSend(hook("first")).registerBeforeSend(hook("second"));
    log.push("registered");
    return ready.text("");
  });
  expect(log).toEqual(["registered", "second set", "first set"]);
});

test("a hook sees the response of the hook before, and may change all of it", async () => {
  const answer = await ask((conn) =>
    conn
      .registerBeforeSend((last) => last.resp((last.status ?? 0) + 1, `${last.respBody}!`).putRespHeader("x-a", "1"))
      .registerBeforeSend((last) => last.resp(250, `${last.respBody}?`))
      .text("hello"),
  );
  expect([answer.status, answer.body, answer.header("x-a")]).toEqual([251, "hello?!", "1"]);
});

test("hooks run for a conn that is halted", async () => {
  const answer = await ask((conn) => conn.registerBeforeSend(adds("ran")).resp(403, "no").halt());
  expect([answer.status, headers(answer, "x-hook")]).toEqual([403, ["ran"]]);
});

test("hooks run for a response that the end of the pipeline sends", async () => {
  const answer = await ask(
    pipeline()
      .plug((conn) => conn.registerBeforeSend(adds("ran")))
      .plug((conn) => conn.resp(200, "")),
  );
  expect(headers(answer, "x-hook")).toEqual(["ran"]);
});

test("hooks run before a file is sent", async () => {
  const file = { path: new URL(import.meta.url).pathname, offset: 0, length: 1 };
  const answer = await ask((conn) => conn.registerBeforeSend(adds("ran")).sendFile(200, file));
  expect([headers(answer, "x-hook"), answer.body]).toEqual([["ran"], "i"]);
});

test("a hook may change the status of a file, and of a response in chunks", async () => {
  const file = { path: new URL(import.meta.url).pathname, offset: 0, length: 1 };
  const changes = (conn: Conn) => conn.registerBeforeSend((last) => last.putStatus(203));
  const statuses: (number | undefined)[] = [];
  const sent = await ask(async (conn) => {
    const done = await changes(conn).sendFile(200, file);
    statuses.push(done.status);
    return done;
  });
  expect([sent.status, statuses]).toEqual([203, [203]]);
  expect((await ask((conn) => changes(conn).sendChunked(200))).status).toBe(203);
});

test("a hook may write into the session before a file is sent, for the hooks that were registered before", async () => {
  const seen: unknown[] = [];
  await initTestSession(conn("GET", "/"), { early: 1 })
    .registerBeforeSend((last) => {
      seen.push(last.getSession());
      return last;
    })
    .registerBeforeSend((last) => last.putSession("late", 2))
    .sendFile(200, { path: new URL(import.meta.url).pathname });
  expect(seen).toEqual([{ early: 1, late: 2 }]);
});

test("a hook that another hook registers does not run for this response", async () => {
  const answer = await ask((conn) =>
    conn.registerBeforeSend((last) => last.registerBeforeSend(adds("nested"))).text(""),
  );
  expect([answer.status, headers(answer, "x-hook")]).toEqual([200, []]);
});

describe("a hook that does wrong is a crash, answered with 500", () => {
  test("when it sends", async () => {
    const error = /^500 BadArgument: .*a beforeSend hook may change the response, but not send it$/;
    expect(await crash((conn) => conn.registerBeforeSend((last) => last.sendResp(200, "mine")).text("theirs"))).toMatch(
      error,
    );
  });

  test("when it returns no conn", async () => {
    expect(await crash((conn) => conn.registerBeforeSend(() => undefined as unknown as Conn).text(""))).toBe(
      "500 BadArgument: a beforeSend hook must return a conn, got: undefined",
    );
  });

  test("when it throws", async () => {
    const broken = (): never => {
      throw new Error("broken hook");
    };
    expect(await crash((conn) => conn.registerBeforeSend(broken).text(""))).toBe("500 Error: broken hook");
  });

  test("when it throws, which a plug may catch to send something else", async () => {
    const broken = (): never => {
      throw new Error("broken hook");
    };
    const careful = (conn: Conn) => {
      try {
        return conn.registerBeforeSend(broken).text("");
      } catch {
        return conn.sendResp(502, "something else");
      }
    };
    const answer = await ask(careful);
    expect([answer.status, answer.body]).toEqual([502, "something else"]);
  });

  test("when it throws and the response is a file", async () => {
    const broken = (): never => {
      throw new Error("broken hook");
    };
    const file = { path: "/etc/hostname", offset: 0, length: 1 };
    expect(await crash((conn) => conn.registerBeforeSend(broken).sendFile(200, file))).toBe("500 Error: broken hook");
  });
});
