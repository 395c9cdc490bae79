import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type Conn, pipeline, plug, Static, type StaticOptions } from "hornbeam/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Folder, folder } from "./folder.ts";
import { ask, crash } from "./support.ts";

let files: Folder;
beforeAll(async () => {
  files = await folder();
  const app = "let app = 1;";
  await writeFile(join(files.root, "app.js"), app);
  await writeFile(join(files.root, "app.js.gz"), gzipSync(app));
  await writeFile(join(files.root, "app.js.br"), brotliCompressSync(app));
  await writeFile(join(files.root, "app.js.zst"), zstdCompressSync(app));
  await writeFile(join(files.root, "only-gz.css"), "body {}");
  await writeFile(join(files.root, "only-gz.css.gz"), gzipSync("body {}"));
  await writeFile(join(files.root, "nothing-but.txt.gz"), gzipSync("text"));
  await writeFile(join(files.root, "favicon-1a2b.ico"), "icon");
  await writeFile(join(files.root, "strange.x-ext"), "strange");
});
afterAll(() => files[Symbol.asyncDispose]());

const site = (options: Partial<StaticOptions> = {}, before = (conn: Conn<any>) => conn) =>
  pipeline()
    .plug(before)
    .plug(plug(Static, { from: files.root, ...options }))
    .plug((conn) => conn.sendResp(299, "passed on"));
const get = (path: string, options: Partial<StaticOptions> = {}, headers: Record<string, string> = {}) =>
  ask(site(options), `GET ${path}`, { headers });
const stored = (name: string) => readFileSync(join(files.root, name));

describe("a request that is not for a file is passed on without a promise", () => {
  const makesPromise = async (options: Partial<StaticOptions>, what: string) => {
    let promised = false;
    const serve = plug(Static, { from: files.root, ...options });
    await ask((conn: Conn) => {
      const result = serve(conn);
      promised = result instanceof Promise;
      return promised ? result : conn.text("");
    }, what);
    return promised;
  };

  test.each<[what: string, options: Partial<StaticOptions>]>([
    ["POST /digits.txt", {}],
    ["GET /other", { at: "/assets" }],
    ["GET /digits.txt", { only: ["css"] }],
  ])("%s with %j", async (what, options) => {
    expect(await makesPromise(options, what)).toBe(false);
    expect(await makesPromise({}, "GET /digits.txt")).toBe(true);
  });
});

describe("the content type", () => {
  test("may be said by the name of a file", async () => {
    const contentTypes = { "strange.x-ext": "application/vnd.strange", "digits.txt": "text/x-digits" };
    expect((await get("/strange.x-ext", { contentTypes })).header("content-type")).toBe("application/vnd.strange");
    expect((await get("/digits.txt", { contentTypes })).header("content-type")).toBe("text/x-digits");
    expect((await get("/data.json", { contentTypes })).header("content-type")).toBe("application/json; charset=utf-8");
  });

  test("replaces one that was put before, unless the plug leaves it as it is", async () => {
    const typed = (conn: Conn<any>) => conn.putRespHeader("content-type", "text/before");
    expect((await ask(site({}, typed), "GET /digits.txt")).header("content-type")).toBe("text/plain; charset=utf-8");
    const kept = await ask(site({ contentTypes: false }, typed), "GET /digits.txt");
    expect(kept.header("content-type")).toBe("text/before");
    expect((await get("/digits.txt", { contentTypes: false })).header("content-type")).toBeUndefined();
  });
});

