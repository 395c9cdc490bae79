import { AlreadyStarted, BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import { Address } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Name, Target } from "./types.ts";

/** The registered names of a system: one process a name, one name a process. Gone with the process. */
export class Names {
  private readonly held = new Map<string, Process>();

  get size(): number {
    return this.held.size;
  }

  /** All names, and who holds each. */
  holders(): Iterable<readonly [string, Process]> {
    return this.held;
  }

  whereis(name: Name): Process | undefined {
    return this.held.get(nameOf(name));
  }

  /** The process behind a pid or a name, if it lives. */
  resolve(to: Target): Process | undefined {
    return to instanceof Address ? (to.process ?? undefined) : this.whereis(to as Name);
  }

  register(name: Name, process: Process): void {
    const key = legalName(name);
    const holder = this.held.get(key);
    if (holder !== undefined) throw new BadArgument(`register: the name ${show(key)} is held by ${holder.pid}`);
    if (process.registered !== undefined) {
      throw new BadArgument(
        `register: ${process.pid} has the name ${show(process.registered)} already, got: ${show(key)}`,
      );
    }
    if (process.dead)
      throw new BadArgument(`register: ${process.pid} is not alive, so it cannot have the name ${show(key)}`);
    this.claim(key, process);
  }

  /** For a start: says who holds the name, if somebody does. */
  check(name: Name): void {
    const key = legalName(name);
    const holder = this.held.get(key);
    if (holder !== undefined) throw new AlreadyStarted(holder.pid, key);
  }

  claim(key: string, process: Process): void {
    this.held.set(key, process);
    process.registered = key;
  }

  unregister(name: Name): void {
    const key = nameOf(name);
    const holder = this.held.get(key);
    if (holder === undefined) throw new BadArgument(`unregister: nobody holds the name ${show(key)}`);
    this.release(holder);
    holder.registered = undefined;
  }

  /** At an exit. The process keeps what it was called, for the reports of its end. */
  release(process: Process): void {
    this.held.delete(process.registered as string);
  }
}

/** Erlang keeps the name `undefined` for "no name". Here it is what a mistake looks like when it is made into a string. */
function legalName(name: Name): string {
  const key = nameOf(name);
  if (key === "undefined") throw new BadArgument(`expected a name other than "undefined", got: ${show(name)}`);
  return key;
}

export function nameOf(name: Name): string {
  const key: unknown = (name as Name | undefined)?.name;
  if (typeof key !== "string" || key === "") {
    throw new BadArgument(`expected a pid or a name made by name("…"), got: ${show(name)}`);
  }
  return key;
}
