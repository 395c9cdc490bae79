import { Call } from "../call.ts";
import { Dice } from "../dice.ts";
import type { Driver } from "../driver.ts";
import { isGroupEvent } from "../groups.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Timer } from "../timers.ts";
import type { Milliseconds, Pid } from "../types.ts";
import { Agenda } from "./agenda.ts";
import { Arrival, type Event, Ring, Settlement, Transmission } from "./event.ts";
import { InjectedError, SimulationError } from "./failure.ts";
import type { Injection, Plan } from "./faults.ts";
import { type Uncontrolled, watchRunning } from "./guards.ts";
import { Journal } from "./journal.ts";
import { Lane } from "./lane.ts";
import { isEnd, type SimProcess } from "./sim-process.ts";
import type { Strategy } from "./strategy.ts";

/** The real one, captured before a test framework replaces it: one turn drains all promises and ticks. */
const { setImmediate } = globalThis;

export interface MachineOptions {
  readonly seed: number;
  readonly strategy: Strategy;
  readonly plan: Plan;
  readonly steps: number;
  readonly allowed: ReadonlySet<Uncontrolled>;
  /** Whether events have names, which takes time. */
  readonly named: boolean;
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
  /** What acts when that is nobody's. */
  via = "time";
  /** The one for whom the test speaks. */
  root: SimProcess | null = null;
  /** How many promises of the outside are waited for, knowingly; and whether there was one. */
  private outside = 0;
  exact = true;
  /** What has happened. */
  readonly journal: Journal;
  /** Rejects when the run cannot go on. */
  readonly failure: Promise<never>;
  /** Called when all code has come to rest after a step. */
  onStep: (() => void) | undefined;
  /** Called when nothing is possible, and nothing will be. */
  onRest: () => void = () => {};
  private readonly strategy: Strategy;
  private readonly plan: Plan;
  private readonly limit: number;
  private readonly allowed: ReadonlySet<Uncontrolled>;
  private readonly known = new Map<Pid, SimProcess>();
  private readonly agenda = new Agenda();
  private readonly wires = new Map<string, Lane>();
  /** Of timers that belong to no process. */
  private readonly nobody = new Lane("clock→nobody");
  private readonly clock = new VirtualClock(() => this.wake());
  private events = 0;
  private readonly dice: Dice;
  private awake = false;
  private stopped = false;
  /** How many steps there were when invariants were looked at last, and when it was asked what goes wrong. */
  private checked = 0;
  private planned = -1;
  private look: (now: Milliseconds) => void = () => {};
  private fail: (error: Error) => void = () => {};

