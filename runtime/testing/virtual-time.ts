import { audit } from "../audit.ts";
import type { Passing } from "../passing.ts";
import { LiveSystem, type System } from "../system.ts";
import type { Async, Milliseconds, Pid, Reason } from "../types.ts";
import { Leftovers } from "./leftovers.ts";
import { endTestProcesses } from "./test-process.ts";
import { VirtualDriver } from "./virtual-driver.ts";

export interface VirtualTimeOptions {
  /** Where `random()` starts. Default 1. */
  readonly seed?: number;
  /**
   * `"auto"`: when every process waits, time jumps to the next timer. `"manual"`: only {@link VirtualSystem.advance} moves it,
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
  /**
   * Whether also what nobody owns is left over: processes that neither a supervisor, nor a child of the system, nor a link to
   * a {@link testProcess} takes along, and timers of names. The end of a test process by a failure then fails the test. Default
   * false: the system ends them.
   */
  readonly strict?: boolean;
}

/** A system in virtual time: the same processes on another clock, so that hours take milliseconds. */
export interface VirtualSystem extends System {
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
 * Runs a test once, against a system in virtual time: the scheduler is that of production, only the clock is not. Stops the
 * system, and fails when anything is left over. `simulate` of `hornbeam/simulation` runs a test under many schedules.
 *
 * @example
 * await inVirtualTime(async (sim) => {
 *   const door = await start(sim, Door, undefined);
 *   await sim.call(door, "open");
 *   await sim.advance(60_000);
 *   console.log(await sim.call(door, "state")); // "closed"
 * });
 */
export async function inVirtualTime<T>(test: (sim: VirtualSystem) => Async<T>): Promise<T>;
export async function inVirtualTime<T>(options: VirtualTimeOptions, test: (sim: VirtualSystem) => Async<T>): Promise<T>;
export async function inVirtualTime<T>(
  ...args: [(sim: VirtualSystem) => Async<T>] | [VirtualTimeOptions, (sim: VirtualSystem) => Async<T>]
): Promise<T> {
  const [options, test] = args.length === 1 ? [{}, args[0]] : args;
  const driver = new VirtualDriver(options);
  const sim = new VirtualLiveSystem(driver, options);
  let wrong: readonly string[] = [];
  const checked = async (): Promise<T> => {
    const result = await test(sim);
    wrong = [...sim.audit(), ...(await sim.orphans())];
    return result;
  };
  const result = await Promise.race([checked(), driver.failure]).finally(async () => {
    driver.automatic = true;
    // A stop that the test has begun may wait for a timer already: the clock is to look again.
    void sim.idle();
    await Promise.race([sim.stop(), driver.failure]);
    driver.stop();
  });
  const leaks = [...wrong, ...sim.leaks()];
  if (leaks.length === 0) return result;
  const advice = options.strict === true ? ADVICE : "";
  throw new Error(`the simulation left something over: ${leaks.join(",\n  ")}${advice}`);
}

const ADVICE = "\nWhat a test starts is stopped with it under a supervisor (startSupervised) or linked to its process.";

class VirtualLiveSystem extends LiveSystem implements VirtualSystem {
  private readonly driver: VirtualDriver;
  private readonly leftovers: Leftovers | undefined;
  constructor(
    driver: VirtualDriver,
    { messages = "share", callStacks = false, unfinishedAfter = 5000, strict = false }: VirtualTimeOptions,
  ) {
    super({ driver, reports: false, catchStrays: false, messages, callStacks, unfinishedAfter });
    this.driver = driver;
    this.leftovers = strict ? new Leftovers(this.kernel) : undefined;
  }
  get seed(): number {
    return this.driver.seed;
  }
  random(): number {
    return this.driver.random();
  }
  advance(time: Milliseconds): Promise<void> {
    return this.driver.clock.advance(time);
  }
  idle(): Promise<void> {
    return this.driver.clock.idle();
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
  /** Stops what somebody owns, if the test is to leave nothing else, and says what is there then. */
  async orphans(): Promise<readonly string[]> {
    if (this.leftovers === undefined) return [];
    endTestProcesses(this.kernel);
    this.driver.automatic = true;
    await this.stopChildren("shutdown");
    await this.idle();
    return this.leftovers.list();
  }
}
