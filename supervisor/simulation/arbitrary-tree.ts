import type { Milliseconds, Restart, Shutdown } from "../../runtime/types.ts";
import { type Arbitrary, boolean, constantFrom, oneof, record, uniqueArray } from "./fast-check.ts";
import { type Shape, type SupervisorShape, supervisorShape, workerShape } from "./shape.ts";
import { WithShortcuts } from "./shortcut.ts";

export interface TreeOptions {
  /** How many supervisors may stand above each other, the root among them. Default 3. */
  readonly depth?: number;
  /** How many children a supervisor may have, at most 8. Default 4. */
  readonly breadth?: number;
}

/** Ids come from these. They stay when siblings go, so that a fault finds its child in a smaller tree. */
export const IDS = [..."abcdefgh"];

const restart = constantFrom<Restart[]>("permanent", "transient", "temporary");
const patience = constantFrom<Shutdown[]>(5000, "brutalKill", "infinity", 100);
const stopTime = constantFrom<Milliseconds[]>(0, 50, 400, 6000);

const flags = record({
  strategy: constantFrom<SupervisorShape["strategy"][]>("oneForOne", "oneForAll", "restForOne"),
  maxRestarts: constantFrom(3, 0, 1, 2),
  maxSeconds: constantFrom(5, 1, 2),
  autoShutdown: constantFrom<SupervisorShape["autoShutdown"][]>("never", "anySignificant", "allSignificant"),
});

/**
 * Supervision trees as data, legal ones: all strategies, restart and shutdown types, intensities, significant children,
 * workers that take long to stop. They shrink towards fewer children, less depth, and the defaults of OTP and Elixir.
 *
 * @example
 * fc.assert(
 *   fc.property(arbitraryTree({ depth: 2 }), (tree) => {
 *     expect(statusOf(begin(tree).state).get("app")).toBe("app#1");
 *   }),
 * );
 */
export const arbitraryTree = (options: TreeOptions = {}): Arbitrary<SupervisorShape> =>
  new WithShortcuts(arbitraryRoot(options), lowered);

export function arbitraryRoot({ depth = 3, breadth = 4 }: TreeOptions): Arbitrary<SupervisorShape> {
  return record({ flags, children: childrenOf(1, depth, breadth) }).map((root) =>
    supervisorShape("app", legal(root), root.flags),
  );
}

/** A tree without its root, if there is only a supervisor below it, which then is the root. */
export function lowered({
  id,
  restart,
  shutdown,
  significant,
  children,
}: SupervisorShape): SupervisorShape | undefined {
  const [only, ...others] = children;
  if (only?.type !== "supervisor" || others.length > 0) return undefined;
  return { ...only, id, restart, shutdown, significant };
}

function childrenOf(level: number, depth: number, breadth: number): Arbitrary<Shape[]> {
  return uniqueArray(arbitraryShape(level, depth, breadth), { selector: ({ id }) => id, maxLength: breadth });
}

/** A child at a level below the root. It keeps its id while it shrinks from a supervisor to a worker. */
export function arbitraryShape(level: number, depth: number, breadth: number): Arbitrary<Shape> {
  const common = record({ id: constantFrom(...IDS), restart, significant: boolean() });
  const worker = record({ shutdown: patience, stopTime });
  if (level >= depth)
    return record({ common, own: worker }).map(({ common: { id, ...spec }, own }) =>
      workerShape(id, { ...spec, ...own }),
    );
  const supervisor = record({ flags, children: childrenOf(level + 1, depth, breadth), shutdown: patienceAt(level) });
  const own = oneof({ withCrossShrink: true }, { arbitrary: worker, weight: 3 }, { arbitrary: supervisor, weight: 2 });
  return record({ common, own }).map(({ common: { id, ...spec }, own }) =>
    "flags" in own
      ? supervisorShape(id, legal(own), { ...spec, ...own.flags, shutdown: own.shutdown })
      : workerShape(id, { ...spec, ...own }),
  );
}

/** All other times are multiples of 50 ms: no patience ever ends in the very moment in which something else does. */
const patienceAt = (level: number): Arbitrary<Shutdown> =>
  constantFrom<Shutdown[]>("infinity", "brutalKill", 300 + level);

/** Only some children may be significant, and only of some supervisors. */
const legal = ({ flags, children }: { flags: Pick<SupervisorShape, "autoShutdown">; children: Shape[] }): Shape[] =>
  children.map((child) => legalIn(flags, child));

export function legalIn({ autoShutdown }: Pick<SupervisorShape, "autoShutdown">, child: Shape): Shape {
  return { ...child, significant: child.significant && autoShutdown !== "never" && child.restart !== "permanent" };
}
