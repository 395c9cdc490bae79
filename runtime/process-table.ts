import type { Process } from "./process.ts";

/** The living processes of a system, by slot. */
export class ProcessTable {
  private readonly slots: (Process | undefined)[] = [];
  private readonly free: number[] = [];

  get size(): number {
    return this.slots.length - this.free.length;
  }

  add(process: Process): void {
    const slot = this.free.pop() ?? this.slots.length;
    process.slot = slot;
    this.slots[slot] = process;
  }

  remove(process: Process): void {
    this.slots[process.slot] = undefined;
    this.free.push(process.slot);
  }

  /** In the order in which they were started. */
  list(): Process[] {
    return this.slots.filter((process) => process !== undefined).sort((a, b) => a.pid.id - b.pid.id);
  }
}
