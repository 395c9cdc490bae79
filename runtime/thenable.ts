/** Whether a callback's result must be awaited. Promises of other libraries count. */
export function isThenable(value: unknown): value is PromiseLike<any> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

const AsyncFunction = (async () => {}).constructor;
export const isAsync = (callback: unknown): boolean => callback instanceof AsyncFunction;
