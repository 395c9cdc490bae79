import { constants } from "node:os";
import type { AccountingOptions } from "../runtime/accounting.ts";
import { isClean } from "../runtime/errors.ts";
import { showReason } from "../runtime/inspect.ts";
import { addressOf } from "../runtime/pid.ts";
import { defineReport, type Level } from "../runtime/reports.ts";
import { ended } from "../runtime/stopping.ts";
import { LiveSystem, type System } from "../runtime/system.ts";
import type { ChildSpec, Milliseconds, Pid, Reason } from "../runtime/types.ts";
import { Application } from "./application/application.ts";
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
  /** Keeps account of processes' time and warns of a callback that blocks, as the option of `system`. Default true. */
  readonly accounting?: boolean | AccountingOptions;
  /** How long code may go on after the end of its process before that is told, as the option of `system`. Default 5000 ms. */
  readonly unfinishedAfter?: Milliseconds | "infinity";
  /** Called with the system before the tree starts: attach telemetry here. */
  readonly prepare?: (system: System) => void;
}

type Signal = "SIGINT" | "SIGTERM";

/** A timer that keeps Node alive while the tree waits for work. */
const FOREVER = 2 ** 30;

/**
 * Runs a tree as the program: starts it, owns SIGINT and SIGTERM, stops it in order, and ends Node. Or an application,
 * with all that it needs, each of them permanent: they are stopped in reverse start order, also when one ends by itself.
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
export async function run(app: ChildSpec | Application, options: RunOptions = {}): Promise<never> {
  const {
    deadline = 30_000,
    reports = "info",
    callStacks = false,
    accounting = true,
    unfinishedAfter = 5000,
  } = options;
  const system = new LiveSystem({ reports, callStacks, accounting, unfinishedAfter });
  let obedient = true;
  system.telemetry.on("supervisor.child.shutdownError", () => {
    obedient = false;
  });
  const program = isApplication(app) ? applications(system, app) : tree(system, app);
  setInterval(() => {}, FOREVER);
  const limit = () => setTimeout(() => giveUp(system, deadline), deadline);
  const signalled = firstSignal((signal) => {
    system.telemetry.emit("run.stopping", { deadline }, { signal });
    limit();
  });

  try {
    options.prepare?.(system);
    await program.start();
  } catch (error) {
    system.telemetry.emit("run.failed", {}, { id: program.id, error });
    limit();
    await program.stop();
    return exit(system, 1, "not started");
  }
  const first = await Promise.race([signalled, program.end]);
  if (typeof first === "object") {
    limit();
    await program.stop();
    return exit(system, first.clean ? 0 : 1, `${first.id} ended by itself (${showReason(first.reason)})`);
  }
  const well = await program.stop();
  return exit(system, obedient && well ? 0 : 1, "stopped");
}

/** What `run` runs: one tree, or applications. */
interface Program {
  readonly id: string;
  /** Resolves when it ends by itself. */
  readonly end: Promise<OwnEnd>;
  start(): Promise<void>;
  /** Stops the system, and says whether the program ended as it should. */
  stop(): Promise<boolean>;
}

interface OwnEnd {
  readonly id: string;
  readonly reason: Reason;
  readonly clean: boolean;
}

function tree(system: LiveSystem, app: ChildSpec): Program {
  const { id } = app;
  const { promise: end, resolve } = Promise.withResolvers<OwnEnd>();
  let pid: Pid | undefined;
  let gaveUp = false;
  system.telemetry.on("supervisor.giveUp", (_, { supervisor }) => {
    gaveUp ||= supervisor === pid;
  });
  return {
    id,
    end,
    start: async () => {
      pid = await system.start(app);
      ended(system.self, pid).then((reason) => resolve({ id, reason, clean: isClean(reason) && !gaveUp }));
    },
    stop: async () => {
      await system.stop();
      return pid !== undefined && isClean((await end).reason);
    },
  };
}

function applications(system: LiveSystem, app: Application): Program {
  const { promise: end, resolve } = Promise.withResolvers<OwnEnd>();
  /** The masters of trees that gave up. */
  const gaveUp = new Set<Pid | null | undefined>();
  let well = true;
  system.telemetry.on("supervisor.giveUp", (_, { supervisor }) => {
    gaveUp.add(addressOf(supervisor).process?.parent);
  });
  system.telemetry.on("application.stop", (_, { reason }) => {
    well &&= isClean(reason);
  });
  system.telemetry.on("application.exit", (_, { application, pid, reason, system: ends }) => {
    if (ends) resolve({ id: application, reason, clean: isClean(reason) && !gaveUp.has(pid) });
  });
  return {
    id: app.name,
    end,
    start: async () => {
      await Application.ensureAllStarted(system, app, { type: "permanent" });
    },
    stop: async () => {
      await system.stop();
      return well;
    },
  };
}

const isApplication = (app: ChildSpec | Application): app is Application => !("id" in app);

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
