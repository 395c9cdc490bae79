import { audit } from "./audit.ts";
import type { Driver } from "./driver.ts";
import type { Passing } from "./passing.ts";
import { LiveSystem, type System } from "./system.ts";
import type { Async, Milliseconds, Pid, Reason } from "./types.ts";

export interface SimOptions {
  /** Where `random()` starts. Default 1. */
  readonly seed?: number;
  /**
   * `"auto"`: when every process waits, time jumps to the next timer. `"manual"`: only {@link Sim.advance} moves it,
   * for tests that use real sockets. Default `"auto"`.
   */
  readonly time?: "auto" | "manual";
  /** How often time may jump by itself before the simulation is given up. Default 1,000,000. */
  readonly jumps?: number;
  /** What becomes of the data in messages, as in {@link SystemOptions}. Default `"share"`. */
  readonly messages?: Passing;
  /** As the option of `system`. Default false. */
  readonly callStacks?: boolean;
  /** As the option of `system`. Default 5000 ms. Time never jumps to this moment by itself. */
  readonly unfinishedAfter?: Milliseconds | "infinity";
}

/** A system in virtual time: the same processes on another clock, so that hours take milliseconds. */
export interface Sim extends System {
  readonly seed: number;
  random(): number;
  /** Lets time pass: every timer due until then fires in order, and what it causes comes to rest before the next. */
  advance(time: Milliseconds): Promise<void>;
  /** Resolves when every process waits for a message, a reply or a timer. */
  idle(): Promise<void>;
  /** Kills a process. */
  kill(pid: Pid, reason?: Reason): void;
  /**
   * What is still there: processes, names and pending timers; after the end, the timers that outlived everybody. And, at
   * any time, what should never be: a link, monitor, name or timer of a process that has ended.
   */
  leaks(): readonly string[];
}

/**
 * Runs a test against a simulated system, stops the system, and fails when anything is left over.
 *
 * @example
 * await simulate(async (sim) => {
 *   const door = await start(sim, Door, undefined);
 *   await sim.call(door, "open");
 *   await sim.advance(60_000);
 *   console.log(await sim.call(door, "state")); // "closed"
 * });
 */
export async function simulate<T>(test: (sim: Sim) => Async<T>): Promise<T>;
export async function simulate<T>(options: SimOptions, test: (sim: Sim) => Async<T>): Promise<T>;
export async function simulate<T>(
  ...args: [(sim: Sim) => Async<T>] | [SimOptions, (sim: Sim) => Async<T>]
): Promise<T> {
  const [options, test] = args.length === 1 ? [{}, args[0]] : args;
  const driver = new VirtualDriver(options);
  const sim = new SimSystem(driver, options);
  let wrong: readonly string[] = [];
  const checked = async (): Promise<T> => {
    const result = await test(sim);
    wrong = sim.audit();
    return result;
  };
  const result = await Promise.race([checked(), driver.failure]).finally(async () => {
    driver.automatic = true;
    await Promise.race([sim.stop(), driver.failure]);
    driver.stop();
  });
  const leaks = [...wrong, ...sim.leaks()];
  if (leaks.length > 0) throw new Error(`the simulation left something over: ${leaks.join(", ")}`);
  return result;
}

class SimSystem extends LiveSystem implements Sim {
  private readonly driver: VirtualDriver;
  constructor(driver: VirtualDriver, { messages = "share", callStacks = false, unfinishedAfter = 5000 }: SimOptions) {
    super({ driver, reports: false, catchStrays: false, messages, callStacks, unfinishedAfter });
    this.driver = driver;
  }
  get seed(): number {
    return this.driver.seed;
  }
  random(): number {
    return this.driver.random();
  }
  advance(time: Milliseconds): Promise<void> {
    return this.driver.advance(time);
  }
  idle(): Promise<void> {
    return this.driver.idle();
  }
  kill(pid: Pid, reason: Reason = "kill"): void {
    this.exit(pid, reason);
  }
  leaks(): readonly string[] {
    const { names, timers } = this.kernel;
    const processes = this.processes().map(({ label }) => `process ${label}`);
    const rest = [
      names.size > 0 ? [`${names.size} names`] : [],
      timers.pending + this.timersLeft > 0 ? [`${timers.pending + this.timersLeft} timers`] : [],
    ];
    return [...processes, ...rest.flat(), ...this.audit()];
  }
  audit(): readonly string[] {
    return audit(this.kernel);
  }
}

