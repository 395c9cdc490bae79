import { remind } from "../runtime/call.ts";
import { isClean } from "../runtime/errors.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import type { Async, Pid, Reason } from "../runtime/types.ts";
import type { Waits } from "./backoff.ts";
import { restarts, type Spec } from "./child-spec.ts";
import { Child, type Started, startChild } from "./children.ts";
import { reportChild, reportExit, reportShutdown, reportStartError, startReason } from "./failures.ts";
import type { Flags } from "./flags.ts";
import { Launching } from "./launching.ts";
import { type Leaving, stopTogether, watch } from "./leaving.ts";
import { type Paused, Restarts, type Verdict } from "./restarts.ts";
import { Roster } from "./roster.ts";

/** The children of one supervisor in start order, and the restart algorithm over them (OTP: `supervisor:restart/2`). */
export class Tree {
  readonly flags: Flags;
  readonly roster = new Roster();
  private readonly self: ProcessSelf;
  private readonly restarts: Restarts;
  private readonly launching: Launching;
  /** The significant children that run or are being restarted. */
  private readonly significant = new Set<Child>();

  constructor(self: ProcessSelf, flags: Flags) {
    this.self = self;
    this.flags = flags;
    this.restarts = new Restarts(self, flags);
    this.launching = new Launching(self, this);
  }

  /** Starts a child that is new here. Keeps it if it started, or was ignored and is not temporary. */
  async add(spec: Spec): Promise<Started> {
    const child = new Child(spec, this.flags.backoff);
    const result = await startChild(this.self, child);
    if ("failure" in result) return result;
    this.roster.add(child);
    this.started(child);
    return result;
  }

  /** Starts a known child that does not run. */
  async start(child: Child): Promise<Started> {
    const result = await startChild(this.self, child);
    this.started(child);
    return result;
  }

  /** Stops a child; a temporary one is forgotten with it. */
  stop(child: Child): Promise<void> {
    return this.stopAll([child]);
  }

  /** Stops children, the last started first, each before the next. Temporary ones are forgotten. */
  async stopAll(children: readonly Child[] = this.roster.from()): Promise<void> {
    const leaving = watch(this.self, children);
    for (const child of children) child.settle();
    while (leaving.length > 0) await stopTogether(this.self, [leaving.pop() as Leaving], this.stopped);
    for (const child of children) this.gone(child);
  }

  private readonly stopped = ({ child, pid }: Leaving, reason: Reason): void => {
    reportShutdown(this.self, child, reason);
    this.roster.ended(pid);
    child.pid = undefined;
  };

  /** A child ended by itself. */
  exited(child: Child, reason: Reason): Async<Verdict> | Paused {
    const again = restarts(child.spec, reason);
    if (again || !isClean(reason)) reportExit(this.self, child, reason, again);
    const pid = child.pid as Pid;
    this.roster.ended(pid);
    child.pid = undefined;
    if (again) return this.fail(child, pid, reason);
    this.gone(child);
    return this.significantEnd(child) ? "shutdown" : "ok";
  }

  /** A child is to run and does not. It is started again, now or when it has waited; or that is once too often. */
  private fail(child: Child, pid: Pid | undefined, reason: Reason): Async<Verdict> | Paused {
    if (!this.restarts.allow(child, pid, reason)) return "shutdown";
    return child.backoff === undefined ? this.restart(child) : this.restartLater(child, child.backoff, reason);
  }

  private async restartLater(child: Child, backoff: Waits, reason: Reason): Promise<Verdict> {
    // Those that would be restarted with it do not run without it.
    await this.stopAll(this.groupOf(child));
    this.restarting(child, reason);
    this.restarts.wait(child, backoff, () => this.tryAgain(child));
    return "ok";
  }

  /** One restart of a child and of those that its strategy takes along. It was counted once, whoever comes with it. */
  private restart(child: Child): Async<Verdict> | Paused {
    child.settle();
    if (this.flags.strategy === "oneForOne") return this.launching.restart(child);
    const group = this.groupOf(child);
    return group.length > 1 ? this.restartTogether(group) : this.launching.restart(child);
  }

  private async restartTogether(group: readonly Child[]): Promise<Verdict> {
    await this.stopAll(group);
    for (const member of group) {
      if (!this.roster.has(member)) continue;
      const result = await startChild(this.self, member);
      const verdict = this.restarted(member, result);
      if ("failure" in result) return verdict;
    }
    return "ok";
  }

  /** What became of a restart. */
  restarted(child: Child, result: Started): Async<Verdict> {
    this.started(child);
    if ("failure" in result) return this.failed(child, result.failure);
    reportChild(this.self, "supervisor.child.restart", child);
    return "ok";
  }

  /** A restart failed. It is tried again through the mailbox, behind what waits there, and counts then. */
  private failed(child: Child, failure: unknown): Async<Verdict> {
    reportStartError(this.self, child.spec.id, failure);
    const reason = startReason(failure) as Reason;
    if (child.backoff !== undefined) {
      if (!this.restarts.allow(child, undefined, reason)) return "shutdown";
      return this.restartLater(child, child.backoff, reason);
    }
    this.restarting(child, reason);
    this.tryAgain(child);
    return "ok";
  }

  private tryAgain({ spec }: Child): void {
    remind(this.self, "tryAgain", spec.id);
  }

  /** It is time for another attempt, if the child is still to run. */
  again(id: string): Async<Verdict> | Paused {
    const child = this.roster.get(id);
    if (child === undefined || !child.restarting || child.waiting !== undefined) return "ok";
    return child.backoff === undefined ? this.fail(child, undefined, child.failure) : this.restart(child);
  }

  /** The children that are restarted together with `child`, itself among them, in start order. */
  private groupOf(child: Child): readonly Child[] {
    if (this.flags.strategy === "oneForOne") return [child];
    return this.roster.from(this.flags.strategy === "oneForAll" ? undefined : child);
  }

  /** Whether a child's end, by itself and for good, is the order to shut down (OTP: `auto_shutdown`). */
  private significantEnd({ spec }: Child): boolean {
    if (!spec.significant || this.flags.autoShutdown === "never") return false;
    return this.flags.autoShutdown === "anySignificant" || this.significant.size === 0;
  }

  private started(child: Child): void {
    if (child.pid === undefined) return this.gone(child);
    this.roster.runs(child.pid, child);
    if (child.spec.significant) this.significant.add(child);
  }

  private restarting(child: Child, reason: Reason): void {
    child.restarting = true;
    child.failure = reason;
    if (child.spec.significant) this.significant.add(child);
  }

  /** A child neither runs nor is to run. */
  private gone(child: Child): void {
    this.significant.delete(child);
    if (child.spec.restart === "temporary") this.roster.delete(child);
  }
}
