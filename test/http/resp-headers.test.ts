import type { Conn } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "./support.ts";

/** The response headers that `change` leaves, without the default one unless it is changed. */
async function headersOf(change: (conn: Conn) => Conn): Promise<[string, string][]> {
  const answer = await ask((conn) => change(conn.deleteRespHeader("cache-control")).sendResp(200, ""));
  return answer.headers as [string, string][];
}

describe("putRespHeader", () => {
  test("adds a header at the end", async () => {
    const set = await headersOf((conn) => conn.putRespHeader("x-a", "1").putRespHeader("x-b", "2"));
    expect(set).toEqual([
      ["x-a", "1"],
      ["x-b", "2"],
    ]);
  });

  test("replaces the first of its name where it stands, and leaves the others", async () => {
    const set = await headersOf((conn) =>
      conn
        .putRespHeader("x-a", "1")
        .putRespHeader("x-b", "2")
        .prependRespHeaders([["x-b", "0"]])
        .putRespHeader("x-b", "new")
        .putRespHeader("x-c", "3"),
    );
    expect(set).toEqual([
      ["x-b", "new"],
      ["x-a", "1"],
      ["x-b", "2"],
      ["x-c", "3"],
    ]);
  });

  test("lower-cases names, so that two spellings are one header", async () => {
    const set = await headersOf((conn) => conn.putRespHeader("X-Big", "1").putRespHeader("x-big", "2"));
    expect(set).toEqual([["x-big", "2"]]);
  });

  test("takes an empty value, tabs and latin-1", async () => {
    const set = await headersOf((conn) => conn.putRespHeader("x-a", "").putRespHeader("x-b", "a\té"));
    expect(set).toEqual([
      ["x-a", ""],
      ["x-b", "a\té"],
    ]);
  });
});

test("prependRespHeader adds one before those of its name", async () => {
  const set = await headersOf((conn) =>
    conn
      .putRespHeader("x-a", "1")
      .prependRespHeaders([["Set-Cookie", "a"]])
      .prependRespHeaders([["set-cookie", "b"]]),
  );
  expect(set).toEqual([
    ["set-cookie", "b"],
    ["set-cookie", "a"],
    ["x-a", "1"],
  ]);
});

test.each<[how: string, merge: (conn: Conn) => Conn]>([
  ["a record", (conn) => conn.mergeRespHeaders({ "X-B": "new", "x-c": "3" })],
  [
    "a list",
    (conn) =>
      conn.mergeRespHeaders([
        ["X-B", "new"],
        ["x-c", "3"],
      ]),
  ],
])("%s puts several, each where the first of its name stands", async (_, merge) => {
  const set = await headersOf((conn) => merge(conn.putRespHeader("x-b", "1").putRespHeader("x-d", "2")));
  expect(set).toEqual([
    ["x-b", "new"],
    ["x-d", "2"],
    ["x-c", "3"],
  ]);
});

test("updateRespHeader changes the first of its name where it stands, or adds it with its initial value", async () => {
  const set = await headersOf((conn) =>
    conn
      .putRespHeader("x-a", "1")
      .putRespHeader("x-b", "2")
      .updateRespHeader("X-A", "none", (old) => `${old}!`)
      .updateRespHeader("x-c", "initial", (old) => `${old}!`),
  );
  expect(set).toEqual([
    ["x-a", "1!"],
    ["x-b", "2"],
    ["x-c", "initial"],
  ]);
});

describe("deleteRespHeader", () => {
  test("removes the first of its name, in any case", async () => {
    const set = await headersOf((conn) =>
      conn
        .putRespHeader("x-a", "1")
        .prependRespHeaders([["x-a", "0"]])
        .putRespHeader("x-b", "2")
        .deleteRespHeader("X-A"),
    );
    expect(set).toEqual([
      ["x-a", "1"],
      ["x-b", "2"],
    ]);
  });

  test("leaves things alone when there is none", async () => {
    expect(await headersOf((conn) => conn.deleteRespHeader("x-none"))).toEqual([]);
  });
});

test("getRespHeader finds the first of its name, in any case", async () => {
  const seen: unknown[] = [];
  await ask((conn) => {
    const set = conn.putRespHeader("X-A", "1").prependRespHeaders([["x-a", "0"]]);
    seen.push(set.getRespHeader("x-a"), set.getRespHeader("X-A"), set.getRespHeader("x-none"));
    return set.text("");
  });
  expect(seen).toEqual(["0", "0", undefined]);
});

test("putRespContentType adds utf-8 unless it is told another charset or none", async () => {
  const types: (string | undefined)[] = [];
  await ask((conn) => {
    const type = (set: Conn) => types.push(set.getRespHeader("content-type"));
    type(conn.putRespContentType("text/css"));
    type(conn.putRespContentType("text/css", "latin1"));
    type(conn.putRespContentType("image/png", undefined));
    return conn.text("");
  });
  expect(types).toEqual(["text/css; charset=utf-8", "text/css; charset=latin1", "image/png"]);
});

test("every response may not be stored, unless a plug says otherwise", async () => {
  expect((await ask((conn) => conn.text(""))).header("cache-control")).toBe("max-age=0, private, must-revalidate");
  const cached = await ask((conn) => conn.putRespHeader("cache-control", "public").text(""));
  expect(cached.header("cache-control")).toBe("public");
});

describe("a header is refused when it is set, by name", () => {
  const setters = {
    putRespHeader: (conn: Conn, name: string, value: string) => conn.putRespHeader(name, value),
    prependRespHeaders: (conn: Conn, name: string, value: string) => conn.prependRespHeaders([[name, value]]),
    mergeRespHeaders: (conn: Conn, name: string, value: string) => conn.mergeRespHeaders([[name, value]]),
    updateRespHeader: (conn: Conn, name: string, value: string) => conn.updateRespHeader(name, value, (old) => old),
  };
  const methods = Object.keys(setters) as (keyof typeof setters)[];
  const names = ["", "x\r", "x\n", "x\0y", "a:b", "a b", "é", "x\t", undefined];
  const values = ["1\r\nset-cookie: a=b", "1\n", "\r", "a\0b", "\x01", "\x7f", "✓", 1, undefined];

  test.each(methods.flatMap((set) => names.map((name) => [set, name] as const)))(
    "%s: the name %j",
    async (set, name) => {
      expect(await crash((conn) => setters[set](conn, name as string, "1"))).toMatch(
        /^500 InvalidHeaderError: expected a header name of RFC 9110 token characters, got: /,
      );
    },
  );

  test.each(methods.flatMap((set) => values.map((value) => [set, value] as const)))(
    "%s: the value %j",
    async (set, value) => {
      expect(await crash((conn) => setters[set](conn, "x-a", value as string))).toMatch(
        /^500 InvalidHeaderError: expected the value of x-a .*, got: /,
      );
    },
  );

  test("putRespContentType checks, too", async () => {
    expect(await crash((conn) => conn.putRespContentType("text/html\r\n"))).toContain("InvalidHeaderError");
  });
});
