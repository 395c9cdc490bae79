// How large each workload is, everywhere. BENCH_SCALE=0.001 makes all of them small, to see that they work.

const scale = Number(process.env.BENCH_SCALE ?? 1);
const times = (count: number): number => Math.max(1, Math.round(count * scale));

export const SIZE = {
  /** There and back: twice as many messages. */
  pings: times(1_000_000),
  /** The processes of a ring, and how often a number is handed on in it. */
  ring: times(1000),
  hops: times(1_000_000),
  increments: times(1_000_000),
  /** How many processes get how many messages each. */
  sinks: times(10_000),
  each: 100,
  spawns: times(1_000_000),
  /** What a process that gives way does before it does. */
  batch: Math.min(1000, times(1_000_000)),
  /** Leaves of a tree in which everybody has ten children: a power of ten. */
  leaves: 10 ** Math.round(Math.log10(times(1_000_000))),
  calls: times(300_000),
  chain: times(100_000),
  restarts: times(50_000),
  firstRestarts: Math.min(1000, times(50_000)),
  timers: times(1_000_000),
  lagPings: times(5_000_000),
  idle: times(1_000_000),
} as const;

/** Of a tree of `leaves`: all of its nodes, and the sum of the numbers of its leaves. */
export const nodesOf = (leaves: number): number => (leaves * 10 - 1) / 9;
export const sumOf = (leaves: number): number => (leaves * (leaves - 1)) / 2;
