import { AlreadyStarted } from "../runtime/errors.ts";
import { Address } from "../runtime/pid.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import type { Async, ChildSpec, Pid, Reason } from "../runtime/types.ts";
import { Brood } from "./brood.ts";
import { checkSpec, type Spec } from "./child-spec.ts";
import { type Child, type ChildCount, type ChildInfo, count, infoOf, type Started } from "./children.ts";
import { reportShutdown, ShutdownErrors } from "./failures.ts";
import type { Flags } from "./flags.ts";
import { attempt, Refusal, refuse } from "./refusal.ts";
import type { Paused, Verdict } from "./restarts.ts";
import { Tree } from "./tree.ts";

/** What a supervisor is asked and told. How it answers, depends on its strategy. A child is named by its id, or its pid. */
export interface Administration {
  startChild(args: readonly unknown[]): Promise<unknown>;
  terminateChild(child: unknown): Promise<unknown>;
  restartChild(child: unknown): Promise<unknown>;
  deleteChild(child: unknown): unknown;
  whichChild(child: unknown): ChildInfo | Refusal;
  whichChildren(): readonly ChildInfo[];
  countChildren(): ChildCount;
  getChildSpec(child: unknown): Spec | Refusal;
  /** The time of another attempt has come, for a child that could not be restarted. */
  again(child: unknown): Async<Verdict> | Paused;
  /** A process ended that was linked to the supervisor. */
  exited(pid: Pid, reason: Reason): Async<Verdict> | Paused;
  stopAll(): Promise<void>;
}

/** The administration of `oneForOne`, `oneForAll` and `restForOne`: children have ids, and an order. */
export class ById implements Administration {
  readonly tree: Tree;

  constructor(self: ProcessSelf, flags: Flags) {
    this.tree = new Tree(self, flags);
  }

  async startChild([child]: readonly unknown[]): Promise<unknown> {
    const spec = attempt(() => checkSpec(child as ChildSpec, this.tree.flags.autoShutdown));
    if (spec instanceof Refusal) return spec;
    const known = this.tree.roster.get(spec.id);
    if (known !== undefined) return clash(known);
    return outcome(await this.tree.add(spec));
  }

  async terminateChild(id: unknown): Promise<unknown> {
    const child = this.tree.roster.get(id);
    if (child === undefined) return refuse("terminateChild", id, "notFound");
    await this.tree.stop(child);
  }

  async restartChild(id: unknown): Promise<unknown> {
    const child = this.stopped("restartChild", id);
    return child instanceof Refusal ? child : outcome(await this.tree.start(child));
  }

  deleteChild(id: unknown): unknown {
    const child = this.stopped("deleteChild", id);
    if (child instanceof Refusal) return child;
    this.tree.roster.delete(child);
  }

  whichChild(id: unknown): ChildInfo | Refusal {
    const child = this.tree.roster.get(id);
    return child === undefined ? refuse("whichChild", id, "notFound") : infoOf(child, child.spec.id);
  }

  whichChildren(): readonly ChildInfo[] {
    return this.tree.roster
      .from()
      .map((child) => infoOf(child, child.spec.id))
      .reverse();
  }

  countChildren(): ChildCount {
    return count(this.tree.roster.from());
  }

  getChildSpec(id: unknown): Spec | Refusal {
    return this.tree.roster.get(id)?.spec ?? refuse("getChildSpec", id, "notFound");
  }

  again(id: unknown): Async<Verdict> | Paused {
    return this.tree.again(id as string);
  }

  exited(pid: Pid, reason: Reason): Async<Verdict> | Paused {
    const child = this.tree.roster.at(pid);
    return child === undefined ? "ok" : this.tree.exited(child, reason);
  }

  stopAll(): Promise<void> {
    return this.tree.stopAll();
  }

  /** The child, if it is known and neither running nor being restarted. */
  private stopped(call: string, id: unknown): Child | Refusal {
    const child = this.tree.roster.get(id);
    if (child === undefined) return refuse(call, id, "notFound");
    if (child.restarting) return refuse(call, id, "restarting");
    return child.pid === undefined ? child : refuse(call, id, "running");
  }
}

