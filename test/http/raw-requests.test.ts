import { type PlugFn, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { chunks } from "./raw/chunks.ts";
import { connections, upgrades } from "./raw/connections.ts";
import { contentLength } from "./raw/content-length.ts";
import { disconnects } from "./raw/disconnects.ts";
import { expectations } from "./raw/expectations.ts";
import { headers } from "./raw/headers.ts";
import { hosts } from "./raw/hosts.ts";
import { play, Site } from "./raw/play.ts";
import { requestLine, versions } from "./raw/request-line.ts";
import { get, NEXT, type Row, request } from "./raw/row.ts";
import { smuggling } from "./raw/smuggling.ts";
import { targets } from "./raw/targets.ts";
import { type Live, serving } from "./support.ts";

const TOPICS: Readonly<Record<string, readonly Row[]>> = {
  "request line": requestLine,
  version: versions,
  target: targets,
  Host: hosts,
  "Content-Length": contentLength,
  "Transfer-Encoding": smuggling,
  chunks,
  headers,
  Expect: expectations,
  Upgrade: upgrades,
  connection: connections,
  disconnect: disconnects,
};
const ROWS = Object.values(TOPICS).flat();

/** Nothing in it is served, whatever follows it. */
const isRefused = ({ connection, plugs, leaves, answers }: Row): boolean =>
  connection === "closed" && plugs === 0 && leaves === undefined && answers.length > 0;

/** The statuses of what the server says that it refused. */
function refusals(live: Live): number[] {
  const statuses: number[] = [];
  live.sim.telemetry.on("http.request.refused", (_, { status }) => statuses.push(status));
  return statuses;
}

describe.each(Object.entries(TOPICS))("%s:", (_, rows) => {
  test.each(rows.map((row) => [row.what, row] as const))("%s", (_, row) => {
    const site = new Site();
    return serving({ plug: site.plug }, async (live) => {
      const refused = refusals(live);
      const { answers, connection } = row;
      expect([await play(live, row), site.plugs]).toEqual([{ answers, connection }, row.plugs]);
      expect(refused).toEqual(connection === "closed" ? answers.filter((status) => status >= 400) : []);
    });
  });
});

describe("nothing that follows a refused request is served:", () => {
  test.each(ROWS.filter(isRefused).map((row) => [row.what, row] as const))("%s", (_, row) => {
    const site = new Site();
    const pieces = typeof row.raw === "string" ? [row.raw] : row.raw;
    return serving({ plug: site.plug }, async (live) => {
      const followed = { ...row, raw: pieces.with(-1, pieces.at(-1) + NEXT.repeat(3)) };
      expect([(await play(live, followed)).connection, site.plugs]).toEqual(["closed", 0]);
    });
  });
});

test("all of them at once, on one server, come to what each comes to by itself", () => {
  const site = new Site();
  return serving({ plug: site.plug }, async (live) => {
    const outcomes = await Promise.all(ROWS.map(async (row) => ({ what: row.what, ...(await play(live, row)) })));
    expect(outcomes).toEqual(ROWS.map(({ what, answers, connection }) => ({ what, answers, connection })));
    expect(site.plugs).toBe(ROWS.reduce((sum, { plugs }) => sum + plugs, 0));
  });
});

test("there are at least 250 of them, and none twice", () => {
  expect(ROWS.length).toBeGreaterThan(250);
  const sent = ROWS.map(({ raw, leaves }) => JSON.stringify([raw, leaves]));
  expect(sent.filter((raw, i) => sent.indexOf(raw) !== i)).toEqual([]);
});

describe("what is refused is answered with a short text that says why, and Connection: close:", () => {
  test.each([
    ["by the parser", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400 Invalid header token\n"],
    ["by the parser, as too long", get(`X-A: ${"a".repeat(20_000)}`), "431 the headers are too long\n"],
    ["by the check of the head", request("GET / HTTP/1.1"), "400 the request has no Host\n"],
    ["as a tunnel", request("CONNECT a:80 HTTP/1.1", "Host: a"), "501 nothing is tunnelled\n"],
    ["as an expectation", get("Expect: x"), "417 the only expectation that is known is 100-continue\n"],
  ])("%s", (_, raw, text) =>
    serving({ plug: new Site().plug }, async (live) => {
      const client = await live.connect();
      const { headers, body } = await client.send(raw).answer();
      expect(body).toBe(text);
      expect(headers).toMatchObject({ connection: "close", "content-type": "text/plain; charset=utf-8" });
      expect(headers["content-length"]).toBe(String(text.length));
      expect(Date.parse(headers.date as string)).not.toBeNaN();
      expect(await client.closed).toBe("closed");
    }),
  );
});

test("a refusal is counted with its status, its reason and the client's address", () =>
  serving({ plug: new Site().plug }, async (live) => {
    const refused = live.next("http.request.refused");
    const { client, pid } = await live.accepted();
    client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    expect(await refused).toEqual({ pid, remoteAddress: "127.0.0.1", status: 400, reason: "Invalid header token" });
  }));

/** What a plug gets to know of the target and the Host. */
const look: PlugFn = (conn) => conn.json([conn.scheme, conn.host, conn.port, conn.requestPath, conn.queryString]);

describe("a target is understood in all its forms:", () => {
  test.each<[what: string, line: string, host: string | undefined, seen: [string, number, string, string]]>([
    ["a path", "GET /a HTTP/1.1", "h", ["h", 80, "/a", ""]],
    ["a path with a query", "GET /a?b=c HTTP/1.1", "h", ["h", 80, "/a", "b=c"]],
    ["a query of nothing", "GET /a? HTTP/1.1", "h", ["h", 80, "/a", ""]],
    ["a path that is not tidied", "GET /a/../b//c/?d=e?f HTTP/1.1", "h", ["h", 80, "/a/../b//c/", "d=e?f"]],
    ["a path that looks like a host", "GET //evil/a HTTP/1.1", "h", ["h", 80, "//evil/a", ""]],
    ["a path that looks like a URL", "GET /http://b/c HTTP/1.1", "h", ["h", 80, "/http://b/c", ""]],
    ["escapes, and what is none", "GET /%zz/%00/%2e%2e?%zz HTTP/1.1", "h", ["h", 80, "/%zz/%00/%2e%2e", "%zz"]],
    ["a host in capitals", "GET / HTTP/1.1", "EXAMPLE.org", ["example.org", 80, "/", ""]],
    ["a host with a port", "GET / HTTP/1.1", "example.org:8080", ["example.org", 8080, "/", ""]],
    ["a host with an empty port", "GET / HTTP/1.1", "example.org:", ["example.org", 80, "/", ""]],
    ["an IPv4 address", "GET / HTTP/1.1", "127.0.0.1", ["127.0.0.1", 80, "/", ""]],
    ["an IPv4 address with a port", "GET / HTTP/1.1", "127.0.0.1:1", ["127.0.0.1", 1, "/", ""]],
    ["an IPv6 address", "GET / HTTP/1.1", "[::1]", ["[::1]", 80, "/", ""]],
    ["an IPv6 address with a port", "GET / HTTP/1.1", "[::1]:8080", ["[::1]", 8080, "/", ""]],
    ["a host with an underscore", "GET / HTTP/1.1", "a_b.example", ["a_b.example", 80, "/", ""]],
    ["a Host that is empty", "GET / HTTP/1.1", "", ["", 80, "/", ""]],
    ["no Host, on HTTP/1.0", "GET /a HTTP/1.0", undefined, ["", 80, "/a", ""]],
    ["a Host on HTTP/1.0", "GET /a HTTP/1.0", "h:81", ["h", 81, "/a", ""]],
    ["a whole URL", "GET http://b/c?d HTTP/1.1", "b", ["b", 80, "/c", "d"]],
    [
      "a whole URL, whose host wins",
      "GET http://Evil.example:81/a?b HTTP/1.1",
      "h:82",
      ["evil.example", 81, "/a", "b"],
    ],
    ["a whole URL, whose missing port wins", "GET http://b/ HTTP/1.1", "h:82", ["b", 80, "/", ""]],
    ["a whole URL without a path", "GET http://b HTTP/1.1", "h", ["b", 80, "/", ""]],
    ["a whole URL without a path, with a query", "GET http://b?c=d HTTP/1.1", "h", ["b", 80, "/", "c=d"]],
    ["a whole URL of an IPv6 address", "GET http://[::1]:81/a HTTP/1.1", "h", ["[::1]", 81, "/a", ""]],
    ["a whole URL in capitals", "GET HTTP://B/C HTTP/1.1", "h", ["b", 80, "/C", ""]],
    ["a whole URL without a Host, on HTTP/1.0", "GET http://b/c HTTP/1.0", undefined, ["b", 80, "/c", ""]],
    ["a whole URL for OPTIONS", "OPTIONS http://b/ HTTP/1.1", "h", ["b", 80, "/", ""]],
    ["* for OPTIONS", "OPTIONS * HTTP/1.1", "h", ["h", 80, "*", ""]],
  ])("%s", (_, line, host, seen) =>
    serving({ plug: look }, async (live) => {
      const client = await live.connect();
      const raw = request(line, ...(host === undefined ? [] : [`Host: ${host}`]));
      expect(JSON.parse((await client.send(raw).answer()).body)).toEqual(["http", ...seen]);
    }),
  );

  test("the host that the request before named is not taken for the host of the next one", () =>
    serving({ plug: look }, async (live) => {
      const client = await live.connect();
      const hosts = ["a:1", "b:2", "b:2", "a:1", "A:1", "a"];
      const seen = [];
      for (const host of hosts) {
        const { body } = await client.send(request("GET / HTTP/1.1", `Host: ${host}`)).answer();
        seen.push(JSON.parse(body).slice(1, 3).join(":"));
      }
      expect(seen).toEqual(["a:1", "b:2", "b:2", "a:1", "a:1", "a:80"]);
    }));
});

test("header names that objects have are headers like any other", () =>
  serving({ plug: router().get("/", (conn) => conn.json(conn.reqHeaders.slice(1))).plug }, async (live) => {
    const client = await live.connect();
    const answer = await client.get("/", "__proto__: 1", "constructor: 2", "toString: 3");
    expect(JSON.parse(answer.body)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["tostring", "3"],
    ]);
  }));
