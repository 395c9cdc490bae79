import { BadArgument, StartError } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { System } from "../runtime/system.ts";
import type { Caller, ChildSpec, Pid, Protocol, Target, WithExtra } from "../runtime/types.ts";
import { Supervisor, supervisor } from "./supervisor.ts";
import { type TreeNode, treeOf } from "./tree-of.ts";

// The test kit: pictures of a tree before and after, and what happened in between; children of a test.

/** The processes of a tree by their path: `app/rooms/lobby`. Siblings of one id are told apart by their order. */
export class Snapshot extends Map<string, Pid> {
  /** The process at a path; throws when there is none. */
  at(path: string): Pid {
    const pid = this.get(path);
    if (pid === undefined) throw new BadArgument(`expected a path of ${[...this.keys()].join(", ")}, got: ${path}`);
    return pid;
  }
}

/** Takes a picture of a running tree. */
export async function snapshot(by: Caller, root: Target): Promise<Snapshot> {
  const paths = new Snapshot();
  const add = ({ id, pid, children }: TreeNode, parent: string): void => {
    let path = `${parent}${id}`;
    for (let n = 2; paths.has(path); n++) path = `${parent}${id}#${n}`;
    paths.set(path, pid);
    for (const child of children) add(child, `${path}/`);
  };
  add(await treeOf(by, root), "");
  return paths;
}

export interface Changes {
  /** There before and after, as another process. */
  readonly restarted: readonly string[];
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** The same process as before. */
  readonly untouched: readonly string[];
}

/**
 * What became of a tree between two pictures.
 *
 * @example
 * const before = await snapshot(sim, app);
 * sim.kill(before.at("app/counter"));
 * await sim.idle();
 * expect(changes(before, await snapshot(sim, app)).restarted).toEqual(["app/counter"]);
 */
export function changes(before: Snapshot, after: Snapshot): Changes {
  const paths = [...before.keys()];
  return {
    restarted: paths.filter((path) => after.has(path) && after.get(path) !== before.get(path)),
    gone: paths.filter((path) => !after.has(path)),
    added: [...after.keys()].filter((path) => !before.has(path)),
    untouched: paths.filter((path) => after.get(path) === before.get(path)),
  };
}

/** Tests kill on purpose; what crashes each time that it is started is not tried for ever. */
const RESTARTS = { maxRestarts: 1000, maxSeconds: 5 };

const TestSupervisor = { init: () => ({ strategy: "oneForOne", ...RESTARTS, children: [] }) } satisfies Supervisor;

/** The supervisor of each test that has one. */
const supervisors = new WeakMap<System, Promise<Pid>>();

/**
 * Starts a child under a supervisor of the test (ExUnit: `start_supervised!`). It is restarted as its spec says, 1000 times in
 * 5 s, and stopped when the system is: children of a test end in reverse start order. Resolves to what the start gave. Rejects
 * with the start error, also when the start is ignored, a `BadSpec`, or `AlreadyStarted` when the id is taken.
 *
 * @example
 * const counter = await startSupervised(sim, child(Counter, 40, { id: "answer" }));
 * expect(await sim.call(counter, "add", 2)).toBe(42);
 */
export async function startSupervised<P extends Protocol, R extends Pid | WithExtra = Pid<P>>(
  system: System,
  spec: ChildSpec<P, R>,
): Promise<R> {
  const started = await Supervisor.startChild(system, await supervisorOf("startSupervised", system), spec);
  if (started === undefined) throw new StartError("ignore", `child ${spec.id}`);
  return started;
}

/**
 * Stops a child that was started with {@link startSupervised}, and forgets it: its id is free again. Rejects with a
 * `BadArgument` when there is none.
 *
 * @example
 * await startSupervised(sim, child(Counter, 40, { id: "answer" }));
 * await stopSupervised(sim, "answer");
 */
export async function stopSupervised(system: System, id: string): Promise<void> {
  const parent = await supervisorOf("stopSupervised", system);
  const ids = (await Supervisor.whichChildren(system, parent)).map((each) => each.id).reverse();
  if (!ids.includes(id)) {
    throw new BadArgument(
      `stopSupervised: expected the id of a child of the test (${ids.join(", ")}), got: ${show(id)}`,
    );
  }
  const { restart } = await Supervisor.getChildSpec(system, parent, id);
  await Supervisor.terminateChild(system, parent, id);
  // Of a temporary child nothing stays.
  if (restart !== "temporary") await Supervisor.deleteChild(system, parent, id);
}

async function supervisorOf(what: string, system: System): Promise<Pid> {
  if (typeof system?.start !== "function") throw new BadArgument(`${what}: expected a system, got: ${show(system)}`);
  const starting = supervisors.get(system) ?? system.start(supervisor(TestSupervisor, { id: "test" }));
  supervisors.set(system, starting);
  const pid = await starting;
  if (system.isAlive(pid)) return pid;
  const { maxRestarts, maxSeconds } = RESTARTS;
  const got = `it has ended; more than ${maxRestarts} restarts in ${maxSeconds} s do that`;
  throw new BadArgument(`${what}: expected the supervisor of the test to run, got: ${got}`);
}
