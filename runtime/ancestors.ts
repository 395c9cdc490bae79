import type { Address } from "./pid.ts";

/** How many ancestors listings and reports show: a chain of processes may be long, and each has all of it above. */
export const SHOWN_ANCESTORS = 16;

/** The starters of a process, the nearest first (OTP: `'$ancestors'`). */
export function ancestorsOf(pid: Address, limit = Number.POSITIVE_INFINITY): readonly Address[] {
  const pids: Address[] = [];
  for (let { starter } = pid; starter !== null && pids.length < limit; { starter } = starter) pids.push(starter);
  return pids;
}
