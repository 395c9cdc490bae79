import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";

/**
 * Data by key that belongs to a process (OTP: an `ets` table): hand it over with {@link Self.own}, and it is gone before
 * anyone hears of its owner's end. Whoever has the table may read and write it, without asking the owner. Keys are
 * compared as in a Map.
 *
 * Every use of a table that is gone throws a `BadArgument`, as in OTP.
 *
 * @example
 * const hits = self.own(new Table<string, number>("hits"));
 * hits.set("/", (hits.get("/") ?? 0) + 1);
 */
export class Table<K, V> implements Disposable, Iterable<[K, V]> {
  /** What errors call it. Default `"table"`. */
  readonly name: string;
  private data: Map<K, V> | undefined = new Map();

  constructor(name = "table") {
    this.name = name;
  }

  get size(): number {
    return this.map.size;
  }
  get(key: K): V | undefined {
    return this.map.get(key);
  }
  has(key: K): boolean {
    return this.map.has(key);
  }
  set(key: K, value: V): this {
    this.map.set(key, value);
    return this;
  }
  /** Sets a key that has no value yet. False when it has one (OTP: `ets:insert_new/2`). */
  insertNew(key: K, value: V): boolean {
    if (this.map.has(key)) return false;
    this.map.set(key, value);
    return true;
  }
  /** Takes a value out (OTP: `ets:take/2`). */
  take(key: K): V | undefined {
    const value = this.map.get(key);
    this.map.delete(key);
    return value;
  }
  delete(key: K): boolean {
    return this.map.delete(key);
  }
  clear(): void {
    this.map.clear();
  }
  keys(): IterableIterator<K> {
    return this.map.keys();
  }
  values(): IterableIterator<V> {
    return this.map.values();
  }
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.map[Symbol.iterator]();
  }
  [Symbol.dispose](): void {
    this.data = undefined;
  }

  private get map(): Map<K, V> {
    if (this.data === undefined)
      throw new BadArgument(`expected a table that is there, got: ${show(this.name)}, which is gone with its owner`);
    return this.data;
  }
}
