import { type Conn, Parsers, pipeline, plug, router, type StandardSchema, validated } from "hornbeam/http";
import { describe, expect, expectTypeOf, test } from "vitest";
import { ask, crash } from "./support.ts";

interface Room {
  readonly name: string;
  readonly size: number;
}

/** A schema as validation libraries make it. */
function schemaOf<Output>(validate: StandardSchema<Output>["~standard"]["validate"]): StandardSchema<Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const RoomSchema = schemaOf<Room>((value) => {
  const { name, size } = value as Record<string, unknown>;
  const issues = [
    ...(typeof name === "string" ? [] : [{ message: "expected a name", path: ["name"] }]),
    ...(Number(size) > 0 ? [] : [{ message: "expected a size", path: [{ key: "size" }, 0, Symbol.iterator] }]),
  ];
  return issues.length > 0 ? { issues } : { value: { name: name as string, size: Number(size) } };
});

const rooms = pipeline()
  .plug(plug(Parsers, { parsers: ["json"] }))
  .plug(validated(RoomSchema))
  .plug((conn) => {
    expectTypeOf(conn.assigns.input).toEqualTypeOf<Room>();
    return conn.json(conn.assigns.input);
  });

describe("parameters that fit are assigned as the schema makes them", () => {
  test("from query and body", async () => {
    const answer = await ask(rooms, "POST /?size=3", { json: { name: "lobby", extra: 1 } });
    expect([answer.status, answer.json()]).toEqual([200, { name: "lobby", size: 3 }]);
  });

  test("from the path", async () => {
    const site = router().scope("/", pipeline(), (routes) =>
      routes.get("/rooms/:name/:size", async (conn) => {
        const done = await validated(RoomSchema)(conn as Conn<any>);
        return done.halted ? done : (done as Conn<{ input: Room }>).json((done as Conn<{ input: Room }>).assigns.input);
      }),
    );
    expect((await ask(site.plug, "GET /rooms/lobby/3")).json()).toEqual({ name: "lobby", size: 3 });
  });

  test("from elsewhere, under another name, if the plug says so", async () => {
    const options = { as: "filter", from: (conn: Conn<any>) => conn.queryParams } as const;
    const site = pipeline()
      .plug(validated(RoomSchema, options))
      .plug((conn) => conn.text(`${conn.assigns.filter.size}`));
    expect((await ask(site, "GET /?name=a&size=2")).body).toBe("2");
  });

  test("by a schema that is asynchronous", async () => {
    const later = schemaOf<number>(async () => ({ value: 42 }));
    const site = pipeline()
      .plug(validated(later))
      .plug((conn) => conn.text(`${conn.assigns.input + 1}`));
    expect((await ask(site, "GET /")).body).toBe("43");
  });

  test("and without a promise, if the schema needs none", async () => {
    let result: unknown;
    const plug = validated(RoomSchema);
    await ask((conn: Conn) => {
      result = plug(conn);
      return conn.text("");
    }, "GET /?name=a&size=1");
    expect(result).not.toBeInstanceOf(Promise);
  });
});

describe("parameters that do not fit", () => {
  test("are a 422 with the issues, and the pipeline halts", async () => {
    const answer = await ask(rooms, "POST /", { json: { name: 1 } });
    expect([answer.status, answer.reason, answer.json()]).toEqual([
      422,
      "normal",
      {
        errors: [
          { message: "expected a name", path: ["name"] },
          { message: "expected a size", path: ["size", "0", "Symbol(Symbol.iterator)"] },
        ],
      },
    ]);
  });

  test("are a 422 also when that is known later", async () => {
    const later = schemaOf<number>(async () => ({ issues: [{ message: "no" }] }));
    const answer = await ask(pipeline().plug(validated(later)), "GET /");
    expect([answer.status, answer.json()]).toEqual([422, { errors: [{ message: "no", path: [] }] }]);
  });
});

test("a schema that throws is a crash of its request", async () => {
  const broken = schemaOf<number>(() => {
    throw new TypeError("broken schema");
  });
  expect(await crash(pipeline().plug(validated(broken)), "GET /")).toBe("500 TypeError: broken schema");
});

test.each([undefined, null, {}, { "~standard": {} }, () => true])("what is no schema is refused: %s", (schema) => {
  expect(() => validated(schema as any)).toThrow("validated: expected a schema that has Standard Schema, got: ");
});
