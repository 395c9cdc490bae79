import { GenServer } from "../../genserver/genserver.ts";
import { checkOptions } from "../../runtime/checks.ts";
import { KeyName } from "../../runtime/directory.ts";
import { BadArgument, CallError } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { nameOf } from "../../runtime/names.ts";
import { Address, showTarget } from "../../runtime/pid.ts";
import type { ProtocolOf } from "../../runtime/protocol.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { Caller, ChildSpec, Milliseconds, Name, Pid, Reason, Self, Target } from "../../runtime/types.ts";
import type { ChildCount, ChildInfo } from "../children.ts";
import { SupervisorError } from "../refusal.ts";
import { Supervisor, type SupervisorInit, supervisor } from "../supervisor.ts";
import { PartitionTable } from "./partition-table.ts";

export interface PartitionOptions {
  readonly name: Name;
  /** What every partition runs; its id is the number of the partition. A function makes the spec of each partition. */
  readonly childSpec: ChildSpec | ((partition: number) => ChildSpec);
  /** Default 8, on every machine: all of them share one thread. */
  readonly partitions?: number;
  /** Default `"oneForOne"`. */
  readonly strategy?: SupervisorInit["strategy"];
  /** Default 3 restarts. */
  readonly maxRestarts?: number;
  /** Default 5 seconds. */
  readonly maxSeconds?: number;
  /** Partitions are not significant: there is nothing but `"never"`. */
  readonly autoShutdown?: "never";
  /** Default: the name. */
  readonly id?: string;
}

const DEFAULT_PARTITIONS = 8;

interface Job {
  readonly specs: readonly ChildSpec[];
  readonly init: Omit<SupervisorInit, "children">;
}

const Partitions = {
  init: ({ specs, init }: Job, self: Self): SupervisorInit => {
    const process = processOf(self);
    const table = new PartitionTable(specs.length);
    process.kernel.names.open(process, table);
    process.own({ [Symbol.dispose]: () => table.locks.close() });
    return { ...init, children: specs.map((spec, partition) => noted(spec, partition, table)) };
  },
} satisfies Supervisor;

/** The same child, whose pid is found under its number from its start on. */
function noted(spec: ChildSpec, partition: number, table: PartitionTable): ChildSpec {
  const start = async (parent: Self): Promise<Pid | "ignore"> => {
    const pid = await spec.start(parent);
    if (pid !== "ignore") table.started(partition, pid);
    return pid;
  };
  return { ...spec, id: String(partition), start };
}

function child(options: PartitionOptions): ChildSpec {
  const {
    name,
    childSpec,
    partitions = DEFAULT_PARTITIONS,
    autoShutdown = "never",
  } = checkOptions("PartitionSupervisor.child", options);
  const { id = nameOf(name) } = options;
  const { strategy = "oneForOne", maxRestarts, maxSeconds } = options;
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new BadArgument(`expected partitions to be a whole number from 1 up, got: ${show(partitions)}`);
  }
  if (autoShutdown !== "never") throw new BadArgument(`expected autoShutdown to be never, got: ${show(autoShutdown)}`);
  const specOf = typeof childSpec === "function" ? childSpec : () => childSpec;
  const specs = Array.from({ length: partitions }, (_, partition) => checked(specOf(partition)));
  const limits = { ...(maxRestarts !== undefined && { maxRestarts }), ...(maxSeconds !== undefined && { maxSeconds }) };
  return supervisor(Partitions, { specs, init: { strategy, ...limits } }, { name, id });
}

function checked(spec: ChildSpec): ChildSpec {
  if (typeof spec?.start === "function") return spec;
  throw new BadArgument(`expected childSpec to be a child spec, or a function that makes one, got: ${show(spec)}`);
}

function tableOf(by: ProcessSelf, target: Target, operation: string): PartitionTable {
  const table = by.kernel.names.directory(target);
  if (table instanceof PartitionTable) return table;
  throw new CallError("noproc", operation, showTarget(target));
}

