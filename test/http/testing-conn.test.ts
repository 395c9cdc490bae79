import { name, ok, reply } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { Conn, Parsers, type PlugFn, pipeline, plug, RequestId } from "hornbeam/http";
import {
  call,
  conn,
  endRequest,
  putHttpProtocol,
  putPeerData,
  putSockData,
  putSslData,
  request,
} from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";

const bodyOf = async (it: Conn<any>): Promise<string> => Buffer.from(await it.readBody()).toString();

describe("a conn of the test kit", () => {
  test("is a GET of www.example.com over HTTP/1.1 without headers and body, unless the test says more", async () => {
    const plain = conn("GET", "/");
    expect([plain.method, plain.requestUrl, plain.httpProtocol]).toEqual([
      "GET",
      "http://www.example.com/",
      "HTTP/1.1",
    ]);
    expect([plain.reqHeaders, plain.params, plain.state, plain.bodyFetched]).toEqual([[], {}, "unset", false]);
    expect([plain.remoteIp, plain.port, await bodyOf(plain)]).toEqual(["127.0.0.1", 80, ""]);
  });

  test.each<[target: string, url: string, pathInfo: string[]]>([
    ["/a//b%20/?c=d&e", "http://www.example.com/a//b%20/?c=d&e", ["a", "b%20"]],
    ["/a#here", "http://www.example.com/a", ["a"]],
    ["/a?b#here", "http://www.example.com/a?b", ["a"]],
    ["//evil.example/a", "http://www.example.com//evil.example/a", ["evil.example", "a"]],
  ])("has the target's path and query: %s", (target, url, pathInfo) => {
    const made = conn("GET", target);
    expect([made.requestUrl, made.pathInfo]).toEqual([url, pathInfo]);
  });

  test.each<[target: string, seen: unknown[]]>([
    ["http://other.example", ["http", "other.example", 80, "/", ""]],
    ["https://other.example/a?b", ["https", "other.example", 443, "/a", "b"]],
    ["HTTP://[::1]:8080?b", ["http", "[::1]", 8080, "/", "b"]],
  ])("has all of a whole URL, whatever host, scheme and port the options say: %s", (target, seen) => {
    const options = { host: "ignored.example", scheme: "https", port: 81 } as const;
    for (const given of [{}, options]) {
      const { scheme, host, port, requestPath, queryString } = conn("GET", target, given);
      expect([scheme, host, port, requestPath, queryString]).toEqual(seen);
    }
  });

  test("has the host, scheme, port and addresses that it is given", () => {
    const given = conn("GET", "/", { host: "a.example", scheme: "https", port: 8443, remoteIp: "10.0.0.1" });
    expect([given.requestUrl, given.remoteIp]).toEqual(["https://a.example:8443/", "10.0.0.1"]);
    expect(conn("GET", "/", { scheme: "https" }).port).toBe(443);
  });

  test.each(["a", "", "?a=1", "a/b", "ftp://a.example/"])(
    "is refused a path that does not start with a slash: %j",
    (path) => {
      expect(() => conn("GET", path)).toThrow("conn: expected a path that starts with a slash, or a URL, got: ");
    },
  );

  test("may be OPTIONS of no path at all", () => {
    expect(conn("OPTIONS", "*")).toMatchObject({ requestPath: "*" });
    expect(() => conn("GET", "*")).toThrow("expected a path");
  });

  test("has headers by name or in order with duplicates, with names in lower case", () => {
    expect(conn("GET", "/", { headers: { "X-One": "1" } }).reqHeaders).toEqual([["x-one", "1"]]);
    const list = [
      ["x-a", "1"],
      ["X-A", "2"],
    ] as const;
    expect(conn("GET", "/", { headers: list }).getReqHeaders("x-a")).toEqual(["1", "2"]);
  });

  test("has the cookies that it is given", () => {
    expect(conn("GET", "/", { cookies: { a: "1", b: "2" } }).getReqHeader("cookie")).toBe("a=1; b=2");
  });

  test("has another peer, socket, TLS and protocol if it is told", () => {
    const peer = { address: "10.0.0.2", port: 4000, sslCert: Uint8Array.of(1) };
    const sock = { address: "10.0.0.1", port: 443 };
    const ssl = { protocol: "TLSv1.3", cipher: "x", alpn: "h2", serverName: "a.example" };
    const given = conn("GET", "/", { peer, sock, ssl, protocol: "HTTP/2" });
    expect([given.peerData, given.sockData, given.sslData, given.httpProtocol]).toEqual([peer, sock, ssl, "HTTP/2"]);
    expect(given.remoteIp).toBe("10.0.0.2");
    const put = putSslData(putSockData(putPeerData(putHttpProtocol(conn("GET", "/"), "HTTP/2"), peer), sock), ssl);
    expect([put.peerData, put.sockData, put.sslData, put.httpProtocol]).toEqual([peer, sock, ssl, "HTTP/2"]);
  });

  test("is refused what is no method, no path, no options, or no conn of the kit", () => {
    expect(() => conn("GET", undefined as unknown as string)).toThrow("conn: expected a method and a path, got: ");
    expect(() => conn("GET", "/", null as never)).toThrow("conn: expected options");
    expect(() => putHttpProtocol({} as Conn, "HTTP/2")).toThrow(
      "putHttpProtocol: expected a conn of the test kit, got: {}",
    );
  });
});

