import { audit } from "../audit.ts";
import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Passing } from "../passing.ts";
import { ended } from "../stopping.ts";
import { LiveSystem, type System } from "../system.ts";
import type { Milliseconds, Pid, Reason } from "../types.ts";
import { SimulationError } from "./failure.ts";
import type { Machine } from "./machine.ts";
import { SimKernel } from "./sim-kernel.ts";
import type { SimProcess } from "./sim-process.ts";

/** The system of one run: the same calls as in production, and what a test needs besides. */
export interface Simulation extends System {
  /** Of this run; it decides what `random()` gives. */
  readonly seed: number;
  random(): number;
  /** Lets time pass: every timer until then fires, and what it causes comes to rest before time goes on. */
  advance(time: Milliseconds): Promise<void>;
  /** Resolves when nothing can happen until time passes. */
  idle(): Promise<void>;
  /** Kills a process. */
  kill(pid: Pid, reason?: Reason): void;
  /** Waits for the ends of processes. Rejects with the error of one that crashed. */
  all(pids: readonly Pid[]): Promise<void>;
  /** What must hold after every step from now on: returns `false` or throws when it does not. */
  always(name: string, invariant: () => unknown): void;
  /** Lets time pass until `condition` is true; fails when it is not `within` so many milliseconds. */
  eventually(condition: () => unknown, options: { readonly within: Milliseconds }): Promise<void>;
  /**
   * Waits for a promise that the simulator does not control, on purpose. The schedule is then not exact: runs are not compared,
   * and a failure may not come again.
   */
  foreign<T>(promise: PromiseLike<T>): Promise<T>;
  /** How many events there have been in this run, and a number that differs when any of them, or their order, does. */
  readonly steps: number;
  readonly hash: number;
  /** What is still there: processes, their monitors and aliases, names, timers; and what should never be: a link to the dead. */
  leaks(): readonly string[];
}

interface Invariant {
  readonly name: string;
  readonly holds: () => unknown;
}

/** A simulated system. */
export class World extends LiveSystem implements Simulation {
  private readonly machine: Machine;
  private readonly invariants: Invariant[] = [];

  constructor(machine: Machine, messages: Passing) {
    const kernel = new SimKernel(machine, messages);
    super({ driver: machine, reports: false, catchStrays: false }, kernel);
    this.machine = machine;
    machine.looksAtClock((now) => kernel.timers.look(now));
    machine.root = machine.current = kernel.root as SimProcess;
  }

  get seed(): number {
    return this.machine.seed;
  }

  get steps(): number {
    return this.machine.journal.steps;
  }

  get hash(): number {
    return this.machine.journal.hash;
  }

  random(): number {
    return this.machine.random();
  }

  advance(time: Milliseconds): Promise<void> {
    if (!(time >= 0)) throw new BadArgument(`advance: expected a time of 0 ms or more, got: ${show(time)}`);
    return this.machine.advance(time);
  }

  idle(): Promise<void> {
    return this.machine.idle();
  }

  kill(pid: Pid, reason: Reason = "kill"): void {
    this.exit(pid, reason);
  }

  async all(pids: readonly Pid[]): Promise<void> {
    const reasons = await Promise.all(pids.map((pid) => ended(this.self, pid)));
    const crash = reasons.find((reason) => reason instanceof Error);
    if (crash !== undefined) throw crash;
  }

  always(name: string, invariant: () => unknown): void {
    this.invariants.push({ name, holds: invariant });
    this.machine.onStep = () => this.check();
  }

  /** One that does not hold ends the run. */
  private check(): void {
    for (const { name, holds } of this.invariants) {
      try {
        if (holds() !== false) continue;
        this.machine.giveUp(new SimulationError("always", `always: ${name} does not hold`));
      } catch (thrown) {
        const message = `always: ${name} does not hold: ${thrown instanceof Error ? thrown.message : show(thrown)}`;
        this.machine.giveUp(new SimulationError("always", message, { cause: thrown }));
      }
      return;
    }
  }

  foreign<T>(promise: PromiseLike<T>): Promise<T> {
    return this.machine.foreign(promise);
  }

  async eventually(condition: () => unknown, { within }: { readonly within: Milliseconds }): Promise<void> {
    const until = this.now() + within;
    await this.idle();
    while (!(await condition())) {
      if (!(await this.machine.passTime(until))) {
        throw new SimulationError("eventually", `eventually: still not true after ${within} ms: ${condition}`);
      }
    }
  }

  leaks(): readonly string[] {
    const { names, timers } = this.kernel;
    const pending = timers.pending + this.timersLeft;
    return [
      ...this.processes().flatMap(({ label, monitors, aliases }) => [
        `process ${label}`,
        ...(monitors.length > 0 ? [`${monitors.length} monitors of ${label}`] : []),
        ...(aliases > 0 ? [`${aliases} aliases of ${label}`] : []),
      ]),
      ...(names.size > 0 ? [`${names.size} names`] : []),
      ...(pending > 0 ? [`${pending} timers`] : []),
      ...this.audit(),
    ];
  }

  /** What holds something of the world outside lets go of it. Nothing runs any more. */
  abandon(): void {
    for (const process of this.kernel.table.list()) process.end("killed");
  }

  audit(): readonly string[] {
    return audit(this.kernel);
  }
}
