import { expect, test } from "vitest";
import { launch } from "../../bench/launch.ts";
import { WORKLOADS } from "../../bench/workloads.ts";

// Small, so that it is seen that each workload still comes to its end with the right result; nothing is measured here.
process.env.BENCH_SCALE = "0.0002";

for (const workload of WORKLOADS) {
  const { name, rows } = workload;
  test(`${name} comes to its end on hornbeam and on the ceiling, and says what its rows ask for`, async () => {
    const ours = await launch("hornbeam", workload, 0);
    const ceiling = rows.filter(({ against }) => against === "ceiling");
    const theirs = ceiling.length > 0 ? await launch("ceiling", workload, 0) : ours;
    for (const row of rows.filter(({ against }) => ["ceiling", "limit", "first1k", "plain"].includes(against)))
      expect(Number.isFinite(row.ratio(ours, theirs)), row.bench).toBe(true);
  });
}
