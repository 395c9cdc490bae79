// What is measured, against whom, and what the design asks for.

import type { Field, Figures } from "./figures.ts";
import type { Site } from "./http/site.ts";

/** Who does the same work. */
export const RIVALS = [
  "ceiling",
  "beam",
  "nact",
  "xstate",
  "effect",
  "node",
  "fastify",
  "koa",
  "express",
  "hono",
] as const;
export type Rival = (typeof RIVALS)[number];
/** What a figure of our own may be held against. */
export const OWN = ["limit", "first1k", "plain"] as const;
export type Against = Rival | (typeof OWN)[number];

/** One line of the result: a ratio, above 1 when hornbeam is faster or smaller. */
export interface Row {
  readonly bench: string;
  readonly against: Against;
  /** Null where the design asks for nothing. */
  readonly goal: number | null;
  /** Of a row against a limit. */
  readonly limit?: number;
  /** `theirs` are our own where it is not against a rival. */
  readonly ratio: (ours: Figures, theirs: Figures) => number;
  /** What a line of JSON says besides: figures of this machine, of hornbeam and of the rival. */
  readonly field?: Field;
}

/** One program that is run, and the rows that come of it. */
export interface Workload {
  readonly name: string;
  /** Rounds after the warm-up in each launch; 0 when the first one is the figure. */
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly as: Names;
}

type Goals = Readonly<Partial<Record<Rival, number | null>>>;
/** Under which name a rival does the same, where it knows only one way of doing it. */
type Names = Readonly<Partial<Record<Rival, string>>>;

function compared(bench: string, goals: Goals, names: Names = {}, field: Field = "ns"): readonly Row[] {
  return Object.entries(goals).map(([name, goal]) => {
    const against = name as Rival;
    const theirName = names[against] ?? bench;
    return { bench, against, goal, ratio: (ours, theirs) => theirs.of(theirName, field) / ours.of(bench, field) };
  });
}

const smaller = (bench: string, goals: Goals): readonly Row[] => compared(bench, goals, {}, "heap");

const limited = (bench: string, limit: number, figure: (ours: Figures) => number): Row => ({
  bench,
  against: "limit",
  goal: 1,
  limit,
  ratio: (ours) => limit / figure(ours),
});

const workload = (name: string, rounds: number, ...rows: readonly (Row | readonly Row[])[]): Workload => ({
  name,
  rounds,
  rows: rows.flat(),
  as: {},
});

const timed = (name: string, goals: Goals, as: Names = {}): Workload => ({
  ...workload(name, 5, compared(name, goals, as)),
  as,
});

const MIXED = ["pingpong", "ring", "counting", "fanout", "spawnexit", "skynet", "gencall", "gencall_await"];

export const WORKLOADS: readonly Workload[] = [
  timed("pingpong", { ceiling: 0.6, beam: 10, nact: 15, xstate: 1, effect: 15 }),
  timed("ring", { ceiling: 0.6, beam: 11, nact: 15, xstate: 1, effect: 15 }),
  timed("counting", { ceiling: 0.6, beam: 3, nact: 15, xstate: 1, effect: 15 }),
  timed("counting_coop", { ceiling: 0.6 }),
  timed("fanout", { ceiling: 0.6, beam: 5, nact: 15, xstate: 1, effect: 15 }),
  timed("spawnexit", { ceiling: 0.6, beam: 2.3, nact: 1, xstate: 1, effect: 1 }),
  timed("spawnexit_coop", { ceiling: 0.5, beam: 9 }, { beam: "spawnexit" }),
  // Effect's has no mailboxes.
  timed("skynet", { ceiling: 0.6, beam: 5.5, nact: 1, xstate: 1, effect: null }),
  // XState's never leaves its stack.
  timed("gencall", { ceiling: 0.6, beam: 5.5, nact: 4, xstate: null, effect: 4 }),
  timed(
    "gencall_await",
    { ceiling: 0.6, beam: 3.8, nact: 4, effect: 4 },
    { beam: "gencall", nact: "gencall", effect: "gencall" },
  ),
  workload(
    "linkchain",
    4,
    compared("linkchain_setup", { ceiling: 0.6, beam: 3, effect: 1 }),
    compared("linkchain_kill", { ceiling: 0.6, beam: 3.7, effect: 1 }),
  ),
  workload(
    "supervisor",
    // The first 1,000 restarts of a round are few: it takes some rounds until their code is compiled.
    8,
    // The ceiling has no handshake between a child and who starts it.
    compared("supervisor", { ceiling: 0.36 }),
    compared("supervisor_first1k", { ceiling: 0.36, beam: 8 }),
    {
      bench: "supervisor",
      against: "first1k",
      goal: 1 / 1.3,
      ratio: (ours) => ours.of("supervisor_first1k") / ours.of("supervisor"),
    },
  ),
  workload(
    "timers",
    3,
    compared("timers_set", { ceiling: 0.6, beam: 2.1 }),
    compared("timers_cancel", { ceiling: 0.55, beam: 6 }),
    compared("timers_fire", { ceiling: 0.6, beam: 2.1 }),
  ),
  workload("accounting", 5, {
    bench: "pingpong_accounted",
    against: "plain",
    goal: null,
    ratio: (ours) => ours.of("pingpong_plain") / ours.of("pingpong_accounted"),
  }),
  workload("polluted", 4, ...MIXED.map((name) => compared(`polluted_${name}`, { ceiling: 0.6 }))),
  workload(
    "lag",
    3,
    limited("timer lag p99 ms", 2, (ours) => ours.of("lag", "p99")),
  ),
  workload(
    "memory",
    0,
    smaller("memory", { ceiling: 0.5, beam: 9, nact: 4, xstate: 4, effect: 4 }),
    limited("bytes a process", 300, (ours) => ours.of("memory", "heap")),
  ),
  workload("memory_used", 0, smaller("memory_used", { ceiling: 0.5 })),
  workload(
    "memory_server",
    0,
    smaller("memory_server", { beam: 6 }),
    limited("bytes a GenServer", 450, (ours) => ours.of("memory_server", "heap")),
  ),
];

/** CPU of the server per request; what is asked for in a second says little, but that the load was not what held it up. */
const http = (bench: string, site: Site, goals: Goals): HttpWorkload => ({
  ...workload(
    bench,
    0,
    compared(bench, goals).map((row) => ({ ...row, field: "rate" })),
  ),
  site,
});

export interface HttpWorkload extends Workload {
  /** Undefined: memory. */
  readonly site: Site | undefined;
}

/** Measured by http.ts. */
export const HTTP: readonly HttpWorkload[] = [
  http("http hello", "hello", { node: 0.95, fastify: 1, koa: 1, express: 1, hono: null }),
  http("http users", "users", { node: 0.9, fastify: 1, koa: 1, express: 1, hono: 1 }),
  http("http api", "api", { node: 0.9, fastify: 1, koa: 1, express: 1, hono: 1 }),
  {
    ...workload(
      "http rss",
      0,
      compared("http rss", { node: null }, {}, "rss").map((row) => ({ ...row, field: "rss" })),
    ),
    site: undefined,
  },
];

/** What a change may not make slower unseen: gate.ts. */
export const GATED = ["pingpong", "ring", "counting", "gencall", "gencall_await"] as const;
