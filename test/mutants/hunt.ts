import { type Found, foundBy, type Search, simulate, standard } from "hornbeam/simulation";

import type { Scenario } from "../simulation/scenario.ts";

/** What the scenarios have made of one mutant. */
export type Hunted =
  | { readonly schedules: number; readonly scenario?: undefined }
  | {
      readonly scenario: string;
      /** How many had been run, of all scenarios together, and this one. */
      readonly schedules: number;
      /** How many order constraints bring the failure about; none where the order of production does. */
      readonly orders: number;
      /** How many of {@link REPLAYS} replays have failed in the same way. */
      readonly replayed: number;
      readonly says: string;
    };

export const REPLAYS = 100;

const SEED = 1;
/** So many events one run may have: a mutant may go on for ever. */
const STEPS = 5_000;

/**
 * Runs scenarios until one fails, in a fair rota: one schedule of each, then one more of each, then two, four, …, so that
 * each round does of each scenario as much again as all before. Each scenario sees the schedules that `simulate` gives it.
 */
export async function hunt(scenarios: Readonly<Record<string, Scenario>>, limit: number): Promise<Hunted> {
  const lengths = new Map<string, number>();
  let schedules = 0;
  for (let done = 0; done < limit; done = Math.max(1, done * 2)) {
    const more = Math.max(1, done);
    for (const [scenario, { run }] of Object.entries(scenarios)) {
      const strategy = after(standard(), done, lengths.get(scenario));
      try {
        const { steps } = await simulate({ seed: SEED + done, schedules: more, strategy, steps: STEPS }, run);
        if (done === 0) lengths.set(scenario, steps);
        schedules += more;
      } catch (error) {
        const found = foundBy(error);
        if (found === undefined) throw new Error(`"${scenario}" ended without a failure of its own`, { cause: error });
        const { orders, schedule } = found;
        const replayed = await replays(run, found, says(error));
        return { scenario, schedules: schedules + schedule, orders, replayed, says: says(error) };
      }
    }
  }
  return { schedules };
}

/** The schedules of a search from number `done` on, for runs that take `length` steps. */
const after = ({ name, begin }: Search, done: number, length: number | undefined): Search => ({
  name,
  begin() {
    const supply = begin();
    for (let i = 0; i < done; i++) supply.next(0, 1);
    return { next: (seed, steps) => supply.next(seed, length ?? steps) };
  },
});

async function replays(run: Scenario["run"], { seed, replay }: Found, expected: string): Promise<number> {
  if (replay === undefined) return 0;
  let same = 0;
  for (let i = 0; i < REPLAYS; i++) {
    try {
      await simulate({ seed, replay, steps: STEPS }, run);
    } catch (error) {
      if (foundBy(error) !== undefined && says(error) === expected) same++;
    }
  }
  return same;
}

/** The first line: what was wrong. References count on from run to run, so their numbers say nothing. */
const says = (error: unknown): string =>
  (String((error as Error).message).split("\n")[0] as string).replaceAll(/\d+/g, "0");
