import { exhaustive, type Simulation, simulate } from "hornbeam/simulation";

/** Every interleaving of a small program: how many there are, and what comes of them. */
export async function explore(run: (sim: Simulation) => Promise<string>) {
  const outcomes = new Map<string, number>();
  const { schedules, complete } = await simulate({ strategy: exhaustive(), schedules: 60_000 }, async (sim) => {
    const outcome = await run(sim);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  return { complete, schedules, outcomes: [...outcomes.keys()].sort() };
}
