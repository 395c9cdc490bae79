import { show } from "../inspect.ts";
import { keep } from "./found.ts";
import type { Minimal } from "./minimise.ts";
import { type Script, write, writeInjection } from "./script.ts";

/** Which of the runs of which search it was. */
interface Search {
  readonly index: number;
  readonly schedules: number;
  readonly strategy: string;
}

/** So many lines of a run are shown: the last ones, and those that waited. */
const SHOWN = 40;

/** A failure as its reader sees it: what, why, the run, and how to see it again; and as a program does. */
export function explain(minimal: Minimal, search: Search): Error {
  const { run, script, reproduced } = minimal;
  const { seed, journal } = run.machine;
  const { steps } = journal;
  return keep(told(minimal, search), {
    seed,
    schedule: search.index + 1,
    steps,
    orders: script.constraints.length,
    faults: script.injections.length,
    replay: reproduced ? write(script) : undefined,
  });
}

function told(minimal: Minimal, search: Search): Error {
  const { run, script } = minimal;
  const thrown = run.failure?.thrown;
  const what = thrown instanceof Error ? thrown.message : show(thrown);
  const text = [
    what,
    "",
    `  ${summary(minimal, search)}`,
    "",
    ...lines(script),
    ...table(minimal),
    ...replays(minimal),
  ];
  if (!(thrown instanceof Error)) return new Error(text.join("\n"), { cause: thrown });
  // The error itself: its stack leads to the test, and its fields say what was expected.
  thrown.message = text.join("\n");
  return thrown;
}

function summary({ run, script, runs, reproduced }: Minimal, { index, schedules, strategy }: Search): string {
  const { seed, journal } = run.machine;
  const { steps } = journal;
  const where = `schedule ${index + 1} of ${schedules}, seed ${seed} (${strategy}), ${count(steps, "step")}`;
  if (!reproduced) return `${where}; no order of events alone brings it about again`;
  const { constraints, injections } = script;
  const least = [
    ...(constraints.length > 0 ? [count(constraints.length, "order constraint")] : []),
    ...(injections.length > 0 ? [count(injections.length, "fault")] : []),
  ];
  if (least.length === 0) return `${where}; it fails in the order of production, too (${count(runs, "run")})`;
  return `${where}, minimised to ${least.join(" and ")} in ${count(runs, "run")}:`;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

function lines({ constraints, injections }: Script): readonly string[] {
  if (constraints.length + injections.length === 0) return [];
  const width = Math.max(0, ...constraints.map(({ event }) => event.length));
  const orders = constraints.map(({ event, after }) => `    ${event.padEnd(width)}   waits for   ${after}`);
  return [...orders, ...injections.map((each) => `    ${writeInjection(each)}`), ""];
}

function table({ run, script: { constraints } }: Minimal): readonly string[] {
  const { trace } = run.machine.journal;
  const marks = new Map<string, string>();
  for (const { event, after } of constraints) {
    marks.set(event, "   ← waited").set(after, marks.get(after) ?? "   ← came first");
  }
  const width = Math.max(0, ...trace.map((step) => ("event" in step ? step.event.lane.key.length : 0)));
  let number = 0;
  const rows = trace.map((step, i) => {
    if ("fault" in step) return { shown: true, line: row("", step.at, `✗ ${writeInjection(step.fault)}`) };
    const { name, lane } = step.event;
    const mark = marks.get(name) ?? "";
    const what = `${lane.key.padEnd(width)}   ${name.slice(lane.key.length + 1)}`;
    return { shown: mark !== "" || i >= trace.length - SHOWN, line: row(String(++number), step.at, `${what}${mark}`) };
  });
  const shown = rows.filter((each) => each.shown).map(({ line }) => line);
  const left = rows.length - shown.length;
  const note = left > 0 ? [`          (${count(left, "step")} before that not shown)`] : [];
  return ["    step      virtual   event", ...note, ...shown, ""];
}

const row = (number: string, at: number, what: string): string =>
  `${number.padStart(8)}  ${String(Number(at.toFixed(3))).padStart(8)} ms   ${what}`;

function replays({ run, script, reproduced }: Minimal): readonly string[] {
  const { seed } = run.machine;
  if (!reproduced) return [`  again:  simulate({ seed: ${seed} }, …)`];
  return [`  again:  simulate({ seed: ${seed}, replay: ${JSON.stringify(write(script))} }, …)`];
}
