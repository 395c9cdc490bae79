import { processOf } from "../../runtime/self.ts";
import type { Caller, Milliseconds } from "../../runtime/types.ts";

/**
 * The time of the clock on the wall, in milliseconds since 1970, for what is compared by other machines and after a
 * restart: cookies and tokens. In virtual time, and in a simulation, it is theirs, which begins in 1970.
 */
export function systemTime(by: Caller): Milliseconds {
  const { driver } = processOf(by).kernel;
  return driver.systemTime?.() ?? driver.now();
}
