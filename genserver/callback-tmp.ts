import { ExitSignal } from "../runtime/errors.ts";
import type { Process } from "../runtime/process.ts";

// What every behaviour with callbacks does around them.

export type Pending = void | Promise<void>;

/** An asynchronous callback came to its end; if the process did so before it, nothing of it counts. */
export function settled(process: Process, go: () => Pending, thrown?: unknown): Pending {
  if (!process.dead) return go();
  if (thrown === undefined) process.zombie("settle");
  else process.crash(thrown);
}

/** An Error or an exit; any other value that is thrown counts as returned (OTP: a throw is a return). */
export const isFailure = (thrown: unknown): boolean => thrown instanceof Error || thrown instanceof ExitSignal;
