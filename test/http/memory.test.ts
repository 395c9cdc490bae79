import { expect, test } from "vitest";
import { REAL, runFixture } from "./support.ts";

test(
  "nothing of a server that was stopped stays in memory",
  async () => {
    const { code, lines, err } = await runFixture("memory.ts");
    expect(err).toBe("");
    expect([code, lines]).toEqual([0, ["servers: gone", "requests: gone"]]);
  },
  REAL,
);

test(
  "a file whose sending fails is closed: Node ends when one that is open is collected",
  async () => {
    const { code, lines, err } = await runFixture("handles.ts");
    expect(err).toBe("");
    expect([code, lines]).toEqual([
      0,
      ["a hook throws: Node lives", "the process ends: Node lives", "HEAD: Node lives"],
    ]);
  },
  REAL,
);
