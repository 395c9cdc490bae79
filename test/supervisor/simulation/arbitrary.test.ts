import fc from "fast-check";
import {
  arbitraryCase,
  arbitraryFaults,
  arbitraryTree,
  begin,
  type Case,
  type Fault,
  type Prediction,
  pathsOf,
  predict,
  type Shape,
  supervisorShape,
  treeSpec,
  workerShape,
} from "hornbeam/supervisor/simulation";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";

const trees = fc.sample(arbitraryTree(), { numRuns: 2000, seed: 1 });
const cases = fc.sample(arbitraryCase(), { numRuns: 3000, seed: 1 });
const shapes: readonly Shape[] = trees.flatMap((tree) => [...pathsOf(tree)].map(([, shape]) => shape));
const supervisors = shapes.filter((shape) => shape.type === "supervisor");
const workers = shapes.filter((shape) => shape.type === "worker");

/** What a list has, sorted, and each of it at least so many times. */
function kinds(list: readonly unknown[], least = 20): readonly string[] {
  const counts = Map.groupBy(list.map(String), (each) => each);
  for (const [kind, all] of counts) expect(all.length, kind).toBeGreaterThanOrEqual(least);
  return [...counts.keys()].sort();
}

function predictions({ tree, faults }: Case): readonly Prediction[] {
  const all = [begin(tree)];
  for (const fault of faults) all.push(predict((all.at(-1) as Prediction).state, fault));
  return all;
}

test("trees have every strategy, autoShutdown and intensity, every restart and shutdown type", () => {
  expect(kinds(supervisors.map(({ strategy }) => strategy))).toEqual(["oneForAll", "oneForOne", "restForOne"]);
  expect(kinds(supervisors.map(({ autoShutdown }) => autoShutdown))).toEqual([
    ...["allSignificant", "anySignificant", "never"],
  ]);
  expect(kinds(supervisors.map(({ maxRestarts }) => maxRestarts))).toEqual(["0", "1", "2", "3"]);
  expect(kinds(supervisors.map(({ maxSeconds }) => maxSeconds))).toEqual(["1", "2", "5"]);
  expect(kinds(shapes.map(({ restart }) => restart))).toEqual(["permanent", "temporary", "transient"]);
  expect(kinds(workers.map(({ shutdown }) => shutdown))).toEqual(["100", "5000", "brutalKill", "infinity"]);
  expect(kinds(supervisors.map(({ shutdown }) => shutdown))).toEqual(["301", "302", "brutalKill", "infinity"]);
  expect(kinds(workers.map(({ stopTime }) => stopTime))).toEqual(["0", "400", "50", "6000"]);
  expect(kinds(shapes.map(({ significant }) => significant))).toEqual(["false", "true"]);
});

test("trees are as deep and as broad as wanted, and no more", () => {
  const size = (options: Parameters<typeof arbitraryTree>[0]) => {
    const all = fc.sample(arbitraryTree(options), { numRuns: 500, seed: 1 }).flatMap((tree) => [...pathsOf(tree)]);
    const depth = Math.max(
      ...all.filter(([, { type }]) => type === "supervisor").map(([path]) => path.split("/").length),
    );
    return { depth, breadth: Math.max(...all.map(([, shape]) => ("children" in shape ? shape.children.length : 0))) };
  };
  expect(size({})).toEqual({ depth: 3, breadth: 4 });
  expect(size({ depth: 1, breadth: 2 })).toEqual({ depth: 1, breadth: 2 });
  expect(size({ depth: 5, breadth: 7 })).toEqual({ depth: 5, breadth: 7 });
});

test("every tree is legal: real supervisors start it", async () => {
  for (const tree of trees.slice(0, 300)) await inVirtualTime(async (sim) => void (await sim.start(treeSpec(tree))));
});

test("the smallest tree is a supervisor with the defaults", async () => {
  const { counterexample } = await fc.check(
    fc.property(arbitraryTree(), () => false),
    { seed: 1 },
  );
  expect(counterexample).toEqual([supervisorShape("app", [])]);
});

