import type { Self } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect } from "vitest";
import { inside } from "./support.ts";

/** Runs `work` in a process that traps exits, and in the end looks for what is left in its mailbox beside exits. */
export const owning = (work: (self: Self, sim: VirtualSystem) => unknown) =>
  inVirtualTime((sim) =>
    inside(
      sim,
      async (self) => {
        await work(self, sim);
        expect(await self.receive((message) => message.tag !== "exit", 0)).toEqual({ tag: "timeout" });
      },
      { trapExit: true },
    ),
  );
