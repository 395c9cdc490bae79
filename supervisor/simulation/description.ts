import { sys } from "../../genserver/sys/sys.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { inVirtualTime } from "../../runtime/testing/virtual-time.ts";
import type { Caller, ChildSpec, Milliseconds, Pid } from "../../runtime/types.ts";
import { ById } from "../administration.ts";
import type { Spec } from "../child-spec.ts";
import { Supervisor } from "../supervisor.ts";
import { type Shape, type SupervisorShape, supervisorShape, workerShape } from "./shape.ts";

/**
 * What the specs and flags of a user's own tree say, as data: it is started once in a simulation, and asked. What they do
 * not say is how long workers take to stop: give `stopTimes` by path (ms, default 0), or restarts are counted as if at once.
 * Supervisors whose children come and go (dynamic, `simpleOneForOne`, tasks, partitions) are taken for workers: what they do
 * for their children is not predicted. Rejects with a `BadArgument` where there is a `backoff`, which OTP does not know, or
 * a child whose start is ignored.
 *
 * @example
 * const tree = await describeTree(supervisor(App, { port: 0 }, { id: "app" }));
 * expect(tree.children.map(({ id, type }) => `${type} ${id}`)).toEqual(["worker counter", "worker rooms", "worker lobby"]);
 */
export async function describeTree(spec: ChildSpec, stopTimes: StopTimes = {}): Promise<SupervisorShape> {
  const tree = await inVirtualTime(async (sim) => {
    const pid = await sim.start(spec);
    return shapeOf(sim, pid, { ...DEFAULTS, ...spec }, spec.id, stopTimes);
  });
  if (tree.type === "supervisor") return tree;
  throw new BadArgument(`describeTree: expected the spec of a supervisor with children of its own, got: ${show(spec)}`);
}

type StopTimes = Readonly<Record<string, Milliseconds>>;

const DEFAULTS = { type: "worker", restart: "permanent", shutdown: "infinity", significant: false } as const;

type AnySpec = Omit<Spec, "start" | "backoff"> & { readonly backoff?: unknown };

async function shapeOf(by: Caller, pid: Pid, spec: AnySpec, path: string, stopTimes: StopTimes): Promise<Shape> {
  const { id, restart, shutdown, significant, type } = spec;
  const common = { restart, shutdown, significant };
  if (spec.backoff !== undefined) throw backedOff(id);
  const state: unknown = type === "supervisor" ? await sys.getState(by, pid) : undefined;
  if (!(state instanceof ById)) return workerShape(id, { ...common, stopTime: stopTimes[path] ?? 0 });
  const { strategy, maxRestarts, maxSeconds, autoShutdown, backoff } = state.tree.flags;
  if (backoff !== undefined) throw backedOff(id);
  const children: Shape[] = [];
  for (const child of (await Supervisor.whichChildren(by, pid)).toReversed()) {
    const childSpec = await Supervisor.getChildSpec(by, pid, child.id as string);
    if (typeof child.pid !== "object") throw notUp(child.id as string);
    children.push(await shapeOf(by, child.pid, childSpec, `${path}/${child.id}`, stopTimes));
  }
  const flags = { maxRestarts, maxSeconds, autoShutdown };
  return supervisorShape(id, children, { ...common, ...flags, strategy: strategy as SupervisorShape["strategy"] });
}

const backedOff = (id: string): BadArgument =>
  new BadArgument(`describeTree: expected restarts that do not wait, as in OTP, got: a backoff of ${show(id)}`);

const notUp = (id: string): BadArgument =>
  new BadArgument(`describeTree: expected a tree whose children are all up, got: ${show(id)}, whose start was ignored`);
