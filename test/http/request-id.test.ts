import { type Conn, pipeline, plug, RequestId, type RequestIdOptions } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const site = pipeline()
  .plug(plug(RequestId))
  .plug((conn) => conn.text(conn.assigns.requestId));

describe("a request", () => {
  test("without an id gets one, which is assigned and sent back", async () => {
    const answer = await ask(site);
    expect(answer.body).toMatch(/^[\w-]{20,200}$/);
    expect(answer.header("x-request-id")).toBe(answer.body);
  });

  test.each([
    ["20 characters", "a".repeat(20)],
    ["200 characters", "b".repeat(200)],
    ["any visible character", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"],
  ])("keeps an id of %s", async (_, id) => {
    const answer = await ask(site, "GET /", { headers: { "X-Request-Id": id } });
    expect([answer.body, answer.header("x-request-id")]).toEqual([id, id]);
  });

  test.each([
    ["19 characters", "a".repeat(19)],
    ["201 characters", "a".repeat(201)],
    ["no characters", ""],
    ["a space", `${"a".repeat(20)} b`],
    ["a line break", `${"a".repeat(20)}\nb`],
    ["a letter beyond ASCII", `${"a".repeat(20)}é`],
  ])("gets a new id instead of one with %s", async (_, id) => {
    const answer = await ask(site, "GET /", { headers: { "x-request-id": id } });
    expect(answer.body).not.toBe(id);
    expect(answer.body).toMatch(/^[\w-]{20,200}$/);
  });

  test("has its id in another header when the plug says so", async () => {
    const other = pipeline()
      .plug(plug(RequestId, { header: "x-trace" }))
      .plug((conn) => conn.text(conn.assigns.requestId));
    const id = "c".repeat(32);
    const answer = await ask(other, "GET /", { headers: { "x-trace": id, "x-request-id": "d".repeat(32) } });
    expect([answer.body, answer.header("x-trace"), answer.header("x-request-id")]).toEqual([id, id, undefined]);
  });

  test("has a new id in the other header when the client sent none there", async () => {
    const other = pipeline()
      .plug(plug(RequestId, { header: "x-trace" }))
      .plug((conn) => conn.text(conn.assigns.requestId));
    const answer = await ask(other, "GET /", { headers: { "x-request-id": "d".repeat(32) } });
    expect(answer.header("x-trace")).toMatch(/^[\w-]{22}$/);
    expect(answer.body).toBe(answer.header("x-trace"));
  });

  test("has its id assigned under another name as well when the plug says so", async () => {
    const other = pipeline()
      .plug(plug(RequestId, { assignAs: "trace" }))
      .plug((conn: Conn<any>) => conn.json([conn.assigns.trace, conn.assigns.requestId]));
    const id = "e".repeat(32);
    expect((await ask(other, "GET /", { headers: { "x-request-id": id } })).json()).toEqual([id, id]);
  });

  test.each([
    ["its own name", undefined, "requestId"],
    ["the name that the plug is told", "trace", "trace"],
  ])("has its id in reports under %s", async (_, logAs, key) => {
    const id = "f".repeat(32);
    let described = "";
    await ask(
      pipeline()
        .plug(plug(RequestId, logAs === undefined ? {} : { logAs }))
        .plug(function last(conn) {
          described = conn.exchange.describe();
          return conn.text("");
        }),
      "GET /rooms",
      { headers: { "x-request-id": id } },
    );
    expect(described).toBe(`GET /rooms in plug last, ${key}=${id}`);
  });

  test("is refused a header or a name that is none, when the plug is built", () => {
    for (const options of [{ header: "" }, { assignAs: 1 }, { logAs: "" }]) {
      expect(() => plug(RequestId, options as RequestIdOptions)).toThrow("to be a name, got: ");
    }
  });
});

test("ids come from the process's dice: the same seed gives the same ones, and no two are the same", async () => {
  const draw = (seed: number) =>
    inVirtualTime({ seed }, async (sim) => {
      const ids: string[] = [];
      for (let i = 0; i < 100; i++) ids.push((await request(sim, site, "GET", "/")).body);
      return ids;
    });
  const ids = await draw(1);
  expect(new Set(ids).size).toBe(100);
  expect(await draw(1)).toEqual(ids);
  expect(await draw(2)).not.toEqual(ids);
});
