import type { ChildSpec, Pid, Self } from "hornbeam";
import { DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever } from "../runtime/support.ts";

test.each(["static", "dynamic"])(
  "a process may be the child of two supervisors (%s): its end is heard by both",
  (kind) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const started: Pid[] = [];
      /** The second start of it finds the process of the first, and links itself. */
      const shared: ChildSpec = {
        id: "shared",
        start: async (parent: Self) => {
          const last = started.at(-1);
          if (last !== undefined && sim.isAlive(last)) {
            parent.link(last);
            return last;
          }
          started.push(parent.spawnLink(forever));
          return started.at(-1) as Pid;
        },
      };
      const tree = () => supervisor({ init: () => ({ strategy: "oneForOne", children: [shared] }) });
      const top = async (): Promise<Pid> => {
        if (kind === "static") return sim.start(tree());
        const pid = await sim.start(DynamicSupervisor.child());
        await DynamicSupervisor.startChild(sim, pid, shared);
        return pid;
      };
      const children = async (pid: Pid) =>
        (kind === "static"
          ? await Supervisor.whichChildren(sim, pid)
          : await DynamicSupervisor.whichChildren(sim, pid)
        ).map((child) => child.pid);
      const tops = [await top(), await top()];
      expect(started).toHaveLength(1);
      sim.kill(started[0] as Pid);
      await sim.idle();
      expect(started).toHaveLength(2);
      for (const pid of tops) expect(await children(pid)).toEqual([started[1]]);
      for (const pid of tops) sim.kill(pid);
      await sim.idle();
      expect(sim.isAlive(started[1] as Pid)).toBe(false);
    }),
);
