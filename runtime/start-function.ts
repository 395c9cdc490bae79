import type { Behaviour } from "./behaviour.ts";
import type { Process } from "./process.ts";
import { processOf } from "./self.ts";
import { beginStart, type StartFlags, type StartWaiter, startProcess } from "./starting.ts";
import type { Pid, Self } from "./types.ts";

/** What the library starts a child with. */
interface Recipe {
  readonly behaviour: Behaviour;
  readonly state: () => unknown;
  readonly flags: StartFlags;
}

const RECIPE: unique symbol = Symbol("recipe");

/** The `start` of a child spec; one that the library made carries its recipe. */
interface StartFunction {
  (parent: Self): Promise<Pid | "ignore">;
  [RECIPE]?: Recipe;
}

/** A `start` of the library's own: each call makes a new state, and a process that runs it. */
export function startFunction(behaviour: Behaviour, state: () => unknown, flags: StartFlags): StartFunction {
  const start: StartFunction = (parent) => startProcess(processOf(parent), behaviour, state(), flags);
  start[RECIPE] = { behaviour, state, flags };
  return start;
}

/**
 * Calls `start` without a promise: `waiter` is told what came of it. False for a function that is not the library's own,
 * and has to be called.
 */
export function begin(start: (...args: any) => unknown, parent: Process, waiter: StartWaiter): boolean {
  const recipe = (start as StartFunction)[RECIPE];
  if (recipe === undefined) return false;
  beginStart(parent, recipe.behaviour, recipe.state(), recipe.flags, waiter);
  return true;
}
