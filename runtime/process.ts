import type { Behaviour } from "./behaviour.ts";
import { BadArgument, NoProcess, reasonOf } from "./errors.ts";
import { abort, dispose, Exited, isAbort } from "./exited.ts";
import { Extras, NO_CALLERS } from "./extras.ts";
import { show } from "./inspect.ts";
import type { Kernel } from "./kernel.ts";
import { labelOf } from "./label.ts";
import { type Links, linked, withLink, withoutLink } from "./links.ts";
import { EMPTY, Mailbox } from "./mailbox.ts";
import { admit } from "./overflow.ts";
import { Address } from "./pid.ts";
import { ExitMessage } from "./signal.ts";
import type { Starting } from "./starting.ts";
import { scopeOf } from "./strays.ts";
import type { CrashReport } from "./telemetry.ts";
import type { Timer, TimerOwner } from "./timers.ts";
import type { Label, Milliseconds, Pid, Reason } from "./types.ts";
import { watchUnfinished } from "./unfinished.ts";
import type { Watch } from "./watch.ts";

/** Where a process stands with the scheduler. */
export const IDLE = 0;
/** In the run queue, or running. */
export const READY = 1;
/** An asynchronous callback is suspended: messages wait, signals act. */
export const BUSY = 2;
export const DEAD = 3;
export type Status = typeof IDLE | typeof READY | typeof BUSY | typeof DEAD;

/** The first "message" of every process: run the behaviour's `start`. */
export const START: unique symbol = Symbol("start");

/**
 * A process: a mailbox, its ties to other processes, and what it owns. What its own code sees of it is `ProcessSelf`.
 * Cold things are null until they are used; the fields keep one order, so that all processes share a hidden class. They
 * are set in the constructor: initialisers of fields, in classes that extend each other, take twice the time.
 */
export abstract class Process extends Mailbox implements TimerOwner {
  // What each message touches stands together, behind the mailbox.
  declare status: Status;
  declare next: Process | null;
  /** Replaced while somebody looks into the process from outside: a system message wraps it. */
  declare behaviour: Behaviour;
  /** The behaviour's own. */
  declare state: any;
  declare extras: Extras | null;
  declare readonly kernel: Kernel;
  declare readonly pid: Address;

  declare links: Links;
  declare watchers: Watch | null;
  declare watching: Watch | null;
  declare timers: Timer | null;
  declare starting: Starting | null;
  declare trapExit: boolean;
  declare slot: number;
  declare reason: Reason | undefined;
  declare label: Label | undefined;
  declare registered: string | undefined;
  /** Whose exit signal a behaviour takes as the order to stop: the starter, for a process started with a link. */
  declare readonly parent: Address | null;

  constructor(
    kernel: Kernel,
    id: number,
    behaviour: Behaviour,
    state: unknown,
    starter: Process | null,
    linked: boolean,
    trapExit: boolean,
  ) {
    super();
    this.status = READY;
    this.next = null;
    this.behaviour = behaviour;
    this.state = state;
    this.extras = null;
    this.kernel = kernel;
    this.pid = new Address(id, this, starter === null || starter === kernel.root ? null : starter.pid);
    this.links = null;
    this.watchers = null;
    this.watching = null;
    this.timers = null;
    this.starting = null;
    this.trapExit = trapExit;
    this.slot = 0;
    this.reason = undefined;
    this.label = undefined;
    this.registered = undefined;
    this.parent = starter !== null && linked ? starter.pid : null;
  }

  get dead(): boolean {
    return this.status === DEAD;
  }

  get signal(): AbortSignal {
    const { rare } = this;
    if (rare.controller === null) {
      rare.controller = new AbortController();
      if (this.dead) rare.controller.abort(new Exited(this.reason as Reason));
    }
    return rare.controller.signal;
  }

  /** What few processes need. */
  get rare(): Extras {
    this.extras ??= new Extras();
    return this.extras;
  }

  get deadline(): Milliseconds | null {
    return this.extras === null ? null : this.extras.deadline;
  }

