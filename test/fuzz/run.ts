// npm run fuzz -- --requests 1000000 --seed 1 --seconds 900        what the server does with requests that are not
// npm run fuzz -- --seed 1 --only 4711                             one connection of that run again, or some: 4600-4711
import { parseArgs } from "node:util";
import { type FuzzReport, fuzz } from "./http.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    seconds: { type: "string", default: "900" },
    only: { type: "string" },
  },
});

const seed = Number(values.seed);
const report = await fuzz({
  requests: Number(values.requests),
  seed,
  seconds: Number(values.seconds),
  ...(values.only === undefined ? {} : { only: range(values.only) }),
});
console.log(summary(report));
if (report.finding !== undefined) {
  const { what, index, raw } = report.finding;
  console.log(`FOUND: ${what}`);
  if (raw !== undefined)
    console.log(`by ${JSON.stringify(raw)}\nagain: npm run fuzz -- --seed ${seed} --only ${index}`);
  process.exit(1);
}

function range(text: string): [from: number, to: number] {
  const [from, to = from] = text.split("-").map(Number) as [number, number?];
  return [from, to];
}

function summary({ requests, connections, seconds, statuses, slowest, quarter, end }: FuzzReport): string {
  const answers = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
  const mb = (bytes = 0): string => (bytes / 1e6).toFixed(1);
  return [
    `${requests} requests on ${connections} connections in ${Math.round(seconds)} s (seed ${seed})`,
    `answers ${answers.join(", ")}`,
    `slowest honest answer ${Math.round(slowest)} ms, longest stall ${end?.stall} ms`,
    `heap ${mb(quarter?.heap)} MB at 1/4, ${mb(end?.heap)} MB at 4/4, rss ${mb(end?.rss)} MB`,
  ].join("; ");
}
