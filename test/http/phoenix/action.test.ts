import { action, type Conn, router, type Schema } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "../support.ts";

const shows = (conn: Conn<any>, params: unknown) => conn.json(params);
const answer = async (act: (conn: Conn<any>) => any, query: string): Promise<unknown> => {
  const { status, body, reason } = await ask(router().get("/:id", act).plug, `GET /7${query}`);
  return status === 200 ? JSON.parse(body) : [status, body, reason];
};

describe("an action with a pattern", () => {
  const act = action({ id: String, user: { name: String, address: { city: String } }, tags: [String] }, shows);

  test("gets what the pattern names, and nothing else", async () => {
    expect(await answer(act, "?user[name]=ada&user[address][city]=x&tags[]=a&tags[]=b&user[admin]=1&more=1")).toEqual({
      id: "7",
      user: { name: "ada", address: { city: "x" } },
      tags: ["a", "b"],
    });
  });

  test.each([
    ["", "expected parameter user to be a map"],
    ["?user=ada", "expected parameter user to be a map"],
    ["?user[]=ada", "expected parameter user to be a map"],
    ["?user[address][city]=x", "expected parameter user.name to be a text"],
    ["?user[name][x]=1", "expected parameter user.name to be a text"],
    ["?user[name]=ada&user[address]=x", "expected parameter user.address to be a map"],
    ["?user[name]=ada&user[address][city]=x", "expected parameter tags to be a list of texts"],
    ["?user[name]=ada&user[address][city]=x&tags=a", "expected parameter tags to be a list of texts"],
    ["?user[name]=ada&user[address][city]=x&tags[][a]=a", "expected parameter tags to be a list of texts"],
  ])("is a 400 that says what is expected: %j", async (query, why) => {
    expect(await answer(act, query)).toEqual([400, `400 GET /7: ${why}\n`, "normal"]);
  });

  test("does not take what objects inherit for a parameter", async () => {
    const inherits = action({ constructor: { name: String } } as { readonly [name: string]: any }, shows);
    expect(await answer(inherits, "")).toEqual([
      400,
      "400 GET /7: expected parameter constructor to be a map\n",
      "normal",
    ]);
  });

  test.each([[{ id: Number }], [{ id: [String, String] }], [{ id: { name: "text" } }], [undefined]])(
    "refuses the pattern %j when it is declared",
    (pattern) => {
      expect(() => action(pattern as never, shows)).toThrow(/expected String, \[String\] or names with such patterns/);
    },
  );
});

describe("an action with a schema", () => {
  const schema = (validate: Schema["~standard"]["validate"]): Schema<{ readonly id: number }> => ({
    "~standard": { version: 1, vendor: "test", validate },
  });
  const number = (value: unknown) => {
    const id = Number((value as { id: string }).id);
    return id < 10
      ? { value: { id } }
      : { issues: [{ message: "must be small", path: ["user", { key: "id" }] }, { message: "no" }] };
  };

  test.each<[how: string, validate: Schema["~standard"]["validate"]]>([
    ["at once", number],
    ["after a promise", async (value) => number(value)],
  ])("gets what the schema makes of the parameters %s", async (_, validate) => {
    expect(
      await answer(
        action(schema(validate), (conn, { id }) => conn.json(id + 1)),
        "",
      ),
    ).toBe(8);
  });

  test("is a 400 with the issues of the schema", async () => {
    const act = action(schema(number), shows);
    const { status, body } = await ask(router().get("/:id", act).plug, "GET /70");
    expect([status, body]).toEqual([400, "400 GET /70: user.id must be small; no\n"]);
  });
});
