import { MethodOverride, Parsers, pipeline, plug, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

const overriding = pipeline()
  .plug(plug(Parsers, { parsers: ["urlencoded", "json"] }))
  .plug(plug(MethodOverride))
  .plug((conn) => conn.text(conn.method));

const form = { "content-type": "application/x-www-form-urlencoded" };
const send = (body: string, what = "POST /") => ask(overriding, what, { body, headers: form });

describe("a method is overridden", () => {
  test("not in a request whose body was not parsed", async () => {
    const unparsed = pipeline()
      .plug(plug(MethodOverride))
      .plug((conn) => conn.text(conn.method));
    expect((await ask(unparsed, "POST /", { body: "_method=DELETE", headers: form })).body).toBe("POST");
  });

  test("not by the query", async () => {
    expect((await send("", "POST /?_method=DELETE")).body).toBe("POST");
  });

  test.each(["_method[]=DELETE", "_method[x]=DELETE", "_method", "_method=", "_method=DELETE2", "method=DELETE"])(
    "not by what is no method: %s",
    async (body) => {
      expect((await send(body)).body).toBe("POST");
    },
  );

  test.each([42, null, true, ["DELETE"], { toUpperCase: "DELETE" }])(
    "not by JSON that is no string: %j",
    async (_method) => {
      expect((await ask(overriding, "POST /", { json: { _method } })).body).toBe("POST");
    },
  );

  test.each(["GET", "HEAD", "OPTIONS", "TRACE", "CONNECT", "POST", "PURGE"])("not by %s", async (method) => {
    expect((await send(`_method=${method}`)).body).toBe("POST");
  });

  test("to DELETE", async () => {
    expect((await send("_method=DELETE")).body).toBe("DELETE");
  });

  test("to PUT", async () => {
    expect((await send("_method=PUT")).body).toBe("PUT");
  });

  test("to PATCH", async () => {
    expect((await ask(overriding, "POST /", { json: { _method: "PATCH" } })).body).toBe("PATCH");
  });

  test.each(["delete", "Delete", "pAtCh"])("whatever its case: %s", async (method) => {
    expect((await send(`_method=${method}`)).body).toBe(method.toUpperCase());
  });

  test.each(["PUT", "PATCH", "DELETE"])("only of POST, not of %s", async (method) => {
    expect((await send("_method=DELETE&_method=PUT", `${method} /`)).body).toBe(method);
  });

  test("for the router that follows", async () => {
    const site = router().delete("/rooms/:id", (conn, { id }) => conn.text(`deleted ${id}`));
    const through = pipeline()
      .plug(plug(Parsers, { parsers: ["urlencoded"] }))
      .plug(plug(MethodOverride))
      .plug(site.plug);
    expect((await ask(through, "POST /rooms/1", { body: "_method=delete", headers: form })).body).toBe("deleted 1");
  });
});
