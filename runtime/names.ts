import type { Directory } from "./directory.ts";
import { AlreadyStarted, BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import { Address, showTarget } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Name, Target } from "./types.ts";

/**
 * The registered names of a system: one process a name, one name a process. Gone with the process. The keys of
 * directories are names, too: each directory keeps its own.
 */
export class Names {
  private readonly held = new Map<string, Process>();
  /** By the process that they belong to. */
  private directories: Map<Process, Directory> | null = null;

  get size(): number {
    return this.held.size + (this.directories?.size ?? 0);
  }

  /** All names, and who holds each. */
  holders(): Iterable<readonly [string, Process]> {
    return this.held;
  }

  whereis(name: Name): Process | undefined {
    return isKey(name) ? this.directoryOf(name.via).whereis(name.key) : this.holder(nameOf(name));
  }

  /** The process behind a pid or a name, if it lives. */
  resolve(to: Target): Process | undefined {
    if (to instanceof Address) return to.process ?? undefined;
    return isKey(to as Name) ? this.directory((to as Key).via)?.find((to as Key).key) : this.holder(nameOf(to as Name));
  }

  /** Who holds a name. One that has ended does not, though its names are released only in its turn. */
  private holder(key: string): Process | undefined {
    const process = this.held.get(key);
    return process === undefined || process.dead ? undefined : process;
  }

  register(name: Name, process: Process, by: Process): void {
    if (isKey(name)) {
      if (process === by) return this.directoryOf(name.via).register(name.key, process, name.value);
      throw new BadArgument(`register: expected to give a key of a registry to oneself, got: ${process.pid}`);
    }
    const key = legalName(name);
    const holder = this.holder(key);
    if (holder !== undefined) {
      throw new BadArgument(`register: expected a name that is free, got: ${show(key)}, held by ${holder.pid}`);
    }
    if (process.kernel !== by.kernel) {
      throw new BadArgument(`register: expected a process of this system, got: ${process.pid}`);
    }
    if (process.dead) throw new BadArgument(`register: expected a process that is alive, got: ${process.pid}`);
    if (process.registered !== undefined) {
      throw new BadArgument(
        `register: expected a process without a name, got: ${process.pid}, which has the name ${show(process.registered)}`,
      );
    }
    this.claim(name, process);
  }

  /** For a start: says who holds the name, if somebody does. */
  check(name: Name): void {
    const key = legalName(name);
    const holder = this.whereis(name);
    if (holder !== undefined) throw new AlreadyStarted(holder.pid, key);
  }

  claim(name: Name, process: Process): void {
    if (isKey(name)) {
      this.directoryOf(name.via).register(name.key, process, name.value);
      process.label ??= () => name.name;
      return;
    }
    const key = nameOf(name);
    this.held.set(key, process);
    process.registered = key;
  }

  unregister(name: Name, by: Process): void {
    if (isKey(name)) return this.directoryOf(name.via).unregister(name.key, by);
    const key = nameOf(name);
    const holder = this.holder(key);
    if (holder === undefined) {
      throw new BadArgument(`unregister: expected a name that somebody holds, got: ${show(key)}`);
    }
    this.release(holder);
    holder.registered = undefined;
  }

  /** At an exit. The process keeps what it was called, for the reports of its end. */
  release(process: Process): void {
    const key = process.registered as string;
    if (this.held.get(key) === process) this.held.delete(key);
  }

  // ── directories ──

  /** Opens a directory that is found by `process`, and is gone with it. */
  open(process: Process, directory: Directory): void {
    this.directories ??= new Map();
    this.directories.set(process, directory);
    process.own({ [Symbol.dispose]: () => void this.directories?.delete(process) });
  }

  directory(via: Target): Directory | undefined {
    const process = this.directories === null ? undefined : this.resolve(via);
    return process === undefined ? undefined : this.directories?.get(process);
  }

  private directoryOf(via: Target): Directory {
    const directory = this.directory(via);
    if (directory === undefined) {
      throw new BadArgument(`expected a registry or a partition supervisor that runs, got: ${showTarget(via)}`);
    }
    return directory;
  }
}

/** Erlang keeps the name `undefined` for "no name". Here it is what a mistake looks like when it is made into a string. */
function legalName(name: Name): string {
  const key = nameOf(name);
  if (key === "undefined") throw new BadArgument(`expected a name other than "undefined", got: ${show(name)}`);
  return key;
}

type Key = Name & { readonly via: Target };

const isKey = (name: Name): name is Key => (name as Name | undefined)?.via !== undefined;

export function nameOf(name: Name): string {
  const key: unknown = (name as Name | undefined)?.name;
  if (typeof key !== "string" || key === "") {
    throw new BadArgument(`expected a pid or a name made by name("…"), got: ${show(name)}`);
  }
  return key;
}
