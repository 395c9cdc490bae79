import { showBrief } from "./inspect.ts";
import type { Process } from "./process.ts";
import type { Reason } from "./types.ts";

/** Why `self.signal` was aborted. */
export class Exited extends Error {
  override readonly name = "AbortError";
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(`the process ended: ${showBrief(reason)}`, { cause: reason });
    this.reason = reason;
  }
}

/** What an owner's end does to what it owns, the last first. Its code, so what it leaves behind is the owner's. */
export function dispose(owner: Process, resources: ReadonlySet<Disposable>): void {
  for (const resource of [...resources].reverse()) {
    try {
      resource[Symbol.dispose]();
    } catch (error) {
      const metadata = { pid: owner.pid, label: owner.describe(), error };
      owner.kernel.telemetry.emit("process.release.failure", {}, metadata);
    }
  }
}

/** What an aborted signal makes code throw: that code did as it was told. */
export const isAbort = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === "AbortError";

export const abort = (controller: AbortController, reason: Reason): void => controller.abort(new Exited(reason));