  constructor({ seed, strategy, plan, steps, allowed, named }: MachineOptions) {
    this.seed = seed;
    this.dice = new Dice(seed);
    this.strategy = strategy;
    this.plan = plan;
    this.limit = steps;
    this.allowed = allowed;
    this.named = named;
    this.journal = new Journal(named);
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
    if (current === null) return this.dice.draw();
    current.dice ??= new Dice(this.seed ^ current.lane("dice").hash);
    return current.dice.draw();
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

  /**
   * News of an end come from who ended, those of a group from the groups, a call from who waits for its reply; everything
   * else from whose code runs.
   */
  senderOf(message: unknown): SimProcess | string {
    if (isEnd(message)) return this.known.get(message.pid) ?? "nobody";
    if (isGroupEvent(message)) return "groups";
    if (message instanceof Call && message.watcher !== null) return message.watcher as SimProcess;
    return this.current ?? this.via;
  }

  /** Does what code of `process` does, whosever seems to run: that of a test runs outside all processes. */
  as(process: SimProcess, act: () => void): void {
    const { current } = this;
    this.current = process;
    try {
      act();
    } finally {
      this.current = current;
    }
  }

  list(process: SimProcess): void {
    this.agenda.list(process);
    this.wake();
  }

  settle(waiter: SimProcess, tell: (value: any) => void, value: unknown, what: string | undefined): void {
    const lane = waiter.lane(this.current ?? this.via);
    this.agenda.add(new Settlement(this, lane, waiter, tell, value, what));
    this.wake();
  }

  ring(timer: Timer): void {
    const { owner } = timer;
    const lane = owner === null ? this.nobody : (owner as SimProcess).lane("clock");
    this.agenda.add(new Ring(this, lane, timer));
  }

  transmit(wire: string, what: string, arrive: () => void, lost: () => void): void {
    const lane = this.wires.get(wire) ?? new Lane(wire);
    this.wires.set(wire, lane);
    const transmission = new Transmission(this, lane, wire, what, arrive, lost);
    const injection = this.plan.onWire(transmission);
    if (injection !== undefined) this.inject(injection);
    if (injection?.fault === "drop") transmission.isLost = true;
    if (injection?.fault === "delay") transmission.at = this.now() + injection.time;
    this.agenda.add(transmission);
    this.wake();
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

  /** The end of the run. What could still have happened is kept: after this, the processes are ended. */
  stop(): void {
    this.stopped = true;
    this.current = null;
    if (this.named) this.journal.pending = this.agenda.possible(this.now());
  }

  /** Code that is a process's, and not the test's. */
  private readonly running = () => {
    const { current, allowed } = this;
    if (current === null || current === this.root) return undefined;
    return { path: current.path, allowed, fail: (error: Error) => this.giveUp(error) };
  };

  /** Waits for a promise that nothing in here settles. */
  async foreign<T>(promise: PromiseLike<T>): Promise<T> {
    this.exact = false;
    this.outside++;
    try {
      return await promise;
    } finally {
      this.outside--;
      this.current = this.root;
      this.wake();
    }
  }

  giveUp(error: Error): void {
    this.stopped = true;
    this.fail(error);
  }

  private readonly step = (): void => {
    const { journal } = this;
    this.awake = false;
    this.current = null;
    watchRunning(this.running);
    if (this.checked !== journal.steps) {
      this.checked = journal.steps;
      this.onStep?.();
    }
    if (this.stopped) return;
    const now = this.now();
    this.look(now);
    if (this.planned !== journal.steps) {
      this.planned = journal.steps;
      for (const injection of this.plan.between(this, journal.last)) this.inject(injection);
    }
    const events = this.agenda.possible(now);
    if (events.length === 0) return this.rest();
    if (journal.steps >= this.limit) return this.giveUp(new SimulationError("endless", endless(this.limit)));
    const event = events.length === 1 ? (events[0] as Event) : this.strategy.choose(events);
    journal.event(event, events, now);
    if (this.named) this.strategy.happened?.(event);
    this.agenda.drop(event);
    this.wake();
    if (event instanceof Arrival && this.plan.breaks(event)) this.break(event);
    else event.perform(this);
  };

  private inject(injection: Injection): void {
    this.journal.fault(injection, this.now());
    if (injection.fault === "jump") this.clock.skip(injection.time);
    else if (injection.fault === "kill" || injection.fault === "stall") {
      const target = this.living.find(({ path }) => path === injection.target);
      if (injection.fault === "kill") target?.end("killed");
      else if (target !== undefined) target.stalledUntil = this.now() + injection.time;
    }
  }

  private break(event: Arrival): void {
    this.journal.fault({ fault: "throw", in: event.name }, this.now());
    this.current = event.receiver;
    event.receiver.break(event, new InjectedError(event.name || event.lane.key));
  }

  /** The processes that live, the oldest first. */
  get living(): readonly SimProcess[] {
    return [...this.known.values()].filter(({ dead }) => !dead);
  }

  /** Nothing is possible: who waits for that, which is the test, is told; then time passes. */
  private rest(): void {
    this.current = this.root;
    const now = this.now();
    const stalls = this.living.map(({ stalledUntil }) => stalledUntil);
    const ahead = [...stalls, ...this.agenda.delayedUntil].filter((moment) => moment > now);
    if (!this.clock.rest(true, Math.min(Number.POSITIVE_INFINITY, ...ahead)) && this.outside === 0) this.onRest();
  }
}

const endless = (limit: number): string =>
  `the simulation does not come to rest: more than ${limit} steps (see the option \`steps\`)`;