async function grow(by: ProcessSelf, target: Target, table: PartitionTable, size: number): Promise<void> {
  for (let partition = table.size; partition < size; partition++) {
    try {
      await Supervisor.restartChild(by, target, String(partition));
    } catch (error) {
      // Whoever resized before was ended in the middle of it, or a restart took the partition along.
      if (!(error instanceof SupervisorError && error.reason === "running")) throw error;
    }
  }
  table.size = size;
}

/** Keys go elsewhere first; then the partitions that nobody finds any more are stopped. */
async function shrink(by: ProcessSelf, target: Target, table: PartitionTable, size: number): Promise<void> {
  const before = table.size;
  table.size = size;
  for (let partition = size; partition < before; partition++) {
    await Supervisor.terminateChild(by, target, String(partition));
  }
}

/**
 * The same child a number of times, found by keys that are spread over them (Elixir: `PartitionSupervisor`): for state
 * that falls into independent parts, where one server would be the bottleneck.
 *
 * @example
 * const counters = name("counters");
 * await sim.start(PartitionSupervisor.child({ name: counters, childSpec: child(Counter, 0), partitions: 4 }));
 * const visits = PartitionSupervisor.name<typeof Counter>(counters, "visits");
 * expect(await self.call(visits, "add", 2)).toBe(2);
 * expect(await self.call(visits, "add", 2)).toBe(4);
 */
export const PartitionSupervisor = {
  /** A child spec that starts the supervisor with all its partitions. Throws a `BadArgument` for options that are none. */
  child,

  /**
   * The partition that a key belongs to, as a name. A whole number `n` is partition `|n| % partitions`; any other key is
   * hashed: primitives by their text, objects by identity, in the order in which they are first seen.
   */
  name: <M = any>(supervisor: Target, key: unknown): Name<M extends object ? ProtocolOf<M> : any> => {
    if (!(supervisor instanceof Address)) nameOf(supervisor as Name);
    return new KeyName(supervisor, key, undefined);
  },

  /** How many partitions there are. Throws a `CallError` (`noproc`) when the supervisor does not run. */
  partitions: (by: Caller, supervisor: Target): number => tableOf(processOf(by), supervisor, "partitions").size,

  /**
   * Stops the last partitions, or starts them again, and resolves to how many there were. There may be 0, and never more
   * than at the start: a `BadArgument` says so. While there are 0, looking one up throws.
   */
  async resize(by: Caller, supervisor: Target, partitions: number): Promise<number> {
    const process = processOf(by);
    const table = tableOf(process, supervisor, "resize");
    if (!Number.isInteger(partitions) || partitions < 0 || partitions > table.most) {
      throw new BadArgument(`resize: expected a whole number from 0 to ${table.most}, got: ${show(partitions)}`);
    }
    return table.locks.run(process, "resize", async () => {
      const before = table.size;
      if (partitions > before) await grow(process, supervisor, table, partitions);
      else await shrink(process, supervisor, table, partitions);
      return before;
    });
  },

  /** The partitions in their order; those that a resize has stopped have no pid. */
  async whichChildren(by: Caller, supervisor: Target): Promise<readonly ChildInfo[]> {
    const children = await Supervisor.whichChildren(by, supervisor);
    return children.toSorted((a, b) => Number(a.id) - Number(b.id));
  },

  countChildren: (by: Caller, supervisor: Target): Promise<ChildCount> => Supervisor.countChildren(by, supervisor),

  /** Stops the supervisor and its partitions, and waits (Elixir: `PartitionSupervisor.stop/3`). */
  stop: (
    by: Caller,
    supervisor: Target,
    reason: Reason = "normal",
    timeout: Milliseconds | "infinity" = "infinity",
  ): Promise<void> => GenServer.stop(by, supervisor, reason, timeout),
};
