import type { Kernel } from "./kernel.ts";
import type { Process } from "./process.ts";

/** What a process holds under a key. */
export class Entry<K, V> {
  readonly key: K;
  readonly owner: Process;
  value: V;
  constructor(key: K, owner: Process, value: V) {
    this.key = key;
    this.owner = owner;
    this.value = value;
  }
}

type Bag<K, V> = ReadonlySet<Entry<K, V>>;

const NOTHING: Bag<never, never> = new Set();

/**
 * Values under keys, each held by a process and gone with it, before anybody hears of its death. Any number of entries a
 * key; keys are compared as a Map compares them: `===`, and NaN is itself.
 */
export class Entries<K, V> {
  private readonly byKey = new Map<K, Set<Entry<K, V>>>();
  private readonly byOwner = new Map<Process, Holding<K, V>>();
  private readonly released: ((entry: Entry<K, V>) => void) | undefined;
  private count = 0;

  /** `released` hears of each entry that went with its process. */
  constructor(released?: (entry: Entry<K, V>) => void) {
    this.released = released;
  }

  get size(): number {
    return this.count;
  }

  /** Those under a key, oldest first. */
  at(key: K): Bag<K, V> {
    return this.byKey.get(key) ?? NOTHING;
  }

  /** Those of a process, oldest first. */
  of(owner: Process): Bag<K, V> {
    return this.byOwner.get(owner)?.entries ?? NOTHING;
  }

  keys(): Iterable<K> {
    return this.byKey.keys();
  }

  owners(): Iterable<Process> {
    return this.byOwner.keys();
  }

  *[Symbol.iterator](): Iterator<Entry<K, V>> {
    for (const entries of this.byKey.values()) yield* entries;
  }

  add(key: K, owner: Process, value: V): Entry<K, V> {
    const entry = new Entry(key, owner, value);
    const entries = this.byKey.get(key);
    if (entries === undefined) this.byKey.set(key, new Set([entry]));
    else entries.add(entry);
    let holding = this.byOwner.get(owner);
    if (holding === undefined) {
      holding = owner.own(new Holding(this, owner));
      this.byOwner.set(owner, holding);
    }
    holding.entries.add(entry);
    this.count++;
    return entry;
  }

  /** False when it was gone already. */
  remove(entry: Entry<K, V>): boolean {
    const holding = this.byOwner.get(entry.owner);
    if (holding?.entries.delete(entry) !== true) return false;
    this.drop(entry);
    if (holding.entries.size > 0) return true;
    this.byOwner.delete(entry.owner);
    entry.owner.disown(holding);
    return true;
  }

  /** All that a process holds. */
  removeOf(owner: Process): void {
    for (const entry of this.of(owner)) this.remove(entry);
  }

  /** @internal The owner has ended. */
  release({ owner, entries }: Holding<K, V>): void {
    this.byOwner.delete(owner);
    for (const entry of entries) {
      this.drop(entry);
      this.released?.(entry);
    }
  }

  private drop(entry: Entry<K, V>): void {
    const entries = this.byKey.get(entry.key);
    entries?.delete(entry);
    if (entries?.size === 0) this.byKey.delete(entry.key);
    this.count--;
  }
}

/** What a process owns of a table, as one resource. */
class Holding<K, V> implements Disposable {
  readonly owner: Process;
  readonly entries = new Set<Entry<K, V>>();
  private readonly table: Entries<K, V>;
  constructor(table: Entries<K, V>, owner: Process) {
    this.table = table;
    this.owner = owner;
  }
  [Symbol.dispose](): void {
    this.table.release(this);
  }
}

/** One `T` a system, made when it is first asked for. */
export function perSystem<T>(make: () => T): (kernel: Kernel) => T {
  const made = new WeakMap<Kernel, T>();
  return (kernel) => {
    let one = made.get(kernel);
    if (one === undefined) {
      one = make();
      made.set(kernel, one);
    }
    return one;
  };
}
