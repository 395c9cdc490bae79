import { checkFunction, checkOptions } from "../../runtime/checks.ts";
import { addressOf } from "../../runtime/pid.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { Async, Caller, Pid, Protocol, Self } from "../../runtime/types.ts";
import { atOnce, type Dispatch, inTurn } from "./dispatch.ts";
import type { Registration, RegistryEntry, RegistryName } from "./registry-name.ts";
import { AlreadyRegistered, type RegistryTable } from "./registry-table.ts";
import { registryChild, tableOf } from "./registry-tree.ts";

const look = (by: Caller, registry: RegistryName): RegistryTable => tableOf(processOf(by), registry);

/** The process that acts, unless it is dead. */
function actor(self: Caller, operation: string): ProcessSelf | undefined {
  const process = processOf(self);
  if (!process.dead) return process;
  process.zombie(operation);
}

/**
 * Processes found by keys, each with a value (Elixir: `Registry`). A process registers itself, under as many keys as it
 * likes, and its entries are gone before anybody hears of its death. Nothing but `lock` waits: the table is read where
 * the caller runs.
 *
 * A registrant is linked to a process of the registry: if that crashes, so do they, unless they trap exits. Whatever is
 * asked of a registry that does not run throws a `BadArgument`.
 *
 * @example
 * const topics = registry<string, number>("topics");
 * await sim.start(Registry.child({ name: topics, keys: "duplicate" }));
 * Registry.register(self, topics, "news", 1);
 * Registry.register(self, topics, "news", 2);
 * Registry.dispatch(self, topics, "news", (readers) => {
 *   for (const { pid, value } of readers) self.send(pid, `number ${value}`);
 * });
 * expect(await self.receive()).toBe("number 1");
 * expect(Registry.keys(self, topics, self.pid)).toEqual(["news", "news"]);
 */
