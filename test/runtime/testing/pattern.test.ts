import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { matches } from "../../../runtime/testing/pattern.ts";

test("a plain object names fields that must be there and match, at any depth; others may be there", () => {
  expect(matches({ tag: "down" }, { tag: "down", ref: 7 })).toBe(true);
  expect(matches({ at: { x: 1 } }, { at: { x: 1, y: 2 } })).toBe(true);
  expect(matches({ at: { x: 1 } }, { at: { x: 2 } })).toBe(false);
  expect(matches({ tag: undefined }, {})).toBe(false);
  expect(matches({ tag: "down" }, "down")).toBe(false);
  expect(matches({}, null)).toBe(false);
});

test("an array is matched element by element, and must have the same length", () => {
  expect(matches([1, { n: 2 }], [1, { n: 2, m: 3 }])).toBe(true);
  expect(matches([1], [1, 2])).toBe(false);
  expect(matches([1, 2], [1])).toBe(false);
  expect(matches([1], { 0: 1, length: 1 })).toBe(false);
});

test("a function is asked, also in a field, and must say true", () => {
  expect(matches((n: number) => n > 1, 2)).toBe(true);
  expect(matches({ n: (n: number) => n > 1 }, { n: 1 })).toBe(false);
  expect(matches(() => 1, 1)).toBe(false);
});

test("an Error is matched by its name and message, and may be matched by its fields", () => {
  expect(matches(new Error("boom"), new Error("boom"))).toBe(true);
  expect(matches(new Error("boom"), new Error("bang"))).toBe(false);
  expect(matches(new Error("boom"), new TypeError("boom"))).toBe(false);
  expect(matches(new Error("boom"), { name: "Error", message: "boom" })).toBe(false);
  expect(matches({ message: "boom" }, new Error("boom"))).toBe(true);
});

test("an asymmetric matcher of the test framework is asked", () => {
  expect(matches({ ref: expect.any(Number) }, { ref: 7 })).toBe(true);
  expect(matches({ ref: expect.any(Number) }, { ref: "7" })).toBe(false);
});

test("a pid is matched by the same pid only", () =>
  inVirtualTime((sim) => {
    const [one, other] = [sim.spawn(() => {}), sim.spawn(() => {})];
    expect([matches({ pid: one }, { pid: one }), matches({ pid: one }, { pid: other })]).toEqual([true, false]);
  }));

test("everything else must be the very same", () => {
  expect(matches(Number.NaN, Number.NaN)).toBe(true);
  expect(matches(1, "1")).toBe(false);
  const date = new Date(0);
  expect([matches(date, date), matches(date, new Date(0))]).toEqual([true, false]);
});
