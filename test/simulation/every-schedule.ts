import { simulate } from "hornbeam/simulation";
import { describe, expect, test } from "vitest";
import type { Scenario } from "./scenario.ts";

/** How many orders of events each scenario is run in. */
const SCHEDULES = 5_000;
/** The time limit of one scenario, for a slow machine. */
const LIMIT = 60_000;

/** Each promise as a test: it holds in every order of events that is tried, and there is more than one. */
export function everySchedule(scenarios: Readonly<Record<string, Scenario>>): void {
  describe.each(Object.entries(scenarios))("%s", (_, { promise, run }) => {
    test(promise, { timeout: LIMIT }, async () => {
      const outcomes = new Set<string>();
      const { schedules } = await simulate({ schedules: SCHEDULES }, async (sim) => {
        outcomes.add(String(await run(sim)));
      });
      expect(schedules).toBe(SCHEDULES);
      expect(outcomes.size).toBeGreaterThan(1);
    });
  });
}
