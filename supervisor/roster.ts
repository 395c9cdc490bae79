import type { Pid } from "../runtime/types.ts";
import type { Child } from "./children.ts";
import { Line } from "./line.ts";

/** The children of a supervisor in start order, found by id or pid. */
export class Roster {
  private readonly byId = new Map<string, Child>();
  /** By the id of their pid: a small number is found faster than an object. */
  private readonly byPid = new Map<number, Child>();
  private readonly line = new Line();

  get(id: unknown): Child | undefined {
    return this.byId.get(id as string);
  }

  /** Who runs, or ran until now, as `pid`. */
  at(pid: Pid): Child | undefined {
    const child = this.byPid.get(pid?.id);
    return child?.pid === pid ? child : undefined;
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
    this.byPid.set(pid.id, child);
  }

  ended(pid: Pid): void {
    this.byPid.delete(pid.id);
  }

  /** All of them, or `child` and those behind it. */
  from(child?: Child): Child[] {
    return this.line.from(child);
  }
}
