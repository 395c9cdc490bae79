import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { SITES } from "../../bench/http/site.ts";
import { load, Server } from "../../bench/http.ts";
import { missing, PACKAGES } from "../../bench/peers/peer.ts";
import { coresOf, pinned } from "../../bench/pinned.ts";
import { HTTP } from "../../bench/workloads.ts";
import { REAL } from "../http/support.ts";

/** Those that are always here, and the peers that are installed. */
const IMPLEMENTATIONS = [
  ...["hornbeam", "node", "fastify"],
  ...(["koa", "express", "hono"] as const).filter((peer) => missing(peer).length === 0),
];

for (const implementation of IMPLEMENTATIONS) {
  test(
    `${implementation} serves each site as the load expects it, and tells its CPU time and its memory`,
    async () => {
      for (const site of SITES) {
        await using server = await Server.start(implementation, site);
        const before = await server.ask("cpu");
        expect(await load(server.port, 50, site, 4)).toBeGreaterThanOrEqual(4);
        expect((await server.ask("cpu")) - before).toBeGreaterThan(0);
        expect(await server.ask("rss")).toBeGreaterThan(1_000_000);
      }
    },
    REAL,
  );
}

/** A server that answers each request, by its number, with a status and a body. */
async function answering<T>(
  answer: (n: number) => readonly [status: number, body: string],
  run: (port: number) => Promise<T>,
): Promise<T> {
  let n = 0;
  const server = createServer((_, response) => {
    const [status, body] = answer(n++);
    response.writeHead(status, { "content-length": body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await run((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("the load counts what was answered", async () => {
  const answered = await answering(
    () => [200, "hello"],
    (port) => load(port, 50, "hello", 4),
  );
  expect(answered).toBeGreaterThanOrEqual(4);
});

test.each([
  ["another status", [500, "hello"]],
  ["a body that is longer", [200, "hello, world"]],
  ["a body of the same length", [200, "jello"]],
] as const)("an answer with %s ends the load with an error that shows it", async (_, wrong) => {
  const outcome = answering(
    () => wrong,
    (port) => load(port, 50, "hello", 4),
  );
  await expect(outcome).rejects.toThrow(/expected 200 with hello, got: HTTP\/1\.1/);
});

test("an answer that comes in parts is one", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-length": 5 });
    response.write("he");
    setImmediate(() => response.end("llo"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await load(port, 50, "hello", 4)).toBeGreaterThanOrEqual(4);
  server.closeAllConnections();
  server.close();
});

test("each site is measured against raw node and every framework, with the goals of the design", () => {
  const goals = HTTP.flatMap(({ rows }) => rows).map(({ bench, against, goal }) => [bench, against, goal]);
  expect(goals).toEqual([
    ["http hello", "node", 0.95],
    ...["fastify", "koa", "express"].map((peer) => ["http hello", peer, 1]),
    ["http hello", "hono", null],
    ...["http users", "http api"].flatMap((bench) => [
      [bench, "node", 0.9],
      ...["fastify", "koa", "express", "hono"].map((peer) => [bench, peer, 1]),
    ]),
    ["http rss", "node", null],
  ]);
});

test("what a peer needs is named with its version", () => {
  expect(Object.keys(PACKAGES)).toEqual(["nact", "xstate", "effect", "koa", "express", "hono"]);
  for (const name of missing("koa")) expect(name).toMatch(/^(koa|@koa\/router)@\d+\.\d+\.\d+$/);
});

test("a server and its load run on two of the cores that are allowed, or anywhere", () => {
  expect(coresOf("0-2,5")).toEqual([0, 1, 2, 5]);
  expect(coresOf("7")).toEqual([7]);
  const [server, client] = [pinned("server", "node", ["a.ts"]), pinned("load", "node", ["a.ts"])];
  if (server[0] === "node") expect([server, client]).toEqual([server, server]);
  else expect(server[1][1]).not.toBe(client[1][1]);
  for (const [command, args] of [server, client]) expect([command, ...args].slice(-2)).toEqual(["node", "a.ts"]);
});
