import { fileURLToPath } from "node:url";
import { type Conn, sendDownload } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "../support.ts";

const HERE = fileURLToPath(import.meta.url);
const shown = async (plug: (conn: Conn) => any) => {
  const answer = await ask(plug);
  return [answer.status, answer.header("content-type"), answer.header("content-disposition")];
};

describe("sendDownload", () => {
  test("of data has the browser save it under its name", async () => {
    const answer = await ask((conn) => sendDownload(conn, { data: ["a,", "b"] }, { filename: "a b.csv" }));
    expect(answer.body).toBe("a,b");
    expect([answer.header("content-type"), answer.header("content-disposition")]).toEqual([
      "text/csv",
      'attachment; filename="a b.csv"',
    ]);
  });

  test("of a file takes its name from it", async () => {
    const answer = await ask((conn) => sendDownload(conn, { file: HERE }));
    expect(answer.body).toContain("of a file takes its name from it");
    expect(answer.header("content-disposition")).toBe("attachment; filename=download.test.ts");
  });

  test("of a part of a file sends that part", async () => {
    const answer = await ask((conn) => sendDownload(conn, { file: HERE }, { offset: 0, length: 6 }));
    expect(answer.body).toBe("import");
  });

  test.each([
    ["größe.csv", `filename="gr??e.csv"; filename*=UTF-8''gr%C3%B6%C3%9Fe.csv`],
    ["100%25.txt", `filename*=UTF-8''100%2525.txt`],
    ['a"b;c.txt', 'filename="a\\"b;c.txt"'],
    ["a\r\nset-cookie: x.txt", "%0D%0A"],
  ])("encodes the name %j", async (filename, part) => {
    const [, , disposition] = await shown((conn) => sendDownload(conn, { data: "" }, { filename }));
    expect(disposition).toContain(part);
  });

  test("takes type, charset, disposition and the status that was put", async () => {
    const options = { filename: "x.bin", contentType: "text/plain", charset: "utf-8", disposition: "inline" } as const;
    expect(await shown((conn) => sendDownload(conn.putStatus(201), { data: "" }, options))).toEqual([
      201,
      "text/plain; charset=utf-8",
      "inline; filename=x.bin",
    ]);
    expect((await shown((conn) => sendDownload(conn, { data: "" }, { filename: "x.nosuch" })))[1]).toBe(
      "application/octet-stream",
    );
  });

  test.each<[title: string, plug: (conn: Conn) => any, message: string]>([
    ["nothing to send", (conn) => sendDownload(conn, {} as never), "expected { file: path } or { data }, got: {}"],
    [
      "data without a name",
      (conn) => sendDownload(conn, { data: "x" }, {} as never),
      "expected a filename for the data, got: undefined",
    ],
    [
      "another disposition",
      (conn) => sendDownload(conn, { data: "x" }, { filename: "a", disposition: "x" as never }),
      "attachment or inline, got: 'x'",
    ],
    ["a file that is not there", (conn) => sendDownload(conn, { file: "/no/such/file" }), "ENOENT"],
  ])("refuses %s", async (_, plug, message) => {
    expect(await crash(plug)).toContain(message);
  });
});
