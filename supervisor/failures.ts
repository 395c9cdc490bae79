import { StartError } from "../runtime/errors.ts";
import { showBrief } from "../runtime/inspect.ts";
import { addressOf } from "../runtime/pid.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import type { Pid, Reason } from "../runtime/types.ts";
import { stoppedWell } from "./child-spec.ts";
import type { Child } from "./children.ts";
import type { Failure } from "./intensity.ts";
import "./events.ts";

// What supervisors tell the telemetry bus. Nothing is built for an event that nobody listens to.

/** What began it, of the supervisors that gave up: their exit reason, `shutdown`, does not say. */
const gaveUp = new WeakMap<Pid, Failure>();

/** The first failure of a supervisor that gave up. */
const causeOf = (pid: Pid | undefined): Failure | undefined => (pid === undefined ? undefined : gaveUp.get(pid));

export function failureOf(self: ProcessSelf, child: Child, pid: Pid | undefined, reason: Reason): Failure {
  return { id: child.spec.id, pid, reason, at: self.now(), cause: causeOf(pid) };
}

export function reportChild(
  self: ProcessSelf,
  event: "supervisor.child.start" | "supervisor.child.restart",
  child: Child,
): void {
  const { telemetry } = self.kernel;
  if (telemetry.has(event)) telemetry.emit(event, {}, childMetadata(self, child));
}

/** A child ended by itself; it has its pid still. */
export function reportExit(self: ProcessSelf, child: Child, reason: Reason, restarting: boolean): void {
  const { telemetry } = self.kernel;
  if (!telemetry.has("supervisor.child.exit")) return;
  const origin = child.pid === undefined ? undefined : (addressOf(child.pid).origin ?? undefined);
  const metadata = { ...childMetadata(self, child), reason, restarting, cause: causeOf(child.pid), origin };
  telemetry.emit("supervisor.child.exit", {}, metadata);
}

/** The reason inside a failed start, as OTP gives it. */
export const startReason = (failure: unknown): unknown => (failure instanceof StartError ? failure.reason : failure);

export function reportStartError(self: ProcessSelf, id: string, failure: unknown): void {
  const { telemetry } = self.kernel;
  if (!telemetry.has("supervisor.child.startError")) return;
  const reason = startReason(failure);
  telemetry.emit("supervisor.child.startError", {}, { ...supervisorMetadata(self), id, pid: undefined, reason });
}

/** A child was told to stop and ended; it has its pid still. */
export function reportShutdown(self: ProcessSelf, child: Child, reason: Reason): void {
  if (!stoppedWell(child.spec, reason)) emitShutdownError(self, child, reason, [child.pid as Pid]);
}

/** As {@link reportShutdown}, for many children of one spec: one report for all that ended with the same reason. */
export class ShutdownErrors {
  private readonly groups = new Map<unknown, { child: Child; reason: Reason; pids: Pid[] }>();

  add(child: Child, reason: Reason): void {
    if (stoppedWell(child.spec, reason)) return;
    // Two errors of one text are the same reason: each has an identity of its own.
    const key = typeof reason === "string" ? reason : showBrief(reason);
    const group = this.groups.get(key) ?? { child, reason, pids: [] };
    group.pids.push(child.pid as Pid);
    this.groups.set(key, group);
  }

  report(self: ProcessSelf): void {
    for (const { child, reason, pids } of this.groups.values()) emitShutdownError(self, child, reason, pids);
  }
}

function emitShutdownError(self: ProcessSelf, child: Child, reason: Reason, pids: readonly Pid[]): void {
  const { telemetry } = self.kernel;
  if (!telemetry.has("supervisor.child.shutdownError")) return;
  const { id, shutdown } = child.spec;
  const metadata = { ...supervisorMetadata(self), id, pid: pids[0], pids, reason, shutdown };
  telemetry.emit("supervisor.child.shutdownError", {}, metadata);
}

export function reportBackoff(self: ProcessSelf, child: Child, delay: number): void {
  const { telemetry } = self.kernel;
  if (!telemetry.has("supervisor.child.backoff")) return;
  telemetry.emit("supervisor.child.backoff", { delay, attempt: child.attempts }, childMetadata(self, child));
}

export function reportGiveUp(
  self: ProcessSelf,
  limits: { readonly maxRestarts: number; readonly maxSeconds: number },
  first: Failure,
  last: Failure,
): void {
  gaveUp.set(self.pid, first);
  const { telemetry } = self.kernel;
  if (!telemetry.has("supervisor.giveUp")) return;
  const { maxRestarts, maxSeconds } = limits;
  const metadata = { ...supervisorMetadata(self), id: last.id, reason: last.reason, first, last };
  telemetry.emit("supervisor.giveUp", { maxRestarts, maxSeconds }, metadata);
}

const childMetadata = (self: ProcessSelf, { spec, pid }: Child) => ({ ...supervisorMetadata(self), id: spec.id, pid });

const supervisorMetadata = (self: ProcessSelf) => ({
  supervisor: self.pid,
  label: self.describe(),
  ancestors: ancestorsOf(self),
});

/** Those above a process that live, as far as they are known; the root of the system is everybody's. */
function ancestorsOf(self: ProcessSelf): string[] {
  const labels: string[] = [];
  for (let { parent } = self as { parent: Pid | null }; parent !== null; ) {
    const { process } = addressOf(parent);
    if (process === null || process === self.kernel.root) break;
    labels.push(process.describe());
    parent = process.parent;
  }
  return labels;
}
