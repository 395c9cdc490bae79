import { Head, pipeline, plug, router } from "hornbeam/http";
import { expect, test } from "vitest";
import { ask, serving } from "./support.ts";

const site = pipeline()
  .plug(plug(Head))
  .plug(
    router()
      .get("/", (conn) => conn.putRespHeader("x-method", conn.method).text("hello"))
      .post("/", (conn) => conn.text(conn.method)).plug,
  );

test("HEAD is answered by the route of GET", async () => {
  expect((await ask(site, "HEAD /")).status).toBe(200);
  expect((await ask(router().get("/", (conn) => conn.text("")).plug, "HEAD /")).status).toBe(404);
});

test("the response to HEAD has the headers and no body, in a test and over a connection", async () => {
  const answer = await ask(site, "HEAD /");
  expect([answer.header("x-method"), answer.body]).toEqual(["GET", ""]);
  await serving({ plug: site }, async (live) => {
    const client = await live.connect();
    const head = await client.request("HEAD", "/").answer(true);
    expect([head.status, head.headers["x-method"], head.headers["content-length"]]).toEqual([200, "GET", "5"]);
    expect((await client.get("/")).body).toBe("hello");
  });
});

test("other methods are left as they are", async () => {
  expect((await ask(site, "POST /")).body).toBe("POST");
  expect((await ask(site, "GET /")).body).toBe("hello");
});
