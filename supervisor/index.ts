export {
  Application,
  type ApplicationInfo,
  type ApplicationOptions,
  type ApplicationStart,
} from "./application/application.ts";
export type { EnvOf } from "./application/application-env.ts";
export { ApplicationError, ApplicationStartError, type StartFailure } from "./application/application-error.ts";
export type { ApplicationSpec } from "./application/application-spec.ts";
export { BadSpec } from "./bad-spec.ts";
export type { ChildTemplate, ModuleWithSpec, Overrides, Spec } from "./child-spec.ts";
export type { ChildCount, ChildInfo } from "./children.ts";
export { type DynamicOptions, DynamicSupervisor } from "./dynamic-supervisor.ts";
export type { Failure } from "./intensity.ts";
export { type PartitionOptions, PartitionSupervisor } from "./partition/partition-supervisor.ts";
export { SupervisorError } from "./refusal.ts";
export { alreadyRegistered, Registry } from "./registry/registry.ts";
export { type Registration, type RegistryEntry, type RegistryName, registry, via } from "./registry/registry-name.ts";
export { AlreadyRegistered, type RegistryEvent } from "./registry/registry-table.ts";
export type { RegistryOptions } from "./registry/registry-tree.ts";
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
export {
  type StartTaskOptions,
  type SupervisedStreamOptions,
  type TaskOptions,
  TaskSupervisor,
} from "./task-supervisor.ts";
export { type TreeNode, treeOf } from "./tree-of.ts";
export { type TaskName, WorkerPool, type WorkerPoolInfo, type WorkerPoolOptions } from "./worker-pool/worker-pool.ts";
export { WorkerPoolError } from "./worker-pool/worker-pool-error.ts";
