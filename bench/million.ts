// A million servers in one tree, by the public API: started, asked once each, and stopped in order.
//
//   node --conditions=hornbeam-source bench/million.ts [COUNT] [--json]
//
// A million take about 1.2 GB: where Node's own limit is lower, --max-old-space-size=2048. Prints the time and the memory
// of each stage; the exit code is 1 when an answer is wrong, a server did not stop as told, or a process is left.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { name, ok, type Pid, type ProtocolOf, reply, type Self, type System, system } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, PartitionSupervisor } from "hornbeam/supervisor";

const Cell = {
  init: (number: number) => ok(number),
  handleCall: { double: (_, number) => reply(2 * number, number) },
} satisfies GenServer<number>;

type Cells = Pid<ProtocolOf<typeof Cell>>[];

const STAGES = ["start", "call", "stop"] as const;

/** What is held, when the garbage is collected, in bytes. */
interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

interface Stage extends Memory {
  readonly ms: number;
}

export interface Outcome {
  readonly count: number;
  readonly before: Memory;
  readonly stages: Readonly<Record<(typeof STAGES)[number], Stage>>;
  readonly wrong: number;
  readonly disobedient: number;
  readonly left: number;
}

const shelves = name("shelves");
const PARTITIONS = 16;
/** How many starts, or calls, are under way at once. */
const ABREAST = 1000;

/** The whole run, in a system of its own. */
export async function million(count: number): Promise<Outcome> {
  const world = system({ reports: false });
  let disobedient = 0;
  world.telemetry.on("supervisor.child.shutdownError", () => disobedient++);
  const before = memory();
  await world.start(
    PartitionSupervisor.child({ name: shelves, partitions: PARTITIONS, childSpec: DynamicSupervisor.child() }),
  );
  const [cells, start] = await timed(() => inside(world, (self) => startAll(self, count)));
  const [wrong, call] = await timed(() => inside(world, (self) => askAll(self, cells)));
  const [, stop] = await timed(() => world.stop());
  const left = cells.filter((pid) => world.isAlive(pid)).length + world.processes().length;
  return { count, before, stages: { start, call, stop }, wrong, disobedient, left };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, Stage]> {
  const began = performance.now();
  const result = await work();
  const ms = performance.now() - began;
  return [result, { ms, ...memory() }];
}

async function startAll(self: Self, count: number): Promise<Cells> {
  const cells: Cells = new Array(count);
  const patient = self.with({ timeout: "infinity" });
  await abreast(count, async (number) => {
    const shelf = PartitionSupervisor.name(shelves, number);
    cells[number] = await DynamicSupervisor.startChild(patient, shelf, child(Cell, number));
  });
  return cells;
}

/** How many answers were wrong. */
async function askAll(self: Self, cells: Cells): Promise<number> {
  let right = 0;
  await abreast(cells.length, async (number) => {
    if ((await self.call(cells[number] as Cells[number], "double")) === 2 * number) right++;
  });
  return cells.length - right;
}

async function abreast(count: number, work: (number: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += ABREAST) {
    const size = Math.min(ABREAST, count - from);
    await Promise.all(Array.from({ length: size }, (_, i) => work(from + i)));
  }
}

/** Runs `work` in a process of its own. */
function inside<T>(world: System, work: (self: Self) => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  world.spawn((self) => work(self).then(resolve, reject));
  return promise;
}

function memory(): Memory {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What each stage is measured against: the same with so many, after a round that warms up. */
const FEW = 10_000;
/** Bytes of an idle server of Erlang/OTP 25 (`process_info(Pid, memory)`), without what its supervisor keeps. */
const ERLANG = 2695;
const GOALS = { linear: 0.5, memory: 2 };

const usPerServer = ({ count, stages }: Outcome, stage: (typeof STAGES)[number]): number =>
  (stages[stage].ms * 1000) / count;
const bytesPerServer = ({ count, before, stages }: Outcome, of: keyof Memory): number =>
  (stages.start[of] - before[of]) / count;
const figure = (value: number): number => Number(value.toPrecision(3));
const whole = (value: number): string => Math.round(value).toLocaleString("en");

function printLines(few: Outcome, many: Outcome): void {
  const { count, before, stages, wrong, disobedient, left } = many;
  const held = ({ rss, heapUsed }: Memory): string => `rss ${whole(rss / 1e6)} MB, heap ${whole(heapUsed / 1e6)} MB`;
  console.log(`before                      ${held(before)}`);
  for (const stage of STAGES) {
    const each = `${figure(usPerServer(many, stage))} µs each; ${figure(usPerServer(few, stage))} µs with ${whole(FEW)}`;
    console.log(
      `${stage.padEnd(5)} ${whole(stages[stage].ms).padStart(8)} ms           ${held(stages[stage])}   (${each})`,
    );
  }
  console.log(`a server, with its entry in its supervisor: ${whole(bytesPerServer(many, "heapUsed"))} bytes of heap`);
  console.log(`of ${whole(count)}: ${wrong} wrong answers, ${disobedient} not stopped as told, ${left} processes left`);
}

function printRows(few: Outcome, many: Outcome): void {
  const bench = `${whole(many.count)} GenServers`;
  const row = (what: string, against: string, ratio: number, goal: number, more: object): void =>
    console.log(JSON.stringify({ bench: `${bench}, ${what}`, against, ratio: figure(ratio), goal, ...more }));
  for (const stage of STAGES) {
    const us = usPerServer(many, stage);
    const { rss, heapUsed } = many.stages[stage];
    const more = { us: figure(us), rss, heapUsed };
    row(`time of a ${stage}`, `${whole(FEW)} GenServers`, usPerServer(few, stage) / us, GOALS.linear, more);
  }
  const bytes = bytesPerServer(many, "heapUsed");
  row("heap of each", "Erlang/OTP 25", ERLANG / bytes, GOALS.memory, { bytes: Math.round(bytes) });
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const json = args.includes("--json");
  const count = Number(args.find((arg) => arg !== "--json") ?? 1_000_000);
  if (!Number.isInteger(count) || count < 1) throw new Error(`expected a count of servers, got: ${args.join(" ")}`);
  await million(FEW);
  const few = await million(FEW);
  const many = await million(count);
  (json ? printRows : printLines)(few, many);
  if (many.wrong + many.disobedient + many.left > 0) process.exitCode = 1;
}
