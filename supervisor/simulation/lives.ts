import type { Milliseconds } from "../../runtime/types.ts";
import type { Entry, ModelState, PredictedEntry, StartOutcome } from "./model.ts";
import { idOf, parentOf, type Shape, type SupervisorShape } from "./shape.ts";

/** A {@link ModelChild} that may be changed. */
export interface Child {
  path: string;
  shape: Shape;
  name: string | undefined;
  children: Child[];
  restarts: number[];
}

export type Supervisor = Child & { shape: SupervisorShape };
export type Started = "ok" | "ignored" | "failed";

/** How the processes of a modelled tree start and end, each for itself or told by its supervisor; and how long that takes. */
export class Lives {
  protected now: Milliseconds;
  /** When those that go on by themselves will have ended, too. */
  private rest: Milliseconds = 0;
  private line = "tree";
  protected root: Child | undefined;
  protected readonly plans: Record<string, StartOutcome[]>;
  private readonly starts: Record<string, number>;
  readonly entries: PredictedEntry[] = [];

  constructor(state: ModelState) {
    const { now, root, plans, starts } = structuredClone(state);
    this.now = now;
    this.root = root as Child | undefined;
    this.plans = plans as Record<string, StartOutcome[]>;
    this.starts = starts;
  }

  /** When all is at rest. */
  get state(): ModelState {
    const { now, rest, root, plans, starts } = this;
    return { now: Math.max(now, rest), root, plans, starts };
  }

  // ── starting ──

  protected start(child: Child): Started {
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

  // ── ending ──

  protected kill(child: Child): string {
    const orphans = running(child);
    this.end(child, "killed");
    for (const orphan of orphans) this.orphaned(orphan);
    return "killed";
  }

  protected endByItself(child: Child, reason: string): string {
    if (isSupervisor(child)) this.leave(child, reason);
    else {
      this.now += stopTimeOf(child);
      this.end(child, reason);
    }
    return reason;
  }

  /** Told to stop by its supervisor, which waits for it. */
  protected stop(child: Child): void {
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
  protected leave(supervisor: Child, reason: string, until = Number.POSITIVE_INFINITY): void {
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

  // ── the tree ──

  protected at(path: string): Child | undefined {
    const parent = parentOf(path);
    if (parent === undefined) return this.root?.path === path ? this.root : undefined;
    return this.at(parent)?.children.find(({ shape }) => shape.id === idOf(path));
  }

  protected supervisorOf(path: string): Supervisor | undefined {
    const parent = parentOf(path);
    const child = parent === undefined ? undefined : this.at(parent);
    return child !== undefined && isSupervisor(child) ? child : undefined;
  }

  private enter(entry: Omit<Entry, "at">): void {
    this.entries.push({ at: this.now, ...entry, line: this.line });
  }
}

export const childOf = (shape: Shape, path: string): Child => ({
  path,
  shape,
  name: undefined,
  children: [],
  restarts: [],
});

export const isSupervisor = (child: Child): child is Supervisor => child.shape.type === "supervisor";

const running = ({ children }: Child): Child[] => children.filter(({ name }) => name !== undefined);

const stopTimeOf = ({ shape }: Child): Milliseconds => (shape.type === "worker" ? shape.stopTime : 0);

/** How long a child takes to stop, told by its supervisor: at most as long as that has patience. */
function timeToStop(child: Child): Milliseconds {
  const { shutdown } = child.shape;
  if (shutdown === "brutalKill") return 0;
  const time = running(child).reduce((sum, each) => sum + timeToStop(each), stopTimeOf(child));
  return shutdown === "infinity" ? time : Math.min(time, shutdown);
}

export function forget(supervisor: Child, child: Child): void {
  supervisor.children = supervisor.children.filter((each) => each !== child);
}

export function forgetTemporary(supervisor: Child, child: Child): void {
  if (child.shape.restart === "temporary") forget(supervisor, child);
}
