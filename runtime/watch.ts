import { AliasAddress } from "./alias.ts";
import type { Process } from "./process.ts";
import { newRef } from "./ref.ts";
import { DownMessage } from "./signal.ts";
import type { Down, MonitorOptions, MonitorRef, Name, Pid, Reason } from "./types.ts";

/**
 * One process waiting to hear of another's end. The record is its own reference and hangs in two intrusive lists, the
 * target's and the watcher's, so that making, dropping and firing it are O(1) without a hash.
 */
export abstract class Watch {
  declare readonly ref: number;
  declare watcher: Process | null;
  declare target: Process | null;
  declare private targetBefore: Watch | null;
  declare private targetAfter: Watch | null;
  declare private watcherBefore: Watch | null;
  declare private watcherAfter: Watch | null;

  constructor() {
    this.ref = newRef();
    this.watcher = null;
    this.target = null;
    this.targetBefore = null;
    this.targetAfter = null;
    this.watcherBefore = null;
    this.watcherAfter = null;
  }

  /** The target ended: called once, after {@link detach}. */
  abstract fire(reason: Reason): void;

  get active(): boolean {
    return this.target !== null;
  }

  /** Whether the code of its watcher waits for it. */
  get awaited(): boolean {
    return true;
  }

  /** The next of those that its watcher holds. */
  get nextOfWatcher(): Watch | null {
    return this.watcherAfter;
  }

  /** The next of those that are held on its target. */
  get nextOfTarget(): Watch | null {
    return this.targetAfter;
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
  declare readonly alias: AliasAddress | undefined;
  declare private readonly owner: Process;
  declare private readonly pid: Pid;
  declare private readonly name: Name | undefined;
  declare private readonly options: MonitorOptions<unknown> | undefined;

  constructor(owner: Process, pid: Pid, name: Name | undefined, options: MonitorOptions<unknown> | undefined) {
    super();
    this.owner = owner;
    this.pid = pid;
    this.name = name;
    this.options = options;
    const mode = options?.alias;
    this.alias =
      mode === undefined
        ? undefined
        : new AliasAddress(owner, this.ref, mode === "replyDemonitor", options?.priority === true, this);
  }

  override get awaited(): boolean {
    return false;
  }

  fire(reason: Reason): void {
    this.withdraw();
    const tag = this.options?.tag ?? "down";
    const message = new DownMessage(tag, this.ref, this.pid, this.name, reason);
    if (this.options?.priority === true) this.owner.enqueueUrgent(message);
    else this.owner.enqueue(message);
  }

  cancel(options?: { readonly flush?: boolean }): boolean {
    const active = this.detach();
    this.withdraw();
    if (!active && options?.flush === true) {
      this.owner.flush((message) => message instanceof DownMessage && message.ref === this.ref);
    }
    return active;
  }

  [Symbol.dispose](): void {
    this.cancel({ flush: true });
  }

  /** What ends the monitor ends its alias, unless that was to be withdrawn explicitly. */
  private withdraw(): void {
    if (this.options?.alias !== "explicitUnalias") this.alias?.withdraw(this.owner);
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
