import { plug, Static } from "hornbeam/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Folder, folder } from "./folder.ts";
import { ask, serving } from "./support.ts";

let files: Folder;
beforeAll(async () => {
  files = await folder();
});
afterAll(() => files[Symbol.asyncDispose]());

const site = () => plug(Static, { from: files.root });
const range = (header: string, what = "GET /digits.txt", more: Record<string, string> = {}) =>
  ask(site(), what, { headers: { range: header, ...more } });

describe("a range is answered with 206 and its part", () => {
  test.each([
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=9-9", "9", "bytes 9-9/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=7-99", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ["bytes=0-", "0123456789", "bytes 0-9/10"],
    ["bytes=0-9", "0123456789", "bytes 0-9/10"],
  ])("%s", async (header, body, contentRange) => {
    const answer = await range(header);
    expect([answer.status, answer.body, answer.header("content-range")]).toEqual([206, body, contentRange]);
  });
});

describe("a range beyond the file is answered with 416 and its size", () => {
  test.each([
    ["bytes=10-", "/digits.txt", 10],
    ["bytes=10-12", "/digits.txt", 10],
    ["bytes=99999999999999999999-", "/digits.txt", 10],
    ["bytes=-0", "/digits.txt", 10],
    ["bytes=0-", "/empty.txt", 0],
    ["bytes=-1", "/empty.txt", 0],
  ])("%s of %s", async (header, path, size) => {
    const answer = await range(header, `GET ${path}`);
    expect([answer.status, answer.body, answer.header("content-range")]).toEqual([416, "", `bytes */${size}`]);
  });
});

describe("what is not one range is answered with the whole file", () => {
  test.each([
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=4-2",
    "bytes=0-1,3-4",
    "bytes 0-1",
    "items=0-1",
    "bytes=1.5-2",
    "bytes=--1",
    "bytes=0x1-2",
  ])("%j", async (header) => {
    const answer = await range(header);
    expect([answer.status, answer.body, answer.header("content-range")]).toEqual([200, "0123456789", undefined]);
  });
});

test("a client that has the file already is not sent a part of it", async () => {
  const tag = (await ask(site(), "GET /digits.txt")).header("etag") as string;
  expect((await range("bytes=0-1", undefined, { "if-none-match": tag })).status).toBe(304);
});

describe("If-Range", () => {
  test("with the ETag of the file gives the part", async () => {
    const tag = (await ask(site(), "GET /digits.txt")).header("etag") as string;
    expect((await range("bytes=2-4", undefined, { "if-range": tag })).body).toBe("234");
  });

  test("with another ETag gives the whole file, which has changed", async () => {
    const answer = await range("bytes=2-4", undefined, { "if-range": '"old"' });
    expect([answer.status, answer.body]).toEqual([200, "0123456789"]);
  });
});

test("a range over a real connection has the length of its part, also to HEAD, and the connection goes on", () =>
  serving({ plug: site() }, async (live) => {
    const client = await live.connect();
    const part = await client.get("/digits.txt", "Range: bytes=2-4");
    expect([part.status, part.headers["content-length"], part.body]).toEqual([206, "3", "234"]);
    const head = await client.request("HEAD", "/digits.txt", ["Range: bytes=2-4"]).answer(true);
    expect([head.status, head.headers["content-length"]]).toEqual([206, "3"]);
    const beyond = await client.get("/digits.txt", "Range: bytes=10-");
    expect([beyond.status, beyond.headers["content-length"]]).toEqual([416, "0"]);
    expect((await client.get("/digits.txt")).body).toBe("0123456789");
  }));
