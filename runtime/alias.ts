import type { Process } from "./process.ts";
import type { Alias, SendOptions } from "./types.ts";
import type { Watch } from "./watch.ts";

/** The one implementation of an alias. Withdrawn, it lets go of its process: a kept alias keeps nothing alive. */
export class AliasAddress implements Alias {
  readonly ref: number;
  /** Withdrawn by the first message. */
  private readonly once: boolean;
  private readonly priority: boolean;
  /** The monitor that the first message cancels. */
  private readonly monitor: Watch | undefined;
  /** Whose it is; null when it is withdrawn. */
  process: Process | null;

  constructor(process: Process, ref: number, once: boolean, priority: boolean, monitor?: Watch) {
    this.process = process;
    this.ref = ref;
    this.once = once;
    this.priority = priority;
    this.monitor = monitor;
    const { rare } = process;
    rare.aliases ??= new Set();
    rare.aliases.add(this);
  }

  /** A message for `process`, its own. False when there was no room for it. */
  deliver(process: Process, message: unknown, options: SendOptions | undefined): boolean {
    const urgent = this.priority && options?.priority === true;
    if (!this.once) return urgent ? process.deliverUrgent(message) : process.deliver(message);
    // The one message that its process has asked for: as every reply, it gets in.
    this.withdraw(process);
    this.monitor?.detach();
    if (urgent) process.enqueueUrgent(message);
    else process.enqueue(message);
    return true;
  }

  /** True when it was in use. An alias can be withdrawn by its own process only. */
  withdraw(by: Process): boolean {
    if (this.process !== by) return false;
    by.extras?.aliases?.delete(this);
    this.process = null;
    return true;
  }

  toString(): string {
    return `#alias<${this.ref}>`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
