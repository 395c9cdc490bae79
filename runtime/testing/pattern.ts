import { show, showBrief } from "../inspect.ts";

/**
 * What a message or a reason must look like:
 *
 * - a function is asked, and says true;
 * - an asymmetric matcher (`expect.any(Number)` of Vitest or Jest) is asked;
 * - a plain object names fields that must be there and match; others may be there, too;
 * - an array is matched element by element; an Error by its name and message;
 * - everything else, such as a pid, must be the very same.
 */
export type Pattern = unknown;

/** Whether a value looks as a pattern says. */
export function matches(pattern: Pattern, value: unknown): boolean {
  if (typeof pattern === "function") return pattern(value) === true;
  if (typeof pattern !== "object" || pattern === null) return Object.is(pattern, value);
  if (isMatcher(pattern)) return pattern.asymmetricMatch(value);
  if (pattern instanceof Error) return value instanceof Error && sameError(pattern, value);
  if (Array.isArray(pattern)) return Array.isArray(value) && sameItems(pattern, value);
  return isPlain(pattern) ? hasFields(pattern, value) : pattern === value;
}

interface Matcher {
  asymmetricMatch(value: unknown): boolean;
}

const isMatcher = (pattern: object): pattern is Matcher =>
  typeof (pattern as Partial<Matcher>).asymmetricMatch === "function";

const sameError = (one: Error, other: Error): boolean => one.name === other.name && one.message === other.message;

const sameItems = (patterns: readonly unknown[], values: readonly unknown[]): boolean =>
  patterns.length === values.length && patterns.every((pattern, i) => matches(pattern, values[i]));

const hasFields = (pattern: object, value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(pattern).every(([key, field]) => key in value && matches(field, (value as any)[key]));

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** How long the source of a predicate may be to be shown. */
const SHORT = 100;

/** A pattern in one line; of a predicate its source. */
export function showPattern(pattern: Pattern): string {
  if (typeof pattern !== "function") return showBrief(pattern);
  const source = String(pattern).replace(/\s+/g, " ");
  return source.length <= SHORT ? source : show(pattern);
}
