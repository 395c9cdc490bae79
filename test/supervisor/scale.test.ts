import { ok, type Pid, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";

const Idle = { init: (id: number) => ok(id) } satisfies GenServer<number>;
const specs = (count: number) => Array.from({ length: count }, (_, id) => child(Idle, id, { id: `w${id}` }));

type Work = (sim: VirtualSystem, count: number) => Promise<void>;

const [FEW, MANY, GROWTH] = [1000, 10_000, 3];

/** The time of this thread alone, in microseconds: other work on the machine does not lengthen it. */
async function costOf(times: number, count: number, work: Work): Promise<number> {
  const before = process.threadCpuUsage();
  for (let round = 0; round < times; round++) await inVirtualTime((sim) => work(sim, count));
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

/** Starts and stops so many children under a supervisor of each kind. */
const lives: Readonly<Record<string, Work>> = {
  "a supervisor": async (sim, count) => {
    const top = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne", children: specs(count) }) }));
    expect(await Supervisor.countChildren(sim, top)).toMatchObject({ active: count });
    await sim.stop();
    expect(sim.processes()).toEqual([]);
  },

  "a simpleOneForOne supervisor": async (sim, count) => {
    const template = { id: "idle", start: (parent: Self, id: number) => child(Idle, id).start(parent) };
    const top = await sim.start(
      supervisor({ init: () => ({ strategy: "simpleOneForOne" as const, children: [template] as const }) }),
    );
    for (let id = 0; id < count; id++) await Supervisor.startChild(sim, top, id);
    expect(await Supervisor.countChildren(sim, top)).toMatchObject({ active: count });
    await sim.stop();
    expect(sim.processes()).toEqual([]);
  },

  "a dynamic supervisor": async (sim, count) => {
    const top = await sim.start(DynamicSupervisor.child());
    for (const spec of specs(count)) await DynamicSupervisor.startChild(sim, top, spec);
    expect(await DynamicSupervisor.whichChildren(sim, top)).toHaveLength(count);
    await sim.stop();
    expect(sim.processes()).toEqual([]);
  },
};

describe("each of 100,000 children costs at most twice what one of 1,000 does", { timeout: 180_000 }, () => {
  test.each(Object.entries(lives))("to start, count and stop under %s", async (_, work) => {
    let [few, many] = [Infinity, Infinity];
    // The best of up to six rounds: noise only adds. The first, unheated one is for neither.
    await costOf(5, 1000, work);
    for (let round = 0; round < 6 && !(many < 2 * few); round++) {
      few = Math.min(few, (await costOf(25, 1000, work)) / 25_000);
      many = Math.min(many, (await costOf(1, 100_000, work)) / 100_000);
    }
    expect(many / few).toBeLessThan(2);
  });
});

describe("ten thousand children cost no more each than a thousand do", { timeout: 60_000 }, () => {
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

  test("to be terminated by as many calls at once", async () => {
    const growth = await growthOf(async (sim, count) => {
      const top = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne", children: specs(count) }) }));
      const rooms = await sim.start(DynamicSupervisor.child());
      const template = { ...child(Idle, 0), restart: "temporary" as const };
      const simple = await sim.start(
        supervisor({ init: () => ({ strategy: "simpleOneForOne" as const, children: [template] as const }) }),
      );
      const pids = await Promise.all(specs(count).map((spec) => DynamicSupervisor.startChild(sim, rooms, spec)));
      const temporary = await Promise.all(specs(count).map(() => Supervisor.startChild(sim, simple)));
      await Promise.all(specs(count).map(({ id }) => Supervisor.terminateChild(sim, top, id)));
      await Promise.all(pids.map((pid) => DynamicSupervisor.terminateChild(sim, rooms, pid)));
      await Promise.all(temporary.map((pid) => Supervisor.terminateChild(sim, simple, pid as Pid)));
      expect(await Supervisor.countChildren(sim, top)).toMatchObject({ active: 0 });
      expect(await DynamicSupervisor.countChildren(sim, rooms)).toMatchObject({ specs: 0 });
      expect(await Supervisor.countChildren(sim, simple)).toMatchObject({ active: 0, workers: 0 });
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to stop while as many calls come in", async () => {
    const growth = await growthOf(async (sim, count) => {
      const children = specs(count).map((spec) => ({ ...spec, restart: "temporary" as const }));
      const top = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne", children }) }));
      const infos = await Supervisor.whichChildren(sim, top);
      // Each child's end has another call come in: the mailbox of the supervisor grows while it stops them.
      const ends = infos.map(({ pid }) =>
        sim.call(pid as Pid, "nothing").catch(() => Supervisor.countChildren(sim, top).catch(() => {})),
      );
      sim.exit(top, "shutdown");
      await sim.stop();
      await Promise.all(ends);
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to end for good one by one, the last of them with the supervisor", async () => {
    const growth = await growthOf(async (sim, count) => {
      const significant = { significant: true, restart: "temporary" } as const;
      const children = specs(count).map((spec) => ({ ...spec, ...significant }));
      const flags = { strategy: "oneForOne", autoShutdown: "allSignificant" } as const;
      const top = await sim.start(supervisor({ init: () => ({ ...flags, children }) }));
      for (const { pid } of sim.processes()) if (pid !== top) sim.kill(pid);
      await sim.idle();
      expect(sim.isAlive(top)).toBe(false);
    });
    expect(growth).toBeLessThan(GROWTH);
  });

  test("to have the last of them restarted as often by restForOne", async () => {
    const growth = await growthOf(async (sim, count) => {
      const flags = { strategy: "restForOne", maxRestarts: Infinity } as const;
      const top = await sim.start(supervisor({ init: () => ({ ...flags, children: specs(count) }) }));
      for (let crash = 0; crash < count; crash++) {
        sim.kill((await Supervisor.whichChild(sim, top, `w${count - 1}`)).pid as Pid);
      }
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