/** The administration of `simpleOneForOne`: children of one template, without ids. */
export class ByPid implements Administration {
  private readonly self: ProcessSelf;
  private readonly flags: Flags;
  private readonly template: Spec;
  private readonly brood: Brood;

  constructor(self: ProcessSelf, flags: Flags, template: Spec) {
    this.self = self;
    this.flags = flags;
    this.template = template;
    this.brood = new Brood(self, flags);
  }

  async startChild(args: readonly unknown[]): Promise<unknown> {
    return outcome(await this.brood.add(this.template, args));
  }

  async terminateChild(pid: unknown): Promise<unknown> {
    if (!(pid instanceof Address)) return refuse("terminateChild", pid, "simpleOneForOne");
    const child = this.brood.at(pid);
    if (child !== undefined) return this.brood.stop(child, this.heard);
    // What is dead has been stopped already, whosever it was (OTP).
    if (this.self.isAlive(pid)) return refuse("terminateChild", pid, "notFound");
  }

  async restartChild(child: unknown): Promise<unknown> {
    return refuse("restartChild", child, "simpleOneForOne");
  }

  deleteChild(child: unknown): unknown {
    return refuse("deleteChild", child, "simpleOneForOne");
  }

  whichChild(pid: unknown): ChildInfo | Refusal {
    if (!(pid instanceof Address)) return refuse("whichChild", pid, "simpleOneForOne");
    const child = this.brood.at(pid);
    return child === undefined ? refuse("whichChild", pid, "notFound") : infoOf(child, undefined);
  }

  whichChildren(): readonly ChildInfo[] {
    return this.brood.children().map((child) => infoOf(child, undefined));
  }

  /** One spec; OTP takes the word of the exits for who is active, not a look at each. */
  countChildren(): ChildCount {
    const { size } = this.brood;
    let active = size;
    for (const { restarting } of this.brood.children()) if (restarting) active--;
    const isWorker = this.template.type === "worker";
    return { specs: 1, active, supervisors: isWorker ? 0 : size, workers: isWorker ? size : 0 };
  }

  getChildSpec(child: unknown): Spec | Refusal {
    const isKnown =
      child instanceof Address
        ? this.brood.at(child) !== undefined || !this.self.isAlive(child)
        : child === this.template.id;
    return isKnown ? this.template : refuse("getChildSpec", child, "notFound");
  }

  again(child: unknown): Async<Verdict> | Paused {
    return this.brood.again(child as Child);
  }

  exited(pid: Pid, reason: Reason): Async<Verdict> | Paused {
    const child = this.brood.at(pid);
    if (child?.pid !== pid) return "ok";
    const verdict = this.brood.exited(child, reason);
    if (verdict !== "gone") return verdict;
    return this.significantEnd() ? "shutdown" : "ok";
  }

  /** All at once, and one report for all that ended with the same reason. */
  async stopAll(): Promise<void> {
    const errors = new ShutdownErrors();
    await this.brood.stopAll(({ child }, reason) => errors.add(child, reason));
    errors.report(this.self);
  }

  private readonly heard = ({ child }: { readonly child: Child }, reason: Reason): void =>
    reportShutdown(this.self, child, reason);

  /** A child of the template has ended by itself and for good. */
  private significantEnd(): boolean {
    const { autoShutdown } = this.flags;
    if (!this.template.significant || autoShutdown === "never") return false;
    return autoShutdown === "anySignificant" || this.brood.size === 0;
  }
}

const outcome = (started: Started): unknown => ("failure" in started ? new Refusal(started.failure) : started.value);

function clash({ pid, spec, restarting }: Child): Refusal {
  if (pid === undefined || restarting) return refuse("startChild", spec.id, "alreadyPresent");
  return new Refusal(new AlreadyStarted(pid, spec.id));
}
