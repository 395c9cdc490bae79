import { show } from "../inspect.ts";
import { type Constraint, write } from "./constraints.ts";
import { keep } from "./found.ts";
import type { Minimal } from "./minimise.ts";

interface Found {
  readonly index: number;
  readonly schedules: number;
  readonly strategy: string;
}

/** So many lines of a run are shown: the last ones, and those that waited. */
const SHOWN = 40;

/** A failure as its reader sees it: what, why, the run, and how to see it again; and as a program does. */
export function explain(minimal: Minimal, found: Found): Error {
  const { run, constraints, reproduced } = minimal;
  const { seed, steps } = run.machine;
  const replay = reproduced ? write(constraints) : undefined;
  return keep(told(minimal, found), { seed, schedule: found.index + 1, steps, orders: constraints.length, replay });
}

function told(minimal: Minimal, found: Found): Error {
  const { run, constraints } = minimal;
  const thrown = run.failure?.thrown;
  const what = thrown instanceof Error ? thrown.message : show(thrown);
  const text = [
    what,
    "",
    `  ${summary(minimal, found)}`,
    "",
    ...lines(constraints),
    ...table(minimal),
    ...replays(minimal),
  ];
  if (!(thrown instanceof Error)) return new Error(text.join("\n"), { cause: thrown });
  // The error itself: its stack leads to the test, and its fields say what was expected.
  thrown.message = text.join("\n");
  return thrown;
}

function summary({ run, constraints, runs, reproduced }: Minimal, { index, schedules, strategy }: Found): string {
  const { seed, steps } = run.machine;
  const where = `schedule ${index + 1} of ${schedules}, seed ${seed} (${strategy}), ${count(steps, "step")}`;
  if (!reproduced) return `${where}; no order of events alone brings it about again`;
  if (constraints.length === 0) return `${where}; it fails in the order of production, too (${count(runs, "run")})`;
  return `${where}, minimised to ${count(constraints.length, "order constraint")} in ${count(runs, "run")}:`;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

function lines(constraints: readonly Constraint[]): readonly string[] {
  if (constraints.length === 0) return [];
  const width = Math.max(...constraints.map(({ event }) => event.length));
  return [...constraints.map(({ event, after }) => `    ${event.padEnd(width)}   waits for   ${after}`), ""];
}

function table({ run, constraints }: Minimal): readonly string[] {
  const { trace } = run.machine;
  const marks = new Map<string, string>();
  for (const { event, after } of constraints)
    marks.set(event, "   ← waited").set(after, marks.get(after) ?? "   ← came first");
  const rows = trace.map(({ at, event: { name } }, i) => {
    const mark = marks.get(name) ?? "";
    return {
      shown: mark !== "" || i >= trace.length - SHOWN,
      line: `${cell(i + 1, 6)}  ${cell(at, 8)} ms   ${name}${mark}`,
    };
  });
  const shown = rows.filter((row) => row.shown).map(({ line }) => line);
  const left = rows.length - shown.length;
  const note = left > 0 ? [`          (${count(left, "step")} before that not shown)`] : [];
  return ["    step      virtual   event", ...note, ...shown, ""];
}

const cell = (value: number, width: number): string => String(Number(value.toFixed(3))).padStart(width);

function replays({ run, constraints, reproduced }: Minimal): readonly string[] {
  const { seed } = run.machine;
  if (!reproduced) return [`  again:  simulate({ seed: ${seed} }, …)`];
  return [`  again:  simulate({ seed: ${seed}, replay: ${JSON.stringify(write(constraints))} }, …)`];
}
