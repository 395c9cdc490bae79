import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { applied, type Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

const sourceOf = ({ file }: Mutant) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

test("there are 40 deliberate faults or more, each with a name of its own", () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

test("the snippet of each fault occurs once in its file, and its replacement is another", () => {
  for (const mutant of MUTANTS) expect(applied(mutant, sourceOf(mutant)), mutant.name).not.toBe(sourceOf(mutant));
});

test("no two faults are the same", () => {
  const results = MUTANTS.map((mutant) => `${mutant.file} ${applied(mutant, sourceOf(mutant))}`);
  expect(new Set(results).size).toBe(MUTANTS.length);
});

test("a snippet that is not there, or is there twice, is refused", () => {
  const mutant = { name: "m", file: "f.ts", find: "a", replace: "b" };
  expect(applied(mutant, "cat")).toBe("cbt");
  expect(() => applied(mutant, "dog")).toThrow('mutant "m": expected its snippet once in f.ts, got: 0 times');
  expect(() => applied(mutant, "banana")).toThrow("got: 3 times");
});

test("faults are spread over all layers that have processes", () => {
  const files = new Set(MUTANTS.map(({ file }) => file));
  expect(files.size).toBeGreaterThan(25);
  for (const layer of ["runtime/", "runtime/task/", "genserver/", "supervisor/", "supervisor/registry/"])
    expect([...files].filter((file) => file.startsWith(layer))).not.toEqual([]);
});
