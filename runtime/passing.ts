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
  if (policy === "clone") return clone;
  throw new BadArgument(`expected messages to be share, freeze or clone, got: ${show(policy)}`);
}

/** Freezes without recursion, so that a long list is no deep stack; what is frozen already has been here. */
function freeze(message: unknown): unknown {
  const rest: unknown[] = [message];
  const collections = new Set<unknown>();
  while (rest.length > 0) {
    const value = rest.pop();
    const kind = kindOf(value);
    if (kind === Map || kind === Set) {
      if (collections.has(value)) continue;
      collections.add(value);
      for (const [key, item] of (value as Map<unknown, unknown>).entries()) rest.push(key, item);
    } else if (kind !== undefined && !Object.isFrozen(value)) {
      Object.freeze(value);
      for (const item of Object.values(value as object)) rest.push(item);
    }
  }
  return message;
}

/** Copies without recursion, each object once: first its empty copy, then what is in it. */
export function clone(message: unknown): unknown {
  const copies = new Map<unknown, unknown>();
  const rest: unknown[] = [];
  const copyOf = (value: unknown): unknown => {
    const kind = kindOf(value);
    if (kind === undefined) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    const copy = kind === Object ? Object.create(Object.getPrototypeOf(value)) : new kind();
    copies.set(value, copy);
    rest.push(value);
    return copy;
  };
  const result = copyOf(message);
  while (rest.length > 0) {
    const original = rest.pop();
    fill(original as object, copies.get(original) as object, copyOf);
  }
  return result;
}

function fill(original: object, copy: object, copyOf: (value: unknown) => unknown): void {
  if (original instanceof Map) {
    for (const [key, item] of original) (copy as Map<unknown, unknown>).set(copyOf(key), copyOf(item));
  } else if (original instanceof Set) {
    for (const item of original) (copy as Set<unknown>).add(copyOf(item));
  } else {
    // Defined, not set: a key may be called `__proto__`.
    for (const [key, item] of Object.entries(original)) {
      Object.defineProperty(copy, key, { value: copyOf(item), writable: true, enumerable: true, configurable: true });
    }
    if (Array.isArray(original)) (copy as unknown[]).length = original.length;
  }
}

/** What data is made of; `undefined` of what is passed as it is. An instance of a class is no data, whatever it extends. */
function kindOf(value: unknown): (new () => object) | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
    case null:
      return Object;
    case Array.prototype:
      return Array;
    case Map.prototype:
      return Map;
    case Set.prototype:
      return Set;
  }
  return undefined;
}
