// What the compiler must accept and refuse of tasks and agents. Checked by `tsc`; nothing here is run.
import {
  type Name,
  name,
  type Pid,
  type Reason,
  type Self,
  type StreamResult,
  type System,
  Task,
  type TaskOutcome,
  type TaskResult,
} from "hornbeam";
import { Agent, type AgentRef } from "hornbeam/genserver";
import { type Supervisor, supervisor, TaskSupervisor } from "hornbeam/supervisor";

declare const self: Self;
declare const system: System;
declare const tasks: Name;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

export async function results(): Promise<void> {
  const number = Task.async(self, () => 1);
  same<typeof number, Task<number>>(true);
  const text = Task.async(self, async (own) => `${own.pid}`, { label: "text", trapExit: true });
  same<typeof text, Task<string>>(true);
  same<typeof number.pid, Pid | undefined>(true);
  const one = await Task.await(self, number);
  same<typeof one, number>(true);
  await Task.await(self, number, 10);
  await Task.await(self, number, "infinity");
  const both = await Task.awaitMany(self, [number, text]);
  same<typeof both, [number, string]>(true);
  const many = await Task.awaitMany(
    self,
    [1, 2].map((n) => Task.async(self, () => n)),
  );
  same<typeof many, number[]>(true);
  const yielded = await Task.yield(self, text);
  same<typeof yielded, TaskOutcome<string> | undefined>(true);
  const value: string | undefined = yielded?.ok;
  const reason: Reason | undefined = yielded?.exit;
  if (yielded !== undefined && "exit" in yielded && yielded.exit !== undefined) same<typeof yielded.exit, Reason>(true);
  const ends = await Task.yieldMany(self, [number, text], { limit: 1, onTimeout: "killTask", timeout: "infinity" });
  same<typeof ends, [TaskOutcome<number> | undefined, TaskOutcome<string> | undefined]>(true);
  const ended = await Task.shutdown(self, number, "brutalKill");
  same<typeof ended, TaskOutcome<number> | undefined>(true);
  same<ReturnType<typeof Task.ignore<number>>, TaskOutcome<number> | undefined>(true);
  const wider: Task<number | string> = number;
  const completed: Task<boolean> = Task.completed(self, true as boolean);
  const callers: readonly Pid[] = self.callers;
  await using scoped = Task.async(self, () => undefined);
  void [value, reason, wider, completed, callers, scoped];
  // @ts-expect-error a system has no process to link to
  Task.async(system, () => 1);
  // @ts-expect-error not a function
  Task.async(self, 1);
  // @ts-expect-error a task of another result
  const other: Task<string> = number;
  // @ts-expect-error a promise is not a task
  Task.await(self, Promise.resolve(1));
  // @ts-expect-error no such option
  Task.yieldMany(self, [number], { onTimeout: "kill" });
  // @ts-expect-error milliseconds, brutalKill or infinity
  Task.shutdown(self, number, "kill");
  // @ts-expect-error the callers are not the process's to change
  self.callers = [];
  void other;
  const pid: Pid = Task.start(system, () => 1);
  const linked: Pid = Task.startLink(self, () => 1, { name: name("x") });
  void [pid, linked];
  // @ts-expect-error a system has no process to link to
  Task.startLink(system, () => 1);
  const App = {
    init: () => ({ strategy: "oneForOne", children: [Task.child(() => 1, { restart: "transient" })] }),
  } satisfies Supervisor;
  supervisor(App);
}

export async function streams(): Promise<void> {
  const double = async (n: number) => n * 2;
  const results = Task.asyncStream(self, [1, 2], double, { ordered: false });
  same<typeof results, AsyncIterable<StreamResult<number>>>(true);
  for await (const { ok, exit } of Task.asyncStream(self, new Set(["a"]), (item, own) => [item, own.pid] as const)) {
    same<typeof ok, readonly [string, Pid<{ calls: {}; casts: {}; info: any }>] | undefined>(true);
    same<typeof exit, Reason | undefined>(true);
  }
  for await (const result of Task.asyncStream(self, results, () => "x", { zipInputOnExit: true })) {
    if ("input" in result) same<typeof result.input, StreamResult<number>>(true);
  }
  for await (const { ok } of TaskSupervisor.asyncStreamNolink(self, tasks, [1], double, { shutdown: "brutalKill" })) {
    same<typeof ok, number | undefined>(true);
  }
  // @ts-expect-error the items are not what the function takes
  Task.asyncStream(self, ["a"], double);
  // @ts-expect-error nothing to iterate over
  Task.asyncStream(self, 5, double);
  // @ts-expect-error no such option
  Task.asyncStream(self, [1], double, { concurrency: 1 });
}

export async function supervised(): Promise<void> {
  const task = await TaskSupervisor.asyncNolink(self, tasks, async () => 1);
  same<typeof task, Task<number>>(true);
  const message: TaskResult<number> = { tag: "task", ref: task.ref, value: 1 };
  const pid = await TaskSupervisor.startChild(system, tasks, () => 1, { restart: "permanent", shutdown: 10 });
  same<typeof pid, Pid>(true);
  same<Awaited<ReturnType<typeof TaskSupervisor.children>>, readonly Pid[]>(true);
  TaskSupervisor.child({ name: tasks, maxChildren: 5, maxRestarts: 1, maxSeconds: 1 });
  void message;
  // @ts-expect-error a task that is awaited is not started again
  TaskSupervisor.async(self, tasks, () => 1, { restart: "permanent" });
  // @ts-expect-error a system has no process to link to
  TaskSupervisor.async(system, tasks, () => 1);
}

export async function agents(): Promise<void> {
  const agent = await Agent.start(system, async () => ({ hits: 0 }));
  same<typeof agent, AgentRef<{ hits: number }>>(true);
  const hits = await Agent.get(self, agent, async (state) => state.hits);
  same<typeof hits, number>(true);
  const value = await Agent.getAndUpdate(self, agent, (state) => ["was", { hits: state.hits + 1 }]);
  same<typeof value, string>(true);
  await Agent.update(self, agent, (state) => state, "infinity");
  Agent.cast(self, agent, (state) => ({ hits: state.hits * 2 }));
  const named = name<Agent<number>>("hits");
  const half = await Agent.get(self, named, (count) => count / 2);
  same<typeof half, number>(true);
  const started: AgentRef<number> = await system.start(Agent.child(() => 5, { name: named }));
  await Agent.stop(self, started, "shutdown", 100);
  // @ts-expect-error the state is of another type
  Agent.update(self, agent, () => 5);
  // @ts-expect-error the state is of another type
  Agent.cast(self, named, () => "five");
  // @ts-expect-error the state is of another type
  Agent.get(self, agent, (state: string) => state);
  // @ts-expect-error not a pair
  Agent.getAndUpdate(self, named, (count) => count);
  // @ts-expect-error a system has no process to link to
  Agent.startLink(system, () => 0);
}
