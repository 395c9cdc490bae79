import { simulate } from "hornbeam/simulation";
import { describe, expect, test } from "vitest";
import type { Scenario } from "./scenario.ts";

/** How many orders of events each scenario is run in. */
const SCHEDULES = 5_000;
/** The time limit of one scenario, for a slow machine. */
const LIMIT = 60_000;

/**
 * Each promise as a test: it holds in every order of events that is tried, and what comes of them is not always the same,
 * unless the scenario says that nothing may differ: it then resolves to nothing.
 */
export function everySchedule(scenarios: Readonly<Record<string, Scenario>>, number = SCHEDULES): void {
  describe.each(Object.entries(scenarios))("%s", (_, { promise, run }) => {
    test(promise, { timeout: LIMIT }, async () => {
      const outcomes = new Set<string>();
      const { schedules } = await simulate({ schedules: number }, async (sim) => {
        outcomes.add(String(await run(sim)));
      });
      expect(schedules).toBe(number);
      if (!outcomes.has("undefined")) expect(outcomes.size).toBeGreaterThan(1);
    });
  });
}
