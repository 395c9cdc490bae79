export { AssertionError } from "./assertion-error.ts";
export {
  type AssertOptions,
  assertDown,
  assertExit,
  assertReceive,
  flushMailbox,
  refuteReceive,
} from "./assertions.ts";
export type { Pattern } from "./pattern.ts";
export { type TestProcessOptions, testProcess } from "./test-process.ts";
export { inVirtualTime, type VirtualSystem, type VirtualTimeOptions } from "./virtual-time.ts";
