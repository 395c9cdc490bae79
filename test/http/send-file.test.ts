import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Conn, FileRange } from "hornbeam/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, crash, serving } from "./support.ts";

let folder = "";
let path = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hornbeam-file-"));
  path = join(folder, "digits.txt");
  await writeFile(path, "0123456789");
});

afterAll(() => rm(folder, { recursive: true }));

const sends = (file: Partial<FileRange>) => (conn: Conn) =>
  conn.sendFile(200, { path, offset: 0, length: 10, ...file });

describe("sendFile", () => {
  test("sends a file", async () => {
    const states: string[] = [];
    const answer = await ask(async (conn) => {
      const sent = await sends({})(conn);
      states.push(sent.state);
      return sent;
    });
    expect([answer.status, answer.body, states]).toEqual([200, "0123456789", ["file"]]);
  });

  test("sends a part of a file", async () => {
    expect((await ask(sends({ offset: 3, length: 4 }))).body).toBe("3456");
  });

  test("refuses a path with NUL, before anything is sent", async () => {
    expect(await crash(sends({ path: "a\0b" }))).toBe(
      "500 BadArgument: sendFile: expected a path without NUL, got: 'a\\x00b'",
    );
  });

  test.each<[what: string, file: Partial<FileRange>]>([
    ["a negative offset", { offset: -1 }],
    ["a negative length", { length: -1 }],
    ["an offset that is no integer", { offset: 0.5 }],
    ["a part beyond the end of the file", { offset: 5, length: 6 }],
    ["a file that is not there", { path: "/nowhere/at/all" }],
  ])("answers 500 for %s, and not with a part of a response", async (_, file) => {
    expect(await crash(sends(file))).toMatch(/^500 /);
    await serving({ plug: sends(file) }, async (live) => {
      expect((await live.get("/")).status).toBe(500);
    });
  });

  test("sends over a socket what it sends to the test kit", () =>
    serving({ plug: sends({ offset: 3, length: 4 }) }, async (live) => {
      const client = await live.connect();
      for (let i = 0; i < 2; i++) {
        const { headers, body } = await client.get("/");
        expect([headers["content-length"], body]).toEqual(["4", "3456"]);
      }
      const head = await client.request("HEAD", "/").answer(true);
      expect([head.headers["content-length"], client.text]).toEqual(["4", ""]);
    }));

  test("sends an empty file", async () => {
    const empty = join(folder, "empty");
    await writeFile(empty, "");
    const plug = sends({ path: empty, length: 0 });
    expect((await ask(plug)).body).toBe("");
    await serving({ plug }, async (live) => {
      const { status, headers } = await live.get("/");
      expect([status, headers["content-length"]]).toEqual([200, "0"]);
    });
  });

  test("does not answer a client that goes away in the middle, and its request ends", async () => {
    const big = join(folder, "big");
    await writeFile(big, Buffer.alloc(20_000_000));
    await serving({ plug: sends({ path: big, length: 20_000_000 }) }, async (live) => {
      const client = await live.connect();
      const stopped = live.next("http.request.stop");
      client.request("GET", "/");
      await new Promise((resolve) => client.socket.once("data", resolve));
      client.reset();
      expect(await stopped).toMatchObject({ status: 200, path: "/" });
    });
  });
});
