import { Address, addressOf } from "../runtime/pid.ts";
import type { Pid } from "../runtime/types.ts";
import { Child } from "./children.ts";

/**
 * Which child of one supervisor runs as a pid. The pid itself knows, so that an end costs no look into a table; only of
 * a process that two supervisors call theirs, the second keeps one.
 */
export class Parentage {
  private others: Map<Pid, Child> | null = null;

  get(pid: unknown): Child | undefined {
    if (!(pid instanceof Address)) return undefined;
    const { child } = pid;
    return child instanceof Child && child.parentage === this ? child : this.others?.get(pid);
  }

  set(pid: Pid, child: Child): void {
    const address = addressOf(pid);
    child.parentage = this;
    if (address.child === null) address.child = child;
    else {
      this.others ??= new Map();
      this.others.set(pid, child);
    }
  }

  delete(pid: Pid): void {
    if (this.others?.delete(pid) !== true && this.get(pid) !== undefined) addressOf(pid).child = null;
  }
}