export const Registry = {
  /** A child spec that starts a registry, empty. Throws a `BadArgument` for options that are none. */
  child: registryChild,

  /**
   * Registers the calling process, and returns the pid that it is linked to. Throws `AlreadyRegistered` when the key of a
   * unique registry is taken, be it by itself.
   */
  register<K, V>(self: Self, registry: RegistryName<K, V>, key: NoInfer<K>, value: NoInfer<V>): Pid {
    const process = actor(self, "register");
    return process === undefined ? self.pid : tableOf(process, registry).enter(key, process, value).pid;
  },

  /** Ends all entries of the calling process under `key`. With its last one in the registry the link goes, too. */
  unregister<K>(self: Self, registry: RegistryName<K>, key: NoInfer<K>): void {
    const process = actor(self, "unregister");
    if (process !== undefined) tableOf(process, registry).unregister(key, process);
  },

  /** Ends the entries of the calling process under `key` whose values pass. */
  unregisterMatch<K, V>(
    self: Self,
    registry: RegistryName<K, V>,
    key: NoInfer<K>,
    test: (value: NoInfer<V>) => boolean,
  ): void {
    checkFunction("unregisterMatch", test);
    const process = actor(self, "unregisterMatch");
    if (process !== undefined) tableOf(process, registry).unregister(key, process, test as (value: unknown) => boolean);
  },

  /** Those under a key, in the order in which they came; in a unique registry at most one. */
  lookup<K, V, P extends Protocol>(
    by: Caller,
    registry: RegistryName<K, V, P>,
    key: NoInfer<K>,
  ): readonly Registration<V, P>[] {
    const found = look(by, registry).living(key);
    return found.map(({ owner, value }) => ({ pid: owner.pid, value: value as V }));
  },

  /** Who has the key of a unique registry: short for `whereis(via(registry, key))`. */
  whereisName<K, V, P extends Protocol>(
    by: Caller,
    registry: RegistryName<K, V, P>,
    key: NoInfer<K>,
  ): Pid<P> | undefined {
    return look(by, registry).whereis(key)?.pid;
  },

  /** The keys of a process; in a duplicate registry one an entry. */
  keys<K>(by: Caller, registry: RegistryName<K>, pid: Pid): readonly K[] {
    const { process } = addressOf(pid);
    const table = look(by, registry);
    return process === null || process.dead ? [] : [...table.entries.of(process)].map(({ key }) => key as K);
  },

  /** What a process has registered under a key. */
  values<K, V>(by: Caller, registry: RegistryName<K, V>, key: NoInfer<K>, pid: Pid): readonly V[] {
    const { process } = addressOf(pid);
    const table = look(by, registry);
    return process === null || process.dead ? [] : table.heldUnder(key, process).map(({ value }) => value as V);
  },

  /** How many entries there are. */
  count: (by: Caller, registry: RegistryName): number => look(by, registry).entries.size,

  /** Those under a key whose values pass (Elixir has match patterns and guards here). */
  match<K, V, P extends Protocol>(
    by: Caller,
    registry: RegistryName<K, V, P>,
    key: NoInfer<K>,
    test: (value: NoInfer<V>) => boolean,
  ): readonly Registration<V, P>[] {
    checkFunction("match", test);
    return Registry.lookup(by, registry, key).filter(({ value }) => test(value));
  },

  countMatch<K, V>(
    by: Caller,
    registry: RegistryName<K, V>,
    key: NoInfer<K>,
    test: (value: NoInfer<V>) => boolean,
  ): number {
    return Registry.match(by, registry, key, test).length;
  },

  /** All entries that pass, whatever their key. Looks at every entry. */
  select<K, V, P extends Protocol>(
    by: Caller,
    registry: RegistryName<K, V, P>,
    test: (entry: RegistryEntry<K, V, P>) => boolean = () => true,
  ): readonly RegistryEntry<K, V, P>[] {
    checkFunction("select", test);
    const living = [...look(by, registry).entries].filter(({ owner }) => !owner.dead);
    return living.map(({ key, owner, value }) => ({ key: key as K, pid: owner.pid, value: value as V })).filter(test);
  },

  countSelect<K, V, P extends Protocol>(
    by: Caller,
    registry: RegistryName<K, V, P>,
    test?: (entry: RegistryEntry<K, V, P>) => boolean,
  ): number {
    return Registry.select(by, registry, test).length;
  },

  /**
   * Changes the value that the calling process has under a key of a unique registry. Returns the new value and the old,
   * or `undefined` when the key is not its own.
   */
  updateValue<K, V>(
    self: Self,
    registry: RegistryName<K, V>,
    key: NoInfer<K>,
    change: (value: V) => NoInfer<V>,
  ): readonly [value: V, before: V] | undefined {
    checkFunction("updateValue", change);
    const process = actor(self, "updateValue");
    if (process === undefined) return undefined;
    const table = tableOf(process, registry);
    table.checkUnique("updateValue");
    const [entry] = table.heldUnder(key, process);
    if (entry === undefined) return undefined;
    const before = entry.value as V;
    const value = change(before);
    entry.value = value;
    return [value, before];
  },

  /**
   * Calls `run` in the caller with those under a key: in a unique registry once, in a duplicate one once for each partition
   * that has some, and not at all when there are none. One after the other, or, with `parallel`, without waiting for one
   * before the next. What `run` throws ends the dispatch, and is the caller's. Only a dispatch whose `run` is
   * asynchronous, or that is parallel, returns a promise.
   */
  dispatch<K, V, P extends Protocol>(
    by: Caller,
    registry: RegistryName<K, V, P>,
    key: NoInfer<K>,
    run: (registrations: readonly Registration<V, P>[]) => unknown,
    options: { readonly parallel?: boolean } = {},
  ): Async<void> {
    checkFunction("dispatch", run);
    const process = actor(by, "dispatch");
    if (process === undefined) return;
    const batches = tableOf(process, registry).batches(key);
    return checkOptions("dispatch", options).parallel === true
      ? atOnce(batches, run as Dispatch)
      : inTurn(process, batches, run as Dispatch);
  },

  /**
   * Runs `work` in the caller while nobody else runs something under the same key of the locks; these keys are not those
   * of the entries. Others wait, in the order in which they came, and go on when `work` has ended or its process did.
   * To lock a key inside of itself is to wait for ever. Rejects with what `work` throws, and with a `CallError`
   * (`noproc`) when the registry stops while it waits.
   */
  async lock<T>(self: Self, registry: RegistryName, key: unknown, work: () => Async<T>): Promise<T> {
    const process = processOf(self);
    return tableOf(process, registry).locks.run(process, key, checkFunction("lock", work));
  },

  /** Keeps a value beside the entries, for as long as the registry runs. */
  putMeta: (by: Caller, registry: RegistryName, key: unknown, value: unknown): void => {
    if (actor(by, "putMeta") !== undefined) look(by, registry).meta.set(key, value);
  },

  getMeta: (by: Caller, registry: RegistryName, key: unknown): unknown => look(by, registry).meta.get(key),

  /** Whether there was one. */
  deleteMeta: (by: Caller, registry: RegistryName, key: unknown): boolean =>
    actor(by, "deleteMeta") !== undefined && look(by, registry).meta.delete(key),
};

/**
 * For a `catch` around a `register`: the pid of the process that has the key, or the error again.
 */
export function alreadyRegistered(error: unknown): Pid {
  if (error instanceof AlreadyRegistered) return error.pid;
  throw error;
}
