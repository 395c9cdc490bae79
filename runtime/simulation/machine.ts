import type { Driver } from "../driver.ts";
import { mulberry } from "../mulberry.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Timer } from "../timers.ts";
import type { Milliseconds, Pid } from "../types.ts";
import { type Event, Ring, Settlement } from "./event.ts";
import { SimulationError } from "./failure.ts";
import { Lane } from "./lane.ts";
import { isEnd, type SimProcess } from "./sim-process.ts";
import type { Strategy } from "./strategy.ts";

/** The real one, captured before a test framework replaces it: one turn drains all promises and ticks. */
const { setImmediate } = globalThis;

export interface MachineOptions {
  readonly seed: number;
  readonly strategy: Strategy;
  readonly steps: number;
  /** Whether events have names, which takes time. */
  readonly named: boolean;
}

export interface Step {
  readonly at: Milliseconds;
  readonly event: Event;
}

/**
 * What runs a simulated system: one event at a time, of those that are possible the one that the strategy chooses, and
 * then until all code has come to rest. Time stands still while anything is possible.
 */
export class Machine implements Driver {
  readonly seed: number;
  readonly named: boolean;
  /** Whose code runs; null: nobody's. */
  current: SimProcess | null = null;
  /** What has happened, in a run that names its events. */
  readonly trace: Step[] = [];
  /** Events that had to let a younger one go first, in such a run. */
  readonly delayed = new Set<Event>();
  /** Which of the possible events was chosen, at each step with a choice. */
  readonly choices: number[] = [];
  /** After each step a hash of all that has happened so far. */
  readonly hashes: number[] = [];
  /** Rejects when the run cannot go on. */
  readonly failure: Promise<never>;
  /** Called when all code has come to rest after a step. */
  onStep: (() => void) | undefined;
  /** Called when nothing is possible, and nothing will be. */
  onRest: () => void = () => {};
  private readonly strategy: Strategy;
  private readonly limit: number;
  private readonly known = new Map<Pid, SimProcess>();
  private readonly listed: SimProcess[] = [];
  /** Of timers that belong to no process. */
  private readonly nobody = new Lane("clock→nobody");
  private settlements: Settlement[] = [];
  private rings: Ring[] = [];
  private readonly clock = new VirtualClock(() => this.wake());
  private events = 0;
  private dice: number;
  private awake = false;
  private stopped = false;
  private look: (now: Milliseconds) => void = () => {};
  private fail: (error: Error) => void = () => {};

  constructor({ seed, strategy, steps, named }: MachineOptions) {
    this.seed = seed;
    this.dice = seed;
    this.strategy = strategy;
    this.limit = steps;
    this.named = named;
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failure.catch(() => {});
  }

  // ── the driver ──

  now(): Milliseconds {
    return this.clock.now();
  }

  /** Each process has dice of its own: what it draws does not depend on who draws before. */
  random(): number {
    const { current } = this;
    if (current === null) return this.draw();
    current.dice ??= (this.seed ^ current.lane("dice").hash) | 0;
    const [next, drawn] = mulberry(current.dice);
    current.dice = next;
    return drawn;
  }

  private draw(): number {
    const [next, drawn] = mulberry(this.dice);
    this.dice = next;
    return drawn;
  }

  /** Nothing runs by itself. */
  defer(): void {
    this.wake();
  }

  alarm(at: Milliseconds | undefined, fire: () => void, quiet: boolean): void {
    this.clock.set(at, fire, quiet);
  }

  /** Timers begin to count when the clock is looked at. */
  looksAtClock(look: (now: Milliseconds) => void): void {
    this.look = look;
  }

  // ── what may happen ──

  nextNo(): number {
    return ++this.events;
  }

  know(process: SimProcess): void {
    this.known.set(process.pid, process);
    void process.path;
  }

  /** News of an end come from who ended; everything else from whose code runs. */
  senderOf(message: unknown): SimProcess | string {
    if (isEnd(message)) return this.known.get(message.pid) ?? "nobody";
    return this.current ?? "time";
  }

