import type { Pid } from "../runtime/types.ts";
import type { Child } from "./children.ts";
import { Line } from "./line.ts";
import { Parentage } from "./parentage.ts";

/** The children of a supervisor in start order, found by id or pid. */
export class Roster {
  private readonly byId = new Map<string, Child>();
  private readonly byPid = new Parentage();
  private readonly line = new Line();

  get(id: unknown): Child | undefined {
    return this.byId.get(id as string);
  }

  /** Who runs, or ran until now, as `pid`. */
  at(pid: Pid): Child | undefined {
    return this.byPid.get(pid);
  }

  has(child: Child): boolean {
    return this.byId.get(child.spec.id) === child;
  }

  /** Puts a child behind all others. */
  add(child: Child): void {
    this.byId.set(child.spec.id, child);
    this.line.add(child);
  }

  delete(child: Child): void {
    if (!this.has(child)) return;
    this.byId.delete(child.spec.id);
    this.line.delete(child);
  }

  /** The child runs as `pid` from now on, until {@link ended}. */
  runs(pid: Pid, child: Child): void {
    this.byPid.set(pid, child);
  }

  ended(pid: Pid): void {
    this.byPid.delete(pid);
  }

  /** All of them, or `child` and those behind it. */
  from(child?: Child): Child[] {
    return this.line.from(child);
  }
}
