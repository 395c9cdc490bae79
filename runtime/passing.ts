import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";

/**
 * What becomes of the data in a message, on its way from one process to another. `"share"`: both see the same objects,
 * at no cost. `"freeze"`: what was sent can no longer be changed, by anyone, so that a change throws a TypeError where
 * it is made. `"clone"`: the receiver gets its own copy, as in Erlang.
 *
 * Only data is frozen or copied: plain objects, arrays, Maps and Sets (a Map or Set cannot be frozen, only what is in
 * it). Everything else, such as instances of classes, pids and functions, is passed as it is.
 */
export type Passing = "share" | "freeze" | "clone";

export type Pass = (message: unknown) => unknown;

/** What is done with each message; null when nothing is. */
export function passing(policy: Passing): Pass | null {
  if (policy === "share") return null;
  if (policy === "freeze") return freeze;
  if (policy === "clone") return (message) => clone(message, new Map());
  throw new BadArgument(`expected messages to be share, freeze or clone, got: ${show(policy)}`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Freezes without recursion, so that a long list is no deep stack; what is frozen already has been here. */
function freeze(message: unknown): unknown {
  const rest: unknown[] = [message];
  const collections = new Set<object>();
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value !== "object" || value === null) continue;
    if (value instanceof Map || value instanceof Set) {
      if (collections.has(value)) continue;
      collections.add(value);
      for (const [key, item] of value.entries()) rest.push(key, item);
    } else if ((Array.isArray(value) || isPlain(value)) && !Object.isFrozen(value)) {
      Object.freeze(value);
      for (const item of Object.values(value)) rest.push(item);
    }
  }
  return message;
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    seen.set(value, copy);
    for (const item of value) copy.push(clone(item, seen));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    seen.set(value, copy);
    for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    seen.set(value, copy);
    for (const item of value) copy.add(clone(item, seen));
    return copy;
  }
  if (!isPlain(value)) return value;
  const copy: object = Object.create(Object.getPrototypeOf(value));
  seen.set(value, copy);
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(copy, key, {
      value: clone(item, seen),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}
