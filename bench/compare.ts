// The same work on hornbeam and on each rival, in turn, and the ratios of it.

import { type Figures, median } from "./figures.ts";
import { type Against, OWN, type Rival, type Row } from "./workloads.ts";

export interface Result {
  readonly row: Row;
  /** The median of the rounds, the least and the greatest of them. */
  readonly ratio: number;
  readonly least: number;
  readonly greatest: number;
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
  for (let round = 0; round < rounds; round++) {
    const ours = await measure("hornbeam");
    const theirs = new Map<Against, Figures>();
    for (const rival of rivals) theirs.set(rival, await measure(rival));
    for (const [i, row] of rows.entries()) ratios[i]?.push(row.ratio(ours, theirs.get(row.against) ?? ours));
  }
  return rows.map((row, i) => {
    const list = ratios[i] as number[];
    return { row, ratio: median(list), least: Math.min(...list), greatest: Math.max(...list) };
  });
}
