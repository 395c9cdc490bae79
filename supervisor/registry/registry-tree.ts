import { type GenServer, child as serverChild } from "../../genserver/genserver.ts";
import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { nameOf } from "../../runtime/names.ts";
import { showTarget } from "../../runtime/pid.ts";
import { noreply, ok } from "../../runtime/results.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { ChildSpec, Exit, Name, Self } from "../../runtime/types.ts";
import { type Supervisor, supervisor } from "../supervisor.ts";
import type { RegistryName } from "./registry-name.ts";
import { RegistryTable, type TableOptions } from "./registry-table.ts";

export interface RegistryOptions {
  readonly name: RegistryName;
  /** Whether a key has one holder, or any number of entries. */
  readonly keys: "unique" | "duplicate";
  /** How many processes the registrants are linked to. If one of them crashes, its registrants go with it. Default 1. */
  readonly partitions?: number;
  /** Processes that get a {@link RegistryEvent} for each registration, and when one is taken back; not at an exit. */
  readonly listeners?: readonly Name[];
  /** What {@link Registry.getMeta} finds from the start. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Default: the name. */
  readonly id?: string;
}

/** What a registrant is linked to. Those who end have let their entries go before. */
const Partition = {
  init: ({ table, index }: { readonly table: RegistryTable; readonly index: number }, self: Self<Exit>) => {
    self.trapExit = true;
    table.open(index, processOf(self));
    return ok(undefined);
  },
  handleInfo: (_: Exit) => noreply(undefined),
} satisfies GenServer<undefined, Exit>;

/** The registry's own process: the table is found by it, and gone with it. */
const Partitions = {
  init: (options: TableOptions, self: Self) => {
    const process = processOf(self);
    const table = new RegistryTable(options);
    process.kernel.names.open(process, table);
    process.own({ [Symbol.dispose]: () => table.locks.close() });
    const children = Array.from({ length: options.partitions }, (_, index) =>
      serverChild(Partition, { table, index }, { id: String(index) }),
    );
    return { strategy: "oneForOne", children };
  },
} satisfies Supervisor;

/** See `Registry.child`. */
export function registryChild(options: RegistryOptions): ChildSpec {
  const { name, keys, partitions = 1, listeners = [], meta = {} } = checkOptions("Registry.child", options);
  const { id = nameOf(name) } = options;
  if (keys !== "unique" && keys !== "duplicate") {
    throw new BadArgument(`expected keys to be unique or duplicate, got: ${show(keys)}`);
  }
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new BadArgument(`expected partitions to be a whole number from 1 up, got: ${show(partitions)}`);
  }
  if (!Array.isArray(listeners)) throw new BadArgument(`expected listeners to be names, got: ${show(listeners)}`);
  for (const listener of listeners) nameOf(listener);
  return supervisor(Partitions, { name, keys, partitions, listeners, meta }, { name, id });
}

/** The table of a registry that runs. */
export function tableOf(by: ProcessSelf, registry: RegistryName): RegistryTable {
  const table = by.kernel.names.directory(registry);
  if (table instanceof RegistryTable) return table;
  throw new BadArgument(`expected a registry that runs, got: ${showTarget(registry)}`);
}
