import { once } from "node:events";
import { Readable } from "node:stream";
import type { Self } from "hornbeam";
import { type Conn, type JsonOptions, Parsers, pipeline, plug } from "hornbeam/http";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { BodyReader } from "../../http/server/body-reader.ts";
import { ask, crash, serving } from "./support.ts";

const reads =
  (length = 8_000_000, timeout = 15_000) =>
  async (conn: Conn) =>
    conn.text(Buffer.from(await conn.readBody({ length, timeout })).toString());

const jsonEcho = (options: JsonOptions = {}) =>
  pipeline()
    .plug(plug(Parsers, { parsers: ["json"], json: options }))
    .plug((conn) => conn.json(conn.bodyParams));

const TYPE = "Content-Type: application/json";

describe("a body", () => {
  test("is read whole, however many pieces it comes in", () =>
    serving({ plug: reads() }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/", ["Content-Length: 6"], "ab");
      await live.next("http.request.start");
      client.send("cd");
      await live.sim.idle();
      expect((await client.send("ef").answer()).body).toBe("abcdef");
    }));

  test("may be chunked", () =>
    serving({ plug: reads() }, async (live) => {
      const client = await live.connect();
      const chunked = client.request(
        "POST",
        "/",
        ["Transfer-Encoding: chunked"],
        "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n",
      );
      expect((await chunked.answer()).body).toBe("abcde");
      expect((await client.get("/")).body).toBe("");
    }));

  test("is asked for when the client waits to be told to go on", () =>
    serving({ plug: reads() }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/", ["Content-Length: 2", "Expect: 100-continue"]);
      await new Promise((resolve) => client.socket.once("data", resolve));
      expect(client.text).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      expect((await client.send("ab").answer()).body).toBe("ab");
    }));

  test("that no plug has read does not disturb the next request", () =>
    serving({ plug: (conn) => conn.text(conn.requestPath) }, async (live) => {
      const client = await live.connect();
      const body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2000);
      client.request("POST", "/1", [`Content-Length: ${body.length}`], body).request("GET", "/2");
      expect([(await client.answer()).body, (await client.answer()).body]).toEqual(["/1", "/2"]);
      expect((await client.get("/3")).body).toBe("/3");
    }));

  test("that is read a second time is an error that says so, and does not hang", async () => {
    const twice = async (conn: Conn) => {
      await conn.readBody();
      await conn.readBody();
      return conn.text("");
    };
    expect(await crash(twice, "POST /", { body: "a" })).toMatch(/^500 BadArgument: readBody: .*once/);
    await serving({ plug: twice }, async (live) => {
      const client = await live.connect();
      expect((await client.request("POST", "/", ["Content-Length: 1"], "a").answer()).status).toBe(500);
    });
  });
});

describe("a small body", () => {
  /** A request as its reader sees it, which counts how often somebody begins to listen to it. */
  const stream = () => {
    const request = Object.assign(new Readable({ read() {} }), {
      complete: false,
      listened: 0,
      headers: {} as { "content-length"?: string },
    });
    const arrive = (text: string) => {
      request.push(text);
      request.push(null);
      request.complete = true;
    };
    const { on } = request;
    request.on = function (...args: Parameters<typeof on>) {
      this.listened++;
      return on.apply(this, args);
    };
    return { request, arrive, reader: new BodyReader(request) };
  };
  const reads = (test: (self: Self) => unknown) =>
    inVirtualTime(
      (sim) =>
        new Promise<void>((resolve, reject) => {
          sim.spawn((self: Self) =>
            Promise.resolve(self)
              .then(test)
              .then(() => resolve(), reject),
          );
        }),
    );
  const OPTIONS = { length: 10, timeout: 100 };

  test("that is there is read at once, without a promise", () =>
    reads((self) => {
      const { request, arrive, reader } = stream();
      arrive("abc");
      expect(reader.read(OPTIONS, self)).toEqual({ bytes: Buffer.from("abc"), more: false });
      expect(reader.read(OPTIONS, self)).toEqual({ bytes: new Uint8Array(), more: false });
      expect(request.listened).toBe(0);
    }));

  test("that is parsed just after its head is read without a listener and a timer", () =>
    reads(async (self) => {
      const { request, arrive, reader } = stream();
      const part = reader.read(OPTIONS, self);
      arrive("abc");
      expect(await part).toEqual({ bytes: Buffer.from("abc"), more: false });
      expect(request.listened).toBe(0);
    }));

  test("whose end is parsed later than the rest is known by its length, and its stream ends all the same", () =>
    reads(async (self) => {
      const { request, reader } = stream();
      request.headers["content-length"] = "3";
      const ended = once(request, "end");
      const listened = request.listened;
      const part = reader.read({ length: 10, timeout: 100 }, self);
      request.push("abc");
      expect(await part).toEqual({ bytes: Buffer.from("abc"), more: false });
      expect(request.listened).toBe(listened);
      expect(reader.read(OPTIONS, self)).toEqual({ bytes: new Uint8Array(), more: false });
      request.push(null);
      await ended;
    }));

  test("is not taken for whole when a part of it was read before", () =>
    reads(async (self) => {
      const { request, arrive, reader } = stream();
      request.headers["content-length"] = "6";
      request.push("abc");
      expect(reader.read({ length: 3, timeout: 100 }, self)).toEqual({ bytes: Buffer.from("abc"), more: true });
      setImmediate(() => arrive("def"));
      expect(await reader.read(OPTIONS, self)).toEqual({ bytes: Buffer.from("def"), more: false });
    }));

  test("that comes later is waited for", () =>
    reads(async (self) => {
      const { arrive, reader } = stream();
      const part = reader.read(OPTIONS, self);
      setImmediate(() => arrive("abc"));
      expect(await part).toEqual({ bytes: Buffer.from("abc"), more: false });
    }));
});

