import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Process } from "./process.ts";

/**
 * Whose code is running, for one purpose only: to find the process that a stray throw or rejection belongs to.
 * Nothing else may read it: `self` is explicit.
 */
const ambient = new AsyncLocalStorage<Process | undefined>();

/** Where asynchronous code runs that belongs to a process. */
export type Scope = AsyncResource;

export const scopeOf = (owner: Process): Scope => ambient.run(owner, () => new AsyncResource("hornbeam.process"));

/** A function that belongs to no process, whoever arms it. */
export function detached(work: () => void): () => void {
  const scope = ambient.run(undefined, () => new AsyncResource("hornbeam.detached"));
  return () => scope.runInAsyncScope(work);
}

let users = 0;

/**
 * From now on an exception that nobody caught, or a rejection that nobody handled, ends the process that caused it and
 * nothing else. What belongs to no process is treated as Node would: it is printed, and Node ends with code 1, unless
 * somebody else listens for it. Returns what takes it back.
 */
export function catchStrays(): () => void {
  if (users++ === 0) {
    process.on("uncaughtException", onUncaught);
    process.on("unhandledRejection", onUnhandled);
  }
  let released = false;
  return () => {
    if (released) return;
    released = true;
    if (--users > 0) return;
    process.off("uncaughtException", onUncaught);
    process.off("unhandledRejection", onUnhandled);
  };
}

const onUncaught = (error: unknown): void => {
  if (!blame(error) && process.listenerCount("uncaughtException") === 1) die(error);
};

const onUnhandled = (reason: unknown): void => {
  if (!blame(reason) && process.listenerCount("unhandledRejection") === 1) die(reason);
};

/** True when the error was some process's. */
function blame(error: unknown): boolean {
  const owner = ambient.getStore();
  if (owner === undefined) return false;
  owner.crash(error);
  return true;
}

function die(error: unknown): void {
  console.error("Uncaught", error);
  process.exit(1);
}
