import type { Milliseconds } from "./types.ts";

/**
 * The one seam to the world: what a system needs of it. Production has the driver below; the simulator has its own,
 * and everything above the seam is the same code in both.
 */
export interface Driver {
  /** Monotonic. */
  now(): Milliseconds;
  /** The time of the clock on the wall, since 1970 (OTP: `erlang:system_time/1`). Default: `now`, which then began in 1970. */
  systemTime?(): Milliseconds;
  /** Timers are due at multiples of it, and never early. The real world's is 1 ms, as OTP's. Default: due exactly. */
  readonly resolution?: Milliseconds;
  /** In [0, 1). */
  random(): number;
  /** Runs `turn` soon: before I/O when `soon`, after it otherwise. */
  defer(turn: () => void, soon: boolean): void;
  /**
   * Runs `fire` once, not before `at`. One alarm at a time: a new one replaces the old, `undefined` clears it. Nobody
   * waits for a `quiet` one: it keeps no program alive, and no simulated time jumps to it.
   */
  alarm(at: Milliseconds | undefined, fire: () => void, quiet: boolean): void;
  /**
   * Carries something over a wire of a test adapter, in the order of that wire; or it is `lost`, and the wire with it.
   * Default: it arrives at once.
   */
  transmit?(wire: string, what: string, arrive: () => void, lost: () => void): void;
}

/** Node keeps delays in 31 bits; the timers re-arm after a shorter wake. */
const LONGEST = 2 ** 31 - 1;

const resolved = Promise.resolve();

/** The real world: microtasks while there is time, immediates to let I/O in, and one timer. */
export function realDriver(): Driver {
  const alarm = new Alarm();
  return {
    now: () => performance.now(),
    systemTime: () => Date.now(),
    resolution: 1,
    random: () => Math.random(),
    defer: (turn, soon) => {
      // As `queueMicrotask`, without the AsyncResource that Node makes for each of those.
      if (soon) resolved.then(turn);
      else setImmediate(turn);
    },
    alarm: (at, fire, quiet) => alarm.set(at, fire, quiet),
  };
}

/**
 * One Node timer, moved as seldom as possible: an alarm that is cleared and set again for later, as by one call after
 * the other, leaves it where it is. A wake that comes too early costs one look.
 */
class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private armed: Milliseconds = Number.POSITIVE_INFINITY;
  private wanted: Milliseconds | undefined;
  private fire: () => void = () => {};
  private clearing = false;

  set(at: Milliseconds | undefined, fire: () => void, quiet: boolean): void {
    this.wanted = at;
    this.fire = fire;
    if (at === undefined) return this.clearSoon();
    if (at < this.armed) this.arm(at);
    if (quiet) this.timer?.unref();
    else this.timer?.ref();
  }

  private arm(at: Milliseconds): void {
    clearTimeout(this.timer);
    this.armed = at;
    this.timer = setTimeout(this.wake, Math.min(LONGEST, Math.max(0, at - performance.now())));
  }

  private readonly wake = (): void => {
    this.timer = undefined;
    this.armed = Number.POSITIVE_INFINITY;
    if (this.wanted !== undefined) this.fire();
  };

  /** Not at once: the next call may want it again. A timer that nobody wants must not keep Node alive. */
  private clearSoon(): void {
    if (this.clearing || this.timer === undefined) return;
    this.clearing = true;
    setImmediate(() => {
      this.clearing = false;
      if (this.wanted !== undefined) return;
      clearTimeout(this.timer);
      this.timer = undefined;
      this.armed = Number.POSITIVE_INFINITY;
    });
  }
}
