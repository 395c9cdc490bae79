import { Call } from "../runtime/call.ts";
import { isClean } from "../runtime/errors.ts";
import { addressOf } from "../runtime/pid.ts";
import type { Process } from "../runtime/process.ts";
import type { Client, Doing } from "../runtime/telemetry.ts";
import type { Reason } from "../runtime/types.ts";
import { formatStatus, logOf, shown, statusOf } from "./sys/system-host.ts";

/**
 * Tells of a crash in a callback: what it did, with what, in which state, and for whom (OTP: `gen_server:error_info`).
 * The module's `formatStatus` decides what is shown. A clean reason is told to nobody.
 */
export function reportCrash(process: Process, reason: Reason, callback: string, message: unknown): void {
  tell(process, reason, callback, shown(message), message instanceof Call ? message : undefined);
}

/** As {@link reportCrash}, of a `message` that is shown as it is. */
export function tell(
  process: Process,
  reason: Reason,
  callback: string,
  message: unknown,
  call: Call | undefined,
): void {
  const { telemetry } = process.kernel;
  if (isClean(reason) || !telemetry.has("process.crash")) return;
  const log = logOf(process);
  const given = { ...statusOf(process), message, reason, ...(log !== undefined && { log }) };
  const { reason: told, ...status } = formatStatus(process, given);
  const doing: Doing = { callback, ...status, ...(call !== undefined && { client: clientOf(call) }) };
  process.kernel.tellCrash(process, told as Reason, doing);
}

function clientOf({ pid, terms }: Call): Client {
  const { process } = addressOf(pid);
  return { pid, label: process === null ? undefined : process.describe(), stack: terms?.site?.stack };
}
