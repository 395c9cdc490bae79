// npm run bench [-- --json] [-- --quick] [-- --only=PATTERN] [-- --against=ceiling,beam] [-- --gate [--update]]
//
// The same work on hornbeam and on what it is measured against, one process each, in turn. Only ratios are printed: above
// 1 means that hornbeam is faster, or smaller. Absolute times on a shared machine mean nothing.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { compare, type Result } from "./compare.ts";
import { flagsOf } from "./flags.ts";
import { type Complaint, type Ratios, tooMuch, tooSlow } from "./gate.ts";
import { memoryPerConnection, Servers } from "./http.ts";
import { absent, launch, node, script } from "./launch.ts";
import { GATED, HTTP, type HttpWorkload, type Row, WORKLOADS, type Workload } from "./workloads.ts";

/** Scripts that print rows of their own as lines of JSON, and of which benches. */
const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  "http-latency.ts": ["HTTP p99 under 100,000 messages/s"],
  "simulation.ts": ["simulation, schedules of 100 steps a second"],
  "cores.ts": [
    "worker pool, 2 threads",
    "2 OS processes, 1 ms of computation a request",
    "2 OS processes, hello, the client on the same cores",
    "2 OS processes, hello, requests per second of their CPU",
  ],
};

/** What is printed, as text or as a line of JSON. */
interface Line {
  readonly bench: string;
  readonly against: string;
  readonly ratio: number;
  readonly goal: number | null;
  /** Of a script that has no rounds of its own to tell: none. */
  readonly least?: number;
  readonly greatest?: number;
  readonly figure?: number;
  readonly limit?: number;
  /** Figures of this machine, which mean little elsewhere: requests a second, or bytes of resident memory. */
  readonly rate?: readonly number[];
  readonly rss?: readonly number[];
}

const flags = flagsOf(process.argv.slice(2));
const ROUNDS = flags.quick ? 1 : 3;
const HTTP_ROUNDS = flags.quick ? 3 : 12;

const BASELINE = new URL("baseline.json", import.meta.url);
/** A gate is short: few rounds in a launch, of which there are more. */
const GATE_ROUNDS = 4;
const GATE_LAUNCHES = 5;

async function table(): Promise<void> {
  const workloads = [...WORKLOADS, ...HTTP];
  const rows = workloads.flatMap(({ rows }) => rows);
  const benches = new Set([...rows.map(({ bench }) => bench), ...Object.values(SCRIPTS).flat()]);
  if (![...benches].some(isWanted)) {
    const names = [...benches].join(", ");
    throw new Error(`--only: expected a pattern that matches one of ${names}, got: ${flags.only?.source}`);
  }
  const missing = missingRivals(rows.filter(isAsked));
  for (const workload of workloads) {
    const rows = workload.rows.filter((row) => isAsked(row) && !missing.has(row.against));
    if (rows.length === 0) continue;
    try {
      for (const result of await measured(workload, rows)) print(lineOf(result));
    } catch (thrown) {
      process.exitCode = 1;
      console.error(`${workload.name}: ${(thrown as Error).message}`);
    }
  }
  for (const [script, benches] of Object.entries(SCRIPTS)) {
    if (!benches.some(isWanted)) continue;
    for await (const line of linesOf(script)) if (isAsked(line)) print(line);
  }
}

const isWanted = (bench: string): boolean => flags.only?.test(bench) ?? true;
const isAsked = ({ bench, against }: { readonly bench: string; readonly against: string }): boolean =>
  isWanted(bench) && (flags.against?.has(against) ?? true);

/** Those of the rivals that were asked for, and are not here. Each is told of once. */
function missingRivals(rows: readonly Row[]): ReadonlySet<string> {
  const missing = new Set<string>();
  for (const rival of new Set(rows.map(({ against }) => against))) {
    const why = absent(rival);
    if (why === undefined) continue;
    missing.add(rival);
    console.error(why);
  }
  return missing;
}

