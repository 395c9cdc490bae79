import { type Conn, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

const LATIN_1 = "Café";
const LONG = "x".repeat(60_000);

const site = router()
  .get("/hello", (conn) => conn.text("hello"))
  .get("/text/:body", (conn, { body }) => conn.text(body))
  .get("/latin/:body", (conn, { body }) => conn.putRespHeader("x-place", LATIN_1).text(body))
  .get("/dated", (conn) => conn.putRespHeader("date", "Thu, 01 Jan 1970 00:00:00 GMT").text("long ago"))
  .get("/last", (conn) => conn.putRespHeader("connection", "close").text("the last"))
  .get("/empty", (conn) => conn.sendResp(204, ""))
  .get("/long/:n", (conn, { n }) => conn.text(`${n}${LONG}`))
  .match("/size", async (conn: Conn) => conn.text(String((await conn.readBody()).length)));

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8");

describe("a response that is sent in one piece", () => {
  test.each([
    ["ASCII", "/text/hello", "hello", undefined],
    ["a body beyond ASCII", "/text/gr%C3%BC%C3%9Fe", "grüße", undefined],
    ["a head beyond ASCII, which is Latin-1", "/latin/hello", "hello", LATIN_1],
    ["both", "/latin/gr%C3%BC%C3%9Fe", "grüße", LATIN_1],
  ])("has its bytes as they should be: %s", (_, path, body, place) =>
    serving({ plug: site.plug }, async (live) => {
      const answer = await live.get(path);
      expect(utf8(answer.body)).toBe(body);
      expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(body)));
      expect(answer.headers["x-place"]).toBe(place);
    }),
  );

  test("says when it was made, unless a plug did, and that the connection stays", () =>
    serving({ plug: site.plug }, async (live) => {
      const { headers } = await live.get("/hello");
      expect(Math.abs(Date.parse(headers.date ?? "") - Date.now())).toBeLessThan(5000);
      expect(headers.connection).toBe("keep-alive");
      expect((await live.get("/dated")).headers.date).toBe("Thu, 01 Jan 1970 00:00:00 GMT");
    }));

  test("is the last one when a plug says so", () =>
    serving({ plug: site.plug }, async (live) => {
      const client = await live.connect();
      expect(await client.get("/last")).toMatchObject({ body: "the last", headers: { connection: "close" } });
      expect(await client.closed).toBe("closed");
    }));

  test("comes in the order of the requests, whatever way the others are sent", () =>
    serving({ plug: site.plug }, async (live) => {
      const client = await live.connect();
      for (const path of ["/text/1", "/empty", "/size", "/text/2", "/last"]) client.request("GET", path);
      const bodies: string[] = [];
      for (let n = 0; n < 5; n++) bodies.push((await client.answer()).body);
      expect(bodies).toEqual(["1", "", "0", "2", "the last"]);
    }));

  test("waits for a client that does not read, and none of many is lost", () =>
    serving({ plug: site.plug }, async (live) => {
      const client = await live.connect();
      client.socket.pause();
      const COUNT = 300;
      for (let n = 0; n < COUNT; n++) client.request("GET", `/long/${n}-`);
      await live.next("http.request.stop");
      client.socket.resume();
      for (let n = 0; n < COUNT; n++) expect((await client.answer()).body).toBe(`${n}-${LONG}`);
    }));
});

describe("a request without a body", () => {
  test.each(["GET", "POST"])("%s: what is read of it is nothing, at once", (method) =>
    serving({ plug: site.plug }, async (live) => {
      const client = await live.connect();
      expect((await client.request(method, "/size").answer()).body).toBe("0");
      expect((await client.request(method, "/size", ["Content-Length: 0"]).answer()).body).toBe("0");
      expect((await client.request(method, "/size", ["Content-Length: 3"], "abc").answer()).body).toBe("3");
    }),
  );
});
