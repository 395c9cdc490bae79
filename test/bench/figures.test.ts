import { expect, test } from "vitest";
import { compare } from "../../bench/compare.ts";
import { Figures, median } from "../../bench/figures.ts";
import type { Row } from "../../bench/workloads.ts";

const line = (i: number, us: number, more: object = {}): string =>
  JSON.stringify({ w: "pingpong", i, n: 1000, us, ...more });

test("a figure is the median of the rounds after the warm-up, in nanoseconds per operation", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1])).toBe(2.5);
  expect(new Figures([line(0, 900), line(1, 30), line(2, 10), line(3, 20)].join("\n")).of("pingpong")).toBe(20);
});

test("a round that is the only one is the figure", () => {
  expect(new Figures(line(0, 40, { heap: 154 })).of("pingpong", "heap")).toBe(154);
});

test("what was not printed is an error, not a number", () => {
  expect(() => new Figures(line(0, 40)).of("ring")).toThrow("expected ns of ring");
  expect(() => new Figures('{"w":"ring","skip":true}').of("ring")).toThrow("expected ns of ring");
});

test("hornbeam and each rival are measured in turn; a ratio is the median of the rounds", async () => {
  const rows: readonly Row[] = [
    {
      bench: "pingpong",
      against: "ceiling",
      goal: 0.6,
      ratio: (ours, theirs) => theirs.of("pingpong") / ours.of("pingpong"),
    },
    { bench: "pingpong", against: "limit", goal: 1, limit: 40, ratio: (ours) => 40 / ours.of("pingpong") },
  ];
  const took = { hornbeam: [10, 20, 40], ceiling: [20, 20, 20] };
  const order: string[] = [];
  const results = await compare(rows, 3, async (implementation) => {
    order.push(implementation);
    return new Figures(line(0, took[implementation as keyof typeof took].shift() as number));
  });
  expect(order).toEqual(["hornbeam", "ceiling", "hornbeam", "ceiling", "hornbeam", "ceiling"]);
  expect(results.map(({ ratio, least, greatest }) => [ratio, least, greatest])).toEqual([
    [1, 0.5, 2],
    [2, 1, 4],
  ]);
});

test("what a row shows besides its ratio is the median of the rounds, of hornbeam and of the rival", async () => {
  const ratio = (ours: Figures, theirs: Figures) => theirs.of("http") / ours.of("http");
  const rows: readonly Row[] = [{ bench: "http", against: "node", goal: 0.9, field: "rate", ratio }];
  const rates = { hornbeam: [100, 300, 200], node: [200, 400, 300] };
  const [result] = await compare(rows, 3, async (implementation) => {
    const rate = rates[implementation as keyof typeof rates].shift();
    return new Figures(JSON.stringify({ w: "http", i: 1, n: 10, us: 1, rate }));
  });
  expect(result?.shown).toEqual([200, 300]);
});
