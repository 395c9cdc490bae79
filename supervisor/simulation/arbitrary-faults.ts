import { arbitraryRoot, arbitraryShape, IDS, legalIn, lowered, type TreeOptions } from "./arbitrary-tree.ts";
import { type Arbitrary, array, constant, constantFrom, integer, oneof, record } from "./fast-check.ts";
import { type Ending, FAULT_TYPES, type Fault, type FaultType } from "./fault.ts";
import { parentOf, pathsOf, type Shape, type SupervisorShape } from "./shape.ts";
import { WithShortcuts } from "./shortcut.ts";

export interface FaultOptions {
  /** Which faults there may be. Default: all. */
  readonly types?: readonly FaultType[];
  /** How many there are at least. Default 0. */
  readonly minFaults?: number;
  /** How many there may be. Default 8. */
  readonly maxFaults?: number;
}

/** A fault before it is known what tree it is for: the id to look for at each level. */
interface Intent {
  readonly target: readonly string[];
  readonly what: Draft;
}

type Draft =
  | { readonly type: "kill" | "terminateChild" | "restartChild" | "deleteChild" | "ignoreStart" }
  | { readonly type: "end"; readonly reason: Ending }
  | { readonly type: "failStarts"; readonly times: number }
  | { readonly type: "startChild"; readonly child: Shape }
  | { readonly type: "wait"; readonly time: number };

/** Deeper than any supervisor of a tree: see `patienceAt`. */
const ADDED = 99;

const drafts: { readonly [T in FaultType]: Arbitrary<Draft> } = {
  kill: constant({ type: "kill" }),
  end: record({ type: constant("end"), reason: constantFrom<Ending[]>("crash", "normal", "shutdown") }),
  wait: record({ type: constant("wait"), time: constantFrom(1000, 500, 2500, 6000) }),
  terminateChild: constant({ type: "terminateChild" }),
  restartChild: constant({ type: "restartChild" }),
  deleteChild: constant({ type: "deleteChild" }),
  startChild: record({ type: constant("startChild"), child: arbitraryShape(ADDED, ADDED + 1, 2) }),
  failStarts: record({ type: constant("failStarts"), times: integer({ min: 1, max: 4 }) }),
  ignoreStart: constant({ type: "ignoreStart" }),
};

/** What happens by itself happens more often than what somebody asks for. */
const WEIGHTS: Partial<Record<FaultType, number>> = { kill: 6, end: 5, wait: 2, failStarts: 2 };

const ids = constantFrom(...IDS);
/** Now and then the root. */
const target = oneof(
  { arbitrary: array(ids, { minLength: 1, maxLength: 4 }), weight: 15 },
  { arbitrary: constant<string[]>([]), weight: 1 },
);

function arbitraryIntents({ types = FAULT_TYPES, minFaults = 0, maxFaults = 8 }: FaultOptions): Arbitrary<Intent[]> {
  const what = oneof(
    { withCrossShrink: true },
    ...types.map((type) => ({ arbitrary: drafts[type], weight: WEIGHTS[type] ?? 1 })),
  );
  return array(record({ target, what }), { minLength: minFaults, maxLength: maxFaults });
}

/**
 * Sequences of faults that fit a tree: each names a path that the tree has, or gets from a fault. They shrink towards
 * fewer, and towards kills.
 *
 * @example
 * const tree = supervisorShape("app", [workerShape("a"), workerShape("b")]);
 * fc.assert(
 *   fc.property(arbitraryFaults(tree, { types: ["kill"], maxFaults: 3 }), (faults) => {
 *     const last = faults.reduce((state, fault) => predict(state, fault).state, begin(tree).state);
 *     expect(last.root === undefined).toBe(faults.some((fault) => showFault(fault) === "kill app"));
 *   }),
 * );
 */
export function arbitraryFaults(tree: SupervisorShape, options: FaultOptions = {}): Arbitrary<readonly Fault[]> {
  return arbitraryIntents(options).map((intents) => faultsOf(tree, intents));
}

/** A tree, and what happens to it. */
export interface Case {
  readonly tree: SupervisorShape;
  readonly faults: readonly Fault[];
}

/**
 * Trees with faults that fit them. Both shrink by themselves: a fault keeps its child in every smaller tree that has it.
 */
export function arbitraryCase(options: TreeOptions & FaultOptions = {}): Arbitrary<Case> {
  const parts = record({ tree: arbitraryRoot(options), intents: arbitraryIntents(options) });
  const shortcuts = options.types?.includes("end") === false ? [loweredWith] : [loweredWith, stopped];
  return new WithShortcuts(parts, ...shortcuts).map(({ tree, intents }) => ({ tree, faults: faultsOf(tree, intents) }));
}

interface Parts {
  readonly tree: SupervisorShape;
  readonly intents: readonly Intent[];
}

function loweredWith({ tree, intents }: Parts): Parts | undefined {
  const smaller = lowered(tree);
  return smaller && { tree: smaller, intents: intents.map(({ target, what }) => ({ target: target.slice(1), what })) };
}

/** How children are stopped, is seen best when all are. */
const stopped = ({ tree, intents }: Parts): Parts | undefined =>
  intents.length < 2 ? undefined : { tree, intents: [{ target: [], what: { type: "end", reason: "shutdown" } }] };

function faultsOf(tree: SupervisorShape, intents: readonly Intent[]): readonly Fault[] {
  const known = new Map(pathsOf(tree));
  const faults = intents.map((intent) => faultOf(known, tree.id, intent));
  // How a start goes may be said before the child is there: now all that ever will be are known.
  return faults.map((fault, i) => (isPlan(fault) ? faultOf(known, tree.id, intents[i] as Intent) : fault));
}

const isPlan = ({ type }: Fault): boolean => type === "failStarts" || type === "ignoreStart";

function faultOf(known: Map<string, Shape>, root: string, { target, what }: Intent): Fault {
  const path = pathOf(known, root, target);
  if (what.type === "wait") return what;
  if (what.type !== "startChild") return { ...what, path };
  const supervisor = known.get(path)?.type === "supervisor" ? path : (parentOf(path) as string);
  const child = legalIn(known.get(supervisor) as SupervisorShape, what.child);
  // One of that id stays what it is.
  if (!known.has(`${supervisor}/${child.id}`)) {
    for (const [below, shape] of pathsOf(child, `${supervisor}/`)) known.set(below, shape);
  }
  return { type: "startChild", path: supervisor, child };
}

/** Goes down from the root: at each level to the child of that id, or else to the next one, so that all others may go. */
function pathOf(known: ReadonlyMap<string, Shape>, root: string, target: readonly string[]): string {
  return target.reduce((path, wanted) => {
    const below = [...known.keys()].filter((each) => parentOf(each) === path).sort();
    return below.find((each) => each >= `${path}/${wanted}`) ?? below[0] ?? path;
  }, root);
}
