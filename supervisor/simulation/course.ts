import type { Answer, Fault } from "./fault.ts";
import { type Child, childOf, forget, forgetTemporary, isSupervisor, Lives, type Supervisor } from "./lives.ts";
import type { Prediction, StartOutcome } from "./model.ts";
import type { Shape, SupervisorShape } from "./shape.ts";

/** What follows from one fault, until everything is at rest. */
export class Course extends Lives {
  private readonly gaveUp: string[] = [];
  private readonly autoShutdowns: string[] = [];

  prediction(answer: Answer): Prediction {
    const { state, entries, gaveUp, autoShutdowns } = this;
    return { state, entries, gaveUp, autoShutdowns, answer };
  }

  begin(tree: SupervisorShape): void {
    const root = childOf(tree, tree.id);
    if (this.start(root) === "ok") this.root = root;
  }

  happens(fault: Fault): Answer {
    switch (fault.type) {
      case "kill":
        return this.whenRunning(fault.path, (child) => this.kill(child));
      case "end":
        return this.whenRunning(fault.path, (child) => this.endByItself(child, fault.reason));
      case "wait":
        this.now += fault.time;
        return "ok";
      case "failStarts":
        return this.plan(fault.path, Array(fault.times).fill("fail"));
      case "ignoreStart":
        return this.plan(fault.path, ["ignore"]);
      default:
        return this.administer(fault);
    }
  }

  private plan(path: string, outcomes: readonly StartOutcome[]): Answer {
    this.plans[path] = [...(this.plans[path] ?? []), ...outcomes];
    return "ok";
  }

  // ── what happens to a process ──

  /** Its supervisor hears of its end, if it has one. */
  private whenRunning(path: string, ends: (child: Child) => string): Answer {
    const child = this.at(path);
    if (child?.name === undefined) return "noProcess";
    const reason = ends(child);
    const parent = this.supervisorOf(path);
    if (parent === undefined) this.root = undefined;
    else this.exited(parent, child, reason);
    return "ok";
  }

  // ── what supervisors are asked ──

  private administer(fault: Fault & { path: string }): Answer {
    if (fault.type === "startChild") return this.startChild(fault.path, fault.child);
    const supervisor = this.supervisorOf(fault.path);
    if (supervisor?.name === undefined) return "noProcess";
    const child = supervisor.children.find(({ path }) => path === fault.path);
    if (child === undefined) return "notFound";
    if (fault.type === "terminateChild") {
      this.stop(child);
      forgetTemporary(supervisor, child);
      return "ok";
    }
    if (child.name !== undefined) return "running";
    if (fault.type === "restartChild") return this.start(child);
    forget(supervisor, child);
    return "ok";
  }

  private startChild(path: string, shape: Shape): Answer {
    const supervisor = this.at(path);
    if (supervisor?.name === undefined || !isSupervisor(supervisor)) return "noProcess";
    const known = supervisor.children.find(({ shape: { id } }) => id === shape.id);
    if (known !== undefined) return known.name === undefined ? "alreadyPresent" : "alreadyStarted";
    const child = childOf(shape, `${path}/${shape.id}`);
    const started = this.start(child);
    if (started === "ok" || (started === "ignored" && shape.restart !== "temporary")) supervisor.children.push(child);
    return started;
  }

  // ── restarting ──

  /** A child ended by itself. */
  private exited(supervisor: Supervisor, child: Child, reason: string): void {
    const { restart, significant } = child.shape;
    const isClean = reason === "normal" || reason === "shutdown";
    if (restart === "permanent" || (restart === "transient" && !isClean)) return this.restart(supervisor, child);
    forgetTemporary(supervisor, child);
    if (!significant || !this.endsWithIts(supervisor)) return;
    this.autoShutdowns.push(supervisor.name as string);
    this.shutDown(supervisor);
  }

  /** Whether a significant child that ended was enough. */
  private endsWithIts({ shape, children }: Supervisor): boolean {
    if (shape.autoShutdown !== "allSignificant") return shape.autoShutdown === "anySignificant";
    return !children.some((other) => other.shape.significant && other.name !== undefined);
  }

  /** A start that fails is tried again at once, and counts each time. */
  private restart(supervisor: Supervisor, child: Child): void {
    let next: Child | undefined = child;
    while (next !== undefined) {
      if (!this.mayRestart(supervisor)) {
        this.gaveUp.push(supervisor.name as string);
        this.shutDown(supervisor);
        return;
      }
      next = this.restartGroup(supervisor, next);
    }
  }

  private mayRestart(supervisor: Supervisor): boolean {
    const { maxRestarts, maxSeconds } = supervisor.shape;
    const second = Math.floor(this.now / 1000);
    supervisor.restarts = [second, ...supervisor.restarts.filter((at) => at >= second - maxSeconds)];
    return supervisor.restarts.length <= maxRestarts;
  }

  /** A child, and those that go with it. The one that could not be started; undefined: all are up. */
  private restartGroup(supervisor: Supervisor, child: Child): Child | undefined {
    const group = groupOf(supervisor, child);
    for (const member of group.toReversed()) {
      this.stop(member);
      forgetTemporary(supervisor, member);
    }
    return group.filter((member) => supervisor.children.includes(member)).find((each) => this.start(each) === "failed");
  }

  /** A supervisor gives up, or is done: its own supervisor decides. */
  private shutDown(supervisor: Supervisor): void {
    this.leave(supervisor, "shutdown");
    const parent = this.supervisorOf(supervisor.path);
    if (parent === undefined) this.root = undefined;
    else this.exited(parent, supervisor, "shutdown");
  }
}

function groupOf({ shape, children }: Supervisor, child: Child): Child[] {
  if (shape.strategy === "oneForOne") return [child];
  return shape.strategy === "oneForAll" ? [...children] : children.slice(children.indexOf(child));
}
