import { expect, test } from "vitest";
import { runExample } from "./support.ts";

test("examples/worker-pool.ts counts on threads, survives a crashing task, and ends", { timeout: 30_000 }, async () => {
  const [primes, crash, counts, ...rest] = (await runExample("worker-pool.ts")).split("\n");
  expect(primes).toBe("primes below 2000000: 148933");
  expect(crash).toMatch(
    /^crash: task 'crash': expected a result, got: its thread \d+ ended with exit code 1 \(process.exit\)$/,
  );
  expect(counts).toBe("8 tasks completed, 1 failed");
  expect(rest).toEqual([""]);
});
