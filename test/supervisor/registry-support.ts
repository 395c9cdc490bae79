import { BadArgument, name, type Pid } from "hornbeam";
import { Registry, registry, Supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect } from "vitest";
import { addressOf } from "../../runtime/pid.ts";
import { type Puppet, puppet } from "../runtime/support.ts";

export type Keys = "unique" | "duplicate";

/** What the tests call the registry; any key, any value. */
export const reg = registry("reg");
/** Who hears of registrations, if a test starts a puppet of this name. */
export const listener = name("listener");

export interface Scene {
  readonly sim: VirtualSystem;
  /** The registry's own process, and those that registrants are linked to. */
  readonly top: Pid;
  readonly partitions: readonly Pid[];
  readonly ada: Puppet;
  readonly bob: Puppet;
}

/** A registry of these keys, and two processes. */
export const scene = (keys: Keys, partitions: number, test: (scene: Scene) => unknown): Promise<void> =>
  inVirtualTime(async (sim) => {
    const top = await sim.start(Registry.child({ name: reg, keys, partitions, listeners: [listener] }));
    const children = await Supervisor.whichChildren(sim, top);
    const pids = children.toSorted((a, b) => Number(a.id) - Number(b.id)).map(({ pid }) => pid as Pid);
    await test({ sim, top, partitions: pids, ada: puppet(sim), bob: puppet(sim) });
  });

/** What `act` throws. */
export function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("expected it to throw");
}

export const refuses = (act: () => unknown, why: RegExp): void => {
  expect(act).toThrow(BadArgument);
  expect(act).toThrow(why);
};

export const linksOf = (sim: VirtualSystem, pid: Pid): readonly Pid[] =>
  sim.processes().find((info) => info.pid === pid)?.links ?? [];

/** How many resources a process owns: what nobody takes back stays with it as long as it lives. */
export const ownedBy = (pid: Pid): number => addressOf(pid).process?.extras?.resources?.size ?? 0;
