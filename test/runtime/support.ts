import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Pid, Reason, Self, SpawnOptions, TelemetryEvents } from "hornbeam";
import type { VirtualSystem } from "hornbeam/test";

/** Why each process ended, in the order in which they did. */
export function deaths(sim: VirtualSystem): Map<Pid, Reason> {
  const reasons = new Map<Pid, Reason>();
  sim.telemetry.on("process.exit", (_, { pid, reason }) => void reasons.set(pid, reason));
  return reasons;
}

/** The metadata of every event of one kind. */
export function events<E extends keyof TelemetryEvents>(sim: VirtualSystem, event: E): TelemetryEvents[E][1][] {
  const seen: TelemetryEvents[E][1][] = [];
  sim.telemetry.on(event, (_: unknown, metadata: TelemetryEvents[E][1]) => void seen.push(metadata));
  return seen;
}

/** A process that does what a test tells it to, and keeps every other message it gets. */
export interface Puppet {
  readonly pid: Pid;
  readonly inbox: any[];
  /** Runs `act` inside the process, and resolves when all is at rest. What `act` throws is the process's; a failed expectation is the test's, too. */
  does(act: (self: Self) => unknown): Promise<void>;
}

export function puppet(sim: VirtualSystem, options?: SpawnOptions): Puppet {
  const inbox: unknown[] = [];
  const pid = sim.spawn(async (self) => {
    for (;;) {
      const message = await self.receive();
      if (typeof message === "function") await message(self);
      else inbox.push(message);
    }
  }, options);
  const does = async (act: (self: Self) => unknown): Promise<void> => {
    let failed: unknown;
    sim.send(pid, async (self: Self) => {
      try {
        await act(self);
      } catch (error) {
        failed = error;
        throw error;
      }
    });
    await sim.idle();
    if (failed instanceof Error && failed.name === "AssertionError") throw failed;
  };
  return { pid, inbox, does };
}

/** Runs `work` in a process of its own. Rejects with what it throws, or when the process ends before it is done. */
export function inside<T>(
  sim: VirtualSystem,
  work: (self: Self) => T | Promise<T>,
  options?: SpawnOptions,
): Promise<T> {
  const done = Promise.withResolvers<T>();
  const off = sim.telemetry.on("process.exit", (_, { pid: ended, reason }) => {
    if (ended === pid) done.reject(new Error("the process ended before it was done", { cause: reason }));
  });
  const pid = sim.spawn(async (self) => {
    await (async () => work(self))().then(done.resolve, done.reject);
  }, options);
  return done.promise.finally(off);
}

/** A task that ends only when somebody ends it. */
export const forever = (self: Self): Promise<unknown> => self.receive(() => false);

export interface Ran {
  readonly code: number | string | null;
  readonly out: string;
  readonly err: string;
}

/** The time limit of a test that starts a Node of its own, or a great many processes. */
export const REAL = 20_000;

/** Runs a script of `fixtures/` in a Node of its own; one that does not end in time is killed. */
export function runFixture(script: string, ...args: string[]): Promise<Ran> {
  const path = fileURLToPath(new URL(`./fixtures/${script}`, import.meta.url));
  const flags = ["--conditions=hornbeam-source", "--expose-gc"];
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, path, ...args], { timeout: REAL / 2 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? null), out, err });
    });
  });
}
