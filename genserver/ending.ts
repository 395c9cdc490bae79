import type { Call } from "../runtime/call.ts";
import { reasonOf } from "../runtime/errors.ts";
import type { Process } from "../runtime/process.ts";
import { NONE } from "../runtime/results.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Reason } from "../runtime/types.ts";
import { type Callback, enter, isFailure, named, type Server, settled } from "./callback.ts";
import { reportCrash } from "./report.ts";
import { type Pending, recordReply } from "./sys/system-host.ts";

// How servers end.

export function failedInit(process: Process, reason: Reason): void {
  process.kernel.reportCrash(process, reason, { callback: "init" });
  process.end(reason);
}

/** `terminate` runs first; then the reply of a stop is sent, whatever became of it; then the process ends. */
export function terminate(
  process: Process,
  server: Server,
  reason: Reason,
  from: Call | undefined,
  value: unknown,
  cause: { readonly callback: string; readonly message: unknown },
): Pending {
  const finish = (last: Reason): void => {
    if (value !== NONE && from !== undefined) {
      recordReply(process, value, from);
      from.answer(value);
    }
    const { callback, message } = last === reason ? cause : { callback: "terminate", message: reason };
    if (!process.dead) reportCrash(process, last, named(callback, message), message);
    process.end(last);
  };
  let pending: unknown;
  try {
    const run: Callback | undefined = server.module.source.terminate;
    if (run !== undefined) pending = enter(process, server, run, reason, server.state, process, undefined);
  } catch (thrown) {
    return finish(isFailure(thrown) ? reasonOf(thrown) : reason);
  }
  if (!isThenable(pending)) return finish(reason);
  return Promise.resolve(pending).then(
    () => settled(process, () => finish(reason)),
    (thrown) => settled(process, () => finish(isFailure(thrown) ? reasonOf(thrown) : reason), thrown),
  );
}
