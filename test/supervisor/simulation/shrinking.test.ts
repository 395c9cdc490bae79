import fc from "fast-check";
import {
  arbitraryCase,
  type Case,
  DeviationError,
  pathsOf,
  type Shape,
  type SupervisorShape,
  treeSpec,
} from "hornbeam/supervisor/simulation";
import { expect, test } from "vitest";
import { tried } from "./support.ts";

/** Trees whose supervisors are not what their description says, in one respect. */
const BUGS: readonly (readonly [name: string, bug: (shape: Shape) => Partial<SupervisorShape> | Partial<Shape>])[] = [
  ["restForOne restarts only who ended", (shape) => (isOf(shape, "restForOne") ? { strategy: "oneForOne" } : {})],
  ["oneForAll restarts only those behind", (shape) => (isOf(shape, "oneForAll") ? { strategy: "restForOne" } : {})],
  ["oneForOne restarts everybody", (shape) => (isOf(shape, "oneForOne") ? { strategy: "oneForAll" } : {})],
  ["one restart more than allowed", (shape) => ("maxRestarts" in shape ? { maxRestarts: shape.maxRestarts + 1 } : {})],
  [
    "a transient child is always restarted",
    ({ restart }) => (restart === "transient" ? { restart: "permanent", significant: false } : {}),
  ],
  ["a temporary child is restarted", ({ restart }) => (restart === "temporary" ? { restart: "transient" } : {})],
  ["significant children mean nothing", ({ significant }) => (significant ? { significant: false } : {})],
  ["a slow child is not killed", ({ shutdown }) => (shutdown === 100 ? { shutdown: "infinity" } : {})],
  ["brutalKill is patient", ({ shutdown }) => (shutdown === "brutalKill" ? { shutdown: "infinity" } : {})],
];

const isOf = (shape: Shape, strategy: SupervisorShape["strategy"]): boolean =>
  shape.type === "supervisor" && shape.strategy === strategy;

function withBug<S extends Shape>(shape: S, bug: (shape: Shape) => object): S {
  const children = shape.type === "supervisor" ? { children: shape.children.map((child) => withBug(child, bug)) } : {};
  return { ...shape, ...bug(shape), ...children };
}

const counted = ({ tree, faults }: Case) => ({ children: [...pathsOf(tree)].length - 1, faults: faults.length });

test.for(BUGS)(
  "%s: is found, and shrinks to at most two children and two faults",
  { timeout: 30_000 },
  async ([, bug]) => {
    for (const seed of [1, 2, 3]) {
      const found = await fc.check(
        fc.asyncProperty(arbitraryCase(), (each) =>
          tried(each, 1, (tree, journal) => treeSpec(withBug(tree, bug), journal)),
        ),
        { numRuns: 1000, seed },
      );
      expect(found.errorInstance).toBeInstanceOf(DeviationError);
      const [smallest] = found.counterexample ?? [];
      const { children, faults } = counted(smallest as Case);
      expect(children, `seed ${seed}`).toBeLessThanOrEqual(2);
      expect(faults, `seed ${seed}`).toBeLessThanOrEqual(2);
    }
  },
);
