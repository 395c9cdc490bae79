import { show } from "../runtime/inspect.ts";
import type { Backoff, Milliseconds } from "../runtime/types.ts";
import { BadSpec } from "./bad-spec.ts";

/** A back-off with its defaults filled in. */
export type Waits = Required<Backoff>;

const LONGEST: Milliseconds = 30_000;

/** Checks a back-off and fills in its defaults. `whose` is for the error: `"the supervisor"`, `"child 'a'"`. */
export function checkBackoff(backoff: Backoff, whose: string): Waits {
  if (typeof backoff !== "object" || backoff === null)
    throw bad(whose, "{ first, factor, max, jitter, calm }", backoff);
  const { first, factor = 2, jitter = 0 } = backoff;
  const { max = Math.max(LONGEST, first) } = backoff;
  const { calm = max } = backoff;
  if (!isNumber(first) || first <= 0) throw bad(whose, "first: milliseconds above 0", backoff);
  if (!isNumber(factor) || factor < 1) throw bad(whose, "factor: a number from 1 up", backoff);
  if (!isNumber(max) || max < first) throw bad(whose, "max: milliseconds, not below first", backoff);
  if (!isNumber(jitter) || jitter < 0 || jitter > 1) throw bad(whose, "jitter: a number from 0 to 1", backoff);
  if (!isNumber(calm) || calm < 0) throw bad(whose, "calm: milliseconds", backoff);
  return { first, factor, max, jitter, calm };
}

/** How long attempt number `attempt` (from 1 up) waits; `dice` is in [0, 1). */
export function delayOf({ first, factor, max, jitter }: Waits, attempt: number, dice: number): Milliseconds {
  return Math.min(max, first * factor ** (attempt - 1)) * (1 - jitter * dice);
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const bad = (whose: string, expected: string, got: unknown): BadSpec =>
  new BadSpec(`expected backoff of ${whose} to have ${expected}, got: ${show(got)}`, { invalidBackoff: got });
