import { KeyName } from "../../runtime/directory.ts";
import { nameOf } from "../../runtime/names.ts";
import type { ProtocolOf } from "../../runtime/protocol.ts";
import type { Name, Pid, Protocol } from "../../runtime/types.ts";

declare const entries: unique symbol;

/** The name of a registry with keys `K` and values `V`, whose registrants understand `P`. Made by {@link registry}. */
export interface RegistryName<K = any, V = any, P extends Protocol = any> extends Name<any> {
  readonly [entries]?: { readonly key: K; readonly value: V; readonly protocol: P };
}

/**
 * The name of a registry, which knows what its keys and values are, and what those who register understand.
 *
 * @example
 * const counters = registry<string, undefined, typeof Counter>("counters");
 * await sim.start(Registry.child({ name: counters, keys: "unique" }));
 * await sim.start(child(Counter, 40, { name: via(counters, "visits") }));
 * expect(await self.call(via(counters, "visits"), "add", 2)).toBe(42);
 */
export const registry = <K = any, V = any, M = any>(
  name: string,
): RegistryName<K, V, M extends object ? ProtocolOf<M> : any> => ({ name });

/**
 * A key of a unique registry as a name: a process can start under it, and be called, sent to, monitored and found by it
 * (Elixir: `{:via, Registry, {registry, key, value}}`). Keys are compared with `===`.
 */
export function via<K, V, P extends Protocol>(
  registry: RegistryName<K, V, P>,
  key: NoInfer<K>,
  value?: NoInfer<V>,
): Name<P> {
  nameOf(registry);
  return new KeyName(registry, key, value);
}

/** Who registered, and with what value. */
export interface Registration<V = any, P extends Protocol = any> {
  readonly pid: Pid<P>;
  readonly value: V;
}

export interface RegistryEntry<K = any, V = any, P extends Protocol = any> extends Registration<V, P> {
  readonly key: K;
}
