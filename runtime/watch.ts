import type { Process } from "./process.ts";
import type { Down, MonitorRef, Name, Pid, Reason } from "./types.ts";

let refs = 0;

/** A number that no other reference has. */
export const newRef = (): number => ++refs;

/**
 * One process waiting to hear of another's end. The record is its own reference and hangs in two intrusive lists, the
 * target's and the watcher's, so that making, dropping and firing it are O(1) without a hash.
 */
export abstract class Watch {
  readonly ref = ++refs;
  watcher: Process | null = null;
  target: Process | null = null;
  private targetBefore: Watch | null = null;
  private targetAfter: Watch | null = null;
  private watcherBefore: Watch | null = null;
  private watcherAfter: Watch | null = null;

  /** The target ended: called once, after {@link detach}. */
  abstract fire(reason: Reason): void;

  get active(): boolean {
    return this.target !== null;
  }

  /** The next of those that its watcher holds. */
  get nextOfWatcher(): Watch | null {
    return this.watcherAfter;
  }

  attach(watcher: Process, target: Process): void {
    this.watcher = watcher;
    this.target = target;
    this.targetAfter = target.watchers;
    if (target.watchers !== null) target.watchers.targetBefore = this;
    target.watchers = this;
    this.watcherAfter = watcher.watching;
    if (watcher.watching !== null) watcher.watching.watcherBefore = this;
    watcher.watching = this;
  }

  /** Leaves both lists. True when it was in them. */
  detach(): boolean {
    const { watcher, target } = this;
    if (watcher === null || target === null) return false;
    if (this.targetBefore === null) target.watchers = this.targetAfter;
    else this.targetBefore.targetAfter = this.targetAfter;
    if (this.targetAfter !== null) this.targetAfter.targetBefore = this.targetBefore;
    if (this.watcherBefore === null) watcher.watching = this.watcherAfter;
    else this.watcherBefore.watcherAfter = this.watcherAfter;
    if (this.watcherAfter !== null) this.watcherAfter.watcherBefore = this.watcherBefore;
    this.targetBefore = this.targetAfter = this.watcherBefore = this.watcherAfter = null;
    this.watcher = this.target = null;
    return true;
  }
}

/** A monitor: its end of the news is a {@link Down} message in the watcher's mailbox. */
export class Monitor extends Watch implements MonitorRef {
  private readonly owner: Process;
  private readonly pid: Pid;
  private readonly name: Name | undefined;

  constructor(owner: Process, pid: Pid, name: Name | undefined) {
    super();
    this.owner = owner;
    this.pid = pid;
    this.name = name;
  }

  fire(reason: Reason): void {
    const down: Down = { tag: "down", ref: this.ref, pid: this.pid, name: this.name, reason };
    this.owner.deliver(down);
  }

  cancel(options?: { readonly flush?: boolean }): boolean {
    const active = this.detach();
    if (!active && options?.flush === true) this.owner.flush((message) => isDown(message) && message.ref === this.ref);
    return active;
  }

  [Symbol.dispose](): void {
    this.cancel({ flush: true });
  }
}

/** Waits for the target's end outside the mailbox: what a supervisor does when it stops a child. */
export class Ending extends Watch {
  private readonly ended: (reason: Reason) => void;
  constructor(ended: (reason: Reason) => void) {
    super();
    this.ended = ended;
  }
  fire(reason: Reason): void {
    this.ended(reason);
  }
}

export function isDown(message: unknown): message is Down {
  return typeof message === "object" && message !== null && (message as Down).tag === "down";
}
