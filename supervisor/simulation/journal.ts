import { show } from "../../runtime/inspect.ts";
import type { System } from "../../runtime/system.ts";
import type { Milliseconds, Pid, Reason } from "../../runtime/types.ts";
import type { Fault } from "./fault.ts";
import type { Entry, StartOutcome } from "./model.ts";

/** What becomes of the processes of a tree that {@link treeSpec} made, and what is to become of their next starts. */
export class Journal {
  private readonly system: System;
  private entries: Entry[] = [];
  private readonly plans = new Map<string, StartOutcome[]>();
  private readonly starts = new Map<string, number>();
  private readonly names = new Map<Pid, string>();

  constructor(system: System) {
    this.system = system;
    system.telemetry.on("process.exit", (_, { pid, reason }) => {
      const name = this.names.get(pid);
      if (name !== undefined) this.enter({ type: "end", name, reason: textOf(reason) });
    });
  }

  /** What was entered since the last time. */
  take(): readonly Entry[] {
    const { entries } = this;
    this.entries = [];
    return entries;
  }

  /** `app/rooms#2`: the second process that was started at that path. */
  nameOf(pid: Pid): string | undefined {
    return this.names.get(pid);
  }

  plan(fault: Fault & { type: "failStarts" | "ignoreStart" }): void {
    const outcomes: StartOutcome[] = fault.type === "ignoreStart" ? ["ignore"] : Array(fault.times).fill("fail");
    this.plans.set(fault.path, [...(this.plans.get(fault.path) ?? []), ...outcomes]);
  }

  /** A process is in its `init`. Undefined: its start succeeds. */
  begins(path: string, pid: Pid): StartOutcome | undefined {
    const outcome = this.plans.get(path)?.shift();
    if (outcome !== undefined) {
      this.enter({ type: outcome === "fail" ? "failed" : "ignored", name: path });
      return outcome;
    }
    const count = (this.starts.get(path) ?? 0) + 1;
    const name = `${path}#${count}`;
    this.starts.set(path, count);
    this.names.set(pid, name);
    this.enter({ type: "start", name });
    return undefined;
  }

  private enter(entry: Omit<Entry, "at">): void {
    this.entries.push({ at: this.now, ...entry });
  }

  private get now(): Milliseconds {
    return this.system.now();
  }
}

function textOf(reason: Reason): string {
  if (typeof reason === "string") return reason;
  if (reason instanceof Error) return reason.message;
  const { shutdown } = reason as { shutdown?: { failedToStartChild?: string } };
  return shutdown?.failedToStartChild === undefined ? show(reason) : "failedToStartChild";
}
