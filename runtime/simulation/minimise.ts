import { Constrained, type Constraint, constraintsOf } from "./constraints.ts";
import { SimulationError } from "./failure.ts";
import type { Run } from "./run.ts";
import { shrink } from "./shrink.ts";
import type { Strategy } from "./strategy.ts";

/** How many runs a failure may take to become small. */
const RUNS = 500;

/** A failure, and the least that brings it about. */
export interface Minimal {
  readonly run: Run;
  readonly constraints: readonly Constraint[];
  /** How many runs that took. */
  readonly runs: number;
  /** Whether the constraints bring the failure about; otherwise only the schedule as it was found does. */
  readonly reproduced: boolean;
}

/** Finds the fewest constraints under which a named run still fails in the same way. */
export async function minimise(found: Run, again: (strategy: Strategy) => Promise<Run>): Promise<Minimal> {
  let runs = 0;
  let smallest = found;
  const fails = async (constraints: readonly Constraint[]): Promise<boolean> => {
    runs++;
    const run = await again(new Constrained(constraints));
    if (!isSame(run, found)) return false;
    smallest = run;
    return true;
  };
  const all = constraintsOf(found.machine);
  if (!(await fails(all))) return { run: found, constraints: all, runs, reproduced: false };
  const constraints = await shrink(all, fails, RUNS);
  return { run: smallest, constraints, runs, reproduced: true };
}

/** Whether two runs fail in the same way: values may differ, because another schedule gives others. */
function isSame({ failure: a }: Run, { failure: b }: Run): boolean {
  return a !== undefined && b !== undefined && signatureOf(a.thrown) === signatureOf(b.thrown);
}

function signatureOf(thrown: unknown): string {
  if (thrown instanceof SimulationError) return `${thrown.fault} ${thrown.message.split(":")[1] ?? ""}`;
  return thrown instanceof Error ? thrown.name : typeof thrown;
}
