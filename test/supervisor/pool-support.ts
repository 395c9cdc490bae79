import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { name, type Pid, type TelemetryEvents } from "hornbeam";
import { type Supervisor, supervisor, WorkerPool, type WorkerPoolOptions } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect } from "vitest";

export const tasks = new URL("./fixtures/tasks.ts", import.meta.url);
export const pool = name<WorkerPool<typeof import("./fixtures/tasks.ts")>>("pool");

/** Threads take real time, and a machine under load may be slow to start them. */
export const REAL = 30_000;

/** A simulation with the pool `pool` under a supervisor. The system is stopped, and no thread may be left. */
export const withPool = (
  options: Partial<WorkerPoolOptions>,
  test: (sim: VirtualSystem, top: Pid) => Promise<void>,
): Promise<void> =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const Top = {
      init: () => ({
        strategy: "oneForOne",
        children: [WorkerPool.child({ name: pool, filename: tasks, ...options })],
      }),
    } satisfies Supervisor;
    const top = await sim.start(supervisor(Top));
    await test(sim, top);
    await sim.stop();
    expect(threads()).toBe(0);
  });

/** How many threads Node has, besides the one that runs this. */
export function threads(): number {
  const report = process.report.getReport() as unknown as { readonly workers: readonly unknown[] };
  return report.workers.length;
}

/** A flag that a task of `fixtures/tasks.ts` raises when it begins, and one that lets it end. */
export class Gate {
  readonly flags = new SharedArrayBuffer(8);
  private readonly view = new Int32Array(this.flags);

  /** Resolves when the task has begun. */
  async begun(): Promise<void> {
    const wait = Atomics.waitAsync(this.view, 0, 0);
    if (wait.async) await wait.value;
  }

  get hasBegun(): boolean {
    return Atomics.load(this.view, 0) === 1;
  }

  open(): void {
    Atomics.store(this.view, 1, 1);
    Atomics.notify(this.view, 1);
  }
}

/** Resolves to the metadata of the next event of a kind. */
export const next = <E extends keyof TelemetryEvents>(sim: VirtualSystem, event: E): Promise<TelemetryEvents[E][1]> =>
  new Promise((resolve) => {
    const off = sim.telemetry.on(event, (_: unknown, metadata: TelemetryEvents[E][1]) => {
      off();
      resolve(metadata);
    });
  });

export const failure = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    (value) => {
      throw new Error(`expected a failure, got: ${value}`);
    },
    (error: unknown) => error,
  );

/** Runs a script of `fixtures/` in a Node of its own, which must end by itself. */
export function runScript(script: string): Promise<string> {
  const path = fileURLToPath(new URL(`./fixtures/${script}`, import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ["--conditions=hornbeam-source", path], { timeout: REAL / 2 }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(`${error.signal ?? error.code}: ${out}${err}`));
    });
  });
}
