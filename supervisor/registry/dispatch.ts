import type { Process } from "../../runtime/process.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Registration } from "./registry-name.ts";

/** Those who registered under a key, partition by partition. */
export type Batches = readonly (readonly Registration[])[];
export type Dispatch = (registrations: readonly Registration[]) => unknown;

/** One batch after the other; as long as `run` is synchronous, so is this. Ends with the process that dispatches. */
export function inTurn(process: Process, [batch, ...rest]: Batches, run: Dispatch): Async<void> {
  if (batch === undefined || process.dead) return;
  const result = run(batch);
  if (!isThenable(result)) return inTurn(process, rest, run);
  return Promise.resolve(result).then(() => inTurn(process, rest, run));
}

/** None waits for another. */
export async function atOnce(batches: Batches, run: Dispatch): Promise<void> {
  await Promise.all(batches.map(run));
}
