import { GenStatem, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { CodeLock } from "../../examples/code-lock.ts";

const push = async (
  sim: VirtualSystem,
  lock: Awaited<ReturnType<typeof open>>,
  digits: string,
): Promise<readonly string[]> => {
  const answers: string[] = [];
  for (const digit of digits) answers.push(await sim.call(lock, "button", digit));
  return answers;
};
const open = (sim: VirtualSystem) => GenStatem.start(sim, CodeLock, "1234");
const stateOf = async (sim: VirtualSystem, lock: Awaited<ReturnType<typeof open>>) =>
  (await sys.getState(sim, lock)).state;

test("the lock opens for its code, and locks again after ten seconds", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const lock = await open(sim);
    expect(await push(sim, lock, "1234")).toEqual(["more", "more", "more", "open"]);
    await sim.advance(9_999);
    expect(await stateOf(sim, lock)).toBe("open");
    await sim.advance(1);
    expect(await stateOf(sim, lock)).toBe("locked");
  }));

test("a button that is pushed while it is open counts when it is locked again", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const lock = await open(sim);
    await push(sim, lock, "1234");
    const early = sim.with({ timeout: "infinity" }).call(lock, "button", "1");
    sim.cast(lock, "close");
    expect(await early).toBe("more");
    expect(await push(sim, lock, "234")).toEqual(["more", "more", "open"]);
  }));

test("who stops in the middle of the code begins anew", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const lock = await open(sim);
    await push(sim, lock, "12");
    await sim.advance(5_000);
    expect(await push(sim, lock, "1234")).toEqual(["more", "more", "more", "open"]);
  }));

test("after three wrong codes it is deaf for a minute", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const lock = await open(sim);
    expect((await push(sim, lock, "111122223333")).filter((answer) => answer === "wrong")).toHaveLength(3);
    expect(await push(sim, lock, "1")).toEqual(["deaf"]);
    await sim.advance(60_000);
    expect(await push(sim, lock, "1234")).toEqual(["more", "more", "more", "open"]);
  }));
