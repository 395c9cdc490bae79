import type { Pid } from "../runtime/types.ts";
import type { Child } from "./children.ts";

/** The children of a supervisor in start order. Found by id or pid, added, dropped and walked from anywhere in O(1) a step. */
export class Roster {
  private readonly byId = new Map<string, Child>();
  private readonly byPid = new Map<Pid, Child>();
  private first: Child | undefined = undefined;
  private last: Child | undefined = undefined;

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
    child.before = this.last;
    if (this.last === undefined) this.first = child;
    else this.last.after = child;
    this.last = child;
  }

  delete(child: Child): void {
    if (!this.has(child)) return;
    this.byId.delete(child.spec.id);
    if (child.before === undefined) this.first = child.after;
    else child.before.after = child.after;
    if (child.after === undefined) this.last = child.before;
    else child.after.before = child.before;
    child.before = child.after = undefined;
  }

  /** The child runs as `pid` from now on, until {@link ended}. */
  runs(pid: Pid, child: Child): void {
    this.byPid.set(pid, child);
  }

  ended(pid: Pid): void {
    this.byPid.delete(pid);
  }

  /** All of them, or `child` and those behind it. */
  from(child: Child | undefined = this.first): Child[] {
    const children: Child[] = [];
    for (let next = child; next !== undefined; next = next.after) children.push(next);
    return children;
  }
}
