import { ignore, name, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, type Supervisor } from "hornbeam/supervisor";
import { OsProcess, type Program } from "./os-process.ts";

export interface ClusterOptions extends Program {
  /** How many OS processes run the program. */
  readonly processes: number;
}

/** How long an OS process may take to be up, and to be down again, in milliseconds. */
const LIMITS = { timeout: 10_000, shutdown: 10_000 };

const fleet = name("fleet");

/** Starts the OS processes, one after the other, and has nothing to do after that. */
const Launcher = {
  init: async (options: ClusterOptions, self: Self) => {
    const patient = self.with({ timeout: "infinity" });
    for (let number = 1; number <= options.processes; number++) {
      await DynamicSupervisor.startChild(
        patient,
        fleet,
        child(OsProcess, options, { id: `process ${number}`, ...LIMITS }),
      );
    }
    return ignore;
  },
} satisfies GenServer<never>;

/**
 * One program in several OS processes. Their supervisor is a dynamic one because that tells all of them at once to stop;
 * when it gives up, so does the cluster.
 */
export const Cluster = {
  init: (options: ClusterOptions) => ({
    strategy: "oneForAll",
    maxRestarts: 0,
    children: [DynamicSupervisor.child({ name: fleet }), child(Launcher, options, { id: "launcher" })],
  }),
} satisfies Supervisor;
