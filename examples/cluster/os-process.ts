import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { error, exit, ok, type Reason, type Self, stop } from "hornbeam";
import type { GenServer } from "hornbeam/genserver";

export interface Program {
  /** The file that the OS process runs. It is up when it listens on a port. */
  readonly program: URL;
  /** What it finds in its environment, besides what this process has in its own. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * An operating system process as a server: they begin and end together. If the OS process ends, so does the server, and
 * its supervisor decides. If the server is told to stop, the OS process gets a SIGTERM and time to drain. If the server
 * is killed, so is the OS process.
 */
export const OsProcess = {
  init: async ({ program, env = {} }: Program, self: Self<"ended">) => {
    self.trapExit = true;
    cluster.setupPrimary({ exec: fileURLToPath(program) });
    const worker = cluster.fork(env);
    const tell = () => self.send(self.pid, "ended");
    worker.once("exit", tell);
    self.own({ [Symbol.dispose]: () => void worker.off("exit", tell).process.kill("SIGKILL") });
    await Promise.race([once(worker, "listening"), once(worker, "exit")]);
    return worker.isDead() ? error(endOf(worker)) : ok(worker);
  },

  handleInfo: (_: "ended", worker) => stop(endOf(worker), worker),

  terminate: async (_: Reason, worker: Worker) => {
    if (worker.isDead()) return;
    worker.process.kill("SIGTERM");
    const [code] = await once(worker, "exit");
    if (code !== 0) exit(endOf(worker));
  },

  /** A report of its end says which OS process it was, and not all that Node knows of it. */
  formatStatus: (status) => ({ ...status, state: status.state.process.pid }),
} satisfies GenServer<Worker, "ended">;

function endOf({ process }: Worker): string {
  return `OS process ${process.pid} ended (${process.signalCode ?? `exit code ${process.exitCode}`})`;
}
