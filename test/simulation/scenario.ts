import type { Pid, Reason, Self } from "hornbeam";
import type { Simulation } from "hornbeam/simulation";

/** A small program of processes, and what OTP promises of it whatever the order of events. */
export interface Scenario {
  readonly promise: string;
  /** Resolves to what became of it, which may differ from schedule to schedule. Throws when the promise does not hold. */
  readonly run: (sim: Simulation) => Promise<unknown>;
}

/** Why processes ended, in the order in which they did. */
export function endsOf(sim: Simulation): Map<Pid, Reason> {
  const reasons = new Map<Pid, Reason>();
  sim.telemetry.on("process.exit", (_, { pid, reason }) => {
    if (reasons.has(pid)) throw new Error(`${pid} ended twice`);
    reasons.set(pid, reason);
  });
  return reasons;
}

/** A process that ends only when somebody ends it, and never looks at a message. */
export const forever = (self: Self): Promise<unknown> => self.receive(() => false);

/** A process that keeps what it gets. */
export const keeping =
  (into: unknown[]) =>
  async (self: Self): Promise<never> => {
    for (;;) into.push(await self.receive());
  };

/** A reason, written short. */
export function text(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === "string" ? reason : JSON.stringify(reason);
}

/** What a promise came to: its value, or why there is none. */
export const settled = <T>(promise: Promise<T>): Promise<T | string> =>
  promise.catch((error: { reason?: unknown }) => text(error.reason ?? error));
