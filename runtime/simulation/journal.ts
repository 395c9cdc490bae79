import type { Milliseconds } from "../types.ts";
import type { Event } from "./event.ts";
import type { Injection } from "./faults.ts";

/** What happened, by itself or on purpose. */
export type Step = { readonly at: Milliseconds } & ({ readonly event: Event } | { readonly fault: Injection });

/** What has happened in one run. */
export class Journal {
  /** In a run that names its events. */
  readonly trace: Step[] = [];
  /** Events that had to let a younger one go first, in such a run. */
  readonly delayed = new Set<Event>();
  /** What was possible when the run ended, in such a run. */
  pending: readonly Event[] = [];
  /** What went wrong on purpose. */
  readonly injected: Injection[] = [];
  /** Which of the possible events was chosen, at each step with a choice. */
  readonly choices: number[] = [];
  /** After each step a hash of all that has happened so far. */
  readonly hashes: number[] = [];
  last: Event | undefined;
  private readonly named: boolean;

  constructor(named: boolean) {
    this.named = named;
  }

  /** How many events there were. */
  get steps(): number {
    return this.hashes.length;
  }

  get hash(): number {
    return this.hashes.at(-1) ?? 0;
  }

  /** An event is about to happen, one of those that are possible. */
  event(event: Event, possible: readonly Event[], at: Milliseconds): void {
    if (possible.length > 1) this.choices.push(possible.indexOf(event));
    this.hashes.push(Math.imul(this.hash ^ event.lane.hash, 0x01000193) ^ at);
    this.last = event;
    if (!this.named) return;
    for (const other of possible) if (other.no < event.no) this.delayed.add(other);
    this.trace.push({ at, event });
  }

  fault(fault: Injection, at: Milliseconds): void {
    this.injected.push(fault);
    if (this.named) this.trace.push({ at, fault });
  }

  /** The names of what happened, in order. */
  get names(): readonly string[] {
    return this.trace.flatMap((step) => ("event" in step ? [step.event.name] : []));
  }
}
