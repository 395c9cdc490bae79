import { show } from "./inspect.ts";
import { Address } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Name, Target } from "./types.ts";

/**
 * What finds processes by keys of its own: a registry, the partitions of a supervisor (Erlang: the module in
 * `{via, Module, Key}`). It belongs to a process, by whose pid or name it is found, and is gone with it.
 */
export interface Directory {
  /** Who holds the key; nobody when it cannot be looked up. Never throws: casts and timers come here, too. */
  find(key: unknown): Process | undefined;
  /** Who holds the key. Throws a `BadArgument` when it cannot be looked up. */
  whereis(key: unknown): Process | undefined;
  /** Gives the key to `process`. Throws a `BadArgument` or an error of its own when it cannot. */
  register(key: unknown, process: Process, value: unknown): void;
  unregister(key: unknown, process: Process): void;
}

/** A key as a name. */
export class KeyName implements Name {
  readonly via: Target;
  readonly key: unknown;
  readonly value: unknown;

  constructor(via: Target, key: unknown, value: unknown) {
    this.via = via;
    this.key = key;
    this.value = value;
  }

  /** `rooms['lobby']` */
  get name(): string {
    return `${this.via instanceof Address ? this.via : (this.via as Name).name}[${show(this.key)}]`;
  }
}
