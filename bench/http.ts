// The HTTP benchmark: 64 connections that ask without pause, and the CPU that the server uses for it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Figures } from "./figures.ts";
import { node, script } from "./launch.ts";

const run = promisify(execFile);
const CONNECTIONS = 64;

/** CPU per request of a server that is asked for `duration` ms, after half as long to warm up. */
export async function http(bench: string, implementation: string, duration: number): Promise<Figures> {
  const server = spawn(...node(script("http-server.ts"), implementation), { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<number> => Number((await lines.next()).value);
    const load = async (port: number, ms: number): Promise<number> => {
      const { stdout } = await run(...node(script("load.ts"), String(port), String(CONNECTIONS), String(ms)));
      return Number(stdout);
    };
    const cpu = (): Promise<number> => {
      server.stdin.write("\n");
      return next();
    };
    const port = await next();
    await load(port, duration / 2);
    const before = await cpu();
    const answered = await load(port, duration);
    return new Figures(JSON.stringify({ w: bench, i: 0, n: answered, us: (await cpu()) - before }));
  } finally {
    server.kill();
    await once(server, "close");
  }
}