/** The real one, captured before a test framework replaces it: one turn drains all promises and ticks. */
const { setImmediate } = globalThis;

interface Due {
  readonly at: Milliseconds;
  readonly fire: () => void;
  readonly quiet: boolean;
}

interface Journey {
  readonly target: Milliseconds;
  readonly arrived: () => void;
}

/** A clock that stands still while anything runs. */
class VirtualDriver implements Driver {
  readonly seed: number;
  automatic: boolean;
  /** Rejects when time jumps without end. */
  readonly failure: Promise<never>;
  private fail: (error: Error) => void = () => {};
  private clock: Milliseconds = 0;
  private dice: number;
  private jumps: number;
  private turn: (() => void) | undefined;
  private due: Due | undefined;
  private waiters: (() => void)[] = [];
  private journeys: Journey[] = [];
  private pumping = false;
  private stopped = false;

  constructor({ seed = 1, time = "auto", jumps = 1_000_000 }: SimOptions) {
    this.seed = seed;
    this.dice = seed;
    this.jumps = jumps;
    this.automatic = time === "auto";
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failure.catch(() => {});
  }

  now(): Milliseconds {
    return this.clock;
  }

  /** Mulberry32: small, seeded, good enough for choices. */
  random(): number {
    this.dice = (this.dice + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.dice ^ (this.dice >>> 15), 1 | this.dice);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  defer(turn: () => void): void {
    this.turn = turn;
    this.pump();
  }

  alarm(at: Milliseconds | undefined, fire: () => void, quiet: boolean): void {
    this.due = at === undefined ? undefined : { at, fire, quiet };
    this.pump();
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
      this.pump();
    });
  }

  async advance(time: Milliseconds): Promise<void> {
    await this.idle();
    await new Promise<void>((arrived) => {
      this.journeys.push({ target: this.clock + time, arrived });
      this.journeys.sort((a, b) => a.target - b.target);
      this.pump();
    });
  }

  stop(): void {
    this.stopped = true;
  }

  private pump(): void {
    if (this.pumping || this.stopped) return;
    this.pumping = true;
    setImmediate(this.step);
  }

  /** One thing at a time, each drained by a turn of the event loop before the next. */
  private readonly step = (): void => {
    this.pumping = false;
    const { turn } = this;
    if (turn !== undefined) {
      this.turn = undefined;
      this.pump();
      turn();
      return;
    }
    if (this.waiters.length > 0) {
      const waiters = this.waiters;
      this.waiters = [];
      for (const resolve of waiters) resolve();
      this.pump();
      return;
    }
    const [journey] = this.journeys;
    if (journey !== undefined) this.travel(journey);
    else if (this.automatic && this.due?.quiet === false) this.jump(this.due);
  };

  private travel(journey: Journey): void {
    if (this.due !== undefined && this.due.at <= journey.target) {
      this.jump(this.due);
      return;
    }
    this.clock = journey.target;
    this.journeys.shift();
    journey.arrived();
    this.pump();
  }

  private jump({ at, fire }: Due): void {
    if (--this.jumps < 0) {
      this.fail(new Error("the simulation does not come to rest: too many timers fired (see the option `jumps`)"));
      this.stopped = true;
      return;
    }
    this.due = undefined;
    this.clock = Math.max(this.clock, at);
    this.pump();
    fire();
  }
}
