export { BadSpec, type Spec } from "./child-spec.ts";
export type { ChildCount, ChildInfo } from "./children.ts";
export { type DynamicOptions, DynamicSupervisor } from "./dynamic-supervisor.ts";
export { SupervisorError } from "./refusal.ts";
export { type RunOptions, run } from "./run.ts";
export { Supervisor, type SupervisorInit, supervisor } from "./supervisor.ts";
export {
  type StartTaskOptions,
  type SupervisedStreamOptions,
  type TaskOptions,
  TaskSupervisor,
} from "./task-supervisor.ts";
export { type TreeNode, treeOf } from "./tree-of.ts";
