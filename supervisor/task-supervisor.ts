import { checkOptions } from "../runtime/checks.ts";
import { StartError } from "../runtime/errors.ts";
import type { Process } from "../runtime/process.ts";
import { processOf } from "../runtime/self.ts";
import type { Task } from "../runtime/task/task.ts";
import { callersFrom, checkTaskFunction, functionName, type Job, spawnTask } from "../runtime/task/task-process.ts";
import { TaskRecord } from "../runtime/task/task-record.ts";
import { type StreamOptions, type StreamResult, taskStream, type ZippedResult } from "../runtime/task/task-stream.ts";
import type {
  Async,
  Caller,
  ChildSpec,
  Label,
  Name,
  Pid,
  ProcessFunction,
  Restart,
  Self,
  Shutdown,
  Target,
} from "../runtime/types.ts";
import { type DynamicOptions, DynamicSupervisor } from "./dynamic-supervisor.ts";

export interface TaskOptions {
  /** What reports call the task. */
  readonly label?: Label;
  /** How long the task may take to stop with its supervisor before it is killed. Default 5000 ms. */
  readonly shutdown?: Shutdown;
}

export interface StartTaskOptions extends TaskOptions {
  /** Default `"temporary"`: a task that has ended is not started again. */
  readonly restart?: Restart;
  readonly name?: Name;
}

export interface SupervisedStreamOptions extends StreamOptions, TaskOptions {}

type Items<I> = Iterable<I> | AsyncIterable<I>;
type StreamFunction<I, T> = (item: I, self: Self) => Async<T>;

/** A task as a child. It is another's: its starter is not its parent, and it is not started once that has ended. */
function specOf(
  starter: Process,
  run: ProcessFunction,
  job: Job | undefined,
  options: StartTaskOptions,
  link: boolean,
): ChildSpec {
  const callers = callersFrom(starter);
  const { label, name, restart = "temporary", shutdown = 5000 } = checkOptions("TaskSupervisor", options);
  const id = typeof label === "string" ? label : (job?.what ?? functionName(run));
  return {
    id,
    restart,
    shutdown,
    start: async (parent) => {
      if (job !== undefined && starter.dead) throw new StartError({ shutdown: starter.reason }, `task ${id}`);
      const process = spawnTask(processOf(parent), run, job, callers, { link: true, label, name });
      if (link) starter.linkTo(process);
      return process.pid;
    },
  };
}

async function launch<T>(
  self: Self,
  supervisor: Target,
  run: ProcessFunction<T>,
  options: TaskOptions,
  link: boolean,
): Promise<Task<T>> {
  checkTaskFunction(run);
  const owner = processOf(self);
  const task = new TaskRecord(owner, run, link);
  await DynamicSupervisor.startChild(self, supervisor, specOf(owner, run, task, options, link));
  return task;
}

function stream(
  self: Self,
  supervisor: Target,
  items: Items<unknown>,
  run: StreamFunction<unknown, unknown>,
  options: SupervisedStreamOptions,
  link: boolean,
): AsyncIterable<any> {
  const owner = processOf(self);
  return taskStream(owner, items, run, options, link, (task, job) =>
    DynamicSupervisor.startChild(self, supervisor, specOf(owner, task, job, options, false)),
  );
}

interface SupervisedStream {
  <I, T>(
    self: Self,
    supervisor: Target,
    items: Items<I>,
    run: StreamFunction<I, T>,
    options: SupervisedStreamOptions & { readonly zipInputOnExit: true },
  ): AsyncIterable<ZippedResult<I, T>>;
  <I, T>(
    self: Self,
    supervisor: Target,
    items: Items<I>,
    run: StreamFunction<I, T>,
    options?: SupervisedStreamOptions,
  ): AsyncIterable<StreamResult<T>>;
}

/**
 * Tasks under a supervisor: they stop with it, and a crash of one is no other's business (Elixir: `Task.Supervisor`).
 *
 * @example
 * const tasks = name("tasks");
 * await sim.start(TaskSupervisor.child({ name: tasks }));
 * const task = await TaskSupervisor.asyncNolink(self, tasks, () => exit("oops"));
 * await Task.yield(self, task); // { exit: "oops" }, and self lives on
 */
export interface TaskSupervisor {
  /** A child spec that starts the supervisor, without tasks. `maxChildren` limits the tasks that run at once. */
  child(options?: DynamicOptions): ChildSpec;
  /**
   * As `Task.async`, with the task as a child of `supervisor`: linked to its owner, and stopped with the supervisor.
   * Rejects with a `SupervisorError` (`maxChildren`) or a `CallError`.
   */
  async<T>(self: Self, supervisor: Target, run: ProcessFunction<T>, options?: TaskOptions): Promise<Task<T>>;
  /**
   * As `async`, without a link: the owner outlives a crash of the task, and the task its owner. If nobody waits for the
   * task when it ends, the owner gets a message: a `TaskResult` with the value, or a `Down` with the reason, both with
   * the `ref` of the task. A server takes them in `handleInfo`; whoever awaits the task later takes the message away.
   */
  asyncNolink<T>(self: Self, supervisor: Target, run: ProcessFunction<T>, options?: TaskOptions): Promise<Task<T>>;
  /** As `Task.asyncStream`, with the tasks as children of `supervisor`. */
  readonly asyncStream: SupervisedStream;
  /** As `asyncStream`, without links: a task that crashes is an `{ exit }` among the results, whether `self` traps or not. */
  readonly asyncStreamNolink: SupervisedStream;
  /** Starts a task that nobody waits for; with `restart` it is brought back as any child is. */
  startChild(by: Caller, supervisor: Target, run: ProcessFunction, options?: StartTaskOptions): Promise<Pid>;
  /** Stops a task; rejects with a `SupervisorError` (`notFound`) when it is not the supervisor's. */
  terminateChild(by: Caller, supervisor: Target, pid: Pid): Promise<void>;
  /** The tasks that run. */
  children(by: Caller, supervisor: Target): Promise<readonly Pid[]>;
}

export const TaskSupervisor: TaskSupervisor = {
  child: (options = {}) =>
    DynamicSupervisor.child({ ...options, id: options.id ?? options.name?.name ?? "taskSupervisor" }),
  async: (self, supervisor, run, options = {}) => launch(self, supervisor, run, options, true),
  asyncNolink: (self, supervisor, run, options = {}) => launch(self, supervisor, run, options, false),
  asyncStream: (self: Self, supervisor: Target, items: any, run: any, options: SupervisedStreamOptions = {}) =>
    stream(self, supervisor, items, run, options, true),
  asyncStreamNolink: (self: Self, supervisor: Target, items: any, run: any, options: SupervisedStreamOptions = {}) =>
    stream(self, supervisor, items, run, options, false),

  async startChild(by, supervisor, run, options = {}) {
    checkTaskFunction(run);
    return DynamicSupervisor.startChild(by, supervisor, specOf(processOf(by), run, undefined, options, false));
  },

  terminateChild: (by, supervisor, pid) => DynamicSupervisor.terminateChild(by, supervisor, pid),

  async children(by, supervisor) {
    const children = await DynamicSupervisor.whichChildren(by, supervisor);
    return children.map(({ pid }) => pid).filter((pid): pid is Pid => typeof pid === "object");
  },
};
