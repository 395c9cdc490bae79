import fc from "fast-check";
import {
  arbitraryCase,
  type Case,
  DeviationError,
  supervisorShape,
  treeSpec,
  workerShape,
} from "hornbeam/supervisor/simulation";
import { expect, test } from "vitest";
import { kill, terminate, tried } from "./support.ts";

/** How many random trees; each is run under so many schedules. */
const CASES = 2500;
const SCHEDULES = 3;

const conforms = (options: Parameters<typeof arbitraryCase>[0], numRuns: number, seed: number) =>
  fc.assert(
    fc.asyncProperty(arbitraryCase(options), (each) => tried(each, SCHEDULES)),
    { numRuns, seed },
  );

test(
  "whatever happens to a tree, real supervisors do what the model predicts: who runs, in which order, at what time",
  {
    timeout: 60_000,
  },
  () => conforms({}, CASES, 1),
);

test("so they do in deep trees, when much happens", { timeout: 60_000 }, () =>
  conforms({ depth: 4, breadth: 5, maxFaults: 20 }, 400, 2),
);

test("a tree that does something else is told: what was expected, and what was seen", async () => {
  const worker = workerShape("a", { stopTime: 400 });
  const each: Case = { tree: supervisorShape("app", [worker, workerShape("b")]), faults: [kill("b"), terminate("a")] };
  const other = (tree: Case["tree"]) => ({ ...tree, children: [{ ...worker, stopTime: 500 }, workerShape("b")] });
  const error = await tried(each, 1, (tree, journal) => treeSpec(other(tree), journal)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(DeviationError);
  expect(error.fault).toEqual(terminate("a"));
  expect(error.deviations).toEqual([
    "time: expected 400, got: 500",
    "events of tree: expected end app/a#1 shutdown at 400 ms, got: end app/a#1 shutdown at 500 ms",
  ]);
  expect(error.message).toContain("after terminateChild app/a, the tree is not what OTP's supervisors make of it");
});
