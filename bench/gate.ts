// Whether a change has made hornbeam slower, judged by ratios to the ceiling that were measured in the same run; and
// whether it keeps its limits.

import type { Result } from "./compare.ts";

/** A ratio for each bench: what is committed, or what was measured. */
export type Ratios = Readonly<Record<string, number>>;

/** How far below its baseline a ratio may be: the noise of a machine that others use, too. */
export const ALLOWANCE = 0.25;

export interface Complaint {
  readonly bench: string;
  readonly message: string;
}

/** Those that are too slow, or cannot be judged; none when all is well. */
export function tooSlow(baseline: Ratios, measured: Ratios): readonly Complaint[] {
  const benches = new Set([...Object.keys(baseline), ...Object.keys(measured)]);
  return [...benches].flatMap((bench) => {
    const message = complaint(baseline[bench], measured[bench]);
    return message === undefined ? [] : [{ bench, message: `${bench}: ${message}` }];
  });
}

function complaint(before: number | undefined, now: number | undefined): string | undefined {
  if (!isRatio(before)) return `expected a ratio in the baseline, got: ${before}`;
  if (!isRatio(now)) return `expected a ratio that was measured, got: ${now}`;
  const least = before * (1 - ALLOWANCE);
  if (now >= least) return undefined;
  return `expected at least ${least.toFixed(3)} (the baseline of ${before} less ${ALLOWANCE * 100} %), got: ${now.toFixed(3)}`;
}

/** Those of the rows with a limit that are over it, or cannot be judged. */
export function tooMuch(results: readonly Result[]): readonly Complaint[] {
  return results.flatMap(({ row: { bench, limit = Number.NaN }, ratio }) => {
    if (ratio >= 1) return [];
    return [{ bench, message: `${bench}: expected at most ${limit}, got: ${(limit / ratio).toFixed(3)}` }];
  });
}

const isRatio = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value > 0;
