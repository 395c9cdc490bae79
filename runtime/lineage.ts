import type { Address } from "./pid.ts";

/** The starters of a process, the nearest first (OTP: `'$ancestors'`). One link serves all that a process starts. */
export class Lineage {
  readonly pid: Address;
  readonly up: Lineage | null;
  constructor(pid: Address, up: Lineage | null) {
    this.pid = pid;
    this.up = up;
  }
}

/** How many ancestors listings and reports show: a chain of processes may be long, and each has all of it above. */
export const SHOWN_ANCESTORS = 16;

export function pidsOf(lineage: Lineage | null, limit = Number.POSITIVE_INFINITY): readonly Address[] {
  const pids: Address[] = [];
  for (let link = lineage; link !== null && pids.length < limit; link = link.up) pids.push(link.pid);
  return pids;
}
