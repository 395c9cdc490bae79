import { type Conn, router } from "hornbeam/http";
import { expect, test } from "vitest";
import { Route } from "../../http/router/route.ts";
import { RouteTable } from "../../http/router/route-table.ts";
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

test("of many routes the same is taken as if they were tried one after the other", async () => {
  const parts = ["a", "b", ":x", "p-:x"];
  const paths = parts.flatMap((one) => [
    `/${one}`,
    ...parts.flatMap((two) => [`/${one}/${two}`, `/${one}/${two}/c/d`, `/${one}/${two}/*rest`]),
  ]);
  // In an order that has nothing to do with the paths.
  const mixed = paths.map((path, i) => [path, (i * 29) % paths.length] as const).toSorted((a, b) => a[1] - b[1]);
  const site = router();
  const routes = mixed.map(([path]) => {
    site.get(path, says(path));
    return new Route(path);
  });
  const names = ["a", "b", "c", "p-1", "z"];
  const asked = names.flatMap((one) => [
    `/${one}`,
    ...names.flatMap((two) => [
      `/${one}/${two}`,
      ...names.flatMap((three) => [`/${one}/${two}/${three}`, `/${one}/${two}/${three}/d`]),
    ]),
  ]);
  for (const path of ["/", ...asked]) {
    const expected = routes.find((route) => route.fits(path.split("/").filter((text) => text !== "")))?.path;
    const { status, body } = await ask(site.plug, `GET ${path}`);
    expect([path, status === 404 ? undefined : body]).toEqual([path, expected]);
  }
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
    table.add({ methods: undefined, route: new Route("/a") } as never);
    for (let i = 0; i < 1000; i++) table.match(conn.putRequest({ method: `M${i}` }), []);
    return conn.text("");
  });
  expect((table as unknown as { byMethod: Map<string, unknown> }).byMethod.size).toBe(1);
  expect((await ask(site.plug, "MADEUP /")).body).toBe("any");
});
