// The HTTP benchmarks: connections that ask without pause and the CPU that the server uses for it; and the memory that
// connections take which have asked once, and stay.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Figures } from "./figures.ts";
import { exchangeOf, HOST, type Site } from "./http/site.ts";
import { node, script } from "./launch.ts";
import { pinned } from "./pinned.ts";

const run = promisify(execFile);
const CONNECTIONS = 64;
const WARM_UP_MS = 1500;
const ROUND_MS = 500;
const IDLE_CONNECTIONS = 5000;
/** So many are opened at a time: fewer than a server keeps waiting. */
const AT_ONCE = 100;

/** The server's CPU per request in each of some rounds, after one to warm up, which is longer. */
export const cpuPerRequest = (bench: string, site: Site, implementation: string, rounds: number): Promise<Figures> =>
  serving(implementation, site, async (port, ask) => {
    await load(port, WARM_UP_MS, site);
    const lines: object[] = [];
    while (lines.length < rounds) {
      const before = await ask("cpu");
      const answered = await load(port, ROUND_MS, site);
      const us = (await ask("cpu")) - before;
      lines.push({ w: bench, i: 1 + lines.length, n: answered, us, rate: (1000 * answered) / ROUND_MS });
    }
    return lines;
  });

/** Resident bytes of each of many connections that are kept alive and idle. */
export const memoryPerConnection = (bench: string, implementation: string): Promise<Figures> =>
  serving(implementation, "hello", async (port, ask) => {
    // What the first connections make, such as compiled code, is no connection's.
    await closed(await open(port, AT_ONCE));
    const before = await ask("rss");
    const began = performance.now();
    const sockets = await open(port, IDLE_CONNECTIONS);
    const us = 1000 * (performance.now() - began);
    const each = ((await ask("rss")) - before) / IDLE_CONNECTIONS;
    const left = sockets.filter((socket) => socket.readyState === "open").length;
    await closed(sockets);
    if (left < IDLE_CONNECTIONS) throw new Error(`expected ${IDLE_CONNECTIONS} connections that stay, got: ${left}`);
    return [{ w: bench, i: 0, n: IDLE_CONNECTIONS, us, rss: Math.round(each) }];
  });

/** How many requests were answered. Rejects when an answer was not the right one. */
export async function load(port: number, ms: number, site: Site, connections = CONNECTIONS): Promise<number> {
  const args = [port, connections, ms].map(String);
  const { stdout } = await run(...pinned("load", ...node(script("load.ts"), ...args, site)));
  return Number(stdout);
}

type Ask = (question: "cpu" | "rss") => Promise<number>;

/** What `measure` finds out about a server that runs meanwhile. */
export async function serving(
  implementation: string,
  site: Site,
  measure: (port: number, ask: Ask) => Promise<readonly object[]>,
): Promise<Figures> {
  const [command, [...args]] = node("--expose-gc", script("http/server.ts"), implementation, site);
  const server = spawn(...pinned("server", command, args), {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  try {
    const said = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<number> => {
      const { value, done } = await said.next();
      if (done) throw new Error(`expected an answer of the server of ${site} on ${implementation}, got: its end`);
      return Number(value);
    };
    const ask: Ask = (question) => {
      server.stdin.write(`${question}\n`);
      return next();
    };
    const lines = await measure(await next(), ask);
    return new Figures(lines.map((line) => JSON.stringify(line)).join("\n"));
  } finally {
    server.kill();
    await once(server, "close");
  }
}

/** Connections that have been answered once. */
async function open(port: number, count: number): Promise<readonly Socket[]> {
  const { request } = exchangeOf("hello", 0);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, () =>
      connect({ port, host: HOST, noDelay: true }),
    );
    for (const socket of batch) socket.on("error", () => {});
    await Promise.all(
      batch.map(async (socket) => {
        socket.write(request);
        const [answer] = await once(socket, "data");
        if (!/^HTTP\/1\.1 200 [\s\S]*hello$/.test(answer)) throw new Error(`expected hello, got: ${answer}`);
      }),
    );
    sockets.push(...batch);
  }
  return sockets;
}

async function closed(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      socket.destroy();
      return socket.closed || once(socket, "close");
    }),
  );
}
