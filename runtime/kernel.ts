import type { Behaviour } from "./behaviour.ts";
import type { Driver } from "./driver.ts";
import { isClean } from "./errors.ts";
import { Exits } from "./exits.ts";
import { Names, nameOf } from "./names.ts";
import { DEAD, type Process, START } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { ProcessSelf } from "./self.ts";
import { ProcessTable } from "./table.ts";
import { type CrashReport, Telemetry } from "./telemetry.ts";
import { Timers } from "./timers.ts";
import type { Label, Name, Reason } from "./types.ts";

export interface SpawnFlags {
  readonly link: boolean;
  readonly name?: Name | undefined;
  readonly label?: Label | undefined;
  readonly trapExit?: boolean | undefined;
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
  private ids = 0;

  constructor(driver: Driver) {
    this.driver = driver;
    this.scheduler = new Scheduler(driver);
    this.timers = new Timers(driver);
  }

  /** Makes a process; it first runs after whoever spawned it gives way. `by` is dead only for a zombie's spawn. */
  spawn(by: Process | null, behaviour: Behaviour, state: unknown, flags: SpawnFlags): ProcessSelf {
    if (flags.name !== undefined) this.names.check(flags.name);
    const parent = flags.link ? by : null;
    const process = new ProcessSelf(this, ++this.ids, behaviour, state, parent, flags.trapExit === true);
    process.label = flags.label;
    if (by?.dead === true) return stillborn(by, process);
    this.table.add(process);
    if (flags.name !== undefined) this.names.claim(nameOf(flags.name), process);
    if (parent !== null) parent.linkTo(process);
    process.push(START);
    this.scheduler.ready(process);
    if (this.telemetry.has("process.start")) {
      this.telemetry.emit("process.start", { count: this.table.size }, { pid: process.pid, parent: by?.pid });
    }
    return process;
  }

  exited(process: Process): void {
    if (!this.telemetry.has("process.exit")) return;
    const metadata = { pid: process.pid, label: process.describe(), reason: process.reason as Reason };
    this.telemetry.emit("process.exit", { count: this.table.size }, metadata);
  }

  reportCrash(process: Process, reason: Reason, doing: CrashReport["doing"]): void {
    if (isClean(reason) || !this.telemetry.has("process.crash")) return;
    const report = { pid: process.pid, label: process.describe(), reason, parent: process.parent ?? undefined };
    this.telemetry.emit("process.crash", {}, doing === undefined ? report : { ...report, doing });
  }
}

/** What a zombie spawns has a pid, and never runs. */
function stillborn(by: Process, process: ProcessSelf): ProcessSelf {
  by.zombie("spawn");
  process.status = DEAD;
  process.reason = "noproc";
  process.pid.process = null;
  return process;
}
