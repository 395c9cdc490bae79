import type { Reason, Restart } from "hornbeam";
import { describe, expect, test } from "vitest";
import { inWorld } from "./support.ts";

const CLEAN: readonly Reason[] = ["normal", "shutdown", { shutdown: "full" }];
const ABNORMAL: readonly Reason[] = ["killed", "boom", new Error("boom"), { code: 7 }];

const all = (reasons: readonly Reason[]) => reasons.map((reason) => ({ reason }));

/** What becomes of a child that ends with `reason`: its place in the list, and what is reported of it. */
const afterEnd = (restart: Restart, reason: Reason) =>
  inWorld(async (world) => {
    const top = await world.start({ children: [world.worker("a", { restart }), world.worker("b")] });
    await world.end("a", reason);
    return { children: await world.children(top), reported: world.reports.length > 0 };
  });

const restarted = ["b#1", "a#2"];
const stopped = ["b#1", "a stopped"];
const forgotten = ["b#1"];

describe("a permanent child", () => {
  test.each(all([...CLEAN, ...ABNORMAL]))("is restarted after $reason, and its end is reported", async ({ reason }) => {
    expect(await afterEnd("permanent", reason)).toEqual({ children: restarted, reported: true });
  });
});

describe("a transient child", () => {
  test.each(all(CLEAN))("is not restarted after $reason, but kept, and nothing is reported", async ({ reason }) => {
    expect(await afterEnd("transient", reason)).toEqual({ children: stopped, reported: false });
  });

  test.each(all(ABNORMAL))("is restarted after $reason, and its end is reported", async ({ reason }) => {
    expect(await afterEnd("transient", reason)).toEqual({ children: restarted, reported: true });
  });

  test("that stops as normal, but throws in terminate, is restarted", () =>
    inWorld(async (world) => {
      const clumsy = { restart: "transient", stopThrows: new Error("boom") } as const;
      const top = await world.start({ children: [world.worker("a", clumsy)] });
      await world.end("a", "normal");
      expect(world.reports).toEqual(["exit a boom"]);
      expect(await world.children(top)).toEqual(["a#2"]);
    }));
});

describe("a temporary child", () => {
  test.each(all(CLEAN))("is forgotten after $reason, and nothing is reported", async ({ reason }) => {
    expect(await afterEnd("temporary", reason)).toEqual({ children: forgotten, reported: false });
  });

  test.each(all(ABNORMAL))("is forgotten after $reason, and its end is reported", async ({ reason }) => {
    expect(await afterEnd("temporary", reason)).toEqual({ children: forgotten, reported: true });
  });

  test("never counts towards the intensity", () =>
    inWorld(async (world) => {
      const children = ["a", "b", "c"].map((id) => world.worker(id, { restart: "temporary" }));
      const top = await world.start({ children, maxRestarts: 0 });
      await world.kill("a", "b", "c");
      expect(await world.children(top)).toEqual([]);
    }));
});

test("a child is permanent unless its spec says otherwise", () =>
  inWorld(async (world) => {
    const top = await world.start({ children: [world.worker("a")] });
    await world.end("a", "normal");
    expect(await world.children(top)).toEqual(["a#2"]);
  }));
