import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALLOWANCE, tooMuch, tooSlow } from "../../bench/gate.ts";
import { GATED, WORKLOADS } from "../../bench/workloads.ts";

const baseline = { pingpong: 0.6, ring: 0.5 };

test("as fast as the baseline, or faster, passes", () => {
  expect(tooSlow(baseline, { pingpong: 0.6, ring: 0.9 })).toEqual([]);
});

test("a quarter below the baseline passes, anything more does not", () => {
  expect(ALLOWANCE).toBe(0.25);
  expect(tooSlow(baseline, { pingpong: 0.45, ring: 0.375 })).toEqual([]);
  expect(tooSlow(baseline, { pingpong: 0.449, ring: 0.5 })).toEqual([
    { bench: "pingpong", message: "pingpong: expected at least 0.450 (the baseline of 0.6 less 25 %), got: 0.449" },
  ]);
});

test("each bench that is too slow is named", () => {
  expect(tooSlow(baseline, { pingpong: 0.1, ring: 0.1 }).map(({ bench }) => bench)).toEqual(["pingpong", "ring"]);
});

test("a bench that was not measured, or has no baseline, does not pass unseen", () => {
  expect(tooSlow(baseline, { pingpong: 0.6 }).map(({ message }) => message)).toEqual([
    "ring: expected a ratio that was measured, got: undefined",
  ]);
  expect(tooSlow(baseline, { pingpong: Number.NaN, ring: 0.5 }).map(({ bench }) => bench)).toEqual(["pingpong"]);
  expect(tooSlow({}, { pingpong: 0.6 }).map(({ message }) => message)).toEqual([
    "pingpong: expected a ratio in the baseline, got: undefined",
  ]);
});

test("the committed baseline has a ratio for each gated bench, and for no other", () => {
  const committed = JSON.parse(readFileSync(new URL("../../bench/baseline.json", import.meta.url), "utf8"));
  expect(Object.keys(committed)).toEqual([...GATED]);
  expect(tooSlow(committed, committed)).toEqual([]);
});

const limited = (ratio: number) => {
  const row = { bench: "bytes a process", against: "limit", goal: 1, limit: 300, ratio: () => ratio } as const;
  return { row, ratio, least: ratio, greatest: ratio };
};

test("what keeps its limit passes; what is over it, or was not measured, does not", () => {
  expect(tooMuch([limited(1), limited(1.2)])).toEqual([]);
  expect(tooMuch([limited(0.75)])).toEqual([
    { bench: "bytes a process", message: "bytes a process: expected at most 300, got: 400.000" },
  ]);
  expect(tooMuch([limited(Number.NaN)])).toHaveLength(1);
});

test("the memory of a process and of a server, and the lateness of a timer, have limits that the gate looks at", () => {
  const limits = WORKLOADS.flatMap(({ rows }) => rows).filter(({ limit }) => limit !== undefined);
  expect(limits.map(({ bench, limit }) => [bench, limit])).toEqual([
    ["timer lag p99 ms", 2],
    ["bytes a process", 300],
    ["bytes a GenServer", 450],
  ]);
});
