import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Process } from "./process.ts";

/**
 * Whose code is running, for one purpose only: to find the process that a stray throw or rejection belongs to.
 * Nothing else may read it: `self` is explicit.
 */
const ambient = new AsyncLocalStorage<Process | undefined>();

/**
 * Where nobody's code runs, as this module was loaded: from there it is a third of the work to enter a process, because
 * Node copies what is known of whoever runs before.
 */
const nobody = new AsyncResource("hornbeam.nobody");

/** Where asynchronous code runs that belongs to a process. */
export type Scope = AsyncResource;

export const scopeOf = (owner: Process): Scope => nobody.runInAsyncScope(newScope, undefined, owner);

/** Before Node 24, what is entered stays with the resource that it was entered in, and has to be left again. */
const STAYS = nobody.runInAsyncScope(() => {
  const probe = new AsyncLocalStorage<boolean>();
  const resource = new AsyncResource("hornbeam.probe");
  resource.runInAsyncScope(() => probe.enterWith(true));
  return resource.runInAsyncScope(() => probe.getStore() === true);
});

function newScope(owner: Process): Scope {
  if (STAYS) return ambient.run(owner, () => new AsyncResource("hornbeam.process"));
  ambient.enterWith(owner);
  return new AsyncResource("hornbeam.process");
}

/** Runs what belongs to a process, once: a scope that is not kept. */
export function runAs<A, B, R>(owner: Process, work: (a: A, b: B) => R, a: A, b: B): R {
  return nobody.runInAsyncScope(runLastAs, undefined, owner, work as (a: unknown, b: unknown) => unknown, a, b) as R;
}

/**
 * As {@link runAs}, where a callback of Node's does nothing after it: what is entered there Node leaves by itself, and
 * that is a quarter of the work.
 */
export function runLastAs<A, B, R>(owner: Process, work: (a: A, b: B) => R, a: A, b: B): R {
  if (STAYS) return ambient.run(owner, work, a, b);
  ambient.enterWith(owner);
  return work(a, b);
}

/** Runs what belongs to no process, nor does what it begins. */
export function runAsNobody(work: () => void): void {
  nobody.runInAsyncScope(work);
}

/** A function that belongs to no process, whoever arms it. */
export function detached(work: () => void): () => void {
  return () => runAsNobody(work);
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
