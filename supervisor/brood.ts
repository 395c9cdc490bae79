import { remind } from "../runtime/call.ts";
import { isClean } from "../runtime/errors.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import type { Async, Pid, Reason } from "../runtime/types.ts";
import type { Waits } from "./backoff.ts";
import { restarts, type Spec } from "./child-spec.ts";
import { Child, type Started, startChild } from "./children.ts";
import { reportChild, reportExit, reportStartError, startReason } from "./failures.ts";
import { Launching } from "./launching.ts";
import { type Leaving, stopTogether, watch } from "./leaving.ts";
import { Line } from "./line.ts";
import { Parentage } from "./parentage.ts";
import { type Limits, type Paused, Restarts, type Verdict } from "./restarts.ts";

/** Children that come and go, in no order, each on its own, known by their pids (OTP: the dynamic children). */
export class Brood {
  private readonly self: ProcessSelf;
  private readonly limits: Limits;
  private readonly restarts: Restarts;
  private readonly launching: Launching;
  private readonly line = new Line();
  /** By their pid, or the one they had and are to have again. */
  private readonly byPid = new Parentage();

  constructor(self: ProcessSelf, limits: Limits) {
    this.self = self;
    this.limits = limits;
    this.restarts = new Restarts(self, limits);
    this.launching = new Launching(self, this);
  }

  /** The child that runs as `pid`, or did and is being restarted. */
  at(pid: Pid): Child | undefined {
    return this.byPid.get(pid);
  }

  /** How many there are, those being restarted included. */
  get size(): number {
    return this.line.size;
  }

  /** The oldest first. */
  children(): readonly Child[] {
    return this.line.from();
  }

  /** Starts a child, and keeps it if it is up. */
  async add(spec: Spec, args: readonly unknown[]): Promise<Started> {
    const child = new Child(spec, this.limits.backoff, args);
    const result = await startChild(this.self, child);
    if ("failure" in result || result.pid === undefined) return result;
    this.line.add(child);
    this.byPid.set(result.pid, child);
    if (spec.restart === "temporary") child.forgetArgs();
    return result;
  }

  async stop(child: Child, heard: (leaving: Leaving, reason: Reason) => void): Promise<void> {
    const leaving = watch(this.self, [child]);
    this.forget(child);
    await stopTogether(this.self, leaving, heard);
    child.pid = undefined;
  }

  /** All at once: there is no order among them. */
  async stopAll(heard: (leaving: Leaving, reason: Reason) => void): Promise<void> {
    await stopTogether(this.self, watch(this.self, this.children()), heard);
  }

  /** A child ended by itself. If it is not to run again, it is forgotten. */
  exited(child: Child, reason: Reason): Async<Verdict> | Paused | "gone" {
    const again = restarts(child.spec, reason);
    if (again || !isClean(reason)) reportExit(this.self, child, reason, again);
    child.last = child.pid;
    child.pid = undefined;
    if (again) return this.fail(child, child.last, reason);
    this.forget(child);
    return "gone";
  }

  /** A child is to run and does not. It is started again, now or when it has waited; or that is once too often. */
  private fail(child: Child, pid: Pid | undefined, reason: Reason): Async<Verdict> | Paused {
    if (!this.restarts.allow(child, pid, reason)) return "shutdown";
    return child.backoff === undefined
      ? this.launching.restart(child)
      : this.restartLater(child, child.backoff, reason);
  }

  private restartLater(child: Child, backoff: Waits, reason: Reason): Verdict {
    child.failure = reason;
    this.restarts.wait(child, backoff, () => this.tryAgain(child));
    return "ok";
  }

  /** What became of a restart. */
  restarted(child: Child, result: Started): Verdict {
    if ("failure" in result) return this.failed(child, result.failure);
    this.byPid.delete(child.last as Pid);
    if (result.pid === undefined) {
      this.forget(child);
      return "ok";
    }
    this.byPid.set(result.pid, child);
    reportChild(this.self, "supervisor.child.restart", child);
    return "ok";
  }

  private failed(child: Child, failure: unknown): Verdict {
    reportStartError(this.self, child.spec.id, failure);
    const reason = startReason(failure) as Reason;
    if (child.backoff !== undefined) {
      if (!this.restarts.allow(child, undefined, reason)) return "shutdown";
      return this.restartLater(child, child.backoff, reason);
    }
    child.restarting = true;
    child.failure = reason;
    this.tryAgain(child);
    return "ok";
  }

  private tryAgain(child: Child): void {
    remind(this.self, "tryAgain", child);
  }

  /** It is time for another attempt, if the child is still to run. */
  again(child: Child): Async<Verdict> | Paused {
    if (!child.restarting) return "ok";
    return child.backoff === undefined ? this.fail(child, undefined, child.failure) : this.launching.restart(child);
  }

  private forget(child: Child): void {
    child.settle();
    this.line.delete(child);
    for (const pid of [child.pid, child.last]) if (pid !== undefined) this.byPid.delete(pid);
  }
}
