import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { isAsync } from "../runtime/thenable.ts";
import type { GenServer } from "./genserver.ts";

export type Callback = (...args: any[]) => unknown;

/** A module made ready: its tables as Maps, because the names of requests come from outside. */
export interface Module {
  readonly source: GenServer<any>;
  readonly calls: ReadonlyMap<string, Callback>;
  readonly casts: ReadonlyMap<string, Callback>;
  /** Whether a callback has returned a promise, or will: its code then runs where stray errors find their process. */
  asynchronous: boolean;
}

const compiled = new WeakMap<object, Module>();

export function compile(source: GenServer<any>): Module {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const calls = table("handleCall", source.handleCall);
  const casts = table("handleCast", source.handleCast);
  const { init, handleInfo, handleContinue, terminate, hibernate, codeChange, formatStatus } = source;
  const own = [init, handleInfo, handleContinue, terminate, hibernate, codeChange];
  for (const callback of [...own, formatStatus]) {
    if (callback !== undefined && typeof callback !== "function") {
      throw new BadArgument(`expected the callbacks of a module to be functions, got: ${show(callback)}`);
    }
  }
  const asynchronous = [...own, ...calls.values(), ...casts.values()].some(isAsync);
  const module: Module = { source, calls, casts, asynchronous };
  compiled.set(source, module);
  return module;
}

export function table(what: string, entries: object | undefined): ReadonlyMap<string, Callback> {
  const map = new Map<string, Callback>();
  for (const [request, callback] of Object.entries(entries ?? {})) {
    if (typeof callback !== "function") {
      throw new BadArgument(`expected ${what}.${request} to be a function, got: ${show(callback)}`);
    }
    map.set(request, callback);
  }
  return map;
}

/** How a message says what a state or a table has. */
export const listed = (keys: Iterable<unknown>): string => [...keys].map(String).join(", ") || "nothing";
