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
  private process: Process | null;

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

  deliver(message: unknown, options: SendOptions | undefined): void {
    const { process } = this;
    if (process === null) return;
    if (this.once) {
      this.withdraw(process);
      this.monitor?.detach();
    }
    if (this.priority && options?.priority === true) process.enqueueUrgent(message);
    else process.deliver(message);
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