  list(process: SimProcess): void {
    if (!process.listed) {
      process.listed = true;
      this.listed.push(process);
    }
    this.wake();
  }

  settle(waiter: SimProcess, tell: (value: any) => void, value: unknown, what: string | undefined): void {
    const lane = waiter.lane(this.current ?? "time");
    this.settlements.push(new Settlement(this, lane, waiter, tell, value, what));
    this.wake();
  }

  ring(timer: Timer): void {
    const { owner } = timer;
    const lane = owner === null ? this.nobody : (owner as SimProcess).lane("clock");
    this.rings.push(new Ring(this, lane, timer));
  }

  // ── time ──

  idle(): Promise<void> {
    return this.clock.idle();
  }

  advance(time: Milliseconds): Promise<void> {
    return this.clock.advance(time);
  }

  /** Lets time pass until the next timer that is due by `until`, and comes to rest. False when it is `until`. */
  async passTime(until: Milliseconds): Promise<boolean> {
    const now = this.now();
    if (now >= until) return false;
    await this.advance(this.clock.next(until) - now);
    return true;
  }

  // ── the run ──

  wake(): void {
    if (this.awake || this.stopped) return;
    this.awake = true;
    setImmediate(this.step);
  }

  stop(): void {
    this.stopped = true;
  }

  giveUp(error: Error): void {
    this.stopped = true;
    this.fail(error);
  }

  private readonly step = (): void => {
    this.awake = false;
    this.current = null;
    if (this.steps > 0) this.onStep?.();
    if (this.stopped) return;
    const now = this.now();
    this.look(now);
    const events = this.possible();
    if (events.length === 0) return this.rest();
    if (this.steps >= this.limit) return this.giveUp(new SimulationError("endless", endless(this.limit)));
    const event = events.length === 1 ? (events[0] as Event) : this.choose(events);
    this.hashes.push(Math.imul((this.hashes.at(-1) ?? 0) ^ event.lane.hash, 0x01000193) ^ now);
    if (this.named) this.record(event, events);
    this.drop(event);
    this.wake();
    event.perform(this);
  };

  /** How much has happened. */
  get steps(): number {
    return this.hashes.length;
  }

  private choose(events: readonly Event[]): Event {
    const event = this.strategy.choose(events);
    this.choices.push(events.indexOf(event));
    return event;
  }

  /** In the order in which they became possible. */
  private possible(): Event[] {
    const events: Event[] = [];
    for (let i = 0; i < this.listed.length; ) {
      const process = this.listed[i] as SimProcess;
      if (process.runs) {
        process.heads(events);
        i++;
      } else {
        process.listed = false;
        this.listed.splice(i, 1);
      }
    }
    const lanes = new Set<Lane>();
    this.settlements = this.settlements.filter((each) => each.possible);
    for (const each of this.settlements) if (!lanes.has(each.lane)) lanes.add(each.lane) && events.push(each);
    this.rings = this.rings.filter((each) => each.possible);
    events.push(...this.rings);
    return events.sort((a, b) => a.no - b.no);
  }

  private record(event: Event, possible: readonly Event[]): void {
    for (const other of possible) if (other.no < event.no) this.delayed.add(other);
    this.trace.push({ at: this.now(), event });
    this.strategy.happened?.(event);
  }

  /** What was possible when the run ended. */
  get pending(): readonly Event[] {
    return this.possible();
  }

  private drop(event: Event): void {
    if (event instanceof Settlement) this.settlements.splice(this.settlements.indexOf(event), 1);
    else if (event instanceof Ring) this.rings.splice(this.rings.indexOf(event), 1);
  }

  private rest(): void {
    if (!this.clock.rest(true)) this.onRest();
  }
}

const endless = (limit: number): string =>
  `the simulation does not come to rest: more than ${limit} steps (see the option \`steps\`)`;
