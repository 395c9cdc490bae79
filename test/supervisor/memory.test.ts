import { expect, test } from "vitest";
import { REAL, runFixture } from "../runtime/support.ts";

test(
  "nothing of what is over is held: by a kept task, stream, signal, request, pid, nor by a registry, pool or supervisor",
  async () => {
    const { code, out, err } = await runFixture("../../supervisor/fixtures/memory.ts");
    const lines = out.trimEnd().split("\n");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(lines.length).toBe(14);
    expect(lines.filter((line) => !line.endsWith(": gone"))).toEqual([]);
  },
  REAL,
);
