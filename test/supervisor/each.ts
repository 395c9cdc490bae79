import { name, noreply, ok, reply } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, PartitionSupervisor, Registry, registry, TaskSupervisor } from "hornbeam/supervisor";
import type { VirtualSystem } from "hornbeam/test";

// One of each supervisor that others ask for something, under the names that tests know.

export const rooms = registry<string, number>("rooms");
export const shards = name("shards");
export const tasks = name("tasks");
export const dynamic = name("dynamic");

export const Counter = {
  init: (from: number) => ok(from),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
  handleCast: { add: (by: number, count) => noreply(count + by) },
  handleInfo: (_: unknown, count) => noreply(count),
} satisfies GenServer<number>;

/** A supervisor of one {@link Counter}. */
export const App = {
  init: () => ({ strategy: "oneForOne" as const, children: [child(Counter, 0, { id: "counter" })] }),
};

/** Starts them, with options of their own where a test needs some. */
export async function startEach(
  sim: VirtualSystem,
  options: { readonly registry?: object; readonly dynamic?: object } = {},
): Promise<void> {
  await sim.start(Registry.child({ name: rooms, keys: "unique", ...options.registry }));
  await sim.start(PartitionSupervisor.child({ name: shards, childSpec: child(Counter, 0), partitions: 2 }));
  await sim.start(TaskSupervisor.child({ name: tasks }));
  await sim.start(DynamicSupervisor.child({ name: dynamic, ...options.dynamic }));
}
