// npm run bench [-- --json] [-- --quick] [-- --only=HTTP]
//
// The same work on hornbeam and on what it is measured against, one Node process each, interleaved, in one run. Only
// ratios are printed: above 1 means that hornbeam is faster. Absolute times on a shared machine mean nothing.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

interface Row {
  readonly bench: string;
  readonly against: string;
  readonly ratio: number;
  /** What the design asks for; no row fails the run. */
  readonly goal: number;
  /** The ratios of the rounds, from the least to the greatest. */
  readonly spread: readonly [least: number, greatest: number];
}

const flags = new Set(process.argv.slice(2));
const only = [...flags].find((flag) => flag.startsWith("--only="))?.slice("--only=".length) ?? "";
const ROUNDS = flags.has("--quick") ? 1 : 5;
const HTTP_MS = flags.has("--quick") ? 500 : 2000;
const CONNECTIONS = 64;

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const node = (...args: string[]) => [process.execPath, ["--conditions=hornbeam-source", ...args]] as const;

/** Nanoseconds per operation: the median of the rounds after the first, which warms up. */
async function core(workload: string, implementation: string): Promise<number> {
  const { stdout } = await run(...node(script("core.ts"), workload, implementation));
  return median(stdout.trim().split("\n").map(Number).slice(1));
}

/** Microseconds of the server's CPU per request. */
async function http(implementation: string): Promise<number> {
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
    await load(port, HTTP_MS / 2);
    const before = await cpu();
    const answered = await load(port, HTTP_MS);
    return ((await cpu()) - before) / answered;
  } finally {
    server.kill();
    await once(server, "close");
  }
}

async function compare(
  bench: string,
  goals: Readonly<Record<string, number>>,
  ours: () => Promise<number>,
  theirs: (against: string) => Promise<number>,
): Promise<readonly Row[]> {
  const ratios = new Map(Object.keys(goals).map((against) => [against, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    const own = await ours();
    for (const [against, list] of ratios) list.push((await theirs(against)) / own);
  }
  return [...ratios].map(([against, list]) => ({
    bench,
    against,
    ratio: median(list),
    goal: goals[against] as number,
    spread: [Math.min(...list), Math.max(...list)],
  }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

const benches: readonly (readonly [name: string, run: (name: string) => Promise<readonly Row[]>])[] = [
  [
    "message ping-pong",
    (name) =>
      compare(
        name,
        { "dispatch loop": 0.6 },
        () => core("pingpong", "hornbeam"),
        () => core("pingpong", "loop"),
      ),
  ],
  [
    "GenServer call",
    (name) =>
      compare(
        name,
        { "dispatch loop": 0.6 },
        () => core("call", "hornbeam"),
        () => core("call", "loop"),
      ),
  ],
  ["HTTP hello, server CPU", (name) => compare(name, { node: 0.8, fastify: 1 }, () => http("hornbeam"), http)],
];

const rows: Row[] = [];
for (const [name, run] of benches) if (name.includes(only)) rows.push(...(await run(name)));

const round = (value: number): number => Number(value.toPrecision(3));
for (const { bench, against, ratio, goal, spread } of rows) {
  const [least, greatest] = spread.map(round);
  if (flags.has("--json")) {
    console.log(JSON.stringify({ bench, against, ratio: round(ratio), goal, least, greatest }));
  } else {
    const name = `${bench}, against ${against === "node" ? "raw node:http" : against}`;
    console.log(`${name.padEnd(56)} ${String(round(ratio)).padStart(6)}x   (${least} to ${greatest}; goal ${goal})`);
  }
}
