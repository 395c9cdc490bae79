import { type Constraint, constraintsOf } from "./constraints.ts";
import { SimulationError } from "./failure.ts";
import type { Injection } from "./faults.ts";
import type { Run } from "./run.ts";
import type { Script } from "./script.ts";
import { shrink } from "./shrink.ts";

/** How many runs a failure may take to become small. */
const RUNS = 500;

/** A failure, and the least that brings it about. */
export interface Minimal {
  readonly run: Run;
  readonly script: Script;
  /** How many runs that took. */
  readonly runs: number;
  /** Whether the script brings the failure about; otherwise only the schedule as it was found does. */
  readonly reproduced: boolean;
}

/**
 * Finds the fewest faults, the shortest times of these, and then the fewest order constraints, with which a named run still
 * fails in the same way.
 */
export async function minimise(found: Run, again: (script: Script) => Promise<Run>): Promise<Minimal> {
  let runs = 0;
  let smallest = found;
  const fails = async (constraints: readonly Constraint[], injections: readonly Injection[]): Promise<boolean> => {
    runs++;
    const run = await again({ constraints, injections });
    if (!isSame(run, found)) return false;
    smallest = run;
    return true;
  };
  const all = constraintsOf(found.machine.journal);
  const { injected } = found.machine.journal;
  if (!(await fails(all, injected))) {
    return { run: found, script: { constraints: all, injections: injected }, runs, reproduced: false };
  }
  const needed = await shrink(injected, (part) => fails(all, part), RUNS);
  const injections = await shorten(needed, (part) => fails(all, part));
  const enough = (part: readonly Constraint[]) => fails(part, injections);
  const late = await delay(await shrink(all, enough, RUNS), smallest, enough);
  // One that waits for longer may do what two did.
  const constraints = await relax(await shrink(late, enough, RUNS), smallest, enough);
  return { run: smallest, script: { constraints, injections }, runs, reproduced: true };
}

/** Times that are tried instead of longer ones. */
const SHORT = [1, 10, 100, 1000, 10_000];

/** Lets each fault that takes time take the shortest that is enough. */
async function shorten(
  injections: readonly Injection[],
  isEnough: (injections: readonly Injection[]) => Promise<boolean>,
): Promise<readonly Injection[]> {
  let shorter = injections;
  for (const [i, injection] of injections.entries()) {
    if (!("time" in injection)) continue;
    for (const time of SHORT.filter((each) => each < injection.time)) {
      const candidate = shorter.with(i, { ...injection, time });
      if (!(await isEnough(candidate))) continue;
      shorter = candidate;
      break;
    }
  }
  return shorter;
}

/** How many later events are tried in place of one that waits. */
const TRIED = 20;

/** Lets the latest event wait that is enough: the nearer to the failure, the more it says. */
async function delay(
  few: readonly Constraint[],
  run: Run,
  isEnough: (constraints: readonly Constraint[]) => Promise<boolean>,
): Promise<readonly Constraint[]> {
  const { names } = run.machine.journal;
  const after = names.at(-1) as string;
  let delayed = few;
  for (const [i, { event }] of few.entries()) {
    const later = names.slice(names.indexOf(event) + 1, -1).filter((name) => isOf(event, name));
    for (const name of later.slice(-TRIED).reverse()) {
      const candidate = delayed.with(i, { event: name, after });
      if (!(await isEnough(candidate))) continue;
      delayed = candidate;
      break;
    }
  }
  return delayed;
}

/** Whether a process that an event concerns has caused another one. */
function isOf(event: string, other: string): boolean {
  const [, from = "", to = ""] = /^([^→]*)→(.*?)\./.exec(event) ?? [];
  return [from, to].some((path) => path !== "root" && path !== "" && other.startsWith(`${path}→`));
}

/** Lets each event wait for the earliest one that is enough: that is the one which matters. */
async function relax(
  few: readonly Constraint[],
  run: Run,
  isEnough: (constraints: readonly Constraint[]) => Promise<boolean>,
): Promise<readonly Constraint[]> {
  const { names } = run.machine.journal;
  let relaxed = few;
  for (let i = 0; i < few.length; i++) {
    const { event, after } = few[i] as Constraint;
    let enough = names.indexOf(after);
    for (let first = 0; first < enough; ) {
      const middle = (first + enough) >> 1;
      const candidate = relaxed.with(i, { event, after: names[middle] as string });
      if (await isEnough(candidate)) {
        relaxed = candidate;
        enough = middle;
      } else first = middle + 1;
    }
  }
  return relaxed;
}

/** Whether two runs fail in the same way: values may differ, because another schedule gives others. */
function isSame({ failure: a }: Run, { failure: b }: Run): boolean {
  return a !== undefined && b !== undefined && signatureOf(a.thrown) === signatureOf(b.thrown);
}

function signatureOf(thrown: unknown): string {
  if (thrown instanceof SimulationError) return `${thrown.fault} ${thrown.message.split(":")[1] ?? ""}`;
  return thrown instanceof Error ? thrown.name : typeof thrown;
}
