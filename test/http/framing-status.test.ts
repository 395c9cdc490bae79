import { type Conn, type PlugFn, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

// RFC 9110 §6.4.1, §8.6: which responses have a body, and what they say of its length.

const path = new URL(import.meta.url).pathname;

/** Answers in the way, with the status and the headers that the query says; the body has five bytes, if it may have one. */
const answers: PlugFn = async (conn: Conn) => {
  const { how, status, length } = conn.queryParams as Record<string, string | undefined>;
  const code = Number(status);
  const it = length === undefined ? conn : conn.putRespHeader("content-length", length);
  if (how === "file") return it.sendFile(code, { path, length: 5 });
  if (how === "empty") return it.sendResp(code, "");
  if (how === "whole") return it.sendResp(code, "hello");
  const begun = it.sendChunked(code);
  await begun.chunk("hel");
  await begun.chunk("lo");
  return begun;
};
const site = router()
  .match("/", answers)
  .get("/next", (conn) => conn.text("next")).plug;

const CHUNKED = "chunked";
const NONE = undefined;

/** What is asked for, and then the length that the answer says (or that it is in chunks), and the bytes of its body. */
const CASES: readonly [what: string, length: string | undefined, bytes: number][] = [
  ["GET how=whole&status=200", "5", 5],
  ["GET how=empty&status=200", "0", 0],
  ["GET how=empty&status=201", "0", 0],
  ["GET how=whole&status=401", "5", 5],
  ["GET how=empty&status=401", "0", 0],
  ["GET how=whole&status=204", NONE, 0],
  ["GET how=empty&status=204", NONE, 0],
  ["GET how=whole&status=304&length=5", "5", 0],
  ["GET how=empty&status=304", NONE, 0],
  ["HEAD how=whole&status=200", "5", 0],
  ["HEAD how=empty&status=200&length=5", "5", 0],
  ["GET how=file&status=200", "5", 5],
  ["HEAD how=file&status=200", "5", 0],
  ["GET how=file&status=204", NONE, 0],
  ["GET how=file&status=304", NONE, 0],
  ["GET how=chunks&status=200", CHUNKED, 5],
  ["GET how=chunks&status=200&length=5", "5", 5],
  ["HEAD how=chunks&status=200", NONE, 0],
  ["GET how=chunks&status=204", NONE, 0],
  ["GET how=chunks&status=304", NONE, 0],
];

describe("the length of an answer, and the bytes of its body, are right for its status, and the next answer follows", () => {
  test.each(CASES)("%s: %s, %d bytes", (what, length, bytes) =>
    serving({ plug: site }, async (live) => {
      const [method, query] = what.split(" ") as [string, string];
      const client = await live.connect();
      client.request(method, `/?${query}`).request("GET", "/next", ["Connection: close"]);
      await client.closed;
      const [head = "", ...rest] = client.text.split("\r\n\r\n");
      const header = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1];
      expect(header("content-length")).toBe(length === CHUNKED ? undefined : length);
      expect(header("transfer-encoding")).toBe(length === CHUNKED ? "chunked" : undefined);
      const body = rest.join("\r\n\r\n").split("HTTP/1.1 200 OK")[0] ?? "";
      const whole = length === CHUNKED ? body.replaceAll(/(?:^|\r\n)[\da-f]+\r\n/g, "") : body;
      expect(whole.replaceAll("\r\n", "")).toHaveLength(bytes);
      expect(client.text).toMatch(/\r\n\r\nnext$/);
    }),
  );
});
