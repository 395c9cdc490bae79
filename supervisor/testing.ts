import { BadArgument } from "../runtime/errors.ts";
import type { Caller, Pid, Target } from "../runtime/types.ts";
import { type TreeNode, treeOf } from "./tree-of.ts";

// The test kit: pictures of a tree before and after, and what happened in between.

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
