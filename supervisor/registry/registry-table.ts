import type { Directory } from "../../runtime/directory.ts";
import { Entries, type Entry } from "../../runtime/entries.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { signal } from "../../runtime/signal.ts";
import type { Name, Pid } from "../../runtime/types.ts";
import { Locks } from "../locks.ts";
import type { Batches } from "./dispatch.ts";
import type { Registration } from "./registry-name.ts";

/** A key of a unique registry is taken: `pid` is the one who has it (Elixir: `{:already_registered, pid}`). */
export class AlreadyRegistered extends Error {
  override readonly name = "AlreadyRegistered";
  readonly pid: Pid;
  readonly key: unknown;
  constructor(pid: Pid, key: unknown) {
    super(`register: expected a key that is free, got: ${show(key)}, which ${pid} has`);
    this.pid = pid;
    this.key = key;
  }
}

/** What a listener of a registry receives. */
export type RegistryEvent<K = any, V = any> =
  | { readonly tag: "register"; readonly registry: Name; readonly key: K; readonly pid: Pid; readonly value: V }
  | { readonly tag: "unregister"; readonly registry: Name; readonly key: K; readonly pid: Pid };

export interface TableOptions {
  readonly name: Name;
  readonly keys: "unique" | "duplicate";
  readonly partitions: number;
  readonly listeners: readonly Name[];
  readonly meta: Readonly<Record<string, unknown>>;
}

/**
 * The entries of one registry. They belong to their registrants; each of those is linked to one of the partitions, by its
 * pid, and loses its entries with it. All are in one table, so that a lookup is one look, however many partitions.
 */
export class RegistryTable implements Directory {
  readonly options: TableOptions;
  readonly entries = new Entries<unknown, unknown>();
  readonly meta: Map<unknown, unknown>;
  readonly locks: Locks;
  private readonly partitions = new Map<number, Process>();

  constructor(options: TableOptions) {
    this.options = options;
    this.locks = new Locks(options.name.name);
    this.meta = new Map(Object.entries(options.meta));
  }

  /** A partition is up. When it ends, what its registrants had here ends first. */
  open(index: number, partition: Process): void {
    this.partitions.set(index, partition);
    partition.own({ [Symbol.dispose]: () => this.close(index) });
  }

  private close(index: number): void {
    this.partitions.delete(index);
    for (const owner of this.entries.owners()) if (this.indexOf(owner) === index) this.entries.removeOf(owner);
  }

  indexOf(owner: Process): number {
    return owner.pid.id % this.options.partitions;
  }

  // ── keys as names ──

  find(key: unknown): Process | undefined {
    if (this.options.keys !== "unique") return undefined;
    for (const { owner } of this.entries.at(key)) if (!owner.dead) return owner;
  }

  whereis(key: unknown): Process | undefined {
    this.checkUnique("a key as a name");
    return this.find(key);
  }

  register(key: unknown, process: Process, value: unknown): void {
    this.checkUnique("a key as a name");
    this.enter(key, process, value);
  }

  checkUnique(what: string): void {
    const { keys, name } = this.options;
    if (keys === "unique") return;
    throw new BadArgument(
      `${what}: expected a registry of unique keys, got: ${show(name.name)}, whose keys are ${keys}`,
    );
  }

  /** Whoever is dead has no entry, even before its exit has come to letting it go. */
  living(key: unknown): readonly Entry<unknown, unknown>[] {
    return [...this.entries.at(key)].filter(({ owner }) => !owner.dead);
  }

  /** One list for each partition that has entries under the key. */
  batches(key: unknown): Batches {
    const found = new Map<number, Registration[]>();
    for (const { owner, value } of this.living(key)) {
      const index = this.indexOf(owner);
      const batch = found.get(index);
      if (batch === undefined) found.set(index, [{ pid: owner.pid, value }]);
      else batch.push({ pid: owner.pid, value });
    }
    return [...found.values()];
  }

  // ── registering ──

  /** Returns the partition that the process is linked to. */
  enter(key: unknown, process: Process, value: unknown): Process {
    const { keys, name } = this.options;
    const partition = this.partitions.get(this.indexOf(process));
    if (partition === undefined)
      throw new BadArgument(
        `register: expected a registry that runs, got: ${show(name.name)}, which is being restarted`,
      );
    if (keys === "unique") this.vacate(key);
    this.entries.add(key, process, value);
    process.linkTo(partition);
    this.tell(process, { tag: "register", registry: name, key, pid: process.pid, value });
    return partition;
  }

  /** Throws when the key is taken. An owner that is dead is replaced. */
  private vacate(key: unknown): void {
    for (const entry of this.entries.at(key)) {
      if (!entry.owner.dead) throw new AlreadyRegistered(entry.owner.pid, key);
      this.entries.remove(entry);
    }
  }

  /** Ends the entries of `process` under `key`, or those of them that match. */
  unregister(key: unknown, process: Process, matches: (value: unknown) => boolean = () => true): void {
    const under = this.heldUnder(key, process);
    const going = under.filter(({ value }) => matches(value));
    for (const entry of going) this.entries.remove(entry);
    if (going.length === 0) return;
    const partition = this.partitions.get(this.indexOf(process));
    if (partition !== undefined && this.entries.of(process).size === 0) process.unlinkFrom(partition);
    if (going.length < under.length) return;
    this.tell(process, { tag: "unregister", registry: this.options.name, key, pid: process.pid });
  }

  heldUnder(key: unknown, process: Process): readonly Entry<unknown, unknown>[] {
    return [...this.entries.of(process)].filter((entry) => sameKey(entry.key, key));
  }

  private tell(process: Process, event: RegistryEvent): void {
    for (const listener of this.options.listeners) process.kernel.names.resolve(listener)?.enqueue(signal(event));
  }
}

/** As the keys of a Map are compared. */
const sameKey = (a: unknown, b: unknown): boolean => a === b || Object.is(a, b);
