import type { Simulation } from "../../runtime/simulation/world.ts";
import type { ChildSpec } from "../../runtime/types.ts";
import { arbitraryFaults, type FaultOptions } from "./arbitrary-faults.ts";
import { type Arbitrary, type AsyncCommand, asyncModelRun } from "./fast-check.ts";
import { FAULT_TYPES, type Fault, type FaultType, showFault } from "./fault.ts";
import type { Journal } from "./journal.ts";
import { predict } from "./model.ts";
import { RealTree, type TreeModel } from "./real-tree.ts";
import type { SupervisorShape } from "./shape.ts";

/** A command of fast-check for a tree and its model. A user's own may stand beside it. */
export type TreeCommand = AsyncCommand<TreeModel, RealTree>;

/** A fault as a command: it is run where it can happen, and fails where the tree does not do what the model predicts. */
export class FaultCommand implements TreeCommand {
  readonly fault: Fault;

  constructor(fault: Fault) {
    this.fault = fault;
  }

  /** Nobody is there for it: nothing to see. */
  check({ state }: Readonly<TreeModel>): boolean {
    return predict(state, this.fault).answer !== "noProcess";
  }

  async run(model: TreeModel, real: RealTree): Promise<void> {
    await real.happens(this.fault, model);
  }

  toString(): string {
    return showFault(this.fault);
  }
}

/** What can be done to a tree that is not made of {@link treeSpec}'s workers. */
const ANYWHERE: readonly FaultType[] = FAULT_TYPES.filter(
  (type) => type !== "failStarts" && type !== "ignoreStart" && type !== "startChild",
);

/**
 * Arbitraries of commands for `fc.commands`, one for each type of fault: processes of the tree are killed or end by
 * themselves, its supervisors are asked to terminate, restart and delete children, time passes. Others only where
 * `types` says so, and for a tree of {@link treeSpec} with a journal.
 */
export function treeCommands(
  tree: SupervisorShape,
  options: Pick<FaultOptions, "types"> = {},
): Arbitrary<TreeCommand>[] {
  const { types = ANYWHERE } = options;
  return types.map((type) =>
    arbitraryFaults(tree, { types: [type], minFaults: 1, maxFaults: 1 }).map(
      ([fault]) => new FaultCommand(fault as Fault),
    ),
  );
}

/**
 * Starts a tree in a simulation, and runs commands against it and its model, from rest to rest. Rejects with a
 * `DeviationError` where the tree does something else than the model predicts.
 */
export async function runCommands(
  sim: Simulation,
  spec: ChildSpec,
  tree: SupervisorShape,
  commands: Iterable<TreeCommand>,
  journal?: Journal,
): Promise<void> {
  const both = await RealTree.start(sim, spec, tree, journal);
  await asyncModelRun(() => both, commands);
}
