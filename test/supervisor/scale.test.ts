import { ok } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { type Sim, simulate } from "hornbeam/sim";
import { DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";

const Idle = { init: (id: number) => ok(id) } satisfies GenServer<number>;
const specs = (count: number) => Array.from({ length: count }, (_, id) => child(Idle, id, { id: `w${id}` }));

type Work = (sim: Sim, count: number) => Promise<void>;

const [FEW, MANY, GROWTH] = [1000, 10_000, 3];

/** The time of this thread alone, in microseconds: other work on the machine does not lengthen it. */
async function costOf(times: number, count: number, work: Work): Promise<number> {
  const before = process.threadCpuUsage();
  for (let round = 0; round < times; round++) await simulate((sim) => work(sim, count));
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** How much more MANY children cost at once than in groups of a FEW: the best of three, the first of them unheated. */
async function growthOf(work: Work): Promise<number> {
  let [many, few] = [Infinity, Infinity];
  for (let round = 0; round < 3; round++) {
    few = Math.min(few, await costOf(MANY / FEW, FEW, work));
    many = Math.min(many, await costOf(1, MANY, work));
  }
  return many / few;
}

describe("ten thousand children cost no more each than a thousand do", { timeout: 60_000 }, () => {
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
