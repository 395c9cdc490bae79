// Work that would hold up everybody else runs on threads. The pool is typed by the exports of its worker file; a task
// that takes its thread along is its caller's error only, and the pool goes on.

import { name, system } from "hornbeam";
import { type Supervisor, supervisor, WorkerPool } from "hornbeam/supervisor";

export const primes = name<WorkerPool<typeof import("./primes-worker.ts")>>("primes");

export const App = {
  init: () => ({
    strategy: "oneForOne",
    children: [WorkerPool.child({ name: primes, filename: new URL("./primes-worker.ts", import.meta.url) })],
  }),
} satisfies Supervisor;

const PARTS = 8;
const SIZE = 250_000;

if (import.meta.main) {
  const world = system({ reports: "error" });
  await world.start(supervisor(App));
  const patient = world.with({ timeout: 60_000 });
  const parts = Array.from({ length: PARTS }, (_, n) =>
    WorkerPool.run(patient, primes, "countPrimes", { from: n * SIZE, to: (n + 1) * SIZE }),
  );
  const crash = WorkerPool.run(patient, primes, "crash").catch((error: Error) => error.message);
  const counts = await Promise.all(parts);
  console.log(`primes below ${PARTS * SIZE}: ${counts.reduce((sum, count) => sum + count)}`);
  console.log(`crash: ${await crash}`);
  const { completed, failed } = await WorkerPool.info(world, primes);
  console.log(`${completed} tasks completed, ${failed} failed`);
  await world.stop();
}
