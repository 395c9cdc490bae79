import { Dice } from "../dice.ts";
import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Event } from "./event.ts";
import { SimulationError } from "./failure.ts";
import type { Lane } from "./lane.ts";

/** Chooses what happens next, in one run. */
export interface Strategy {
  /** One of several events, the oldest first. */
  choose(events: readonly Event[]): Event;
  /** An event happened, chosen or the only one. Only in a run that names its events. */
  happened?(event: Event): void;
}

/** How a search makes its schedules. */
export interface Search {
  /** As it is printed. */
  readonly name: string;
  begin(): Supply;
}

/** The schedules of one search. */
export interface Supply {
  /** Of the next run; undefined: there is no other. `length`: how many steps the first run took. */
  next(seed: number, length: number): Strategy | undefined;
}

/** The oldest first: what production does, nearly. */
class Fifo implements Strategy {
  choose(events: readonly Event[]): Event {
    return events[0] as Event;
  }
}

/** Each event with the same probability. */
class Random implements Strategy {
  private readonly dice: Dice;
  constructor(seed: number) {
    this.dice = new Dice(seed);
  }
  choose(events: readonly Event[]): Event {
    return this.dice.of(events);
  }
}

/**
 * Probabilistic concurrency testing (Burckhardt and others, 2010): each lane has a random priority, and at `depth - 1`
 * random steps the one that would go on falls behind all others. Finds every bug that takes `depth` events in an order with a
 * probability that has a lower bound.
 */
class Pct implements Strategy {
  private readonly dice: Dice;
  private readonly changes: Set<number>;
  private readonly priorities = new Map<Lane, number>();
  private lowest = 0;
  private step = 0;

  constructor(seed: number, depth: number, length: number) {
    this.dice = new Dice(seed);
    this.changes = new Set(Array.from({ length: depth - 1 }, () => this.dice.below(length)));
  }

  choose(events: readonly Event[]): Event {
    const first = this.highest(events);
    if (!this.changes.has(this.step++)) return first;
    this.priorities.set(first.lane, --this.lowest);
    return this.highest(events);
  }

  private highest(events: readonly Event[]): Event {
    return events.reduce((best, event) => (this.priority(event) > this.priority(best) ? event : best));
  }

  private priority({ lane }: Event): number {
    const known = this.priorities.get(lane);
    if (known !== undefined) return known;
    const drawn = 1 + this.dice.below(2 ** 30);
    this.priorities.set(lane, drawn);
    return drawn;
  }
}

const always = (name: string, of: (seed: number, length: number) => Strategy): Search => ({
  name,
  begin: () => ({ next: of }),
});

/** The oldest event first, as production does: one schedule, because there is no other. */
export const fifo = (): Search => ({
  name: "fifo()",
  begin() {
    let left = 1;
    return { next: () => (left-- > 0 ? new Fifo() : undefined) };
  },
});

/** Any event, each with the same probability. Good at bugs that many schedules show. */
export const random = (): Search => always("random()", (seed) => new Random(seed));

/**
 * Probabilistic concurrency testing: finds what takes `depth` events in one order, however long the run is, with a
 * probability of at least one in n × k to the power of depth - 1, for n senders and k steps.
 */
export function pct(depth: number): Search {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new BadArgument(`pct: expected a depth (a whole number from 1 up), got: ${show(depth)}`);
  }
  return always(`pct(${depth})`, (seed, length) => new Pct(seed, depth, length));
}

/** Takes turns: fifo once, then each of the others. */
export const rota = (...searches: readonly Search[]): Search => ({
  name: `rota(${searches.map(({ name }) => name).join(", ")})`,
  begin() {
    const first = fifo().begin();
    const supplies = searches.map((search) => search.begin());
    let turn = 0;
    return {
      next: (seed, length) => first.next(seed, length) ?? supplies[turn++ % supplies.length]?.next(seed, length),
    };
  },
});

/** The default: fifo once, then pct(2), pct(3) and random in turn. */
export const standard = (): Search => rota(pct(2), pct(3), random());

/** One path through the tree of choices: as told, then the first of each. */
export class Path implements Strategy {
  readonly taken: number[];
  readonly widths: number[] = [];
  private readonly told: number;

  constructor(prefix: readonly number[]) {
    this.taken = [...prefix];
    this.told = prefix.length;
  }

  choose(events: readonly Event[]): Event {
    const depth = this.widths.push(events.length) - 1;
    if (depth >= this.told) this.taken.push(0);
    const event = events[this.taken[depth] as number];
    if (event === undefined) throw new SimulationError("nondeterminism", DIVERGED);
    return event;
  }

  /** The prefix of the next path; undefined after the last. */
  get after(): readonly number[] | undefined {
    for (let depth = this.widths.length - 1; depth >= 0; depth--) {
      const next = (this.taken[depth] as number) + 1;
      if (next < (this.widths[depth] as number)) return [...this.taken.slice(0, depth), next];
    }
    return undefined;
  }
}

const DIVERGED = "the same choices led to another run: something in it is not decided by the simulator";

/**
 * Every interleaving there is, each once. For small cases: the result of `simulate` says whether it came to the end within
 * the option `schedules`.
 */
export const exhaustive = (): Search => ({
  name: "exhaustive()",
  begin() {
    let path: Path | undefined;
    return {
      next() {
        const prefix = path === undefined ? [] : path.after;
        path = prefix && new Path(prefix);
        return path;
      },
    };
  },
});
