import type { Kernel } from "./kernel.ts";
import type { Address } from "./pid.ts";
import type { Name, NameRef } from "./types.ts";

/** A name that somebody registered. Given back only by who has it still. */
export class HeldName implements NameRef {
  readonly name: Name;
  readonly pid: Address;
  private readonly kernel: Kernel;
  constructor(kernel: Kernel, name: Name, pid: Address) {
    this.kernel = kernel;
    this.name = name;
    this.pid = pid;
  }
  [Symbol.dispose](): void {
    const { process } = this.pid;
    const { names } = this.kernel;
    if (process !== null && names.resolve(this.name) === process) names.unregister(this.name, process);
  }
}
