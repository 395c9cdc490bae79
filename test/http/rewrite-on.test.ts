import { type ForwardedHeader, pipeline, plug, RewriteOn, type RewriteOnOptions } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "./support.ts";

type Given = RewriteOnOptions | RewriteOnOptions["headers"];
type Sent = readonly (readonly [name: string, value: string])[];

/** Scheme, host, port and address of a request to http://www.example.com, as the plug leaves them. */
async function rewritten(given: Given, sent: Sent, port = 80): Promise<unknown> {
  const look = pipeline()
    .plug((conn) => conn.putRequest({ port }).prependReqHeaders(sent))
    .plug(plug(RewriteOn, given))
    .plug((conn) => conn.json([conn.scheme, conn.host, conn.port, conn.remoteIp]));
  return (await ask(look)).json();
}

const HOST = "www.example.com";
const HERE = "127.0.0.1";

describe("x-forwarded-proto", () => {
  test.each(["https", "wss"])("of %s makes the scheme https, and the port that of https", async (proto) => {
    expect(await rewritten("x-forwarded-proto", [["x-forwarded-proto", proto]])).toEqual(["https", HOST, 443, HERE]);
  });

  test("of http makes it http again, and the port that of http", async () => {
    const back = pipeline()
      .plug((conn) => conn.putReqHeader("x-forwarded-proto", "http"))
      .plug(plug(RewriteOn, "x-forwarded-proto"))
      .plug((conn) => conn.json([conn.scheme, conn.port]));
    expect((await ask(back, "GET /", { scheme: "https" })).json()).toEqual(["http", 80]);
  });

  test("leaves a port alone that is not the scheme's", async () => {
    const seen = await rewritten("x-forwarded-proto", [["x-forwarded-proto", "https"]], 1234);
    expect(seen).toEqual(["https", HOST, 1234, HERE]);
  });

  test.each(["ftp", "HTTPS", "https, http", "", "constructor"])("of %j changes nothing", async (proto) => {
    expect(await rewritten("x-forwarded-proto", [["x-forwarded-proto", proto]])).toEqual(["http", HOST, 80, HERE]);
  });
});

describe("x-forwarded-host", () => {
  test.each([
    ["truessl.example.com", "truessl.example.com"],
    ["TrueSSL.example.com", "truessl.example.com"],
    ["truessl.example.com:8443", "truessl.example.com"],
    ["[::1]:80", "[::1]"],
  ])("of %s makes the host %s", async (given, host) => {
    expect(await rewritten("x-forwarded-host", [["x-forwarded-host", given]])).toEqual(["http", host, 80, HERE]);
  });

  test.each(["", "a/b", "a@b", "a, b", "a?b", "a#b", "a b"])("of %j changes nothing", async (host) => {
    expect(await rewritten("x-forwarded-host", [["x-forwarded-host", host]])).toEqual(["http", HOST, 80, HERE]);
  });
});

describe("x-forwarded-port", () => {
  test("is the port", async () => {
    expect(await rewritten("x-forwarded-port", [["x-forwarded-port", "3030"]])).toEqual(["http", HOST, 3030, HERE]);
  });

  test.each(["", "0", "65536", "80a", "-1", "1e3", " 80"])("of %j changes nothing", async (port) => {
    expect(await rewritten("x-forwarded-port", [["x-forwarded-port", port]])).toEqual(["http", HOST, 80, HERE]);
  });
});

describe("x-forwarded-for", () => {
  test.each([
    ["4.3.2.1", "4.3.2.1"],
    ["1.2.3.4,::1", "1.2.3.4"],
    ["::1,1.2.3.4", "::1"],
    [" 1.2.3.4 , 5.6.7.8", "1.2.3.4"],
    ["bad", HERE],
    ["", HERE],
    ["bad, 1.2.3.4", HERE],
  ])("of %j makes the address %s", async (given, address) => {
    expect(await rewritten("x-forwarded-for", [["x-forwarded-for", given]])).toEqual(["http", HOST, 80, address]);
  });

  test.each([
    [1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"],
    [2, ["6.6.6.6, 1.2.3.4, 10.0.0.1"], "1.2.3.4"],
    [1, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"],
    [2, ["1.2.3.4"], "1.2.3.4"],
    [1, ["6.6.6.6, bad"], HERE],
    [1, [], HERE],
  ])("behind %i trusted proxies is counted from the right: %j is %s", async (trust, sent, address) => {
    const given = { headers: ["x-forwarded-for"], trust } as const;
    const headers = sent.map((value) => ["x-forwarded-for", value] as const);
    expect(await rewritten(given, headers)).toEqual(["http", HOST, 80, address]);
  });
});

const ALL: Sent = [
  ["x-forwarded-host", "truessl.example.com"],
  ["x-forwarded-port", "3030"],
  ["x-forwarded-proto", "https"],
  ["x-forwarded-for", "4.3.2.1"],
];
const NAMES = ALL.map(([name]) => name) as ForwardedHeader[];

test("several headers are believed together, in the order in which they are named", async () => {
  expect(await rewritten(NAMES, ALL)).toEqual(["https", "truessl.example.com", 3030, "4.3.2.1"]);
});

test("a function names them, when the plug is built", async () => {
  let asked = 0;
  const given = () => {
    asked++;
    return NAMES;
  };
  const through = pipeline()
    .plug((conn) => conn.prependReqHeaders(ALL))
    .plug(plug(RewriteOn, given))
    .plug((conn) => conn.text(conn.scheme));
  expect([(await ask(through)).body, (await ask(through)).body, asked]).toEqual(["https", "https", 1]);
});

test.each(NAMES)("%s changes nothing when nobody names it", async (name) => {
  const others = NAMES.filter((other) => other !== name);
  expect(
    await rewritten(
      others,
      ALL.filter(([sent]) => sent === name),
    ),
  ).toEqual(["http", HOST, 80, HERE]);
});

test.each(NAMES)("%s changes nothing when it comes twice", async (name) => {
  const twice = ALL.filter(([sent]) => sent === name).flatMap((header) => [header, header]);
  expect(await rewritten(NAMES, twice)).toEqual(["http", HOST, 80, HERE]);
});

test("peer data stay those of the connection", async () => {
  const look = pipeline()
    .plug((conn) => conn.prependReqHeaders(ALL))
    .plug(plug(RewriteOn, NAMES))
    .plug((conn) => conn.json([conn.remoteIp, conn.peerData.address]));
  expect((await ask(look)).json()).toEqual(["4.3.2.1", HERE]);
});

test.each([
  ["x-forwarded-other", "x-forwarded-other"],
  [["x-forwarded-for", "toString"], "toString"],
  [undefined, "undefined"],
])("an unknown header is refused when the plug is built: %j", (given, got) => {
  expect(() => plug(RewriteOn, given as Given)).toThrow("RewriteOn: expected headers among x-forwarded-proto, x-forw");
  expect(() => plug(RewriteOn, given as Given)).toThrow(got);
});

test.each([0, -1, 1.5, "1"])("a trust of %j is refused when the plug is built", (trust) => {
  expect(() => plug(RewriteOn, { headers: "x-forwarded-for", trust: trust as number })).toThrow(
    "RewriteOn: expected trust to be how many proxies there are, got: ",
  );
});
