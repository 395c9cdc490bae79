import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";

// What callers give; `what` says whose it is.

export function checkFunction<F>(what: string, run: F): F {
  if (typeof run === "function") return run;
  throw new BadArgument(`${what}: expected a function, got: ${show(run)}`);
}

/** Options may be left out, and are an object otherwise. */
export function checkOptions<O>(what: string, options: O): O {
  if (typeof options === "object" && options !== null) return options;
  throw new BadArgument(`${what}: expected options (an object), got: ${show(options)}`);
}

export function checkArray<T>(what: string, items: readonly T[]): readonly T[] {
  if (Array.isArray(items)) return items;
  throw new BadArgument(`${what}: expected an array, got: ${show(items)}`);
}

/** A whole number from 1 up. */
export function checkCount(what: string, count: number): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new BadArgument(`${what}: expected a whole number from 1 up, got: ${show(count)}`);
}
