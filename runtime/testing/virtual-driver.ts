import { Dice } from "../dice.ts";
import type { Driver } from "../driver.ts";
import type { Milliseconds } from "../types.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { VirtualTimeOptions } from "./virtual-time.ts";

/** The real one, captured before a test framework replaces it: one turn drains all promises and ticks. */
const { setImmediate } = globalThis;

/** Runs the scheduler of production on a virtual clock. */
export class VirtualDriver implements Driver {
  readonly seed: number;
  automatic: boolean;
  readonly clock = new VirtualClock(() => this.pump());
  /** Rejects when time jumps without end. */
  readonly failure: Promise<never>;
  private fail: (error: Error) => void = () => {};
  private readonly dice: Dice;
  private jumps: number;
  private turn: (() => void) | undefined;
  private pumping = false;
  private stopped = false;

  constructor({ seed = 1, time = "auto", jumps = 1_000_000 }: VirtualTimeOptions) {
    this.seed = seed;
    this.dice = new Dice(seed);
    this.jumps = jumps;
    this.automatic = time === "auto";
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failure.catch(() => {});
  }

  now(): Milliseconds {
    return this.clock.now();
  }

  random(): number {
    return this.dice.draw();
  }

  defer(turn: () => void): void {
    this.turn = turn;
    this.pump();
  }

  alarm(at: Milliseconds | undefined, fire: () => void, quiet: boolean): void {
    this.clock.set(at, () => this.ring(fire), quiet);
  }

  private ring(fire: () => void): void {
    if (--this.jumps >= 0) return fire();
    this.stop();
    this.fail(new Error("the simulation does not come to rest: too many timers fired (see the option `jumps`)"));
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
    if (turn === undefined) {
      this.clock.rest(this.automatic);
      return;
    }
    this.turn = undefined;
    this.pump();
    turn();
  };
}
