import { isDeepStrictEqual } from "node:util";
import type { VirtualSystem } from "hornbeam/test";
import type { Document, Step } from "./corpus.ts";

/** What is still pending then never fires in a scenario. */
const LONG = 1_000;
/** Beyond the end of every scenario, however often {@link settle} lets time pass. */
const NEVER = 1_000_000_000;

/** A time of a scenario that a step waits for, or one that is never reached. */
export const delay = <T extends number | "infinity">(time: T): T | number =>
  typeof time === "number" && time >= LONG ? NEVER : time;

/** Lets a step come to rest: every process waits, and only timers that never fire are pending. */
export const settle = (sim: VirtualSystem): Promise<void> => sim.advance(10 * LONG);

/** What a value is by the time that the step is at rest; a promise that still waits then is `undefined`. */
export function eventually(value: unknown): () => unknown {
  let result: unknown;
  if (!(value instanceof Promise)) return () => value;
  value.then(
    (resolved) => {
      result = resolved;
    },
    (error) => {
      result = { unexpected: String(error) };
    },
  );
  return () => result;
}

/** A step as JSON has it: without the keys that have no value. */
export const asJson = (step: Step): Step => JSON.parse(JSON.stringify(step));

/** Only those records and lists that hold something. */
export const filled = (parts: Readonly<Record<string, object>>): Record<string, object> =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));

export const byText = (a: unknown, b: unknown): number => compare(JSON.stringify(a), JSON.stringify(b));

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Something that a step records only when it is not as it was. */
export class Changing {
  private last: unknown;

  next(value: object): object | undefined {
    if (isDeepStrictEqual(value, this.last)) return undefined;
    this.last = value;
    return value;
  }
}

/** Where a replay first departs from the recording, or `undefined` where it does not. */
export function difference({ id, scenario, trace }: Document, replayed: readonly Step[]): string | undefined {
  for (const [index, recorded] of trace.entries()) {
    const arrange = recorded.order === "partial" ? byProcess : asItIs;
    const expected = arrange(recorded);
    const got = arrange(replayed[index] ?? { step: "missing" });
    if (isDeepStrictEqual(got, expected)) continue;
    const op = JSON.stringify(scenario.ops[index - 1] ?? "set-up");
    return `${id}, step ${index}: ${op}\n  got      ${JSON.stringify(got)}\n  expected ${JSON.stringify(expected)}`;
  }
  return replayed.length === trace.length ? undefined : `${id}: ${replayed.length} steps, expected ${trace.length}`;
}

const KINDS = ["start", "info", "terminate", "down"];

/** A step whose events happened concurrently in OTP, in the order of SPEC.md 3.5. */
function byProcess(step: Step): Step {
  const events = (step.events ?? []) as readonly (readonly [kind: string, name: string])[];
  return { ...step, order: "partial", events: events.toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b))) };
}

const asItIs = (step: Step): Step => step;

interface Place {
  readonly path: string;
  readonly order: number;
}

function placeOf([kind, name]: readonly [kind: string, name: string]): Place {
  const [path = "", attempt] = name.split("#");
  return { path, order: Number(attempt) * KINDS.length + KINDS.indexOf(kind) };
}

const comparePlaces = (a: Place, b: Place): number => compare(a.path, b.path) || a.order - b.order;
