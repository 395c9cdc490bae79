import { CallError } from "./errors.ts";
import type { Process } from "./process.ts";

/**
 * What the code of a dead process gets for whatever it awaits: nothing, for ever. Who speaks for a system that has stopped
 * is no code of a process: that is told.
 */
export function nothing(by: Process, operation: string, error?: Error): Promise<never> {
  if (by === by.kernel.root) return Promise.reject(error ?? new CallError("noproc", operation, STOPPED));
  by.zombie(operation);
  by.rare.parked = true;
  by.finished();
  return new Promise(() => {});
}

const STOPPED = "a system that has stopped";
