import { type Conn, router } from "hornbeam/http";
import { expect, test } from "vitest";
import { RouteTable } from "../../http/route-table.ts";
import { ask } from "./support.ts";

const says = (text: string) => (conn: Conn<any>) => conn.text(text);

test("routes are tried in the order of their declaration, wherever their first segments are literal or not", async () => {
  const site = router()
    .get("/a/:x", says("1"))
    .get("/:x/b", says("2"))
    .get("/a/b", says("3"))
    .get("/b/*rest", says("4"))
    .match("/*rest", { via: ["get", "put"] }, says("5"))
    .get("/a/b/c", says("6"));
  const by = async (what: string) => (await ask(site.plug, what)).body;
  const paths = ["GET /a/b", "GET /c/b", "GET /b/b", "GET /b/c", "GET /a/b/c", "GET /", "PUT /a/b"];
  expect(await Promise.all(paths.map(by))).toEqual(["1", "2", "2", "4", "5", "5", "5"]);
});

test("a route that is declared after the first request counts too", async () => {
  const site = router().get("/a", says("a"));
  expect((await ask(site.plug, "GET /b")).status).toBe(404);
  site.get("/b", says("b"));
  expect((await ask(site.plug, "GET /b")).body).toBe("b");
});

test("methods that no route names, of which clients may make up any number, take no memory", async () => {
  const table = new RouteTable();
  const site = router().match("/", says("any")).get("/a", says("a"));
  await ask((conn) => {
    table.add({ methods: undefined, route: { head: undefined, fits: () => false } } as never);
    for (let i = 0; i < 1000; i++) table.match(conn.putRequest({ method: `M${i}` }), []);
    return conn.text("");
  });
  expect((table as unknown as { byMethod: Map<string, unknown> }).byMethod.size).toBe(1);
  expect((await ask(site.plug, "MADEUP /")).body).toBe("any");
});
