import { constants } from "node:os";
import { isClean } from "../runtime/errors.ts";
import { showReason } from "../runtime/inspect.ts";
import { defineReport, type Level } from "../runtime/reports.ts";
import { ended } from "../runtime/stopping.ts";
import { LiveSystem, type System } from "../runtime/system.ts";
import type { ChildSpec, Milliseconds, Pid } from "../runtime/types.ts";
import "./events.ts";

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** The program could not be started. */
    "run.failed": [measurements: {}, metadata: { id: string; error: unknown }];
    "run.stopping": [measurements: { deadline: Milliseconds }, metadata: { signal: string }];
    /** The tree did not stop in time. */
    "run.timeout": [measurements: { deadline: Milliseconds }, metadata: { running: readonly string[] }];
    "run.stopped": [measurements: {}, metadata: { code: number; why: string }];
  }
}

defineReport("run.failed", "error", (_, { id, error }) => `${id} could not be started: ${showReason(error)}`);
defineReport("run.stopping", "info", ({ deadline }, { signal }) => `${signal}: stopping, within ${deadline} ms`);
defineReport("run.stopped", "info", (_, { code, why }) => `${why}; exit code ${code}`);
defineReport("run.timeout", "error", ({ deadline }, { running }) =>
  [`the tree did not stop within ${deadline} ms; still running:`, ...running.map((process) => `  ${process}`)].join(
    "\n",
  ),
);

export interface RunOptions {
  /** How long the whole tree may take to stop after a signal; then Node ends with code 1. Default 30,000 ms. */
  readonly deadline?: Milliseconds;
  /** The lowest level of report to print, or `false` for none. Default `"info"`. */
  readonly reports?: Level | false;
  /** Let each call remember where it was made, as the option of `system`. Default false. */
  readonly callStacks?: boolean;
  /** Called with the system before the tree starts: attach telemetry here. */
  readonly prepare?: (system: System) => void;
}

type Signal = "SIGINT" | "SIGTERM";

/** A timer that keeps Node alive while the tree waits for work. */
const FOREVER = 2 ** 30;

/**
 * Runs a tree as the program: starts it, owns SIGINT and SIGTERM, stops it in order, and ends Node.
 *
 * The exit code is 0 when the tree was told to stop and every child did as it was told, or when it ended by itself and
 * cleanly (`normal`, or `autoShutdown`); 1 when it could not start, gave up, a child had to be killed, or `deadline` was
 * reached (what still ran is then reported). A signal during the start is acted on when the start is over, or at the
 * deadline. A second signal ends Node at once, with 128 + the number of the signal; only a SIGINT within 100 ms of a
 * SIGINT is taken for the same Ctrl-C.
 *
 * @example
 * await run(supervisor(App, { port: 4000 }), { deadline: 15_000 });
 */
export async function run(app: ChildSpec, options: RunOptions = {}): Promise<never> {
  const { deadline = 30_000, reports = "info", callStacks = false } = options;
  const system = new LiveSystem({ reports, callStacks });
  let obedient = true;
  let gaveUp = false;
  let pid: Pid | undefined;
  system.telemetry.on("supervisor.child.shutdownError", () => {
    obedient = false;
  });
  system.telemetry.on("supervisor.giveUp", (_, { supervisor }) => {
    gaveUp ||= supervisor === pid;
  });
  setInterval(() => {}, FOREVER);
  const signalled = firstSignal((signal) => {
    system.telemetry.emit("run.stopping", { deadline }, { signal });
    setTimeout(() => giveUp(system, deadline), deadline);
  });

  try {
    options.prepare?.(system);
    pid = await system.start(app);
  } catch (error) {
    system.telemetry.emit("run.failed", {}, { id: app.id, error });
    return exit(system, 1, "not started");
  }
  const end = ended(system.self, pid);
  const first = await Promise.race([signalled, end.then((reason) => ({ reason }))]);
  if (typeof first === "object") {
    const why = `${app.id} ended by itself (${showReason(first.reason)})`;
    return exit(system, isClean(first.reason) && !gaveUp ? 0 : 1, why);
  }
  await system.stop();
  return exit(system, obedient && isClean(await end) ? 0 : 1, "stopped");
}

/** A Ctrl-C under `npm start` comes twice: from the terminal, and passed on by npm. */
const ECHO: Milliseconds = 100;

/** The first signal is an order, the second is the user's last word. */
function firstSignal(received: (signal: Signal) => void): Promise<Signal> {
  return new Promise((resolve) => {
    let first: { readonly signal: Signal; readonly at: Milliseconds } | undefined;
    const handle = (signal: Signal): void => {
      const at = performance.now();
      if (first === undefined) {
        first = { signal, at };
        received(signal);
        resolve(signal);
        return;
      }
      const isEcho = signal === "SIGINT" && first.signal === "SIGINT" && at - first.at <= ECHO;
      if (!isEcho) process.exit(128 + constants.signals[signal]);
    };
    process.on("SIGINT", handle);
    process.on("SIGTERM", handle);
  });
}

function giveUp(system: LiveSystem, deadline: Milliseconds): void {
  const running = system.processes().map(({ label }) => label);
  system.telemetry.emit("run.timeout", { deadline }, { running });
  exit(system, 1, "stopped by the deadline");
}

function exit(system: LiveSystem, code: number, why: string): never {
  system.telemetry.emit("run.stopped", {}, { code, why });
  process.exit(code);
}
