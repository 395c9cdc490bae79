import type { Milliseconds } from "./types.ts";

/**
 * The one seam to the world: what a system needs of it. Production has the driver below; the simulator has its own,
 * and everything above the seam is the same code in both.
 */
export interface Driver {
  /** Monotonic. */
  now(): Milliseconds;
  /** In [0, 1). */
  random(): number;
  /** Runs `turn` soon: before I/O when `soon`, after it otherwise. */
  defer(turn: () => void, soon: boolean): void;
  /** Runs `fire` once, not before `at`. One alarm at a time: a new one replaces the old, `undefined` clears it. */
  alarm(at: Milliseconds | undefined, fire: () => void): void;
}

/** Node keeps delays in 31 bits; the timers re-arm after a shorter wake. */
const LONGEST = 2 ** 31 - 1;

/** The real world: microtasks while there is time, immediates to let I/O in, and one timer. */
export function realDriver(): Driver {
  let timer: NodeJS.Timeout | undefined;
  return {
    now: () => performance.now(),
    random: () => Math.random(),
    defer: (turn, soon) => {
      if (soon) queueMicrotask(turn);
      else setImmediate(turn);
    },
    alarm: (at, fire) => {
      clearTimeout(timer);
      timer = undefined;
      if (at !== undefined) timer = setTimeout(fire, Math.min(LONGEST, Math.max(0, at - performance.now())));
    },
  };
}
