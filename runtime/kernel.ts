import { Accounting, type AccountingOptions } from "./accounting.ts";
import { ancestorsOf, SHOWN_ANCESTORS } from "./ancestors.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Driver } from "./driver.ts";
import { isClean } from "./errors.ts";
import { Exits } from "./exits.ts";
import { linked } from "./links.ts";
import { Names } from "./names.ts";
import { checkMailbox } from "./overflow.ts";
import { clone, type Pass, type Passing, passing } from "./passing.ts";
import { DEAD, IDLE, type Process, START } from "./process.ts";
import { ProcessTable } from "./process-table.ts";
import { Scheduler } from "./scheduler.ts";
import { ProcessSelf } from "./self.ts";
import { type CrashReport, Telemetry } from "./telemetry.ts";
import { Timers } from "./timers.ts";
import type { Label, MailboxOptions, Milliseconds, Name, Reason } from "./types.ts";

export interface SpawnFlags {
  readonly link?: boolean;
  readonly name?: Name | undefined;
  readonly label?: Label | undefined;
  readonly trapExit?: boolean | undefined;
  readonly mailbox?: MailboxOptions | undefined;
}

/** What the processes of one system share: its clock, its queue, its names, its table, its bus. */
export class Kernel {
  readonly driver: Driver;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly names = new Names();
  readonly table = new ProcessTable();
  readonly exits = new Exits();
  readonly telemetry = new Telemetry();
  /** The process that the system speaks as; it owns what belongs to no other, such as a timer to a name. */
  root: Process | null = null;
  /** Whether calls remember where they were made. */
  callStacks = false;
  /** How long code may go on after the end of its process before that is told. */
  unfinishedAfter: Milliseconds | "infinity" = "infinity";
  private ids = 0;
  private readonly passing: Pass | null;

  constructor(driver: Driver, messages: Passing = "share") {
    this.driver = driver;
    this.passing = passing(messages);
    this.timers = this.newTimers();
    this.scheduler = this.newScheduler();
  }

  // What a system is made of. A simulation makes its own, which are these with the choice of what comes next.

  protected newTimers(): Timers {
    return new Timers(this.driver, () => this.scheduler.stir());
  }

  protected newScheduler(): Scheduler {
    return new Scheduler(this.driver, this.timers);
  }

  protected newProcess(
    behaviour: Behaviour,
    state: unknown,
    starter: Process | null,
    linked: boolean,
    trapExit: boolean,
  ): ProcessSelf {
    return new ProcessSelf(this, this.nextId(), behaviour, state, starter, linked, trapExit);
  }

  protected nextId(): number {
    return ++this.ids;
  }

  /** A message on its way to another process, as the system passes it. */
  pass(message: unknown): unknown {
    return this.passing === null ? message : this.passing(message);
  }

  /** What somebody is shown who looks in from outside: to look at a state must not freeze it. */
  shown(value: unknown): unknown {
    return this.passing === null ? value : clone(value);
  }

  /** Something goes over a wire of a test adapter. */
  transmit(wire: string, what: string, arrive: () => void, lost: () => void): void {
    if (this.driver.transmit === undefined) arrive();
    else this.driver.transmit(wire, what, arrive, lost);
  }

  keepAccount(options: AccountingOptions): void {
    this.scheduler.accounting = new Accounting(options);
  }

  /** Makes a process; it first runs after whoever spawned it gives way. `by` is dead only for a zombie's spawn. */
  spawn(by: Process | null, behaviour: Behaviour, state: unknown, flags: SpawnFlags): ProcessSelf {
    const { name } = flags;
    if (name !== undefined) this.names.check(name);
    const linked = flags.link === true;
    const process = this.newProcess(behaviour, state, by, linked, flags.trapExit === true);
    if (flags.label !== undefined) process.label = flags.label;
    if (flags.mailbox !== undefined) process.rare.bounds = checkMailbox(flags.mailbox);
    if (by?.dead) return stillborn(by, process);
    if (name !== undefined) this.names.claim(name, process);
    this.table.add(process);
    if (linked) by?.linkTo(process);
    if (behaviour.start === undefined) process.status = IDLE;
    else {
      process.push(START);
      this.scheduler.ready(process);
    }
    if (this.telemetry.starts) {
      this.telemetry.emit("process.start", { count: this.table.size }, { pid: process.pid, parent: by?.pid });
    }
    return process;
  }

  exited(process: Process): void {
    if (!this.telemetry.exits) return;
    const { pid } = process;
    const metadata = {
      pid,
      label: process.describe(),
      reason: process.reason as Reason,
      origin: pid.origin ?? undefined,
    };
    this.telemetry.emit("process.exit", { count: this.table.size }, metadata);
  }

  /** Tells of a crash. A clean reason is none. */
  reportCrash(process: Process, reason: Reason, doing: CrashReport["doing"]): void {
    if (!isClean(reason) && this.telemetry.has("process.crash")) this.tellCrash(process, reason, doing);
  }

  /** As {@link reportCrash}, with a reason that is shown in place of the real one. */
  tellCrash(process: Process, reason: Reason, doing: CrashReport["doing"]): void {
    this.telemetry.emit("process.crash", {}, crashReport(process, reason, doing));
  }
}

function crashReport(process: Process, reason: Reason, doing: CrashReport["doing"]): CrashReport {
  const report = {
    pid: process.pid,
    label: process.describe(),
    reason,
    parent: process.parent ?? undefined,
    ancestors: ancestorsOf(process.pid, SHOWN_ANCESTORS),
    links: linked(process.links)
      .filter((peer) => peer !== process.kernel.root)
      .map((peer) => ({ pid: peer.pid, label: peer.describe() })),
    messages: process.queueLength,
    callers: process.callers,
  };
  return doing === undefined ? report : { ...report, doing };
}

/** What a zombie spawns has a pid, and never runs. */
function stillborn(by: Process, process: ProcessSelf): ProcessSelf {
  by.zombie("spawn");
  process.status = DEAD;
  process.reason = "noproc";
  process.pid.process = null;
  return process;
}
