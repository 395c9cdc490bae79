import { type NoReply, noreply, type Stop, stop } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Async, Pid, Reason, Self } from "../runtime/types.ts";
import { delayOf, type Waits } from "./backoff.ts";
import type { Child } from "./children.ts";
import { failureOf, reportBackoff, reportGiveUp } from "./failures.ts";
import { Intensity } from "./intensity.ts";

/** What the end of a child leads to: the supervisor goes on (perhaps to try again later), or ends. */
export type Verdict = "ok" | "shutdown";

/** A restart has begun, and the supervisor hears later what came of it. */
export type Paused = "paused";

/** What a supervisor does then. At once, when nothing had to be waited for. */
export function obey<S>(
  verdict: Async<Verdict> | Paused | "gone",
  state: S,
  self: Self,
  message: unknown,
): Async<NoReply<S> | Stop<S, never>> {
  if (verdict instanceof Promise) return verdict.then((known) => obey(known, state, self, message));
  if (verdict === "paused") processOf(self).pause(message);
  return verdict === "shutdown" ? stop("shutdown", state) : noreply(state);
}

export interface Limits {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly backoff: Waits | undefined;
}

/** Whether a supervisor may start a child again, and when. */
export class Restarts {
  private readonly self: ProcessSelf;
  private readonly limits: Limits;
  private readonly intensity: Intensity;

  constructor(self: ProcessSelf, limits: Limits) {
    this.self = self;
    this.limits = limits;
    this.intensity = new Intensity(limits.maxRestarts, limits.maxSeconds);
  }

  /** Counts a restart of `child`, which ended as `pid` or did not come up. False: the supervisor gives up. */
  allow(child: Child, pid: Pid | undefined, reason: Reason): boolean {
    const failure = failureOf(this.self, child, pid, reason);
    if (this.intensity.add(failure)) return true;
    reportGiveUp(this.self, this.limits, this.intensity.first ?? failure, failure);
    return false;
  }

  /** Has the child wait for its next attempt; `tryAgain` is called when it is time, unless it is not to run any more. */
  wait(child: Child, backoff: Waits, tryAgain: () => void): void {
    const { self } = this;
    if (child.since !== undefined && self.now() - child.since >= backoff.calm) child.attempts = 0;
    child.attempts++;
    child.since = undefined;
    const delay = delayOf(backoff, child.attempts, self.random());
    reportBackoff(self, child, delay);
    child.restarting = true;
    child.waiting = self.kernel.timers.set(
      delay,
      () => {
        child.waiting = undefined;
        tryAgain();
      },
      self,
    );
  }
}
