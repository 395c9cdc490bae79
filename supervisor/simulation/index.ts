export { arbitraryCase, arbitraryFaults, type Case, type FaultOptions } from "./arbitrary-faults.ts";
export { arbitraryTree, type TreeOptions } from "./arbitrary-tree.ts";
export { FaultCommand, runCommands, type TreeCommand, treeCommands } from "./commands.ts";
export { DeviationError } from "./comparison.ts";
export { describeTree } from "./description.ts";
export { type Fate, fatesOf } from "./fates.ts";
export { type Answer, type Ending, type Fault, type FaultType, showFault } from "./fault.ts";
export { Journal } from "./journal.ts";
export {
  begin,
  type Entry,
  type ModelChild,
  type ModelState,
  type PredictedEntry,
  type Prediction,
  predict,
  type StartOutcome,
  statusOf,
} from "./model.ts";
export { RealTree, type TreeModel } from "./real-tree.ts";
export { pathsOf, type Shape, type SupervisorShape, supervisorShape, type WorkerShape, workerShape } from "./shape.ts";
export { treeSpec } from "./tree-spec.ts";
