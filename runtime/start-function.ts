import type { Behaviour } from "./behaviour.ts";
import type { Process } from "./process.ts";
import { processOf } from "./self.ts";
import { beginStart, type StartFlags, type StartWaiter, startProcess } from "./starting.ts";
import type { Pid, Self } from "./types.ts";

/** What the library starts a child with. */
export interface Recipe {
  readonly behaviour: Behaviour;
  readonly flags: StartFlags;
  /** A new one for each process. */
  state(): unknown;
}

const RECIPE: unique symbol = Symbol("recipe");

/** The `start` of a child spec; one that the library made carries its recipe. */
interface StartFunction {
  (parent: Self): Promise<Pid | "ignore">;
  [RECIPE]?: Recipe;
}

/** A `start` of the library's own. There are as many as children: all that it keeps is the recipe. */
export function startFunction(recipe: Recipe): StartFunction {
  const start: StartFunction = (parent) => {
    const { behaviour, flags } = recipe;
    return startProcess(processOf(parent), behaviour, recipe.state(), flags);
  };
  start[RECIPE] = recipe;
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
