import type { Behaviour } from "../behaviour.ts";
import { Kernel, type SpawnFlags } from "../kernel.ts";
import type { Passing } from "../passing.ts";
import { type Process, READY } from "../process.ts";
import { Scheduler } from "../scheduler.ts";
import type { ProcessSelf } from "../self.ts";
import { type Timer, Timers } from "../timers.ts";
import type { Machine } from "./machine.ts";
import { SimProcess } from "./sim-process.ts";

/** The kernel of a simulated system: what could happen next is said to the machine, which chooses. */
export class SimKernel extends Kernel {
  declare readonly scheduler: SimScheduler;
  readonly machine: Machine;

  constructor(machine: Machine, messages: Passing) {
    super(machine, messages);
    this.machine = machine;
  }

  override spawn(by: Process | null, behaviour: Behaviour, state: unknown, flags: SpawnFlags): ProcessSelf {
    const process = super.spawn(by, behaviour, state, flags);
    // Named as it is spawned: the number among its siblings must not depend on who runs first.
    this.machine.know(process as SimProcess);
    return process;
  }

  protected override newProcess(
    behaviour: Behaviour,
    state: unknown,
    starter: Process | null,
    linked: boolean,
    trapExit: boolean,
  ): ProcessSelf {
    return new SimProcess(this, this.nextId(), behaviour, state, starter, linked, trapExit);
  }

  protected override newTimers(): Timers {
    return new SimTimers(this.driver as Machine, () => this.scheduler.stir());
  }

  protected override newScheduler(): Scheduler {
    return new SimScheduler(this.driver as Machine, this.timers);
  }
}

export class SimScheduler extends Scheduler {
  private readonly machine: Machine;

  constructor(machine: Machine, timers: Timers) {
    super(machine, timers);
    this.machine = machine;
  }

  override ready(process: Process): void {
    process.status = READY;
    this.machine.list(process as SimProcess);
  }

  override settle(waiter: Process, tell: (value: any) => void, value: unknown, what?: string): void {
    this.machine.settle(waiter as SimProcess, tell, value, what);
  }

  /** When a process runs is the machine's to choose. */
  override enter(): boolean {
    return false;
  }

  override stir(): void {
    this.machine.wake();
  }

  /** One message, chosen by the machine. */
  runOne(process: SimProcess, message: unknown): void {
    this.turn(process, message);
  }

  /** As {@link runOne}, of a message whose handling throws. */
  failOne(process: SimProcess, message: unknown, error: Error): void {
    const { behaviour } = process;
    if (behaviour.terminate === undefined) return process.crash(error);
    const pending = behaviour.terminate(process, error, message);
    if (pending !== undefined) this.suspend(process, message, pending);
  }
}

class SimTimers extends Timers {
  private readonly machine: Machine;

  constructor(machine: Machine, stir: () => void) {
    super(machine, stir);
    this.machine = machine;
  }

  protected override fire(timers: readonly Timer[]): void {
    for (const timer of timers) if (timer.waits) this.machine.ring(timer);
  }
}