  /** On whose behalf it works: of a task its starter, that one's starter, and so on. */
  get callers(): readonly Pid[] {
    return this.extras === null ? NO_CALLERS : this.extras.callers;
  }

  /** What reports call it: its label, its name, or what it runs; always with the pid. */
  describe(): string {
    return `${this.pid} ${labelOf(this.label) ?? this.registered ?? this.behaviour.kind}`;
  }

  // ── messages ──

  /** A message arrives. False when there was no room for it, and the process has a limit. */
  deliver(message: unknown): boolean {
    if (this.status === DEAD) return true;
    const { extras } = this;
    if (extras !== null && extras.bounds !== null && !admit(this, extras.bounds, message)) return false;
    this.push(message);
    if (this.status === IDLE) this.kernel.scheduler.ready(this);
    return true;
  }

  /** As {@link deliver}, of a message that goes before ordinary ones. */
  deliverUrgent(message: unknown): boolean {
    const bounds = this.extras?.bounds;
    if (this.status !== DEAD && bounds != null && !admit(this, bounds, message)) return false;
    this.enqueueUrgent(message);
    return true;
  }

  /** What the library itself has to say arrives, whatever else waits. */
  enqueue(message: unknown): void {
    if (this.status === DEAD) return;
    this.push(message);
    if (this.status === IDLE) this.kernel.scheduler.ready(this);
  }

  /** A message arrives that goes before ordinary ones. */
  enqueueUrgent(message: unknown): void {
    if (this.status === DEAD) return;
    this.pushUrgent(message);
    if (this.status === IDLE) this.kernel.scheduler.ready(this);
  }

  override takeUrgentFirst(match: ((message: unknown) => boolean) | undefined): unknown {
    const message = super.takeUrgentFirst(match);
    if (message !== EMPTY && this.behaviour.keepsOrder === true) this.rare.urgent = true;
    return message;
  }

  /** How many messages wait for it, those among them that its behaviour has looked at and kept. */
  get queueLength(): number {
    return this.messageCount + (this.behaviour.kept?.(this) ?? 0);
  }

  /** Removes the messages that match and wait, the oldest first: those that the behaviour keeps, then the mailbox. */
  flush(match: (message: unknown) => boolean): void {
    if (this.dead) return;
    this.behaviour.flush?.(this, match);
    this.take(match);
  }

  /** What it has begun with a message ends later, and resumes it. */
  pause(message: unknown): void {
    this.status = BUSY;
    this.busyWith(message);
  }

  /** An asynchronous callback has begun with a message, or ({@link EMPTY}) is over. */
  busyWith(message: unknown): void {
    const { rare } = this;
    rare.current = message;
    if (message !== EMPTY) rare.since = this.kernel.driver.now();
  }

  // ── links and exit signals ──

  linkTo(peer: Process): void {
    if (peer === this) return;
    this.links = withLink(this.links, peer);
    peer.links = withLink(peer.links, this);
  }

  /** A link to a process that is gone: a message to who traps exits, an exception to who does not. */
  linkFailed(pid: Address): void {
    if (!this.trapExit) throw new NoProcess(`link: expected a process that is alive, got: ${pid}`);
    this.enqueue(new ExitMessage(pid, "noproc"));
  }

  unlinkFrom(peer: Process): void {
    this.links = withoutLink(this.links, peer);
    peer.links = withoutLink(peer.links, this);
  }

  /** An exit signal from `sender` arrives. `kill` can only be sent, not passed on by a link. */
  signalled(sender: Address, reason: Reason, byLink: boolean): void {
    if (reason === "kill" && !byLink) this.end("killed");
    else if (this.trapExit) this.enqueue(new ExitMessage(sender, reason));
    else if (reason !== "normal" || sender === this.pid) this.end(reason);
  }

  // ── the end ──

