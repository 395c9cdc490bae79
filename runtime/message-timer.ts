import type { Kernel } from "./kernel.ts";
import type { Process } from "./process.ts";
import { Timer, type Timers } from "./timers.ts";
import type { Milliseconds, Target, TimerMessage } from "./types.ts";

/** A timer that sends a message to its owner; `tagged`: with what says which timer it was. */
export class MessageTimer extends Timer {
  private readonly message: unknown;

  constructor(timers: Timers, at: Milliseconds, receiver: Process, message: unknown, tagged: boolean) {
    super(timers, at, receiver);
    this.message = tagged ? timerMessage(this.ref, message) : message;
  }

  protected act(receiver: Process): void {
    receiver.deliver(this.message);
  }
}

/** A timer that sends a message to whoever has a name then. It belongs to the system. */
export class NameTimer extends Timer {
  private readonly kernel: Kernel;
  readonly to: Target;
  readonly message: unknown;

  constructor(kernel: Kernel, at: Milliseconds, to: Target, message: unknown, tagged: boolean) {
    super(kernel.timers, at, kernel.root);
    this.kernel = kernel;
    this.to = to;
    this.message = tagged ? timerMessage(this.ref, message) : message;
  }

  protected act(): void {
    this.kernel.names.resolve(this.to)?.deliver(this.message);
  }
}

const timerMessage = (ref: number, message: unknown): TimerMessage => ({ tag: "timer", ref, message });
