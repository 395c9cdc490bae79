import type { Milliseconds } from "../types.ts";

interface Alarm {
  readonly at: Milliseconds;
  readonly fire: () => void;
  readonly quiet: boolean;
}

interface Journey {
  readonly target: Milliseconds;
  readonly arrived: () => void;
}

/** A clock that stands still while anything runs. Whoever runs things is woken, and says when nothing is left to do. */
export class VirtualClock {
  private time: Milliseconds = 0;
  private alarm: Alarm | undefined;
  private waiters: (() => void)[] = [];
  private readonly journeys: Journey[] = [];
  private readonly wake: () => void;

  constructor(wake: () => void) {
    this.wake = wake;
  }

  now(): Milliseconds {
    return this.time;
  }

  /** The one alarm, as a driver has it. */
  set(at: Milliseconds | undefined, fire: () => void, quiet: boolean): void {
    this.alarm = at === undefined ? undefined : { at, fire, quiet };
    this.wake();
  }

  /** When the alarm goes off, but not later than `until`. */
  next(until: Milliseconds): Milliseconds {
    return this.alarm === undefined ? until : Math.min(until, Math.max(this.time, this.alarm.at));
  }

  /** Resolves when nothing is left to do. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
      this.wake();
    });
  }

  /** Resolves when so much time has passed. */
  async advance(time: Milliseconds): Promise<void> {
    await this.idle();
    await new Promise<void>((arrived) => {
      this.journeys.push({ target: this.time + time, arrived });
      this.journeys.sort((a, b) => a.target - b.target);
      this.wake();
    });
  }

  /**
   * Nothing is left to do: who waits for that is told, or else time passes, up to the end of the next journey or, when it may
   * by itself, to the alarm; and never past `stop` at once. False when it stands still.
   */
  rest(automatic: boolean, stop: Milliseconds = Number.POSITIVE_INFINITY): boolean {
    const [journey] = this.journeys;
    if (this.waiters.length > 0) this.tell();
    else if (journey !== undefined) this.travel(journey, stop);
    else if (automatic && this.alarm?.quiet === false && this.alarm.at <= stop) this.jump(this.alarm);
    else if (automatic && stop < Number.POSITIVE_INFINITY) this.time = stop;
    else return false;
    this.wake();
    return true;
  }

  /** Time passes while nothing runs, and nothing that is due by then has happened. */
  skip(time: Milliseconds): void {
    this.time += time;
  }

  private tell(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  private travel(journey: Journey, stop: Milliseconds): void {
    const end = Math.min(journey.target, stop);
    if (this.alarm !== undefined && this.alarm.at <= end) return this.jump(this.alarm);
    this.time = end;
    if (end < journey.target) return;
    this.journeys.shift();
    journey.arrived();
  }

  private jump({ at, fire }: Alarm): void {
    this.alarm = undefined;
    this.time = Math.max(this.time, at);
    fire();
  }
}
