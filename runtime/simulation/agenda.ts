import type { Milliseconds } from "../types.ts";
import { type Event, Ring, Settlement, Transmission } from "./event.ts";
import type { Lane } from "./lane.ts";
import type { SimProcess } from "./sim-process.ts";

/** What may happen next in a simulated system. */
export class Agenda {
  /** Processes that have something to handle, or had. */
  private readonly processes: SimProcess[] = [];
  private settlements: Settlement[] = [];
  private rings: Ring[] = [];
  /** What is under way on each wire. */
  private readonly wires = new Map<string, Transmission[]>();

  /** A process has something to handle. */
  list(process: SimProcess): void {
    if (process.listed) return;
    process.listed = true;
    this.processes.push(process);
  }

  add(event: Settlement | Ring | Transmission): void {
    if (event instanceof Settlement) this.settlements.push(event);
    else if (event instanceof Ring) this.rings.push(event);
    else this.wires.set(event.wire, [...(this.wires.get(event.wire) ?? []), event]);
  }

  /** An event is about to happen. A process takes its messages out itself. */
  drop(event: Event): void {
    if (event instanceof Settlement) this.settlements.splice(this.settlements.indexOf(event), 1);
    else if (event instanceof Ring) this.rings.splice(this.rings.indexOf(event), 1);
    else if (event instanceof Transmission) this.wires.get(event.wire)?.shift();
  }

  /** The first of each lane, in the order in which they became possible. */
  possible(now: Milliseconds): Event[] {
    const events: Event[] = [];
    this.addMessages(events, now);
    this.addSettlements(events, now);
    this.rings = this.rings.filter((each) => each.possible);
    events.push(...this.rings);
    for (const [first] of this.wires.values()) if (first !== undefined && first.at <= now) events.push(first);
    return events.sort((a, b) => a.no - b.no);
  }

  private addMessages(events: Event[], now: Milliseconds): void {
    const { processes } = this;
    let count = 0;
    for (const process of processes) {
      process.listed = process.runs;
      if (!process.runs) continue;
      processes[count++] = process;
      if (process.stalledUntil <= now) process.heads(events);
    }
    processes.length = count;
  }

  private addSettlements(events: Event[], now: Milliseconds): void {
    this.settlements = this.settlements.filter((each) => each.possible);
    const lanes = new Set<Lane>();
    for (const settlement of this.settlements) {
      const { lane, waiter } = settlement;
      if (!lanes.has(lane) && waiter.stalledUntil <= now) events.push(settlement);
      lanes.add(lane);
    }
  }

  /** When something that is delayed becomes possible by itself, at the earliest. */
  get delayedUntil(): readonly Milliseconds[] {
    return [...this.wires.values()].flatMap(([first]) => (first === undefined ? [] : [first.at]));
  }
}
