import { ok } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { type Sim, simulate } from "hornbeam/sim";
import { DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";

const Idle = { init: (id: number) => ok(id) } satisfies GenServer<number>;
const specs = (count: number) => Array.from({ length: count }, (_, id) => child(Idle, id, { id: `w${id}` }));

type Work = (sim: Sim, count: number) => Promise<void>;

const [FEW, MANY, GROWTH] = [1000, 10_000, 3];

/** Microseconds of this thread, which other work on the machine does not lengthen: the best of some rounds, a child. */
async function costOf(count: number, rounds: number, work: Work): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = process.threadCpuUsage();
    await simulate((sim) => work(sim, count));
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, user + system);
  }
  return best / count;
}

async function growthOf(work: Work): Promise<number> {
  const few = await costOf(FEW, 5, work);
  return (await costOf(MANY, 3, work)) / few;
}

describe("ten thousand children cost no more each than a thousand do", () => {
  test("to start, count and stop under a supervisor", async () => {
    const growth = await growthOf(async (sim, count) => {
      const top = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne", children: specs(count) }) }));
      expect(await Supervisor.countChildren(sim, top)).toMatchObject({ active: count });
      await sim.stop();
      expect(sim.processes()).toEqual([]);
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to start, list and stop under a dynamic supervisor", async () => {
    const growth = await growthOf(async (sim, count) => {
      const top = await sim.start(DynamicSupervisor.child());
      for (const spec of specs(count)) await DynamicSupervisor.startChild(sim, top, spec);
      expect(await DynamicSupervisor.whichChildren(sim, top)).toHaveLength(count);
      await sim.stop();
      expect(sim.processes()).toEqual([]);
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to be restarted all at once by oneForAll", async () => {
    const growth = await growthOf(async (sim, count) => {
      const children = specs(count);
      const top = await sim.start(supervisor({ init: () => ({ strategy: "oneForAll", children }) }));
      for (const { pid } of sim.processes()) if (pid !== top) sim.kill(pid);
      await sim.idle();
      expect(await Supervisor.countChildren(sim, top)).toMatchObject({ active: count });
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to be restarted one by one by oneForOne", async () => {
    const growth = await growthOf(async (sim, count) => {
      const flags = { strategy: "oneForOne", maxRestarts: count } as const;
      const top = await sim.start(supervisor({ init: () => ({ ...flags, children: specs(count) }) }));
      for (const { pid } of sim.processes()) if (pid !== top) sim.kill(pid);
      await sim.idle();
      expect(await Supervisor.countChildren(sim, top)).toMatchObject({ active: count });
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to be given up by a supervisor when all are killed at once", async () => {
    const growth = await growthOf(async (sim, count) => {
      const top = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne", children: specs(count) }) }));
      for (const { pid } of sim.processes()) if (pid !== top) sim.kill(pid);
      await sim.idle();
      expect(sim.processes()).toEqual([]);
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to be given up by a dynamic supervisor when all are killed at once", async () => {
    const growth = await growthOf(async (sim, count) => {
      const top = await sim.start(DynamicSupervisor.child());
      for (const spec of specs(count)) await DynamicSupervisor.startChild(sim, top, spec);
      for (const { pid } of sim.processes()) if (pid !== top) sim.kill(pid);
      await sim.idle();
      expect(sim.processes()).toEqual([]);
    });
    expect(growth).toBeLessThan(GROWTH);
  });
});
