import { child, type GenServer } from "../../genserver/genserver.ts";
import { ignore, ok, stop } from "../../runtime/results.ts";
import type { ChildSpec, Exit, Milliseconds, Self } from "../../runtime/types.ts";
import { type Supervisor, supervisor } from "../supervisor.ts";
import type { Journal } from "./journal.ts";
import type { Shape, SupervisorShape, WorkerShape } from "./shape.ts";

interface Job {
  readonly path: string;
  readonly stopTime: Milliseconds;
  readonly journal: Journal | undefined;
}

const Worker = {
  init: ({ path, stopTime, journal }: Job, self: Self<Exit>) => {
    self.trapExit = stopTime > 0;
    const outcome = journal?.begins(path, self.pid);
    if (outcome === "ignore") return ignore;
    return outcome === "fail" ? stop("failed", undefined) : ok(stopTime);
  },
  terminate: (_, stopTime, self): void | Promise<void> => (stopTime > 0 ? self.sleep(stopTime) : undefined),
} satisfies GenServer<Milliseconds, Exit>;

/**
 * Makes a tree of data real: a child spec of real supervisors, with simple servers as workers. The journal, if there is one,
 * takes down their starts and ends, and can make starts fail.
 *
 * @example
 * const spec = treeSpec(supervisorShape("app", [workerShape("a"), supervisorShape("b", [workerShape("c")])]));
 * const pid = await sim.start(spec);
 * expect([...(await snapshot(sim, pid)).keys()]).toEqual(["app", "app/a", "app/b", "app/b/c"]);
 */
export function treeSpec(tree: SupervisorShape, journal?: Journal): ChildSpec {
  return supervisorSpec(tree, tree.id, journal);
}

/** Of one child of a tree, at its path. */
export const specAt = (shape: Shape, path: string, journal?: Journal): ChildSpec =>
  shape.type === "worker" ? workerSpec(shape, path, journal) : supervisorSpec(shape, path, journal);

function workerSpec(shape: WorkerShape, path: string, journal: Journal | undefined): ChildSpec {
  const { type: _, stopTime, ...spec } = shape;
  return child(Worker, { path, stopTime, journal }, { ...spec, label: path });
}

function supervisorSpec(shape: SupervisorShape, path: string, journal: Journal | undefined): ChildSpec {
  const { id, restart, shutdown, significant, type: _, children, ...flags } = shape;
  const module = {
    init: (_: undefined, self: Self) => {
      const outcome = journal?.begins(path, self.pid);
      if (outcome === "ignore") return ignore;
      if (outcome === "fail") throw new Error("failed");
      return { ...flags, children: children.map((each) => specAt(each, `${path}/${each.id}`, journal)) };
    },
  } satisfies Supervisor;
  return supervisor(module, undefined, { id, restart, shutdown, significant, label: path });
}
