import type { Driver } from "../driver.ts";
import { mulberry } from "../mulberry.ts";
import type { Milliseconds } from "../types.ts";
import type { VirtualTimeOptions } from "./virtual-time.ts";

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
export class VirtualDriver implements Driver {
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

  constructor({ seed = 1, time = "auto", jumps = 1_000_000 }: VirtualTimeOptions) {
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

  random(): number {
    const [next, drawn] = mulberry(this.dice);
    this.dice = next;
    return drawn;
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