describe("caches", () => {
  test("keep what has a vsn for a year, without an ETag", async () => {
    const answer = await get("/digits.txt?vsn=d");
    expect(answer.header("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.header("etag")).toBeUndefined();
    expect((await get("/digits.txt?vsn=d", {}, { "if-none-match": "*" })).status).toBe(200);
  });

  test.each(["/digits.txt?a&vsn=d", "/digits.txt?VSN=d", "/digits.txt?vsnx=d"])(
    "ask for what has none: %s",
    async (path) => {
      expect((await get(path)).header("cache-control")).toBe("public");
    },
  );

  test("keep what has a vsn as long as the plug says, or like all others", async () => {
    expect((await get("/digits.txt?vsn=d", { vsnCacheControl: "max-age=1" })).header("cache-control")).toBe(
      "max-age=1",
    );
    const like = await get("/digits.txt?vsn=d", { vsnCacheControl: false });
    expect([like.header("cache-control"), typeof like.header("etag")]).toEqual(["public", "string"]);
  });

  test("are told nothing, where the plug says so", async () => {
    const answer = await get("/digits.txt", { cacheControl: false }, { "if-none-match": "*" });
    expect([answer.status, answer.header("etag")]).toEqual([200, undefined]);
    expect(answer.header("cache-control")).toBe("max-age=0, private, must-revalidate");
  });

  test("compare the ETag that the plug makes of the path, now or later", async () => {
    const paths: string[] = [];
    const etag = (path: string) => {
      paths.push(path);
      return '"mine"';
    };
    const answer = await get("/digits.txt", { etag });
    expect([answer.header("etag"), paths]).toEqual(['"mine"', [join(files.root, "digits.txt")]]);
    expect((await get("/digits.txt", { etag: async () => 'W/"mine"' }, { "if-none-match": '"mine"' })).status).toBe(
      304,
    );
  });

  test.each(["mine", '"a"b"', "", undefined])("are not sent an ETag that is none: %j", async (bad) => {
    expect(await crash(site({ etag: () => bad as string }), "GET /digits.txt")).toMatch(
      /^500 BadArgument: Static: expected an etag in quotes, got: /,
    );
  });

  test("are not sent a part for a weak ETag", async () => {
    const headers = { range: "bytes=0-0", "if-range": 'W/"mine"' };
    expect((await get("/digits.txt", { etag: () => 'W/"mine"' }, headers)).status).toBe(200);
  });
});

describe("headers", () => {
  test("are sent with every file, also where it is not sent again", async () => {
    const headers = { "x-a": "1", "Cache-Control": "no-store" };
    const answer = await get("/digits.txt", { headers });
    expect([answer.header("x-a"), answer.header("cache-control")]).toEqual(["1", "no-store"]);
    expect((await get("/digits.txt", { headers }, { "if-none-match": "*" })).header("x-a")).toBe("1");
    expect((await get("/missing", { headers })).header("x-a")).toBeUndefined();
  });

  test("may be said by a function, for a request", async () => {
    const headers = (conn: Conn<any>) => [["x-path", conn.requestPath]] as const;
    expect((await get("/digits.txt", { headers })).header("x-path")).toBe("/digits.txt");
  });
});

describe("the folder", () => {
  test("may be said by a function, for each request", async () => {
    const folders = [files.root, join(files.root, "css")];
    const from = () => folders.shift() as string;
    const serve = site({ from });
    expect((await ask(serve, "GET /digits.txt")).body).toBe("0123456789");
    expect((await ask(serve, "GET /site.css")).body).toBe("body {}");
    expect(await crash(serve, "GET /digits.txt")).toMatch(/^500 BadArgument: Static: expected from to be a path/);
  });
});

describe("a file that is there in a coding", () => {
  const ENCODINGS = ["br", "gzip", "zstd"] as const;
  const js = (accept: string, encodings: StaticOptions["encodings"] = ENCODINGS) =>
    get("/app.js", { encodings }, { "accept-encoding": accept });

  test.each([
    ["gzip", "gzip", "app.js.gz"],
    ["br", "br", "app.js.br"],
    ["zstd", "zstd", "app.js.zst"],
    ["gzip, deflate, br, zstd", "br", "app.js.br"],
    ["br;q=0, gzip", "gzip", "app.js.gz"],
    ["br;q=0.0, gzip;q=0.1", "gzip", "app.js.gz"],
    ["*", "br", "app.js.br"],
    ["*, br;q=0", "gzip", "app.js.gz"],
    ["GZIP ; Q=1", "gzip", "app.js.gz"],
  ])("is sent so to who accepts %s", async (accept, encoding, name) => {
    const answer = await js(accept);
    expect([answer.status, answer.header("content-encoding"), answer.header("vary")]).toEqual([
      200,
      encoding,
      "accept-encoding",
    ]);
    expect(Buffer.from(answer.bytes)).toEqual(stored(name));
    expect(answer.header("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test.each(["", "identity", "deflate", "gzip;q=0", "*;q=0", "*;q=0, deflate", "xgzip, gzipx", "br;q=nonsense"])(
    "is sent as it is to who accepts %j",
    async (accept) => {
      const answer = await js(accept);
      expect([answer.header("content-encoding"), answer.body]).toEqual([undefined, "let app = 1;"]);
      expect(answer.header("vary")).toBe("accept-encoding");
    },
  );

  test("is sent as it is to who says nothing, and then it may not vary either", async () => {
    expect((await get("/app.js", { encodings: ENCODINGS })).header("vary")).toBe("accept-encoding");
    const plain = await get("/app.js", {}, { "accept-encoding": "gzip" });
    expect([plain.header("content-encoding"), plain.header("vary")]).toEqual([undefined, undefined]);
  });

  test("is sent in the order of the plug, not in that of the client", async () => {
    expect((await js("gzip, br", ["gzip", "br"])).header("content-encoding")).toBe("gzip");
    expect((await js("br, gzip;q=0.1", ["gzip", "br"])).header("content-encoding")).toBe("gzip");
  });

  test("is sent in the next coding if it is not there in the first", async () => {
    const css = await get("/only-gz.css", { encodings: ENCODINGS }, { "accept-encoding": "br, gzip" });
    expect(css.header("content-encoding")).toBe("gzip");
    const digits = await get("/digits.txt", { encodings: ENCODINGS }, { "accept-encoding": "br, gzip" });
    expect([digits.header("content-encoding"), digits.body]).toEqual([undefined, "0123456789"]);
  });

  test("may be so in codings of which only the plug knows the ending", async () => {
    const encodings = [["x-mine", ".gz"]] as const;
    const answer = await get("/app.js", { encodings }, { "accept-encoding": "x-mine" });
    expect([answer.header("content-encoding"), Buffer.from(answer.bytes)]).toEqual(["x-mine", stored("app.js.gz")]);
  });

  test("alone is sent to who takes it, and to nobody else", async () => {
    const options = { encodings: ENCODINGS };
    expect((await get("/nothing-but.txt", options, { "accept-encoding": "gzip" })).status).toBe(200);
    expect((await get("/nothing-but.txt", options)).body).toBe("passed on");
  });

  test("has an ETag of its own in each", async () => {
    const tags = await Promise.all(["", "gzip", "br"].map(async (accept) => (await js(accept)).header("etag")));
    expect(new Set(tags).size).toBe(3);
    const headers = { "accept-encoding": "gzip", "if-none-match": tags[1] as string };
    const again = await get("/app.js", { encodings: ENCODINGS }, headers);
    expect([again.status, again.header("vary"), again.header("content-encoding")]).toEqual([
      304,
      "accept-encoding",
      undefined,
    ]);
  });

  test("is sent as it is where a range is asked for, and that does not vary", async () => {
    const headers = { "accept-encoding": "gzip", range: "bytes=0-2" };
    const answer = await get("/app.js", { encodings: ENCODINGS }, headers);
    expect([answer.status, answer.body, answer.header("content-encoding"), answer.header("vary")]).toEqual([
      206,
      "let",
      undefined,
      undefined,
    ]);
  });

  test("adds to what the response varies by", async () => {
    const varied = (conn: Conn<any>) => conn.putRespHeader("vary", "origin");
    const answer = await ask(site({ encodings: ["gzip"] }, varied), "GET /app.js");
    expect(answer.header("vary")).toBe("origin, accept-encoding");
  });

  test.each(["deflate", "toString", "", null, 1])("cannot be in a coding without an ending: %j", (encoding) => {
    expect(() => plug(Static, { from: files.root, encodings: [encoding as "br"] })).toThrow(
      "Static: expected an encoding to be br, gzip, zstd or [name, ending], got: ",
    );
  });
});

describe("only and onlyMatching", () => {
  test.each([
    ["/favicon-1a2b.ico", "icon"],
    ["/css/site.css", "body {}"],
    ["/digits.txt", "passed on"],
    ["/fav", "passed on"],
    ["/cssx", "passed on"],
    ["/%66avicon-1a2b.ico", "passed on"],
  ])("together let through what either has: %s", async (path, body) => {
    expect((await get(path, { only: ["css"], onlyMatching: ["favicon"] })).body).toBe(body);
  });

  test("onlyMatching alone is a filter, too", async () => {
    expect((await get("/favicon-1a2b.ico", { onlyMatching: ["favicon"] })).body).toBe("icon");
    expect((await get("/digits.txt", { onlyMatching: ["favicon"] })).body).toBe("passed on");
  });

  test("with a range, too", async () => {
    expect((await get("/digits.txt", { only: ["css"] }, { range: "bytes=0-0" })).body).toBe("passed on");
  });
});

describe("raiseOnMissingOnly", () => {
  const raise = { only: ["css"], onlyMatching: ["fav"], raiseOnMissingOnly: true };

  test.each(["/digits.txt", "//digits.txt"])("names a file that is there and not in the lists: %s", async (path) => {
    expect(await crash(site(raise), `GET ${path}`)).toBe(
      `500 BadArgument: Static: ${path} is there and not served; expected only or onlyMatching to have 'digits.txt'`,
    );
  });

  test("names one whose folder is not in the lists, below the path where files are served", async () => {
    const below = { at: "/assets", only: ["img"], raiseOnMissingOnly: true };
    expect(await crash(site(below), "GET /assets/css/site.css")).toMatch(/ to have 'css'$/);
    expect((await get("/css/site.css", below)).body).toBe("passed on");
  });

  test.each([
    ["a file in only", "/css/site.css", "body {}"],
    ["a file in onlyMatching", "/favicon-1a2b.ico", "icon"],
    ["a file that is not there", "/nothing.txt", "passed on"],
    ["one of a folder in only that is not there", "/css/nothing.css", "passed on"],
    ["a folder", "/.hidden", "passed on"],
    ["the folder itself", "/", "passed on"],
    ["a path that leads out", "/../secret.txt", "passed on"],
    ["one that leads out in disguise", "/%2e%2e/secret.txt", "passed on"],
    ["a hidden file", "/.env", "passed on"],
  ])("says nothing of %s", async (_, path, body) => {
    expect((await get(path, raise)).body).toBe(body);
  });

  test("says nothing where there are no lists", async () => {
    expect((await get("/digits.txt", { raiseOnMissingOnly: true })).body).toBe("0123456789");
  });

  test("is off, unless it is asked for", async () => {
    expect((await get("/digits.txt", { only: ["css"] })).body).toBe("passed on");
  });

  test("says nothing of other methods", async () => {
    expect((await ask(site(raise), "POST /digits.txt")).body).toBe("passed on");
  });
});
