/**
 * Whether two states are the same (Erlang: `=:=`). Arrays and plain objects are values: they are the same when what is in
 * them is. Everything else, such as a Map or an instance of a class, is the same only as itself.
 */
export function sameState(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const prototype = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b) || !PLAIN.has(prototype)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameState((a as any)[key], (b as any)[key]));
}

const PLAIN: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype, null]);
