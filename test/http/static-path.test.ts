import { pipeline, plug, Static } from "hornbeam/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Folder, folder } from "./folder.ts";
import { ask, type Live, serving } from "./support.ts";

let files: Folder;
beforeAll(async () => {
  files = await folder();
});
afterAll(() => files[Symbol.asyncDispose]());

const site = () =>
  pipeline()
    .plug(plug(Static, { from: files.root }))
    .plug((conn) => conn.sendResp(299, "passed on"));

/** Paths that lead out of the folder, or would on some machine. */
const TRAVERSALS = [
  "/../secret.txt",
  "/css/../../secret.txt",
  "/..",
  "/.",
  "/./digits.txt",
  "/%2e%2e/secret.txt",
  "/%2E%2E/secret.txt",
  "/.%2e/secret.txt",
  "/%2e",
  "/..%2fsecret.txt",
  "/%2e%2e%2fsecret.txt",
  "/css%2f..%2f..%2fsecret.txt",
  "/css%2Fsite.css",
  "/%2fetc%2fpasswd",
  "/..%5csecret.txt",
  "/css%5csite.css",
  "/..\\secret.txt",
  "/C:/secret.txt",
  "/c%3a%5csecret.txt",
  "/digits.txt:stream",
  "/digits.txt%00",
  "/%00",
  "/css/%00/site.css",
];

/** Paths of things that are there, and that nobody may have. */
const HIDDEN = [
  "/.env",
  "/%2eenv",
  "/.hidden/x.txt",
  "/...",
  "/..secret.txt",
  "/outside.txt",
  "/up/secret.txt",
  "/beside/x.txt",
  "/%252e%252e/secret.txt",
  "/..%252fsecret.txt",
];

describe("a path that leads out of the folder is refused with 400", () => {
  test.each(TRAVERSALS)("%s", async (path) => {
    const answer = await ask(site(), `GET ${path}`);
    expect([answer.status, answer.body, answer.reason]).toEqual([400, "400 the path is not one of a file\n", "normal"]);
  });

  test.each(["/%c3%28", "/%ff.txt"])("and so is one that is not UTF-8: %s", async (path) => {
    expect((await ask(site(), `GET ${path}`)).status).toBe(400);
  });

  test("over a real connection, too, byte for byte", () =>
    serving({ plug: site() }, async (live: Live) => {
      const client = await live.connect();
      for (const path of TRAVERSALS) expect([path, (await client.get(path)).status]).toEqual([path, 400]);
    }));
});

describe("hidden files and links that lead out are not there", () => {
  test.each(HIDDEN)("%s", async (path) => {
    const answer = await ask(site(), `GET ${path}`);
    expect([answer.status, answer.body]).toEqual([299, "passed on"]);
  });
});

test("a folder that is a link itself is served", async () => {
  const linked = plug(Static, { from: `${files.root}/up/public` });
  expect((await ask(linked, "GET /digits.txt")).body).toBe("0123456789");
});

test("every file in the folder can be had, and nothing beside it, whatever the path", async () => {
  const parts = [
    "..",
    ".",
    "css",
    "up",
    "public",
    "secret.txt",
    "beside",
    "x.txt",
    "%2e%2e",
    "%5c",
    "digits.txt",
    "",
    "%2f",
  ];
  for (const a of parts) {
    for (const b of parts) {
      for (const c of parts) {
        const { body } = await ask(site(), `GET /${a}/${b}/${c}`);
        expect([a, b, c, body]).not.toEqual([a, b, c, "secret"]);
      }
    }
  }
}, 20_000);
