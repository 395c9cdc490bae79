import type { Reason } from "../types.ts";

/** What a test expected of its processes did not come about. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
  /** `called`: the function at whose call the stack is to begin. `reason`: with what somebody has ended. */
  constructor(message: string, called: (...args: any[]) => unknown, reason?: Reason) {
    super(message, reason instanceof Error ? { cause: reason } : {});
    Error.captureStackTrace(this, called);
  }
}
