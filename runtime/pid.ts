import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import type { Process } from "./process.ts";
import { stopInOrder } from "./stopping.ts";
import type { Pid, Target, WithExtra } from "./types.ts";

/** The process whose end was passed on to others. */
export interface Origin {
  readonly pid: Pid;
  readonly label: string;
}

/** The one implementation of a pid. It lets go of its process at the exit, so a kept pid keeps nothing alive. */
export class Address implements Pid {
  readonly id: number;
  // Private, so that whoever compares or prints what has a pid in it does not walk through all processes.
  #process: Process | null;
  readonly #starter: Address | null;
  #child: object | null = null;
  #origin: Origin | null = null;

  constructor(id: number, process: Process | null, starter: Address | null) {
    this.id = id;
    this.#process = process;
    this.#starter = starter;
  }

  get process(): Process | null {
    return this.#process;
  }

  set process(process: Process | null) {
    this.#process = process;
  }

  /** Who started it; null when that was the system. */
  get starter(): Address | null {
    return this.#starter;
  }

  /** What a supervisor knows of the process, while it is its child. */
  get child(): object | null {
    return this.#child;
  }

  set child(child: object | null) {
    this.#child = child;
  }

  /** Of a process that was taken along by a link: the first of the cascade. */
  get origin(): Origin | null {
    return this.#origin;
  }

  set origin(origin: Origin | null) {
    this.#origin = origin;
  }

  /** At the end of an `await using` scope: the process is asked to stop, as by {@link stopInOrder}. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process !== null) await stopInOrder(this.process);
  }
  toString(): string {
    return `<0.${this.id}>`;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Stands for "nobody" where a pid is owed: the target of a monitor by a name that nobody holds. */
export const NOBODY = new Address(0, null, null);

/** The pid as the runtime knows it; throws where something else was passed. */
export function addressOf(pid: Pid): Address {
  if (pid instanceof Address) return pid;
  throw new BadArgument(`expected a pid, got: ${show(pid)}`);
}

/** The pid in what a start gave: that alone, or with something besides. */
export function pidIn(started: unknown): Address | undefined {
  const pid = hasExtra(started) ? started.pid : started;
  return pid instanceof Address ? pid : undefined;
}

const hasExtra = (started: unknown): started is WithExtra =>
  typeof started === "object" && started !== null && "pid" in started && "extra" in started;

/** How error messages call a target. */
export function showTarget(to: Target): string {
  return to instanceof Address ? String(to) : show((to as { name?: unknown })?.name ?? to);
}
