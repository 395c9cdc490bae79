import { isClean } from "../runtime/errors.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import { takeExits } from "../runtime/stopping.ts";
import type { Pid, Reason } from "../runtime/types.ts";
import { restarts, type Spec } from "./child-spec.ts";
import {
  Child,
  emit,
  metadataOf,
  reportExit,
  reportStartError,
  type Started,
  startChild,
  startReason,
  stopChild,
} from "./children.ts";
import { Intensity } from "./intensity.ts";

export interface Flags {
  readonly strategy: "oneForOne" | "oneForAll" | "restForOne";
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly autoShutdown: "never" | "anySignificant" | "allSignificant";
}

/** What became of a restart: the supervisor goes on, tries a child again later, or gives up. */
export type Verdict = "ok" | "giveUp" | { readonly tryAgain: string };

/** The children of one supervisor in start order, and the restart algorithm over them (OTP: `supervisor:restart/2`). */
export class Tree {
  readonly flags: Flags;
  readonly children = new Map<string, Child>();
  private readonly self: ProcessSelf;
  private readonly byPid = new Map<Pid, Child>();
  private readonly intensity: Intensity;

  constructor(self: ProcessSelf, flags: Flags) {
    this.self = self;
    this.flags = flags;
    this.intensity = new Intensity(flags.maxRestarts, flags.maxSeconds);
  }

  childOf(pid: Pid): Child | undefined {
    return this.byPid.get(pid);
  }

  /** Starts a child that is new here. Keeps it if it started, or was ignored and is not temporary. */
  async add(spec: Spec): Promise<Started> {
    const child = new Child(spec);
    const result = await startChild(this.self, child);
    if ("failure" in result) return result;
    if (result.pid !== undefined || spec.restart !== "temporary") this.children.set(spec.id, child);
    this.index(child);
    return result;
  }

  /** Starts a known child that does not run. */
  async start(child: Child): Promise<Started> {
    const result = await startChild(this.self, child);
    this.index(child);
    return result;
  }

  /** Stops a child; a temporary one is forgotten with it. */
  stop(child: Child): Promise<void> {
    return this.stopAll([child]);
  }

  /** Stops children, the last started first, each before the next. Temporary ones are forgotten. */
  async stopAll(children: readonly Child[] = [...this.children.values()]): Promise<void> {
    const pids = new Set(children.map(({ pid }) => pid).filter((pid) => pid !== undefined));
    const exits = new Map<Pid, Reason>();
    let seen = 0;
    for (const child of children.toReversed()) {
      // What ends by itself while others are being stopped is heard of here, and not once more.
      if (pids.size > 0 && this.self.messageCount > seen) takeExits(this.self, pids, exits);
      seen = this.self.messageCount;
      const { pid } = child;
      await stopChild(this.self, child, exits);
      if (pid !== undefined) this.byPid.delete(pid);
      if (child.spec.restart === "temporary") this.children.delete(child.spec.id);
    }
  }

  /** A child ended by itself. */
  async exited(child: Child, reason: Reason): Promise<Verdict> {
    const again = restarts(child.spec, reason);
    if (again || !isClean(reason)) reportExit(this.self, child, reason, again);
    this.byPid.delete(child.pid as Pid);
    child.pid = undefined;
    if (again) return this.restart(child, reason);
    if (child.spec.restart === "temporary") this.children.delete(child.spec.id);
    return this.significantEnd(child) ? "giveUp" : "ok";
  }

  /** One restart of a child and of those that its strategy takes along. Counts once, whoever comes with it. */
  async restart(child: Child, reason: Reason): Promise<Verdict> {
    if (!this.intensity.add(this.self.now())) {
      const { maxRestarts, maxSeconds } = this.flags;
      const metadata = { ...metadataOf(this.self, child), reason };
      this.self.kernel.telemetry.emit("supervisor.giveUp", { maxRestarts, maxSeconds }, metadata);
      return "giveUp";
    }
    const group = this.groupOf(child);
    await this.stopAll(group);
    for (const member of group) {
      if (this.children.get(member.spec.id) !== member) continue;
      const result = await this.start(member);
      if ("failure" in result) {
        reportStartError(this.self, member.spec.id, result.failure);
        member.restarting = true;
        member.failure = startReason(result.failure) as Reason;
        return { tryAgain: member.spec.id };
      }
      emit(this.self, "supervisor.child.restart", member);
    }
    return "ok";
  }

  tryAgain(id: string): void {
    this.self.cast(this.self.pid, "tryAgain", id);
  }

  /** The children that are restarted together with `child`, itself among them, in start order. */
  private groupOf(child: Child): readonly Child[] {
    if (this.flags.strategy === "oneForOne") return [child];
    const all = [...this.children.values()];
    return this.flags.strategy === "oneForAll" ? all : all.slice(all.indexOf(child));
  }

  /** Whether a child's end, by itself and for good, is the order to shut down (OTP: `auto_shutdown`). */
  private significantEnd(child: Child): boolean {
    if (!child.spec.significant || this.flags.autoShutdown === "never") return false;
    if (this.flags.autoShutdown === "anySignificant") return true;
    return ![...this.children.values()].some(
      ({ spec, pid, restarting }) => spec.significant && (pid !== undefined || restarting),
    );
  }

  private index(child: Child): void {
    if (child.pid !== undefined) this.byPid.set(child.pid, child);
  }
}
