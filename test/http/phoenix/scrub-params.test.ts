import { type Conn, pipeline, scrubParams } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "../support.ts";

const page = pipeline()
  .plug(scrubParams("user"))
  .plug((conn) => conn.json(conn.params));

describe("scrubParams", () => {
  test.each([
    ["user=", { user: null }],
    ["user=%20%09", { user: null }],
    ["user=ada&x=", { user: "ada", x: "" }],
    ["user[name]=&user[age]=7", { user: { name: null, age: "7" } }],
    ["user[tags][]=&user[tags][]=a", { user: { tags: [null, "a"] } }],
    ["user[a][b][c]=+", { user: { a: { b: { c: null } } } }],
  ])("makes null of what is blank: %s", async (query, params) => {
    expect((await ask(page, `GET /?${query}`)).json()).toEqual(params);
  });

  test.each([
    ["GET /", "none"],
    ["GET /?name=ada&age=7", "name, age"],
  ])("refuses a request without the parameter with 400: %s", async (what, got) => {
    const answer = await ask(page, what);
    expect([answer.status, answer.body]).toEqual([400, `400 expected a parameter 'user', got: ${got}\n`]);
  });

  test("leaves what is of a class as it is", async () => {
    class Upload {
      readonly path = "";
    }
    const upload = new Upload();
    let seen: unknown;
    await ask((conn: Conn) => {
      seen = scrubParams("user")(conn.putParams({ user: { photo: upload } })).params.user;
      return conn.text("");
    });
    expect((seen as { photo: Upload }).photo).toBe(upload);
    expect(upload.path).toBe("");
  });

  test("needs the name of a parameter", () => {
    expect(() => scrubParams(undefined as never)).toThrow("expected the name of a parameter, got: undefined");
  });
});
