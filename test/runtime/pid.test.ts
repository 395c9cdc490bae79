import { inspect, isDeepStrictEqual } from "node:util";
import type { Pid } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever } from "./support.ts";

test("a pid shows its number and nothing of its process: printing or comparing what holds pids is cheap", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const parents: Pid[] = [sim.spawn(forever)];
    const parent = sim.spawn((self) => {
      parents.push(self.spawnLink(forever));
      return forever(self);
    });
    await sim.idle();
    for (const pid of [...parents, parent]) {
      expect(Object.keys(pid)).toEqual(["id"]);
      expect(Reflect.ownKeys(pid)).toEqual(["id"]);
      expect(inspect({ pid })).toBe(`{ pid: <0.${pid.id}> }`);
      expect(`${pid} ${JSON.stringify({ pid })}`).toBe(`<0.${pid.id}> {"pid":"<0.${pid.id}>"}`);
    }
    expect(isDeepStrictEqual({ pid: parents[0] }, { pid: parents[0] })).toBe(true);
    expect(isDeepStrictEqual({ pid: parents[0] }, { pid: parents[1] })).toBe(false);
  }));
