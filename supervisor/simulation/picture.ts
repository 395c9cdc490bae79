import type { Caller, Pid } from "../../runtime/types.ts";
import type { ChildInfo } from "../children.ts";
import { Supervisor } from "../supervisor.ts";
import type { Shape } from "./shape.ts";

export type Seen = Pid | "stopped" | "restarting";

/** What a real tree has at each path, as its supervisors say: like {@link snapshot}, with the children that do not run. */
export type Picture = ReadonlyMap<string, Seen>;

/** Takes a picture; whose paths are among those of `workers` are not asked. */
export async function pictureOf(by: Caller, id: string, root: Pid, workers: ReadonlySet<string>): Promise<Picture> {
  const picture = new Map<string, Seen>();
  const add = async (path: string, seen: Seen, type: Shape["type"]): Promise<void> => {
    picture.set(path, seen);
    if (type === "worker" || typeof seen === "string" || workers.has(path)) return;
    for (const child of await childrenOf(by, seen))
      await add(`${path}/${child.id}`, child.pid ?? "stopped", child.type);
  };
  if (by.isAlive(root)) await add(id, root, "supervisor");
  return picture;
}

/** In start order. */
async function childrenOf(by: Caller, supervisor: Pid): Promise<readonly ChildInfo[]> {
  const children = await Supervisor.whichChildren(by, supervisor);
  return children.toReversed();
}
