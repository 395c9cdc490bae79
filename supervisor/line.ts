import type { Child } from "./children.ts";

/** Children in the order in which they were put in; added, dropped and walked from anywhere in O(1) a step. */
export class Line {
  private first: Child | undefined = undefined;
  private last: Child | undefined = undefined;
  /** How many there are. */
  size = 0;

  /** Puts a child behind all others. */
  add(child: Child): void {
    child.before = this.last;
    if (this.last === undefined) this.first = child;
    else this.last.after = child;
    this.last = child;
    this.size++;
  }

  delete(child: Child): void {
    if (child.before === undefined) this.first = child.after;
    else child.before.after = child.after;
    if (child.after === undefined) this.last = child.before;
    else child.after.before = child.before;
    child.before = child.after = undefined;
    this.size--;
  }

  /** All of them, or `child` and those behind it. */
  from(child: Child | undefined = this.first): Child[] {
    const children: Child[] = [];
    for (let next = child; next !== undefined; next = next.after) children.push(next);
    return children;
  }
}