describe("a body of a test", () => {
  test("is read in parts of the length that is asked for", async () => {
    const made = conn("POST", "/", { body: "abcde" });
    const parts = [];
    for (let more = true; more; ) {
      const part = await made.readBodyPart({ length: 2 });
      parts.push(Buffer.from(part.bytes).toString());
      more = part.more;
    }
    expect(parts).toEqual(["ab", "cd", "e"]);
  });

  test("may be bytes", async () => {
    expect([...(await conn("POST", "/", { body: Uint8Array.of(0, 255) }).readBody())]).toEqual([0, 255]);
  });

  test("is JSON with its type, or the type that is given, and is parsed by a plug as any other", async () => {
    const json = { a: [1] };
    expect((await call(plug(Parsers, { parsers: ["json"] }), conn("POST", "/", { json }))).bodyParams).toEqual(json);
    const typed = conn("POST", "/", { json, headers: [["Content-Type", "application/x+json"]] });
    expect([typed.getReqHeader("content-type"), await bodyOf(typed)]).toEqual(["application/x+json", '{"a":[1]}']);
  });

  test("is one of params, json and body", () => {
    expect(() => conn("POST", "/", { params: { a: 1 }, body: "x" })).toThrow(
      "conn: expected one of params, json and body, got: { params: { a: 1 }, body: 'x' }",
    );
  });
});

describe("parameters of a test", () => {
  const params = { a: "body", list: ["1"], deep: { b: 2 } };

  test("are those of the body, as if a parser had found them, over those of the query", () => {
    const made = conn("POST", "/?a=query&q=1", { params });
    expect([made.bodyFetched, made.bodyParams, made.params]).toEqual([true, params, { ...params, q: "1" }]);
    expect(Object.getPrototypeOf(made.bodyParams)).toBe(null);
    expect(Object.getPrototypeOf(made.bodyParams.deep)).toBe(null);
  });

  test("come with the content type multipart/mixed, which a parser knows, unless the test says another", () => {
    expect(conn("POST", "/", { params }).getReqHeader("content-type")).toMatch(/^multipart\/mixed; boundary=./);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect(conn("PUT", "/", { params, headers }).reqHeaders).toEqual(Object.entries(headers));
  });

  test.each(["GET", "HEAD"])("of %s are those of the query, without a content type", (method) => {
    const made = conn(method, "/?a=query&q=1", { params: { a: "given" } });
    expect([made.params, made.bodyFetched, made.reqHeaders]).toEqual([{ a: "given", q: "1" }, false, []]);
    expect([made.queryString, made.queryParams.a]).toEqual(["a=given&q=1", "given"]);
  });

  test("keep what is no plain value, such as a file", () => {
    const date = new Date(0);
    expect(conn("POST", "/", { params: { date } }).bodyParams.date).toBe(date);
  });

  test("are there for a request in a process, too", () =>
    inVirtualTime(async (sim) => {
      const show: PlugFn = (it) => it.json(it.params);
      const answer = await request(sim, show, "POST", "/?q=1", { params: { a: "1" } });
      expect(answer.json()).toEqual({ q: "1", a: "1" });
    }));
});

