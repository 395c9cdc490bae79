import { addressOf } from "../runtime/pid.ts";
import { processOf } from "../runtime/self.ts";
import type { Caller, ChildType, Pid, Target } from "../runtime/types.ts";
import type { ChildInfo } from "./children.ts";
import { Supervisor } from "./supervisor.ts";

/** A process in its tree. */
export interface TreeNode {
  /** The child's id; of the children of a dynamic supervisor, which have none, their label. */
  readonly id: string;
  readonly pid: Pid;
  readonly type: ChildType;
  readonly children: readonly TreeNode[];
}

/** A picture of a running tree: every supervisor is asked for its children, in start order. */
export async function treeOf(by: Caller, root: Target): Promise<TreeNode> {
  const process = processOf(by).kernel.names.resolve(root);
  const pid = process?.pid ?? addressOf(root as Pid);
  return nodeOf(by, labelOf(pid), pid, "supervisor");
}

async function nodeOf(by: Caller, id: string, pid: Pid, type: ChildType): Promise<TreeNode> {
  if (type === "worker") return { id, pid, type, children: [] };
  const infos = await Supervisor.whichChildren(by, pid).catch((): readonly ChildInfo[] => []);
  const running = infos.filter((info): info is ChildInfo & { readonly pid: Pid } => typeof info.pid === "object");
  const inStartOrder = running.toSorted((a, b) => (a.id === undefined ? a.pid.id - b.pid.id : 0));
  if (running[0]?.id !== undefined) inStartOrder.reverse();
  const children = inStartOrder.map((info) => nodeOf(by, info.id ?? labelOf(info.pid), info.pid, info.type));
  return { id, pid, type, children: await Promise.all(children) };
}

/** The label without the pid that reports put before it. */
function labelOf(pid: Pid): string {
  const { process } = addressOf(pid);
  return process?.describe().replace(/^<[\d.]+> /, "") ?? "gone";
}
