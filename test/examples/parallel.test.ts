import { TaskSupervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { collect, fetchers, firstTwo } from "../../examples/parallel.ts";
import { events, inside } from "../runtime/support.ts";

test("pages that come in time are given in their order, beside one that was too slow and one that crashed", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    await sim.start(TaskSupervisor.child({ name: fetchers }));
    await inside(sim, async (self) => {
      expect(await collect(self)).toEqual([
        "all is well",
        "/weather: no answer (timeout)",
        "/stocks: /stocks answers 500",
        "1:0",
      ]);
      expect(self.now()).toBe(100);
      expect(await TaskSupervisor.children(self, fetchers)).toEqual([]);
    });
    expect(crashes).toMatchObject([{ doing: { callback: "fetchPage" } }]);
  }));

test("the first two pages are enough: the others are stopped", () =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      expect(await firstTwo(self)).toEqual(["all is well", "1:0"]);
      expect(self.now()).toBe(30);
      expect(sim.processes()).toHaveLength(1);
    }),
  ));