async function measured(workload: Workload | HttpWorkload, rows: readonly Row[]): Promise<readonly Result[]> {
  const { name } = workload;
  if (!("site" in workload)) return compare(rows, ROUNDS, (who) => launch(who, workload, workload.rounds));
  if (workload.site === undefined) return compare(rows, ROUNDS, (who) => memoryPerConnection(name, who));
  await using servers = new Servers(name, workload.site);
  return await compare(rows, HTTP_ROUNDS, (who) => servers.round(who));
}

async function* linesOf(name: string): AsyncGenerator<Line> {
  const program = spawn(...node(script(name), ...(flags.quick ? ["--quick"] : [])), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(program, "close");
  for await (const line of createInterface({ input: program.stdout })) yield JSON.parse(line);
  const [code] = await closed;
  if (code !== 0) process.exitCode = 1;
}

const round = (value: number): number => Number(value.toPrecision(3));

function lineOf({ row, ratio, least, greatest, shown }: Result): Line {
  const { bench, against, goal, limit, field } = row;
  const figure = limit === undefined ? {} : { figure: round(limit / ratio), limit };
  return {
    bench,
    against,
    ratio: round(ratio),
    goal: goal === null ? null : round(goal),
    least: round(least),
    greatest: round(greatest),
    ...figure,
    ...(field !== undefined && shown !== undefined ? { [field]: shown.map(Math.round) } : {}),
  };
}

function print(line: Line): void {
  if (flags.json) return console.log(JSON.stringify(line));
  const { bench, against, ratio, goal, least, greatest, figure, limit } = line;
  const name = `${bench}, against ${figure === undefined ? against : `the limit of ${limit} (${figure})`}`;
  const wish = goal === null ? "no goal" : `goal ${goal}`;
  const range = least === undefined ? "" : `${least} to ${greatest}; `;
  console.log(`${name.padEnd(56)} ${String(ratio).padStart(6)}x   (${range}${wish})`);
}

/**
 * Fails when hornbeam is slower against the ceiling than what is committed, or over a limit. What is bad is measured once
 * more.
 */
async function gate(): Promise<void> {
  const measured = await ratiosOf(GATED);
  if (flags.update) {
    writeFileSync(BASELINE, `${JSON.stringify(measured, null, 2)}\n`);
    return console.log(JSON.stringify(measured));
  }
  const baseline: Ratios = JSON.parse(readFileSync(BASELINE, "utf8"));
  const again = tooSlow(baseline, measured).map(({ bench }) => bench);
  const final = again.length === 0 ? measured : { ...measured, ...(await ratiosOf(again)) };
  const complaints = [...tooSlow(baseline, final), ...(await overLimits())];
  for (const { message } of complaints) console.error(message);
  if (complaints.length > 0) process.exitCode = 1;
  else console.log(`as fast as the baseline, and within the limits: ${JSON.stringify(final)}`);
}

async function overLimits(): Promise<readonly Complaint[]> {
  const over: Complaint[] = [];
  for (const workload of WORKLOADS) {
    const rows = workload.rows.filter(({ limit }) => limit !== undefined);
    if (rows.length === 0) continue;
    const measure = async () =>
      tooMuch(await compare(rows, 1, (who) => launch(who, workload, Math.min(GATE_ROUNDS, workload.rounds))));
    if ((await measure()).length > 0) over.push(...(await measure()));
  }
  return over;
}

async function ratiosOf(benches: readonly string[]): Promise<Ratios> {
  const ratios: Record<string, number> = {};
  for (const workload of WORKLOADS.filter(({ name }) => benches.includes(name))) {
    const rows = workload.rows.filter(({ against }) => against === "ceiling");
    const results = await compare(rows, GATE_LAUNCHES, (who) => launch(who, workload, GATE_ROUNDS));
    for (const { row, ratio } of results) ratios[row.bench] = round(ratio);
  }
  return ratios;
}

if (flags.gate) await gate();
else await table();
