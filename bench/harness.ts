// What all implementations of the workloads share: how one is run, and what it prints.
//
//   node --expose-gc --max-old-space-size=12000 IMPLEMENTATION WORKLOAD ROUNDS
//
// One line of JSON a round, {"w":"pingpong","i":0,"n":2000000,"us":12345}: n operations took us microseconds. Round 0 is
// the warm-up, except for memory, which is measured once in a process of its own (ROUNDS 0).

import { setTimeout as sleep } from "node:timers/promises";

/** What one round of a workload says: how many operations took how long. */
export interface Figure {
  readonly bench: string;
  readonly count: number;
  readonly ms: number;
  readonly extra?: Readonly<Record<string, number>>;
}

export type Workload = () => Promise<Figure | readonly Figure[]>;
export type Workloads = Readonly<Record<string, Workload>>;

export const now = (): number => performance.now();

/** Runs the workload that the command line names, and then `stop`. */
export async function main(workloads: Workloads, stop?: () => Promise<void>): Promise<void> {
  const [name = "", rounds = "5"] = process.argv.slice(2);
  const workload = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  if (workload === undefined) {
    console.log(JSON.stringify({ w: name, skip: true }));
    return;
  }
  for (let i = 0; i <= Number(rounds); i++) {
    for (const { bench, count, ms, extra } of [await workload()].flat())
      console.log(JSON.stringify({ w: bench, i, n: count, us: Math.round(ms * 1000), ...extra }));
    collect();
    await sleep(20);
  }
  await stop?.();
  process.exit(0);
}

/** The end of a round, told by the process that sees it: the moment of it, or that the result is not right. */
export class Finish {
  private readonly end = Promise.withResolvers<number>();

  /** The round is over, and `got` is its result. */
  reached(got: unknown, expected: unknown): void {
    this.check(got, expected);
    this.end.resolve(now());
  }

  /** What comes on the way. */
  check(got: unknown, expected: unknown): void {
    if (got !== expected) this.end.reject(new Error(`expected ${expected}, got: ${got}`));
  }

  /** Starts the round, and waits for its end. Resolves to how long it took. */
  async after(start: () => void): Promise<number> {
    const began = now();
    start();
    return (await this.end.promise) - began;
  }
}

/** Bytes of each of `count` things that stay, and the time to make one. */
export async function memory(bench: string, count: number, fill: (keep: unknown[]) => unknown): Promise<Figure> {
  const keep: unknown[] = new Array(count);
  await settled();
  const before = process.memoryUsage();
  const began = now();
  await fill(keep);
  const ms = now() - began;
  await sleep(200);
  await settled();
  const after = process.memoryUsage();
  const each = (bytes: number): number => Math.round(bytes / count);
  const kept = keep.reduce((sum: number, one) => sum + (one === undefined ? 0 : 1), 0);
  if (kept !== count) throw new Error(`expected ${count} things that stay, got: ${kept}`);
  return {
    bench,
    count,
    ms,
    extra: { rss: each(after.rss - before.rss), heap: each(after.heapUsed - before.heapUsed) },
  };
}

async function settled(): Promise<void> {
  collect();
  await sleep(50);
  collect();
}

export function collect(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

/** How late timers of 1 ms are, one after the other, while `busy` runs. */
export async function lateness(bench: string, count: number, busy: () => Promise<number>): Promise<Figure> {
  const late: number[] = [];
  let on = true;
  const probe = async (): Promise<void> => {
    while (on) {
      const set = now();
      await sleep(1);
      late.push(now() - set - 1);
    }
  };
  const probing = probe();
  await sleep(5);
  late.length = 0;
  const ms = await busy();
  on = false;
  await probing;
  late.sort((a, b) => a - b);
  const at = (part: number): number => Number(late[Math.floor((late.length - 1) * part)]?.toFixed(3));
  return { bench, count, ms, extra: { p50: at(0.5), p99: at(0.99), max: at(1) } };
}

/** Times from 1 to 60 s, the same in every run. */
export function delays(count: number): readonly number[] {
  let seed = 1;
  return Array.from({ length: count }, () => {
    seed = (seed * 48271) % 2147483647;
    return 1000 + (seed % 59000);
  });
}

const MIXED = ["pingpong", "ring", "counting", "fanout", "spawnexit", "skynet", "gencall", "gencall_await"];

/** The message workloads one after the other in one Node: what they cost once every call site has seen them all. */
export const polluted = (workloads: Workloads): Workload => {
  return async () => {
    const figures: Figure[] = [];
    for (const name of MIXED) {
      for (const figure of [await workloads[name]?.()].flat())
        if (figure !== undefined) figures.push({ ...figure, bench: `polluted_${figure.bench}` });
      collect();
    }
    return figures;
  };
};
