import { StartError } from "../runtime/errors.ts";
import { Address, addressOf } from "../runtime/pid.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import { type Exits, stopProcess } from "../runtime/stopping.ts";
import type { Pid, Reason, Self } from "../runtime/types.ts";
import { type Spec, stoppedWell } from "./child-spec.ts";
import "./events.ts";

/** A child as its supervisor keeps it. */
export class Child {
  readonly spec: Spec;
  pid: Pid | undefined = undefined;
  /** Of a child that is being restarted: the pid it had, by which it may still be terminated. */
  last: Pid | undefined = undefined;
  /** A restart failed, and is tried again. */
  restarting = false;
  /** Why its last restart failed. */
  failure: Reason = "normal";
  constructor(spec: Spec) {
    this.spec = spec;
  }
}

export interface ChildInfo {
  readonly id: string | undefined;
  readonly pid: Pid | "restarting" | undefined;
  readonly type: Spec["type"];
}

export interface ChildCount {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

export type Started = { readonly pid: Pid | undefined } | { readonly failure: unknown };

/** Starts a child's process. Whatever goes wrong is a value: the supervisor decides what it means. */
export async function startChild(self: ProcessSelf, child: Child): Promise<Started> {
  try {
    const pid: unknown = await child.spec.start(self as Self);
    if (pid === "ignore") return { pid: undefined };
    if (!(pid instanceof Address)) return { failure: new StartError(pid, `child ${child.spec.id}`) };
    child.pid = pid;
    child.restarting = false;
    emit(self, "supervisor.child.start", child);
    return { pid };
  } catch (error) {
    return { failure: error };
  }
}

/** The reason inside a failed start, as OTP gives it. */
export const startReason = (failure: unknown): unknown => (failure instanceof StartError ? failure.reason : failure);

export function reportStartError(self: ProcessSelf, id: string, failure: unknown): void {
  const metadata = { supervisor: self.pid, label: self.describe(), id, pid: undefined, reason: startReason(failure) };
  self.kernel.telemetry.emit("supervisor.child.startError", {}, metadata);
}

/** Stops a child's process by its own shutdown rule, and reports one that did not do as it was told. */
export async function stopChild(self: ProcessSelf, child: Child, exits: Exits): Promise<void> {
  const { pid, spec } = child;
  child.restarting = false;
  if (pid === undefined) return;
  const reason = await stopProcess(self, pid, spec.shutdown, "shutdown", exits);
  if (!stoppedWell(spec, reason)) {
    const metadata = { ...metadataOf(self, child), reason, shutdown: spec.shutdown };
    self.kernel.telemetry.emit("supervisor.child.shutdownError", {}, metadata);
  }
  child.pid = undefined;
}

export function reportExit(self: ProcessSelf, child: Child, reason: Reason, restarting: boolean): void {
  const metadata = { ...metadataOf(self, child), reason, restarting };
  self.kernel.telemetry.emit("supervisor.child.exit", {}, metadata);
}

export function emit(
  self: ProcessSelf,
  event: "supervisor.child.start" | "supervisor.child.restart",
  child: Child,
): void {
  if (self.kernel.telemetry.has(event)) self.kernel.telemetry.emit(event, {}, metadataOf(self, child));
}

export function metadataOf(self: ProcessSelf, { spec, pid }: Child) {
  return { supervisor: self.pid, label: self.describe(), id: spec.id, pid };
}

export const infoOf = ({ spec, pid, restarting }: Child, id: string | undefined): ChildInfo => ({
  id,
  pid: restarting ? "restarting" : pid,
  type: spec.type,
});

export function count(children: Iterable<Child>): ChildCount {
  const counts = { specs: 0, active: 0, supervisors: 0, workers: 0 };
  for (const { spec, pid, restarting } of children) {
    counts.specs++;
    if (pid !== undefined && !restarting && addressOf(pid).process !== null) counts.active++;
    if (spec.type === "supervisor") counts.supervisors++;
    else counts.workers++;
  }
  return counts;
}
