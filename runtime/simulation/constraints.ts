import type { Event } from "./event.ts";
import type { Journal } from "./journal.ts";
import type { Strategy } from "./strategy.ts";

/** That an event waits for another: what makes a schedule differ from the oldest first. Both by their names. */
export interface Constraint {
  readonly event: string;
  readonly after: string;
}

/** The oldest first, of those that need not wait. */
export class Constrained implements Strategy {
  /** What each event still waits for. */
  private readonly waits = new Map<string, Set<string>>();

  constructor(constraints: readonly Constraint[]) {
    for (const { event, after } of constraints) {
      const all = this.waits.get(event) ?? new Set();
      this.waits.set(event, all.add(after));
    }
  }

  /** When all would have to wait, for what perhaps never comes, none does. */
  choose(events: readonly Event[]): Event {
    return events.find(({ name }) => !this.waits.get(name)?.size) ?? (events[0] as Event);
  }

  happened({ name }: Event): void {
    for (const all of this.waits.values()) all.delete(name);
  }
}

/** What makes a named run come about under {@link Constrained}: each event that was passed over waits for the one before it. */
export function constraintsOf({ trace, delayed, pending }: Journal): readonly Constraint[] {
  const constraints: Constraint[] = [];
  let before: Event | undefined;
  for (const step of trace) {
    if (!("event" in step)) continue;
    if (before !== undefined && delayed.has(step.event)) {
      constraints.push({ event: step.event.name, after: before.name });
    }
    before = step.event;
  }
  const last = before?.name;
  if (last === undefined) return constraints;
  // What was to happen yet, and what was passed over until it was called off, as a timer that was cancelled.
  const happened = new Set(trace.map((step) => ("event" in step ? step.event : undefined)));
  const never = [...new Set([...delayed, ...pending])].filter((event) => !happened.has(event));
  return [...constraints, ...never.map(({ name }) => ({ event: name, after: last }))];
}