test("each fault names a path of the tree, or of what was added to it before; how a start goes may be said earlier", () => {
  let early = 0;
  for (const { tree, faults } of cases) {
    const known = new Map<string, Shape>(pathsOf(tree));
    const plans: string[] = [];
    for (const fault of faults) {
      if (fault.type === "failStarts" || fault.type === "ignoreStart") plans.push(fault.path);
      else if (fault.type !== "wait") expect(known.has(fault.path), fault.path).toBe(true);
      early += plans.filter((path) => !known.has(path)).length;
      if (fault.type !== "startChild") continue;
      expect(known.get(fault.path)?.type).toBe("supervisor");
      if (known.has(`${fault.path}/${fault.child.id}`)) continue;
      for (const [path, shape] of pathsOf(fault.child, `${fault.path}/`)) known.set(path, shape);
    }
    for (const path of plans) expect(known.has(path), path).toBe(true);
  }
  expect(early).toBeGreaterThan(20);
});

test("faults are of every type, and only of those that are wanted", () => {
  const all = cases.flatMap(({ faults }) => faults);
  expect(kinds(all.map(({ type }) => type))).toEqual([
    ...[
      "deleteChild",
      "end",
      "failStarts",
      "ignoreStart",
      "kill",
      "restartChild",
      "startChild",
      "terminateChild",
      "wait",
    ],
  ]);
  expect(kinds(all.flatMap((fault) => (fault.type === "end" ? [fault.reason] : [])))).toEqual([
    ...["crash", "normal", "shutdown"],
  ]);
  const tree = supervisorShape("app", [workerShape("a")]);
  const few: Fault[] = fc
    .sample(arbitraryFaults(tree, { types: ["kill", "wait"], minFaults: 2, maxFaults: 3 }), 300)
    .flat();
  expect(kinds(few.map(({ type }) => type))).toEqual(["kill", "wait"]);
});

test("everything that can become of a tree becomes of some", () => {
  const all = cases.flatMap(predictions);
  const some = (least: number, what: string, is: (prediction: Prediction) => unknown) =>
    expect(all.filter(is).length, what).toBeGreaterThanOrEqual(least);
  some(100, "a supervisor gives up", ({ gaveUp }) => gaveUp.length === 1);
  some(5, "and takes another one along", ({ gaveUp }) => gaveUp.length > 1);
  some(100, "significant children end a supervisor", ({ autoShutdowns }) => autoShutdowns.length === 1);
  some(5, "and that one another", ({ autoShutdowns }) => autoShutdowns.length > 1);
  some(50, "a start fails in a restart", ({ entries }) => entries.some(({ type }) => type === "failed"));
  some(20, "a start is ignored", ({ entries }) => entries.some(({ type }) => type === "ignored"));
  some(10, "a supervisor cannot start its children", ({ entries }) =>
    entries.some(({ reason }) => reason === "failedToStartChild"),
  );
  some(100, "time is needed to stop", ({ entries }) => new Set(entries.map(({ at }) => at)).size > 1);
  some(100, "processes lose their supervisor", ({ entries }) => entries.some(({ line }) => line !== "tree"));
  some(100, "the root ends", ({ state }) => state.root === undefined);
  const startsThatFail = cases.filter((each) => {
    const answers = predictions(each).map(({ answer }) => answer);
    return each.faults.some(({ type }, i) => type === "startChild" && answers[i + 1] === "failed");
  });
  expect(startsThatFail.length).toBeGreaterThanOrEqual(5);
  const answers = cases.flatMap((each) => predictions(each).map(({ answer }) => answer));
  expect(kinds(answers, 1)).toEqual([
    ...["alreadyPresent", "alreadyStarted", "failed", "ignored", "noProcess", "notFound", "ok", "running"],
  ]);
});

test("no patience with a supervisor ends at a moment at which something else may: it is told apart from all other times", () => {
  const times = workers.flatMap(({ stopTime, shutdown }) => [stopTime, typeof shutdown === "number" ? shutdown : 0]);
  for (const time of times) expect(time % 50).toBe(0);
  for (const [path, { type, shutdown }] of trees.flatMap((tree) => [...pathsOf(tree)])) {
    const level = path.split("/").length - 1;
    if (type === "supervisor" && typeof shutdown === "number") expect(shutdown).toBe(300 + level);
  }
});
