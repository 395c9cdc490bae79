import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Conn, pipeline, plug, Static, type StaticOptions } from "hornbeam/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Folder, folder } from "./folder.ts";
import { ask } from "./support.ts";

let files: Folder;
beforeAll(async () => {
  files = await folder();
});
afterAll(() => files[Symbol.asyncDispose]());

/** Serves the folder; what it does not have is answered by the next plug. */
const site = (options: Partial<StaticOptions> = {}) =>
  pipeline()
    .plug(plug(Static, { from: files.root, ...options }))
    .plug((conn) => conn.sendResp(299, "passed on"));
const get = (path: string, options?: Partial<StaticOptions>) => ask(site(options), `GET ${path}`);

describe("a file is served", () => {
  test.each([
    ["/digits.txt", "text/plain; charset=utf-8", "0123456789"],
    ["/css/site.css", "text/css; charset=utf-8", "body {}"],
    ["/css/deep/x.js", "text/javascript; charset=utf-8", "1;"],
    ["/data.json", "application/json; charset=utf-8", "{}"],
    ["/unknown.zzz", "application/octet-stream", "?"],
    ["/a%20b.txt", "text/plain; charset=utf-8", "space"],
    ["/%C3%A9.txt", "text/plain; charset=utf-8", "accent"],
    ["/%64igits.txt", "text/plain; charset=utf-8", "0123456789"],
    ["//digits.txt/", "text/plain; charset=utf-8", "0123456789"],
    ["/empty.txt", "text/plain; charset=utf-8", ""],
    ["/inside.txt", "text/plain; charset=utf-8", "0123456789"],
    ["/up/public/digits.txt", "text/plain; charset=utf-8", "0123456789"],
    ["/", "text/html; charset=utf-8", "<h1>index</h1>"],
    ["/digits.txt?a=1", "text/plain; charset=utf-8", "0123456789"],
  ])("%s as %s", async (path, type, body) => {
    const answer = await get(path);
    expect([answer.status, answer.header("content-type"), answer.body]).toEqual([200, type, body]);
    expect(answer.header("cache-control")).toBe("public");
    expect(answer.header("accept-ranges")).toBe("bytes");
  });

  test("and the pipeline is halted", async () => {
    const log: string[] = [];
    const after = (conn: Conn) => {
      log.push("after");
      return conn;
    };
    await ask(
      pipeline()
        .plug(plug(Static, { from: files.root }))
        .plug(after),
      "GET /digits.txt",
    );
    expect(log).toEqual([]);
  });

  test("from a file URL", async () => {
    expect((await get("/digits.txt", { from: pathToFileURL(`${files.root}/`) })).body).toBe("0123456789");
  });

  test("with the cache-control that the plug says", async () => {
    expect((await get("/digits.txt", { cacheControl: "no-cache" })).header("cache-control")).toBe("no-cache");
  });

  test("to HEAD without its body", async () => {
    const answer = await ask(site(), "HEAD /digits.txt");
    expect([answer.status, answer.header("content-type"), answer.body]).toEqual([200, "text/plain; charset=utf-8", ""]);
  });
});

describe("a request goes on down the pipeline", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("of %s", async (method) => {
    expect((await ask(site(), `${method} /digits.txt`)).body).toBe("passed on");
  });

  test.each([
    ["a file that is not there", "/nothing.txt"],
    ["a folder", "/css"],
    ["something below a file", "/digits.txt/x"],
    ["a name that is too long", `/${"a".repeat(5000)}`],
    ["a link to nothing", "/dangling"],
    ["a link to itself", "/loop"],
    ["an escape that is none", "/%zz"],
  ])("for %s", async (_, path) => {
    expect((await get(path)).body).toBe("passed on");
  });
});

describe("an index", () => {
  test("may have another name", async () => {
    expect((await get("/", { index: "digits.txt" })).body).toBe("0123456789");
  });

  test("may be none", async () => {
    expect((await get("/", { index: false })).body).toBe("passed on");
  });

  test("is for the folder itself, not for those below", async () => {
    expect((await get("/css", { index: "site.css" })).body).toBe("passed on");
  });
});

describe("at and only", () => {
  test.each([
    ["/assets/digits.txt", "0123456789"],
    ["/assets", "<h1>index</h1>"],
    ["/digits.txt", "passed on"],
    ["/assetsx/digits.txt", "passed on"],
    ["/assets/up/../digits.txt", "400 the path is not one of a file\n"],
    ["/other/../assets/digits.txt", "passed on"],
  ])("at: %s is %s", async (path, body) => {
    expect((await get(path, { at: "/assets" })).body).toBe(body);
  });

  test.each([
    ["/css/site.css", "body {}"],
    ["/data.json", "{}"],
    ["/digits.txt", "passed on"],
    ["/", "passed on"],
    ["/cs", "passed on"],
    ["/%63ss/site.css", "passed on"],
    ["/other/../../secret.txt", "passed on"],
    ["/%2e%2e/secret.txt", "passed on"],
    ["/css/..%2f..%2fsecret.txt", "400 the path is not one of a file\n"],
  ])("only: %s is %s", async (path, body) => {
    expect((await get(path, { only: ["css", "data.json"] })).body).toBe(body);
  });
});

describe("an ETag", () => {
  const tagOf = async (path = "/digits.txt") => (await get(path)).header("etag") as string;
  const since = async (header: string, what = "GET /digits.txt") =>
    ask(site(), what, { headers: { "if-none-match": header } });

  test("is strong, and the same until the file changes", async () => {
    const path = join(files.root, "changing.txt");
    await writeFile(path, "1");
    await utimes(path, 1000, 1000);
    const first = await tagOf("/changing.txt");
    expect(first).toMatch(/^"[\w-]+"$/);
    expect(await tagOf("/changing.txt")).toBe(first);
    await utimes(path, 1000, 2000);
    const touched = await tagOf("/changing.txt");
    await writeFile(path, "22");
    await utimes(path, 1000, 2000);
    expect(new Set([first, touched, await tagOf("/changing.txt")]).size).toBe(3);
  });

  test.each<[what: string, header: (tag: string) => string, status: number]>([
    ["itself", (tag) => tag, 304],
    ["itself, weak", (tag) => `W/${tag}`, 304],
    ["a list with it", (tag) => `"a", W/${tag} , "b"`, 304],
    ["*", () => "*", 304],
    ["another", () => '"another"', 200],
    ["a list without it", () => '"a", "b"', 200],
    ["it without quotes", (tag) => tag.slice(1, -1), 200],
    ["nothing", () => "", 200],
  ])("that the client has as %s: %#", async (_, header, status) => {
    const answer = await since(header(await tagOf()));
    expect(answer.status).toBe(status);
    expect(answer.header("etag")).toBe(await tagOf());
    expect(answer.body).toBe(status === 304 ? "" : "0123456789");
  });

  test("answers 304 to HEAD, too", async () => {
    expect((await since(await tagOf(), "HEAD /digits.txt")).status).toBe(304);
  });
});

test.each([undefined, null, 42, {}])("the plug is refused when it is made without a folder: %j", (from) => {
  expect(() => plug(Static, { from: from as string })).toThrow(
    "Static: expected from to be a path or a file URL, got: ",
  );
});

test("a folder that does not exist has no files", async () => {
  expect((await get("/digits.txt", { from: join(files.root, "nowhere") })).body).toBe("passed on");
});
