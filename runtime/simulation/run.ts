import type { Passing } from "../passing.ts";
import type { Async } from "../types.ts";
import { SimulationError } from "./failure.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import { type Simulation, World } from "./world.ts";

export type Test = (sim: Simulation) => Async<unknown>;

export interface RunOptions extends MachineOptions {
  readonly messages: Passing;
}

/** What became of one run. */
export interface Run {
  readonly machine: Machine;
  /** What was wrong; undefined when nothing was. */
  readonly failure: { readonly thrown: unknown } | undefined;
}

/** Runs a test once: in a new system, to its end, and then the system to its. */
export async function run(test: Test, options: RunOptions): Promise<Run> {
  const machine = new Machine(options);
  const world = new World(machine, options.messages);
  machine.onRest = () => machine.giveUp(new SimulationError("stuck", stuck(world)));
  machine.wake();
  try {
    await Promise.race([whole(test, world), machine.failure]);
    return { machine, failure: undefined };
  } catch (thrown) {
    return { machine, failure: { thrown } };
  } finally {
    machine.stop();
    world.abandon();
  }
}

async function whole(test: Test, world: World): Promise<void> {
  await test(world);
  const wrong = world.audit();
  await world.stop();
  const leaks = [...wrong, ...world.leaks()];
  if (leaks.length > 0) throw new SimulationError("leak", `the simulation left something over: ${leaks.join(", ")}`);
}

function stuck(world: World): string {
  const waiting = world.processes().map(({ label, status }) => `${label} (${status})`);
  const who = waiting.length === 0 ? "There is no process" : `The processes: ${waiting.join(", ")}`;
  return `the test waits for something that never comes, or that the simulator does not control. ${who}`;
}
