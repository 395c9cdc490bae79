import { type Body, type Conn, type PlugFn, router } from "hornbeam/http";
import { call, conn, sentChunks, sentResp } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";
import { ask, serving } from "./support.ts";

const abc = async (it: Conn<any>): Promise<Conn<any>> => {
  const begun = it.sendChunked(200);
  for (const part of ["a", "", "b", "c"]) expect(await begun.chunk(part)).toBe("ok");
  return begun;
};

describe("sendChunked begins a response whose parts", () => {
  test("are sent one by one; the conn is chunked, and has no body", async () => {
    const done = await call(abc, conn("GET", "/"));
    expect([done.state, done.status, done.respBody]).toEqual(["chunked", 200, undefined]);
    expect([sentChunks(done), sentResp(done).body]).toEqual([["a", "b", "c"], "abc"]);
  });

  test("may be text, bytes, or lists of them, and nothing else", async () => {
    const begun = conn("GET", "/").sendChunked(200);
    await begun.chunk(["a", [Uint8Array.of(98), "c"]]);
    await begun.chunk(Uint8Array.of(100));
    expect(sentChunks(begun)).toEqual(["abc", "d"]);
    expect(() => begun.chunk(1 as unknown as Body)).toThrow("chunk: expected a body of strings and bytes, got: 1");
  });

  test("are not sent to HEAD, and a plug does not notice", async () => {
    expect(sentChunks(await call(abc, conn("HEAD", "/")))).toEqual([]);
  });

  test("do not reach the adapter when they are empty: they would end the response", async () => {
    const begun = conn("GET", "/").sendChunked(200);
    expect([begun.chunk(""), begun.chunk([]), begun.chunk(new Uint8Array())]).toEqual(["ok", "ok", "ok"]);
    expect(sentChunks(begun)).toEqual([]);
  });

  test("are refused before it, and of the conn that was there before it", () => {
    const before = conn("GET", "/");
    const message = "chunk: expected a conn that sendChunked has returned, got: #Conn<GET / unset>";
    expect(() => before.chunk("a")).toThrow(message);
    before.sendChunked(200);
    expect(() => before.chunk("a")).toThrow(message);
    expect(() => conn("GET", "/").sendResp(200, "").chunk("a")).toThrow("got: #Conn<GET / sent>");
  });

  test("say closed, and throw nothing, when the client has gone", () =>
    serving({ plug: endless, development: false }, async (live) => {
      const client = await live.connect();
      client.request("GET", "/");
      await new Promise((resolve) => client.socket.once("data", resolve));
      const stopped = live.next("http.request.stop");
      client.reset();
      await stopped;
      expect(told).toBe("closed");
    }));
});

let told: string | undefined;
const endless: PlugFn = async (it) => {
  it.self.trapExit = true;
  const begun = it.sendChunked(200);
  do told = await begun.chunk("x".repeat(100_000));
  while (told === "ok");
  return begun;
};

describe("the hooks before a response in chunks", () => {
  test("see that it is set, without a body, and may change its head", () => {
    const seen: unknown[] = [];
    const hooked = conn("GET", "/").registerBeforeSend((last) => {
      seen.push(last.state, last.respBody, last.status);
      return last.putStatus(201).putRespHeader("x-hook", "1");
    });
    const { status, header } = sentResp(hooked.sendChunked(200));
    expect([seen, status, header("x-hook")]).toEqual([["setChunked", undefined, 200], 201, "1"]);
  });

  test("may not make another response of it", () => {
    const hooked = conn("GET", "/").registerBeforeSend((last) => last.resp(200, "whole"));
    expect(() => hooked.sendChunked(200)).toThrow("but not how it is sent, got: set for setChunked");
  });
});

test.each([199, 99, 1000, "none"])("a response in chunks may not have the status %s", (status) => {
  expect(() => conn("GET", "/").sendChunked(status as number)).toThrow("expected a status");
});

describe("over a connection", () => {
  const site = router()
    .get("/abc", abc)
    .get("/length", async (it) => {
      const begun = it.putRespHeader("content-length", "2").sendChunked(200);
      await begun.chunk("a");
      await begun.chunk("b");
      return begun;
    })
    .get("/crash", async (it) => {
      await it.sendChunked(200).chunk("begun");
      throw new Error("in the middle");
    })
    .match("/*path", (it) => it.text("next")).plug;

  test("parts are framed as chunks, end with the pipeline, and the next answer follows", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      client.request("GET", "/abc").request("GET", "/next", ["Connection: close"]);
      await client.closed;
      // Node sends two that follow each other at once as one.
      expect(client.text).toMatch(/\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
      expect(client.text).toMatch(/^transfer-encoding: chunked\r$/im);
    }));

  test("with a length that the plug says, they are not framed", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      const answer = await client.get("/length");
      expect([answer.body, answer.headers["transfer-encoding"]]).toEqual(["ab", undefined]);
      expect((await client.get("/next")).body).toBe("next");
    }));

  test("a client of HTTP/1.0 gets them without framing, and then the end of the connection", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      await client.send("GET /abc HTTP/1.0\r\n\r\n").closed;
      expect(client.text).toMatch(/\r\n\r\nabc$/);
    }));

  test("a crash in the middle cuts the connection off, so that what came is not taken for the whole", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      await client.request("GET", "/crash").closed;
      expect(client.text).toMatch(/begun\r\n$/);
    }));

  test("a client that does not keep up makes chunk wait", () => {
    let sent = 0;
    const floods: PlugFn = async (it) => {
      const begun = it.sendChunked(200);
      for (; sent < 400; sent++) await begun.chunk("x".repeat(100_000));
      return begun;
    };
    return serving({ plug: floods }, async (live) => {
      const client = await live.connect();
      client.socket.pause();
      client.request("GET", "/", ["Connection: close"]);
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(sent).toBeLessThan(400);
      client.socket.resume();
      await client.closed;
      expect(sent).toBe(400);
      expect(client.text.length).toBeGreaterThan(40_000_000);
    });
  });
});

test("the test kit's request sends them, too", async () => {
  expect((await ask(abc)).body).toBe("abc");
});

test("a stream may make a hundred thousand conns, also in development: once it has begun, none is remembered", async () => {
  const answer = await ask(async (conn: Conn) => {
    let open: Conn<any> = conn.sendChunked(200);
    for (let i = 0; i < 100_000; i++) open = open.assign("count", i);
    await open.chunk(String(open.assigns.count));
    return open;
  });
  expect(answer.body).toBe("99999");
});
