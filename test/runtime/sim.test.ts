import { simulate } from "hornbeam/sim";
import { expect, test } from "vitest";

test("time jumps to the next timer when every process waits", () =>
  simulate(async (sim) => {
    const woken: number[] = [];
    sim.spawn(async (self) => {
      await self.sleep(3_600_000);
      woken.push(self.now());
    });
    await sim.advance(3_599_999);
    expect(woken).toEqual([]);
    await sim.advance(1);
    expect(woken).toEqual([3_600_000]);
  }));
