// The same work on hornbeam and on each rival, in turn, and the ratios of it.

import { type Figures, median } from "./figures.ts";
import { type Against, OWN, type Rival, type Row } from "./workloads.ts";

export interface Result {
  readonly row: Row;
  /** The median of the rounds, the least and the greatest of them. */
  readonly ratio: number;
  readonly least: number;
  readonly greatest: number;
  /** The medians of what a row shows besides: hornbeam's, and the rival's. */
  readonly shown?: readonly [ours: number, theirs: number];
}

export type Implementation = Rival | "hornbeam";

export const isRival = (against: Against): against is Rival => !(OWN as readonly string[]).includes(against);

/** In every round hornbeam, then each rival: what disturbs the machine for a while disturbs them all. */
export async function compare(
  rows: readonly Row[],
  rounds: number,
  measure: (implementation: Implementation) => Promise<Figures>,
): Promise<readonly Result[]> {
  const rivals = [...new Set(rows.map(({ against }) => against))].filter(isRival);
  const ratios = rows.map((): number[] => []);
  const shown = rows.map((): (readonly [number, number])[] => []);
  for (let round = 0; round < rounds; round++) {
    const ours = await measure("hornbeam");
    const theirs = new Map<Against, Figures>();
    for (const rival of rivals) theirs.set(rival, await measure(rival));
    for (const [i, row] of rows.entries()) {
      const their = theirs.get(row.against) ?? ours;
      ratios[i]?.push(row.ratio(ours, their));
      if (row.field !== undefined) shown[i]?.push([ours.of(row.bench, row.field), their.of(row.bench, row.field)]);
    }
  }
  return rows.map((row, i) => {
    const list = ratios[i] as number[];
    const result = { row, ratio: median(list), least: Math.min(...list), greatest: Math.max(...list) };
    const pairs = shown[i] as (readonly [number, number])[];
    if (pairs.length === 0) return result;
    return { ...result, shown: [median(pairs.map(([ours]) => ours)), median(pairs.map(([, theirs]) => theirs))] };
  });
}