  /** Fixes the exit reason: from here on the process is dead for everybody. */
  end(reason: Reason): void {
    if (this.status === DEAD) return;
    if (this.status === BUSY) watchUnfinished(this);
    this.kernel.exits.end(this, reason);
  }

  /** An uncaught throw of its own code ends the process, and is reported. */
  crash(thrown: unknown, doing?: CrashReport["doing"]): void {
    if (this.status === DEAD) {
      if (!isAbort(thrown)) this.zombie("throw");
      return;
    }
    const reason = reasonOf(thrown);
    this.kernel.reportCrash(this, reason, doing);
    this.end(reason);
  }

  /** Code of this process went on after its end. It is told to those who listen, and not obeyed. */
  zombie(operation: string): void {
    const { telemetry } = this.kernel;
    if (!telemetry.has("process.zombie")) return;
    telemetry.emit(
      "process.zombie",
      {},
      { pid: this.pid, label: this.describe(), operation, reason: this.reason as Reason },
    );
  }

  /** Its code is over: it came to its end, or waits for what never comes. */
  finished(): void {
    this.extras?.unfinished?.cancel();
  }

  /** The second half of an exit: what it holds is let go, then its peers hear of it. Called by the worklist only. */
  release(): void {
    const reason = this.reason as Reason;
    if (this.registered !== undefined) this.kernel.names.release(this);
    while (this.timers !== null) this.timers.cancel();
    const { extras } = this;
    if (extras !== null) {
      if (extras.resources !== null) this.within(dispose, this, extras.resources, undefined, undefined);
      for (const alias of extras.aliases ?? []) alias.withdraw(this);
    }
    this.clear();
    this.pid.process = null;
    this.kernel.table.remove(this);
    this.breakLinks(reason);
    while (this.watching !== null) this.watching.detach();
    for (let watch = this.watchers; watch !== null; watch = this.watchers) {
      const dead = watch.watcher?.dead === true;
      watch.detach();
      if (!dead) watch.fire(reason);
    }
    if (extras !== null && extras.controller !== null)
      this.within(abort, extras.controller, reason, undefined, undefined);
    this.kernel.exited(this);
    this.behaviour.ended?.(this);
    this.forget();
  }

  /** Whatever its code has left running may hold on to the process; what that had in hand need not stay with it. */
  private forget(): void {
    if (this === this.kernel.root) return;
    this.state = undefined;
    const { extras } = this;
    if (extras === null) return;
    extras.resources = extras.aliases = null;
    extras.current = EMPTY;
  }

  private breakLinks(reason: Reason): void {
    const { links } = this;
    if (links === null) return;
    this.links = null;
    for (const peer of linked(links)) {
      peer.links = withoutLink(peer.links, this);
      // A start that failed tells its starter by its result; the signal of the link only if that could kill.
      const told = this.starting !== null && this.starting.watcher === peer && peer.trapExit;
      if (told || peer.dead) continue;
      peer.signalled(this.pid, reason, true);
      if (peer.dead) peer.pid.origin = this.pid.origin ?? { pid: this.pid, label: this.describe() };
    }
  }

  // ── what it owns ──

  own<T extends Disposable>(resource: T): T {
    if (typeof resource?.[Symbol.dispose] !== "function") {
      throw new BadArgument(`own: expected a resource with [Symbol.dispose], got: ${show(resource)}`);
    }
    if (this.dead) {
      this.zombie("own");
      resource[Symbol.dispose]();
    } else {
      this.rare.resources ??= new Set();
      this.rare.resources.add(resource);
    }
    return resource;
  }

  disown(resource: Disposable): void {
    this.extras?.resources?.delete(resource);
  }

  // ── attribution ──

  /** Runs `work` so that a stray throw or rejection it causes, now or later, is known to be this process's. */
  within<A, B, C, D, R>(work: (a: A, b: B, c: C, d: D) => R, a: A, b: B, c: C, d: D): R {
    const { rare } = this;
    rare.scope ??= scopeOf(this);
    return rare.scope.runInAsyncScope(work, undefined, a, b, c, d);
  }
}
