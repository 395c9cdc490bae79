import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Hunted, REPLAYS } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";

/** Schedules of each scenario before a mutant counts as not found. */
const LIMIT = 256;
/** A mutant that loops without a step of the simulation is killed. */
const PATIENCE_MS = 120_000;
const AT_ONCE = 2;

type Result = Hunted | { readonly trouble: string; readonly scenario?: undefined };

/** Hunts a mutant, or with an empty name none, in a process of its own. */
function hunted(name: string, limit: number): Promise<Result> {
  const program = fileURLToPath(new URL("child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=hornbeam-source", program, name, String(limit)]);
  let output = "";
  let errors = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    errors += data;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(JSON.parse(output.trim().split("\n").at(-1) ?? ""));
      const why = errors.split("\n").filter((line) => /Error|cause/.test(line));
      resolve({ trouble: signal === null ? why.join(" ").slice(0, 300) : `killed after ${PATIENCE_MS / 1000} s` });
    });
  });
}

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);
const median = (numbers: readonly number[]): number => sorted(numbers)[Math.floor((numbers.length - 1) / 2)] ?? 0;

function tell(name: string, result: Result): void {
  if ("trouble" in result) return console.log(`NOT FOUND  ${name}: ${result.trouble}`);
  if (result.scenario === undefined) return console.log(`NOT FOUND  ${name}: ${result.schedules} schedules`);
  const { scenario, schedules, orders, replayed } = result;
  console.log(
    `${String(schedules).padStart(6)} schedules, ${orders} orders, replayed ${replayed}:  ${name}  ← ${scenario}`,
  );
}

const { values } = parseArgs({ options: { only: { type: "string", default: "" }, limit: { type: "string" } } });
const limit = Number(values.limit ?? LIMIT);
const chosen = MUTANTS.filter(({ name, file }) => new RegExp(values.only).test(`${file}: ${name}`));

const sound = await hunted("", 16);
if (!("schedules" in sound) || sound.scenario !== undefined) {
  console.log("The scenarios fail without a mutant:", sound);
  process.exit(1);
}

const results: { readonly name: string; readonly result: Result }[] = [];
const waiting = [...chosen];
async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const result = await hunted(mutant.name, limit);
    tell(mutant.name, result);
    results.push({ name: mutant.name, result });
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));

const found = results.flatMap(({ result }) => (result.scenario === undefined ? [] : [result]));
const schedules = found.map((each) => each.schedules);
const orders = found.map((each) => each.orders);
const replayed = found.filter((each) => each.replayed === REPLAYS).length;
console.log(`
found        ${found.length} of ${chosen.length}
schedules    median ${median(schedules)}, worst ${Math.max(0, ...schedules)}
constraints  median ${median(orders)}, worst ${Math.max(0, ...orders)}
replayed     ${replayed} of ${found.length} each ${REPLAYS} times of ${REPLAYS}`);
const good =
  found.length === chosen.length && replayed === found.length && median(schedules) <= 100 && median(orders) <= 3;
process.exit(good && chosen.length > 0 ? 0 : 1);
