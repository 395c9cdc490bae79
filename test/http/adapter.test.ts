import { type Conn, HttpError, type PlugFn, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

// What the adapter over node:http owes its plugs (Bandit's and Plug.Cowboy's own tests of theirs).

const LONG = "0123456789".repeat(100_000);
const path = new URL(import.meta.url).pathname;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Calls a site over a connection of its own. */
const get = async (plug: PlugFn<any, any>, ...args: [method?: string, headers?: string[], body?: string]) => {
  let answer: { status: number; headers: Readonly<Record<string, string>>; body: string } | undefined;
  await serving({ plug }, async (live) => {
    const client = await live.connect();
    const [method = "GET", headers = [], body = ""] = args;
    answer = await client.request(method, "/a/b?c=d", headers, body).answer(method === "HEAD");
  });
  return answer as NonNullable<typeof answer>;
};

describe("a conn over a connection", () => {
  test("says its request, both ends of the connection, and that there is no TLS", async () => {
    const look = (it: Conn) => {
      const { method, host, port, scheme, pathInfo, requestPath, queryString, httpProtocol, remoteIp } = it;
      const ends = [it.peerData.address, it.sockData.address, it.sslData ?? null, it.peerData.sslCert ?? null];
      const ports = [it.peerData.port !== it.sockData.port, it.sockData.port === port];
      return it.json([
        method,
        host,
        scheme,
        pathInfo,
        requestPath,
        queryString,
        httpProtocol,
        remoteIp,
        ...ends,
        ...ports,
      ]);
    };
    await serving({ plug: look }, async (live) => {
      const client = await live.connect();
      const raw = `GET /a//b?c=d HTTP/1.1\r\nHost: localhost:${live.port}\r\n\r\n`;
      expect(JSON.parse((await client.send(raw).answer()).body)).toEqual([
        ...["GET", "localhost", "http", ["a", "b"], "/a//b", "c=d", "HTTP/1.1", "127.0.0.1"],
        ...["127.0.0.1", "127.0.0.1", null, null, true, true],
      ]);
    });
  });

  test("has the headers and cookies of its request", async () => {
    const look = (it: Conn) => it.json([it.getReqHeaders("x-a"), it.cookies]);
    const { body } = await get(look, "GET", ["X-A: 1", "x-a: 2", "Cookie: a=1; b=2"]);
    expect(JSON.parse(body)).toEqual([["1", "2"], { a: "1", b: "2" }]);
  });

  test.each([[200], [404], [299], [599], [418], [999]])("sends the status %d", async (status) => {
    expect((await get((it) => it.sendResp(status, "body"))).status).toBe(status);
  });

  test("sends a header with the date", async () => {
    expect(Date.parse((await get((it) => it.text(""))).headers.date ?? "")).toBeGreaterThan(0);
  });

  test("reads a body in parts, which together are all of it", async () => {
    const reads = async (it: Conn) => {
      const parts: Uint8Array[] = [];
      for (let more = true; more; ) {
        const part = await it.readBodyPart({ length: 1000 });
        parts.push(part.bytes);
        more = part.more;
      }
      return it.json([parts.length > 1, text(Buffer.concat(parts)) === LONG]);
    };
    const { body } = await get(reads, "POST", [`Content-Length: ${LONG.length}`], LONG);
    expect(JSON.parse(body)).toEqual([true, true]);
  });

  test.each([
    ["whole, when it is shorter than the limit", 5, "200 hello"],
    ["and one that is longer than the limit is 413", 4, "413 413 the body is longer than 4 bytes\n"],
  ])("reads a body %s", async (_, length, expected) => {
    const reads = async (it: Conn) => it.text(text(await it.readBody({ length })));
    const { status, body } = await get(reads, "POST", ["Content-Length: 5"], "hello");
    expect(`${status} ${body}`).toBe(expected);
  });

  test("reads a body once: the second time is an error that says so", async () => {
    const errors: unknown[] = [];
    const reads = async (it: Conn) => {
      await it.readBody();
      await it.readBody().catch((error) => errors.push(String(error)));
      return it.text("");
    };
    await get(reads, "POST", ["Content-Length: 5"], "hello");
    expect(errors).toEqual([expect.stringContaining("readBody: the body can be read once, and was")]);
  });

  test.each([
    [{}, "import "],
    [{ offset: 1 }, "mport {"],
    [{ length: 6 }, "import"],
    [{ offset: 2, length: 3 }, "por"],
    [{ offset: 0, length: 0 }, ""],
  ])("sends a file with %o", async (range, begin) => {
    const { status, body, headers } = await get((it) => it.sendFile(200, { path, ...range }));
    expect([status, body.slice(0, 7), headers["content-length"]]).toEqual([200, begin, String(body.length)]);
  });

  test.each([{ offset: -1 }, { length: -1 }, { offset: 1_000_000 }, { offset: 1, length: 1_000_000 }, { offset: 0.5 }])(
    "refuses %o of a file before anything is sent: 500",
    async (range) => {
      expect((await get((it) => it.sendFile(200, { path, ...range }))).status).toBe(500);
    },
  );

  test("sends the length of a file to HEAD, and none of it", async () => {
    const { body, headers } = await get((it) => it.sendFile(200, { path, length: 6 }), "HEAD");
    expect([body, headers["content-length"]]).toEqual(["", "6"]);
  });
});

describe("a plug that fails over a connection", () => {
  const boom = new Error("boom");
  const throws = (error: unknown) => (): never => {
    throw error;
  };

  test("with an unknown error is answered with 500, reported, and its connection is closed", () =>
    serving({ plug: throws(boom) }, async (live) => {
      const crash = live.next("process.crash");
      const client = await live.connect();
      expect((await client.get("/")).status).toBe(500);
      expect([await client.closed, (await crash).reason]).toEqual(["closed", boom]);
    }));

  test("with an error of a client is answered with its status, and not reported", () =>
    serving({ plug: throws(new HttpError(418, "teapot")) }, async (live) => {
      const crashes: unknown[] = [];
      live.sim.telemetry.on("process.crash", (_, report) => void crashes.push(report));
      const client = await live.connect();
      expect((await client.get("/")).body).toBe("418 teapot\n");
      expect((await client.get("/")).status).toBe(418);
      expect(crashes).toEqual([]);
    }));

  test.each<[how: string, plug: PlugFn<any, any>]>([
    ["nothing", () => undefined as never],
    ["no conn", () => "hello" as never],
    ["a promise of none", async () => undefined as never],
    ["a conn without a response", (it) => it],
  ])("by returning %s is answered with 500", async (_, plug) => {
    expect((await get(plug)).status).toBe(500);
  });

  test("after it has sent gets no second response: the client has the first, alone", () =>
    serving(
      {
        plug: (it: Conn): never => {
          it.text("first");
          throw boom;
        },
      },
      async (live) => {
        const client = await live.connect();
        await client.request("GET", "/").closed;
        expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
        expect(client.text).toMatch(/\r\n\r\nfirst$/);
      },
    ));

  test("by sending twice is an error, and the client has the first", async () => {
    const { status, body } = await get((it) => it.sendResp(201, "first").sendResp(200, "second"));
    expect([status, body]).toEqual([201, "first"]);
  });
});

describe("requests of one connection have nothing in common:", () => {
  test("each has a process of its own, and with it its assigns, mailbox and end", () =>
    serving(
      {
        plug: async (it: Conn) => {
          it.self.send(it.self.pid, `of ${it.requestPath}`);
          return it.json([String(await it.self.receive()), Object.keys(it.assigns)]);
        },
      },
      async (live) => {
        const client = await live.connect();
        expect(JSON.parse((await client.get("/1")).body)).toEqual(["of /1", []]);
        expect(JSON.parse((await client.get("/2")).body)).toEqual(["of /2", []]);
      },
    ));

  test("a child that ends by itself, or crashes while its request traps exits, does not end the request", async () => {
    const spawns = async (it: Conn) => {
      it.self.trapExit = true;
      it.self.spawnLink(() => {});
      it.self.spawnLink(() => {
        throw new Error("child");
      });
      const ends = [await it.self.receive(), await it.self.receive()] as { readonly reason: unknown }[];
      return it.json(ends.map(({ reason }) => (reason instanceof Error ? reason.message : reason)).toSorted());
    };
    expect(JSON.parse((await get(spawns)).body)).toEqual(["child", "normal"]);
  });
});

describe("the conn of a request may be used by other processes:", () => {
  test("one that the request has started may send its response", async () => {
    const delegates = async (it: Conn) => {
      const { self } = it;
      self.spawnLink((helper) => {
        it.text("from a helper");
        helper.send(self.pid, "done");
      });
      await self.receive();
      return it;
    };
    expect((await get(delegates)).body).toBe("from a helper");
  });

  test("one that comes too late is told that the response was sent, and crashes alone", () =>
    serving(
      {
        plug: (it: Conn) => {
          it.self.spawn(async (helper) => {
            await helper.sleep(1000);
            it.text("late");
          });
          return it.text("in time");
        },
      },
      async (live) => {
        const client = await live.connect();
        expect((await client.get("/")).body).toBe("in time");
        const crash = live.next("process.crash");
        await live.sim.advance(1000);
        expect((await crash).reason).toMatchObject({ name: "AlreadySentError" });
        expect((await client.get("/")).body).toBe("in time");
      },
    ));
});

describe("the client may go while the response is written", () => {
  test.each<[what: string, plug: PlugFn<any, any>]>([
    ["whole", (it) => it.text(LONG.repeat(30))],
    ["as a file", (it) => it.sendFile(200, { path: process.execPath })],
    [
      "in chunks",
      async (it) => {
        const begun = it.sendChunked(200);
        for (let part = 0; part < 500; part++) if ((await begun.chunk("x".repeat(100_000))) === "closed") break;
        return begun;
      },
    ],
  ])("%s: its request ends, nothing is reported, and others are served", (_, plug) =>
    serving(
      {
        plug: router()
          .get("/long", plug)
          .match("/*path", (it) => it.text("ok")).plug,
      },
      async (live) => {
        const crashes: unknown[] = [];
        live.sim.telemetry.on("process.crash", (__, report) => void crashes.push(report));
        const client = await live.connect();
        const stopped = live.next("http.connection.stop");
        client.request("GET", "/long");
        await new Promise((resolve) => client.socket.once("data", resolve));
        client.reset();
        await stopped;
        expect((await live.get("/")).body).toBe("ok");
        await live.sim.idle();
        expect(crashes).toEqual([]);
      },
    ),
  );
});
