import { expect, test } from "vitest";
import { REAL, runFixture } from "./support.ts";

test(
  "nothing of a dead process is held: not by its pid, its alias, its children, its watchers or its server, its state not even by what it left running",
  async () => {
    const { code, out } = await runFixture("memory.ts");
    const lines = ["state", "kept pid", "parent", "caller", "aliased", "receiver", "watched"].map(
      (what) => `${what}: gone\n`,
    );
    expect({ code, out }).toEqual({ code: 0, out: lines.join("") });
  },
  REAL,
);
