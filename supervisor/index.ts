export { BadSpec } from "./bad-spec.ts";
export type { ChildTemplate, ModuleWithSpec, Overrides, Spec } from "./child-spec.ts";
export type { ChildCount, ChildInfo } from "./children.ts";
export { type DynamicOptions, DynamicSupervisor } from "./dynamic-supervisor.ts";
export type { Failure } from "./intensity.ts";
export { SupervisorError } from "./refusal.ts";
export { type RunOptions, run } from "./run.ts";
export {
  type SimpleInit,
  type SimpleSupervisor,
  type StartArgs,
  type StartResult,
  Supervisor,
  type SupervisorInit,
  supervisor,
} from "./supervisor.ts";
export { type TreeNode, treeOf } from "./tree-of.ts";
