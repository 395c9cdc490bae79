import type { Milliseconds } from "../../runtime/types.ts";
import type { Answer, Fault } from "./fault.ts";
import type { Entry, ModelState, PredictedEntry, Prediction, StartOutcome } from "./model.ts";
import { idOf, parentOf, type Shape, type SupervisorShape } from "./shape.ts";

/** A {@link ModelChild} that may be changed. */
interface Child {
  path: string;
  shape: Shape;
  name: string | undefined;
  children: Child[];
  restarts: number[];
}

type Supervisor = Child & { shape: SupervisorShape };
type Started = "ok" | "ignored" | "failed";

/** What follows from one fault, until everything is at rest. Numbers are those of the rules in OTP's documentation. */
export class Course {
  private now: Milliseconds;
  /** When those that go on by themselves will have ended, too. */
  private rest: Milliseconds = 0;
  private line = "tree";
  private root: Child | undefined;
  private readonly plans: Record<string, StartOutcome[]>;
  private readonly starts: Record<string, number>;
  private readonly entries: PredictedEntry[] = [];
  private readonly gaveUp: string[] = [];
  private readonly autoShutdowns: string[] = [];

  constructor(state: ModelState) {
    const { now, root, plans, starts } = structuredClone(state);
    this.now = now;
    this.root = root as Child | undefined;
    this.plans = plans as Record<string, StartOutcome[]>;
    this.starts = starts;
  }

  prediction(answer: Answer): Prediction {
    const { root, plans, starts, entries, gaveUp, autoShutdowns } = this;
    const state = { now: Math.max(this.now, this.rest), root, plans, starts };
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

  private kill(child: Child): string {
    const orphans = running(child);
    this.end(child, "killed");
    for (const orphan of orphans) this.orphaned(orphan);
    return "killed";
  }

  private endByItself(child: Child, reason: string): string {
    if (isSupervisor(child)) this.leave(child, reason);
    else {
      this.now += stopTimeOf(child);
      this.end(child, reason);
    }
    return reason;
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

  // ── starting ──

  private start(child: Child): Started {
    const { path, shape } = child;
    const outcome = this.plans[path]?.shift();
    if (outcome !== undefined) return this.notStarted(path, outcome);
    const count = (this.starts[path] ?? 0) + 1;
    this.starts[path] = count;
    child.name = `${path}#${count}`;
    this.enter({ type: "start", name: child.name });
    return shape.type === "supervisor" ? this.startChildren(child, shape) : "ok";
  }

  private notStarted(path: string, outcome: StartOutcome): Started {
    const type = outcome === "fail" ? "failed" : "ignored";
    this.enter({ type, name: path });
    return type;
  }

  /** One after the other. If one fails, those before it are stopped, and nothing is tried again. */
  private startChildren(supervisor: Child, { children }: SupervisorShape): Started {
    supervisor.restarts = [];
    supervisor.children = [];
    for (const shape of children) {
      const child = childOf(shape, `${supervisor.path}/${shape.id}`);
      const started = this.start(child);
      if (started === "failed") {
        this.leave(supervisor, "failedToStartChild");
        return "failed";
      }
      if (started === "ok" || shape.restart !== "temporary") supervisor.children.push(child);
    }
    return "ok";
  }

  // ── stopping ──

  /** Told to stop by its supervisor, which waits for it. */
  private stop(child: Child): void {
    if (child.name === undefined) return;
    const { shutdown } = child.shape;
    const patience = shutdown === "infinity" ? Number.POSITIVE_INFINITY : shutdown;
    if (patience === "brutalKill") this.kill(child);
    else if (isSupervisor(child)) this.leave(child, "shutdown", this.now + patience);
    else {
      const inTime = stopTimeOf(child) <= patience;
      this.now += timeToStop(child);
      this.end(child, inTime ? "shutdown" : "killed");
    }
  }

  /** A supervisor stops its children, the last first, and ends; unless it is not done by `until`, and killed. */
  private leave(supervisor: Child, reason: string, until = Number.POSITIVE_INFINITY): void {
    const left = running(supervisor);
    for (let child = left.pop(); child !== undefined; child = left.pop()) {
      if (this.now + timeToStop(child) > until) {
        this.goesOn(child);
        this.now = until;
        this.end(supervisor, "killed");
        for (const orphan of left) this.orphaned(orphan);
        return;
      }
      this.stop(child);
    }
    this.end(supervisor, reason);
  }

  /** Told to stop by a supervisor that will be killed before it has: nobody waits for it any more, or loses patience. */
  private goesOn(child: Child): void {
    this.aside(child, () => {
      if (isSupervisor(child)) this.leave(child, "shutdown");
      else {
        this.now += stopTimeOf(child);
        this.end(child, "shutdown");
      }
    });
  }

  /** Its supervisor was killed: who does not trap exits is ended by the link, the others end as a parent's exit wants. */
  private orphaned(child: Child): void {
    this.aside(child, () => {
      this.endByItself(child, "killed");
    });
  }

  /** What somebody does while the others go on. */
  private aside(child: Child, work: () => void): void {
    const { now, line } = this;
    this.line = child.name as string;
    work();
    this.rest = Math.max(this.rest, this.now);
    this.now = now;
    this.line = line;
  }

  private end(child: Child, reason: string): void {
    this.enter({ type: "end", name: child.name as string, reason });
    child.name = undefined;
    child.children = [];
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

  // ── the tree ──

  private at(path: string): Child | undefined {
    const parent = parentOf(path);
    if (parent === undefined) return this.root?.path === path ? this.root : undefined;
    return this.at(parent)?.children.find(({ shape }) => shape.id === idOf(path));
  }

  private supervisorOf(path: string): Supervisor | undefined {
    const parent = parentOf(path);
    const child = parent === undefined ? undefined : this.at(parent);
    return child !== undefined && isSupervisor(child) ? child : undefined;
  }

  private enter(entry: Omit<Entry, "at">): void {
    this.entries.push({ at: this.now, ...entry, line: this.line });
  }
}

const childOf = (shape: Shape, path: string): Child => ({ path, shape, name: undefined, children: [], restarts: [] });

const isSupervisor = (child: Child): child is Supervisor => child.shape.type === "supervisor";

const running = ({ children }: Child): Child[] => children.filter(({ name }) => name !== undefined);

const stopTimeOf = ({ shape }: Child): Milliseconds => (shape.type === "worker" ? shape.stopTime : 0);

/** How long a child takes to stop, told by its supervisor: at most as long as that has patience. */
function timeToStop(child: Child): Milliseconds {
  const { shutdown } = child.shape;
  if (shutdown === "brutalKill") return 0;
  const time = running(child).reduce((sum, each) => sum + timeToStop(each), stopTimeOf(child));
  return shutdown === "infinity" ? time : Math.min(time, shutdown);
}

function groupOf({ shape, children }: Supervisor, child: Child): Child[] {
  if (shape.strategy === "oneForOne") return [child];
  return shape.strategy === "oneForAll" ? [...children] : children.slice(children.indexOf(child));
}

function forget(supervisor: Child, child: Child): void {
  supervisor.children = supervisor.children.filter((each) => each !== child);
}

function forgetTemporary(supervisor: Child, child: Child): void {
  if (child.shape.restart === "temporary") forget(supervisor, child);
}