describe("call", () => {
  const hello = (it: Conn) => it.assign("hello", "world");

  test("passes a conn through a plug, and gives the conn that comes back: at once, if the plug does", async () => {
    const done = call(hello, conn("GET", "/"));
    expect([done.assigns.hello, done.state]).toEqual(["world", "unset"]);
    const later = call(async (it: Conn) => hello(it), conn("GET", "/"));
    expect(later).toBeInstanceOf(Promise);
    expect((await later).assigns.hello).toBe("world");
  });

  test("gives a conn that was halted, too, as a conn", async () => {
    const halted = await call(
      pipeline().plug((it: Conn) => it.resp(401, "no").halt()),
      conn("GET", "/"),
    );
    expect([halted.halted, halted.status, halted.respBody]).toEqual([true, 401, "no"]);
  });

  test("passes one conn through several plugs, one after the other", () => {
    const both = call((it: Conn) => it.assign("more", 1), call(hello, conn("GET", "/")));
    expect(both.assigns).toEqual({ hello: "world", more: 1 });
  });

  test("throws what the plug throws, at once or later", async () => {
    const error = new Error("broken");
    const broken = (): never => {
      throw error;
    };
    expect(() => call(broken, conn("GET", "/"))).toThrow(error);
    await expect(call(async () => broken(), conn("GET", "/"))).rejects.toBe(error);
  });

  test("refuses a plug that returns no conn, and what is no plug", () => {
    const forgetful = () => undefined as unknown as Conn;
    expect(() => call(forgetful, conn("GET", "/"))).toThrow(
      /expected plug forgetful at .* to return a conn, got: undefined/,
    );
    expect(() => call(RequestId as never, conn("GET", "/"))).toThrow("expected a function plug, got: ");
  });

  test("waits for a response that is held", async () => {
    const log: string[] = [];
    const holds = (it: Conn) => it.holdResponse(Promise.resolve().then(() => log.push("written"))).text("held");
    await call(holds, conn("GET", "/"));
    expect(log).toEqual(["written"]);
  });
});

describe("the process of a conn", () => {
  test("needs no system: it sleeps in a virtual time of its own, and gets messages", async () => {
    const slow = async (it: Conn) => {
      await it.self.sleep(3_600_000);
      it.self.send(it.self.pid, "hello");
      return it.assign("got", [it.self.now(), await it.self.receive()]);
    };
    expect((await call(slow, conn("GET", "/"))).assigns.got).toEqual([3_600_000, "hello"]);
  });

  test("lives in the system that the conn is made with, and reaches the processes there", () =>
    inVirtualTime(async (sim) => {
      const counter = name<typeof Counter>("counter");
      await start(sim, Counter, { name: counter });
      const asks = async (it: Conn) => it.json(await it.self.call(counter, "next"));
      expect((await call(asks, conn(sim, "GET", "/"))).state).toBe("sent");
      await expect(call(asks, conn("GET", "/"))).rejects.toThrow("counter");
    }));

  test("ends with endRequest, and with it what it owns", () =>
    inVirtualTime(async (sim) => {
      const made = conn(sim, "GET", "/");
      made.self.sendAfter("late", 1000);
      expect(sim.leaks()).toEqual([`process ${made.owner} GET /`, "1 timers"]);
      const reasons: unknown[] = [];
      sim.telemetry.on("process.exit", (_, { pid, reason }) => void (pid === made.owner && reasons.push(reason)));
      endRequest(made);
      expect([sim.isAlive(made.owner), reasons, sim.leaks()]).toEqual([false, ["normal"], []]);
    }));

  test("of two conns is not the same", () => {
    const [a, b] = [conn("GET", "/"), conn("GET", "/")];
    expect(a.owner).not.toBe(b.owner);
    expect(new Conn(a.exchange).owner).toBe(a.owner);
  });
});

const Counter = {
  init: () => ok(0),
  handleCall: { next: (_, count) => reply(count + 1, count + 1) },
} satisfies GenServer<number>;
