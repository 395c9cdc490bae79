import type { Pid, Reason, Self } from "hornbeam";
import type { Simulation } from "hornbeam/simulation";
import { World } from "../supervisor/support.ts";

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

/** What is left besides processes, or is wrong with them: nothing may ever be, when all is at rest and no timer is meant. */
export const litter = (sim: Simulation): readonly string[] =>
  sim.leaks().filter((leak) => !/^process |^\d+ (?:names$|monitors of |aliases of )/.test(leak));

/** A reason, written short. */
export function text(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === "string" ? reason : JSON.stringify(reason);
}

/** What a promise came to: its value, or why there is none. */
export const settled = <T>(promise: Promise<T>): Promise<T | string> =>
  promise.catch((error: { reason?: unknown }) => text(error.reason ?? error));

/** Supervised workers that write down what becomes of them, of whom no two of one id ever live at once. */
export function watchedWorld(sim: Simulation): World {
  const world = new World(sim);
  sim.always("one process a child", () => {
    const ids = new Set<string>();
    for (const pid of world.known()) {
      if (!sim.isAlive(pid)) continue;
      const [id] = world.nameOf(pid).split("#") as [string];
      if (id !== "top" && ids.has(id)) throw new Error(`two of ${id}`);
      ids.add(id);
    }
  });
  return world;
}

/** A line of a {@link World}'s log. */
const read = (line: string) => {
  const [what, name, reason] = line.split(" ") as [string, string, string | undefined];
  return { what, id: name.split("#")[0] as string, reason };
};

/** Fails unless each of the siblings is told to stop when none behind it runs. */
export function stopInReverse(log: readonly string[], ids: readonly string[]): void {
  follow(log, ids, ({ what, reason }) => what === "terminate" || (what === "down" && reason === "shutdown"));
}

/** Fails unless, besides, each of the siblings starts when none behind it runs: of those that are restarted together. */
export function startInOrder(log: readonly string[], ids: readonly string[]): void {
  stopInReverse(log, ids);
  follow(log, ids, ({ what }) => what === "start");
}

/** `alone`: what may happen to a child only while none behind it runs. */
function follow(
  log: readonly string[],
  ids: readonly string[],
  alone: (line: ReturnType<typeof read>) => boolean,
): void {
  const running = new Set(ids);
  for (const line of log) {
    const { what, id } = read(line);
    const after = ids.slice(ids.indexOf(id) + 1).filter((other) => running.has(other));
    if (alone(read(line)) && after.length > 0) throw new Error(`${line} while ${after} ran: ${log.join(", ")}`);
    if (what === "start") running.add(id);
    else if (what === "down") running.delete(id);
  }
}
