import { expect, test } from "vitest";
import { million } from "../../bench/million.ts";
import { REAL } from "../runtime/support.ts";

test(
  "thousands of servers under partitioned supervisors are started, answer rightly, and none is left",
  async () => {
    const count = 5000;
    const { stages, ...outcome } = await million(count);
    expect(outcome).toMatchObject({ count, wrong: 0, disobedient: 0, left: 0 });
    expect(stages.start.heapUsed - outcome.before.heapUsed).toBeGreaterThan(100 * count);
    expect(stages.stop.heapUsed).toBeLessThan(stages.start.heapUsed);
  },
  REAL,
);
