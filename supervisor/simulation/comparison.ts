import { fatesOf } from "./fates.ts";
import type { Answer, Fault } from "./fault.ts";
import { showFault } from "./fault.ts";
import { type Entry, type ModelState, type Prediction, statusOf } from "./model.ts";
import type { Picture } from "./picture.ts";

/** A tree did not do what the model predicts. */
export class DeviationError extends Error {
  override readonly name = "DeviationError";
  /** What happened to the tree. */
  readonly fault: Fault | undefined;
  /** What is different, a line each. */
  readonly deviations: readonly string[];
  constructor(fault: Fault | undefined, deviations: readonly string[]) {
    const when = fault === undefined ? "the start" : showFault(fault);
    super(`after ${when}, the tree is not what OTP's supervisors make of it: ${deviations.join("; ")}`);
    this.fault = fault;
    this.deviations = deviations;
  }
}

/** What a real tree shows. */
export interface Observed {
  readonly before: Picture;
  readonly after: Picture;
  readonly answer: Answer;
  /** Of a tree that keeps a journal. */
  readonly journal: { readonly now: number; readonly entries: readonly Entry[] } | undefined;
}

/** Where a real tree differs from the prediction. */
export function deviationsOf(state: ModelState, prediction: Prediction, observed: Observed): readonly string[] {
  const fates = fatesOf(statusOf(state), statusOf(prediction.state));
  const seen = fatesOf(observed.before, observed.after);
  const paths = new Set([...fates.keys(), ...seen.keys()]);
  const { journal, answer } = observed;
  return [
    ...differing("answer", prediction.answer, answer),
    ...[...paths].flatMap((path) => differing(path, fates.get(path) ?? "not there", seen.get(path) ?? "not there")),
    ...(journal === undefined ? [] : differing("time", prediction.state.now, journal.now)),
    ...(journal === undefined ? [] : differingLines(prediction, journal.entries)),
  ];
}

/** Line by line: in each, the same events in the same order, at the same time. */
function differingLines({ entries }: Prediction, seen: readonly Entry[]): readonly string[] {
  const lineOf = new Map(entries.filter(({ line }) => line !== "tree").map(({ name, line }) => [name, line]));
  const lines = new Map<string, { expected: string[]; got: string[] }>();
  const at = (line: string) => {
    const known = lines.get(line) ?? { expected: [], got: [] };
    lines.set(line, known);
    return known;
  };
  for (const entry of entries) at(entry.line).expected.push(show(entry));
  for (const entry of seen) at((entry.type === "end" && lineOf.get(entry.name)) || "tree").got.push(show(entry));
  return [...lines].flatMap(([line, { expected, got }]) =>
    differing(`events of ${line}`, expected.join(", "), got.join(", ")),
  );
}

const show = ({ at, type, name, reason }: Entry): string =>
  `${type} ${name}${reason === undefined ? "" : ` ${reason}`} at ${at} ms`;

const differing = (what: string, expected: string | number, got: string | number): readonly string[] =>
  expected === got ? [] : [`${what}: expected ${expected}, got: ${got}`];
