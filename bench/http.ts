// The HTTP benchmarks: connections that ask without pause and the CPU that the server uses for it; and the memory that
// connections take which have asked once, and stay.

import { type ChildProcess, execFile, spawn } from "node:child_process";
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
const ROUND_MS = 1000;
const IDLE_CONNECTIONS = 5000;
/** So many are opened at a time: fewer than a server keeps waiting. */
const AT_ONCE = 100;

/**
 * Servers of one site that run side by side, each asked for a round in turn: what disturbs the machine for longer than a
 * round disturbs them all. One that is not asked uses no CPU.
 */
export class Servers implements AsyncDisposable {
  private readonly bench: string;
  private readonly site: Site;
  private readonly servers = new Map<string, Server>();

  constructor(bench: string, site: Site) {
    this.bench = bench;
    this.site = site;
  }

  /** The CPU per request in one round; before the first there is one to warm up. */
  async round(implementation: string): Promise<Figures> {
    const { port, ask } = this.servers.get(implementation) ?? (await this.start(implementation));
    const before = await ask("cpu");
    const n = await load(port, ROUND_MS, this.site);
    const us = (await ask("cpu")) - before;
    return new Figures(JSON.stringify({ w: this.bench, i: 1, n, us, rate: (1000 * n) / ROUND_MS }));
  }

  private async start(implementation: string): Promise<Server> {
    const server = await Server.start(implementation, this.site);
    this.servers.set(implementation, server);
    await load(server.port, WARM_UP_MS, this.site);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers.values()) await server[Symbol.asyncDispose]();
  }
}

/** Resident bytes of each of many connections that are kept alive and idle. */
export async function memoryPerConnection(bench: string, implementation: string): Promise<Figures> {
  await using server = await Server.start(implementation, "hello");
  const { port, ask } = server;
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
  return new Figures(JSON.stringify({ w: bench, i: 0, n: IDLE_CONNECTIONS, us, rss: Math.round(each) }));
}

/** How many requests were answered. Rejects when an answer was not the right one. */
export async function load(port: number, ms: number, site: Site, connections = CONNECTIONS): Promise<number> {
  const args = [port, connections, ms].map(String);
  const { stdout } = await run(...pinned("load", ...node(script("load.ts"), ...args, site)));
  return Number(stdout);
}

/** A server in an operating system process of its own. */
export class Server implements AsyncDisposable {
  readonly port: number;
  /** Its CPU time so far in microseconds, or its resident memory after a full collection in bytes. */
  readonly ask: (question: "cpu" | "rss") => Promise<number>;
  private readonly process: ChildProcess;

  static async start(implementation: string, site: Site): Promise<Server> {
    const [command, args] = node("--expose-gc", script("http/server.ts"), implementation, site);
    const child = spawn(...pinned("server", command, args), {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_ENV: "production" },
    });
    const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<number> => {
      const { value, done } = await said.next();
      if (done) throw new Error(`expected an answer of the server of ${site} on ${implementation}, got: its end`);
      return Number(value);
    };
    const ask = (question: "cpu" | "rss"): Promise<number> => {
      child.stdin.write(`${question}\n`);
      return next();
    };
    return new Server(child, await next(), ask);
  }

  private constructor(process: ChildProcess, port: number, ask: Server["ask"]) {
    this.process = process;
    this.port = port;
    this.ask = ask;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.process, "close");
    this.process.kill();
    await closed;
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
