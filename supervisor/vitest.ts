import { test as base, type TestAPI } from "vitest";
import { testProcess } from "../runtime/testing/test-process.ts";
import { inVirtualTime, type VirtualSystem, type VirtualTimeOptions } from "../runtime/testing/virtual-time.ts";
import type { Self } from "../runtime/types.ts";

// The test kit as fixtures of Vitest, and the functions that belong to it.

export * from "../runtime/testing/index.ts";
export { startSupervised, stopSupervised } from "./testing.ts";

export interface Fixtures {
  /**
   * A system in virtual time, of this test only. After the test its process ends, its children are stopped in reverse order,
   * and what is left then fails it.
   */
  sim: VirtualSystem;
  /** The process of the test, see {@link testProcess}. */
  self: Self;
  /** Whether `self` traps exits. Default false. */
  trapExit: boolean;
  /** How `sim` is made. Default `{}`; `strict` is true unless it says otherwise. */
  virtualTime: VirtualTimeOptions;
}

/**
 * Vitest's `test` with the fixtures `sim` and `self`. Options are fixtures, too: `test.override({ trapExit: true })` in a
 * `describe` is for its tests, `test.extend({ trapExit: true })` makes another `test`.
 *
 * @example
 * test("a counter counts", async ({ sim }) => {
 *   const counter = await startSupervised(sim, child(Counter, 40));
 *   expect(await sim.call(counter, "add", 2)).toBe(42);
 * });
 */
export const test: TestAPI<Fixtures> = base.extend<Fixtures>({
  trapExit: false,
  virtualTime: {},
  sim: ({ virtualTime }, use) => inVirtualTime({ strict: true, ...virtualTime }, use),
  self: ({ sim, trapExit }, use) => use(testProcess(sim, { trapExit })),
});