describe("a body that is too long", () => {
  test("is a 413, and the connection ends", () =>
    serving({ plug: reads(10) }, async (live) => {
      const client = await live.connect();
      const answer = await client.request("POST", "/", ["Content-Length: 11"], "0123456789a").answer();
      expect([answer.status, answer.body]).toEqual([413, "413 the body is longer than 10 bytes\n"]);
      expect(answer.headers.connection).toBe("close");
      expect(await client.closed).toBe("closed");
    }));

  test("is a 413 in chunks, too, before it has ended", () =>
    serving({ plug: reads(10) }, async (live) => {
      const client = await live.connect();
      const answer = await client.request("POST", "/", ["Transfer-Encoding: chunked"], "b\r\n0123456789a\r\n").answer();
      expect([answer.status, answer.headers.connection]).toEqual([413, "close"]);
    }));

  test(
    "is read to its end no more, and still the client hears of the 413",
    () =>
      serving({ plug: jsonEcho({ length: 1000 }) }, async (live) => {
        for (let i = 0; i < 10; i++) {
          const url = `http://127.0.0.1:${live.port}/`;
          const headers = { "content-type": "application/json" };
          const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify("a".repeat(5_000_000)) });
          expect([answer.status, await answer.text()]).toEqual([413, "413 the body is longer than 1000 bytes\n"]);
        }
      }),
    20_000,
  );
});

describe("a body that is too slow", () => {
  test.each([
    ["15,000 ms", undefined, 15_000],
    ["what the plug says", 200, 200],
  ])("is a 408 after %s, and the connection ends", (_, timeout, after) =>
    serving({ plug: jsonEcho(timeout === undefined ? {} : { timeout }) }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/", [TYPE, "Content-Length: 10"], '{"a"');
      const { pid } = await live.next("http.request.start");
      await live.sim.advance(after - 1);
      expect(live.sim.isAlive(pid)).toBe(true);
      await live.sim.advance(1);
      const answer = await client.answer();
      expect([answer.status, answer.body]).toEqual([408, `408 the body did not arrive within ${after} ms\n`]);
      expect([answer.headers.connection, await client.closed]).toEqual(["close", "closed"]);
    }),
  );

  test("leaves no timer behind when it was fast enough", () =>
    serving({ plug: reads() }, async (live) => {
      const client = await live.connect();
      await client.request("POST", "/", ["Content-Length: 1"], "a").answer();
      await live.sim.idle();
      expect(live.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
    }));
});

describe("a body that breaks off", () => {
  test("is a 400", () =>
    serving({ plug: reads() }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/", ["Content-Length: 10"], "abc");
      await live.next("http.request.start");
      client.socket.end();
      expect((await client.answer()).status).toBe(400);
      expect(await client.closed).toBe("closed");
    }));

  test("is a 400 when a chunk is malformed", () =>
    serving({ plug: reads() }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/", ["Transfer-Encoding: chunked"], "2\r\nab\r\nzz\r\n");
      expect((await client.answer()).status).toBe(400);
      expect(await client.closed).toBe("closed");
    }));

  test("ends its request's process, without a crash", () =>
    serving({ plug: reads() }, async (live) => {
      const crashes: unknown[] = [];
      live.sim.telemetry.on("process.crash", (_, report) => void crashes.push(report));
      const client = await live.connect();
      client.request("POST", "/", ["Content-Length: 10"], "abc");
      const { pid } = await live.next("http.request.start");
      const end = live.ended(pid);
      client.reset();
      expect(await end).toSatisfy((reason) => reason === "normal" || typeof reason === "object");
      expect(crashes).toEqual([]);
    }));
});

test("the test kit reads the same bodies, within the same limits", async () => {
  expect((await ask(reads(3), "POST /", { body: "abc" })).body).toBe("abc");
  expect((await ask(reads(2), "POST /", { body: "abc" })).status).toBe(413);
  expect((await ask(reads(), "POST /")).body).toBe("");
});
