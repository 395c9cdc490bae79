import { existsSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import {
  type Conn,
  type Field,
  type MultipartOptions,
  Parsers,
  type ParsersOptions,
  type Part,
  type PartsOptions,
  parts,
  pipeline,
  plug,
  Upload,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { BOUNDARY, FORM_DATA, field, file, formData, type PartOf } from "./form-data.ts";
import { ask, REAL, runFixture, serving } from "./support.ts";

/** Answers with the parameters; of an upload, with what its file contains. */
const echo = (multipart: MultipartOptions = {}, options: Partial<ParsersOptions> = {}) =>
  pipeline()
    .plug(plug(Parsers, { parsers: ["multipart"], multipart, ...options }))
    .plug((conn) =>
      conn.json(conn.bodyFetched ? JSON.parse(JSON.stringify(conn.bodyParams, showUpload)) : "not parsed"),
    );

const showUpload = (_: string, value: unknown) =>
  value instanceof Upload
    ? { file: readFileSync(value.path, "utf8"), name: value.filename, type: value.contentType, size: value.size }
    : value;

const post = (body: string | Uint8Array, options?: MultipartOptions, type = FORM_DATA) =>
  ask(echo(options), "POST /", { body, headers: { "content-type": type } });
const send = (...given: readonly PartOf[]) => post(formData(...given));

describe("a multipart body", () => {
  test("makes fields text and files uploads", async () => {
    const answer = await send(
      field("name", "hello"),
      file("pic", "foo.txt", "hello\r\nfile\n"),
      file("bin", "a.bin", Uint8Array.of(0x41, 0x0d, 0x0a, 0x2d, 0x2d), "application/octet-stream"),
      field("empty", ""),
    );
    expect(answer.json()).toEqual({
      name: "hello",
      pic: { file: "hello\r\nfile\n", name: "foo.txt", type: "text/plain", size: 12 },
      bin: { file: "A\r\n--", name: "a.bin", type: "application/octet-stream", size: 5 },
      empty: "",
    });
  });

  test("may be mixed, and of no other kind", async () => {
    const body = formData(field("a", "1"));
    expect((await post(body, {}, `multipart/mixed; boundary=${BOUNDARY}`)).json()).toEqual({ a: "1" });
    expect((await post(body, {}, `Multipart/Form-Data; BOUNDARY="${BOUNDARY}"; charset=utf-8`)).json()).toEqual({
      a: "1",
    });
    expect((await post(body, {}, `multipart/related; boundary=${BOUNDARY}`)).status).toBe(415);
  });

  test("has names with brackets, which nest as those of a query; an upload in the way is replaced", async () => {
    const answer = await send(
      field("user[name]", "ada"),
      field("user[tags][]", "a"),
      field("user[tags][]", "b"),
      file("user[photo]", "p.png", "png", "image/png"),
      file("x", "x.txt", "x"),
      field("x[y]", "1"),
      field("__proto__[polluted]", "1"),
    );
    const photo = { file: "png", name: "p.png", type: "image/png", size: 3 };
    const { user, x } = answer.json();
    expect([user, x]).toEqual([{ name: "ada", tags: ["a", "b"], photo }, { y: "1" }]);
    expect({}).not.toHaveProperty("polluted");
  });

  test("has the last of two parts of one name", async () => {
    expect((await send(field("a", "1"), field("a", "2"))).json()).toEqual({ a: "2" });
  });

  test("keeps no part without a name, and no file that nobody chose", async () => {
    const answer = await send(
      [["Content-Type: text/plain"], "no disposition"],
      [["Content-Disposition: form-data"], "no name"],
      [[], "no headers"],
      [["nonsense"], "no headers that are any"],
      file("none", "", ""),
      field("kept", "yes"),
    );
    expect(answer.json()).toEqual({ kept: "yes" });
  });

  test.each([
    ["utf-8''%C3%A9t%C3%A9.txt", "été.txt"],
    ["UTF-8''a%20b.txt", "a b.txt"],
    ["utf-8''100%.txt", "100%.txt"],
  ])("may say a file's name in the extended way: %s", async (extended, name) => {
    const answer = await send([[`Content-Disposition: form-data; name="a"; filename*=${extended}`], "x"]);
    expect(answer.json().a.name).toBe(name);
  });

  test.each([
    ["été.txt", "été.txt"],
    ["a;b=c.txt", "a;b=c.txt"],
    ["../../etc/passwd", "../../etc/passwd"],
    ['say \\"hi\\".txt', 'say "hi".txt'],
  ])("has the name of a file as the client says it: %s", async (sent, name) => {
    expect((await send(file("a", sent, "x"))).json().a).toMatchObject({ name, file: "x" });
  });

  test.each([
    ["--boundary--", `--${BOUNDARY}--\r\n`],
    ["nothing", ""],
    ["a preamble and an epilogue", `preamble\r\n--${BOUNDARY}--\r\nepilogue`],
  ])("without parts has no parameters: %j", async (_, body) => {
    expect((await post(body)).json()).toEqual({});
  });

  test("has the parameters that the plug makes of its parts, with their headers", async () => {
    const toParams = (fields: readonly Field[], conn: Conn<any>) => ({
      method: conn.method,
      fields: fields.map(({ name, value, headers }) => [name, typeof value, headers]),
    });
    const answer = await post(formData(field("a", "1"), file("b", "b.txt", "2")), { toParams });
    expect(answer.json()).toEqual({
      method: "POST",
      fields: [
        ["a", "string", [["content-disposition", 'form-data; name="a"']]],
        [
          "b",
          "object",
          [
            ["content-disposition", 'form-data; name="b"; filename="b.txt"'],
            ["content-type", "text/plain"],
          ],
        ],
      ],
    });
  });

  test.each([
    ["a field", field("a", Uint8Array.of(0xff))],
    ["a name", [[`Content-Disposition: form-data; name="${"\xff"}"`], "a"] as PartOf],
    ["an extended name of a file", [["Content-Disposition: form-data; name=a; filename*=utf-8''%ff"], "a"] as PartOf],
  ])("that is not UTF-8 in %s is a 400", async (where, part) => {
    const latin1 = where === "a name" ? Buffer.from(formData(part).toString("utf8"), "latin1") : formData(part);
    const answer = await post(latin1);
    expect([answer.status, answer.body]).toEqual([400, expect.stringMatching(/^400 the .* is not valid UTF-8\n$/)]);
  });

  test("that is not UTF-8 is taken as well as it goes, where nobody checks it", async () => {
    const answer = await post(formData(field("a", Uint8Array.of(0x62, 0xff))), { validateUtf8: false });
    expect(answer.json()).toEqual({ a: "b\uFFFD" });
  });

  test("is no text in a file, whatever its bytes are", async () => {
    expect((await send(file("a", "a.bin", Uint8Array.of(0xff, 0xfe)))).json().a.size).toBe(2);
  });
});

describe("a multipart body is a 400, and no crash", () => {
  const whole = formData(field("a", "12345"), file("b", "b.txt", "67890")).toString();

  test.each([
    ["without a boundary", "multipart/form-data"],
    ["with an empty boundary", 'multipart/form-data; boundary=""'],
    ["with a boundary that is too long", `multipart/form-data; boundary=${"b".repeat(201)}`],
  ])("%s", async (_, type) => {
    const answer = await post(whole, {}, type);
    expect([answer.status, answer.body]).toEqual([400, "400 expected a multipart boundary of 1 to 200 characters\n"]);
  });

  test("that ends too early, wherever that is", async () => {
    for (let length = 1; length < whole.length - "--\r\n".length; length++) {
      const { status, reason } = await post(whole.slice(0, length));
      expect([length, status, reason]).toEqual([length, 400, "normal"]);
    }
  }, 20_000);

  test("with another boundary", async () => {
    expect((await post(whole.replaceAll(BOUNDARY, "other"))).status).toBe(400);
  });
});

describe("a multipart body that is too long is a 413", () => {
  test("in all its parts together, with their headers", async () => {
    const body = formData(field("a", "12345"), field("b", "67890"));
    expect((await post(body, { length: body.length })).status).toBe(200);
    expect((await post(body, { length: body.length - 1 })).body).toBe(
      `413 the body is longer than ${body.length - 1} bytes\n`,
    );
  });

  test("in the headers of one part", async () => {
    const part = (size: number): PartOf => [[`Content-Disposition: form-data; name="a"; x=${"x".repeat(size)}`], "1"];
    expect((await post(formData(part(100)), { maxHeaderSize: 200 })).status).toBe(200);
    const answer = await post(formData(part(200)), { maxHeaderSize: 200 });
    expect([answer.status, answer.body]).toEqual([413, "413 the headers of a part are longer than 200 bytes\n"]);
    expect((await post(formData(part(60_000)))).status).toBe(200);
    expect((await post(formData(part(64_000)))).status).toBe(413);
    expect((await post(formData(part(1_000_000)))).status).toBe(413);
  });

  test("in many headers of one part", async () => {
    const headers = Array.from({ length: 10_000 }, (_, i) => `X-${i}: 1`);
    expect((await post(formData([headers, "1"]))).status).toBe(413);
  });

  test("in headers that never end, as far as a body may go", async () => {
    const endless = `--${BOUNDARY}\r\n${"X: 1\r\n".repeat(200_000)}`;
    expect((await post(endless, { length: 1_000_000 })).status).toBe(413);
    expect((await post(endless)).status).toBe(400);
  });

  test("in the number of its parts: 1000, unless the plug says otherwise", async () => {
    const many = (n: number) => formData(...Array.from({ length: n }, () => field("a[]", "")));
    expect((await post(many(1000))).json().a).toHaveLength(1000);
    expect((await post(many(1001))).body).toBe("413 the body has more than 1000 parts\n");
    expect((await post(many(3), { maxParts: 2 })).status).toBe(413);
    expect((await post(many(100_000))).status).toBe(413);
  });
});

describe("parts() gives the parts of a body as they arrive", () => {
  const listing =
    (look: (part: Part) => Promise<unknown>, options?: PartsOptions) =>
    async (conn: Conn): Promise<Conn> => {
      const seen: unknown[] = [];
      for await (const part of parts(conn, options)) seen.push(await look(part));
      return conn.json(seen) as Conn;
    };
  const through = (look: (part: Part) => Promise<unknown>, body: Uint8Array, options?: PartsOptions) =>
    ask(listing(look, options), "POST /", { body, headers: { "content-type": FORM_DATA } });
  const read = async (part: Part) => {
    let text = "";
    for await (const piece of part.body()) text += String(piece);
    return [part.name, part.filename, part.contentType, text];
  };

  test("with their headers", async () => {
    const answer = await through(read, formData(field("a", "1"), file("b", "b.txt", "2"), [[], "3"]));
    expect(answer.json()).toEqual([
      ["a", null, null, "1"],
      ["b", "b.txt", "text/plain", "2"],
      [null, null, null, "3"],
    ]);
  });

  test("and passes over what is not read", async () => {
    const big = "x".repeat(500_000);
    const body = formData(field("a", big), field("b", big), field("c", "last"));
    const answer = await through(async (part) => (part.name === "b" ? undefined : (await read(part))[3]?.length), body);
    expect(answer.json()).toEqual([500_000, null, 4]);
    expect((await through(async ({ name }) => name, body)).json()).toEqual(["a", "b", "c"]);
  });

  test("and gives nothing of a part once the next was asked for", async () => {
    const big = "x".repeat(500_000);
    const late = async (conn: Conn) => {
      const kept: Part[] = [];
      for await (const part of parts(conn)) kept.push(part);
      return conn.json(await Promise.all(kept.map(read)));
    };
    const request = { body: formData(field("a", big), field("b", big)), headers: { "content-type": FORM_DATA } };
    const texts = (await ask(late, "POST /", request)).json().map((part: string[]) => part[3]);
    expect(texts).toEqual(["", ""]);
  });

  test("and no more of a part than is read, when the reader breaks off", async () => {
    const first = async (part: Part) => {
      for await (const piece of part.body()) return piece.byteLength > 0;
      return "none";
    };
    const answer = await through(first, formData(field("a", "x".repeat(500_000)), field("b", "2")));
    expect(answer.json()).toEqual([true, true]);
  });

  test("within the same limits", async () => {
    const body = formData(field("a", "1"), field("b", "2"));
    expect((await through(read, body, { maxParts: 1 })).status).toBe(413);
    expect((await through(read, body, { length: 100 })).status).toBe(413);
    expect((await through(read, body.subarray(0, 100))).status).toBe(400);
  });

  test("and refuses a body of another type", async () => {
    const answer = await ask(listing(read), "POST /", { json: {} });
    expect([answer.status, answer.body]).toEqual([415, "415 expected a body of a multipart type\n"]);
  });

  test("whatever pieces it comes in", async () => {
    const body = formData(field("a", "--\r\n--"), file("b", "b.txt", `\r\n--${BOUNDARY.slice(0, -1)}\r\n`));
    await serving({ plug: listing(read) }, async (live) => {
      for (const size of [1, 7, 40]) {
        const client = await live.connect();
        client.request("POST", "/", [`Content-Type: ${FORM_DATA}`, `Content-Length: ${body.length}`]);
        for (let at = 0; at < body.length; at += size) {
          client.send(body.subarray(at, at + size).toString("latin1"));
          await live.sim.idle();
        }
        expect(JSON.parse((await client.answer()).body)).toEqual([
          ["a", null, null, "--\r\n--"],
          ["b", "b.txt", "text/plain", `\r\n--${BOUNDARY.slice(0, -1)}\r\n`],
        ]);
      }
    });
  }, 20_000);

  test("and the client waits while nobody reads", async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const slow = async (part: Part) => {
      await gate;
      return (await read(part))[3]?.length;
    };
    const size = 50_000_000;
    await serving({ plug: listing(slow, { length: 2 * size }) }, async (live) => {
      const client = await live.connect();
      const body = formData(field("a", "x".repeat(size)));
      client.request("POST", "/", [`Content-Type: ${FORM_DATA}`, `Content-Length: ${body.length}`]);
      client.socket.write(body);
      await live.next("http.request.start");
      for (let i = 0; i < 50; i++) await live.sim.idle();
      expect(client.socket.writableLength).toBeGreaterThan(0);
      go();
      expect((await client.answer()).body).toBe(`[${size}]`);
    });
  }, 20_000);
});

describe("a request that fails in the middle of a multipart body", () => {
  const request = (live: { connect(): Promise<any> }, path: string, body: Buffer) =>
    live.connect().then((client) => {
      client.request("POST", path, [`Content-Type: ${FORM_DATA}`, `Content-Length: ${body.length}`]);
      client.socket.write(body);
      return client.answer();
    });
  const body = formData(field("a", "1"), file("f", "f.txt", "x".repeat(300_000)), field("b", "2"));

  test(
    "is a 500, and nobody else's, by a stray throw from each place that asynchronous code has",
    async () => {
      const { code, lines, err } = await runFixture("multipart-strays.ts");
      expect(err).toBe("");
      const paths = ["/throw", "/timer", "/immediate", "/tick", "/rejection", "/stream", "/uploads/crash"];
      expect(lines).toEqual([
        ...paths.flatMap((path) => [`crash: POST ${path}: stray`, `${path}: 500 500 Internal Server Error`]),
        "left of uploads: 0",
        "stopped; folder there: false",
      ]);
      expect(code).toBe(0);
    },
    REAL,
  );

  test("leaves none of its files", async () => {
    const paths: string[] = [];
    const crashes = pipeline()
      .plug(plug(Parsers, { parsers: ["multipart"] }))
      .plug((conn) => {
        paths.push((conn.bodyParams.f as Upload).path);
        throw new Error("boom");
      });
    await serving({ plug: crashes }, async (live) => {
      const { status } = await request(live, "/", body);
      expect(status).toBe(500);
      expect(paths.map((path) => existsSync(path))).toEqual([false]);
    });
  });

  test("is a 507 when there is no room for a file, and the next one is served", async () => {
    const { FileHandle } = await fileHandle();
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const write = FileHandle.appendFile;
    FileHandle.appendFile = () => Promise.reject(full);
    try {
      const answer = await post(body);
      expect([answer.status, String(answer.reason)]).toEqual([507, "HttpError: there is no room for the upload"]);
    } finally {
      FileHandle.appendFile = write;
    }
    expect((await post(body)).status).toBe(200);
  });

  test("is a 500 when its folder cannot be made", async () => {
    expect((await post(body, { uploadDir: "/nowhere/at/all" })).status).toBe(500);
  });
});

/** The prototype of file handles, to break it. */
async function fileHandle(): Promise<{ FileHandle: { appendFile: unknown } }> {
  const { open } = await import("node:fs/promises");
  const handle = await open(new URL(import.meta.url));
  await handle.close();
  return { FileHandle: Object.getPrototypeOf(handle) };
}

test("an upload is a file for its owner alone", async () => {
  let mode = 0;
  const look = pipeline()
    .plug(plug(Parsers, { parsers: ["multipart"] }))
    .plug(async (conn) => {
      const { path } = conn.bodyParams.f as Upload;
      mode = (await stat(path)).mode & 0o777;
      return conn.text(path);
    });
  const answer = await ask(look, "POST /", {
    body: formData(file("f", "../x", "1")),
    headers: { "content-type": FORM_DATA },
  });
  expect(mode).toBe(0o600);
  expect(answer.body).toMatch(/\/hornbeam-\w{6}\/upload-[\w-]{22}$/);
  expect(existsSync(answer.body)).toBe(false);
});
