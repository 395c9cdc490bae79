import type { Process } from "../../runtime/process.ts";
import { Internal, messageWaits, type Pending } from "../sys/system-host.ts";
import type { Statem } from "./statem-machine.ts";

/** What runs before a state machine sleeps. As in OTP, messages that wait go first, and the machine does not sleep. */
export class Hibernation extends Internal {
  private readonly run: (process: Process, statem: Statem) => Pending;
  constructor(run: (process: Process, statem: Statem) => Pending) {
    super();
    this.run = run;
  }

  serve(process: Process): Pending {
    if (!messageWaits(process)) return this.run(process, process.state as Statem);
  }

  /** After a transition, when nothing is in line: now, if a callback has asked for it, or when no message comes. */
  prepare(process: Process, statem: Statem): void {
    const { hibernating, hibernateAfter } = statem;
    if (statem.module.source.hibernate === undefined || messageWaits(process)) return;
    if (hibernating) process.push(this);
    else if (hibernateAfter !== null) {
      statem.timer = process.kernel.timers.set(hibernateAfter, () => this.expire(process, statem), process);
    }
  }

  private expire(process: Process, statem: Statem): void {
    statem.timer = null;
    if (!messageWaits(process)) process.enqueue(this);
  }
}
