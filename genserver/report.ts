import { Call } from "../runtime/call.ts";
import { isClean } from "../runtime/errors.ts";
import { addressOf } from "../runtime/pid.ts";
import type { Process } from "../runtime/process.ts";
import type { Client, Doing } from "../runtime/telemetry.ts";
import type { Reason } from "../runtime/types.ts";
import { formatStatus, logOf, shown, statusOf } from "./system-host.ts";

/**
 * Tells of a crash in a callback: what it did, with what, in which state, and for whom (OTP: `gen_server:error_info`).
 * The module's `formatStatus` decides what is shown. A clean reason is told to nobody.
 */
export function reportCrash(process: Process, reason: Reason, callback: string, message: unknown): void {
  const { telemetry } = process.kernel;
  if (isClean(reason) || !telemetry.has("process.crash")) return;
  const log = logOf(process);
  const given = { ...statusOf(process), message: shown(message), reason, ...(log !== undefined && { log }) };
  const status = formatStatus(process, given);
  const client = message instanceof Call ? clientOf(message) : undefined;
  const doing: Doing = {
    callback,
    message: status.message,
    state: status.state,
    ...(status.log !== undefined && { log: status.log }),
    ...(client !== undefined && { client }),
  };
  process.kernel.tellCrash(process, status.reason as Reason, doing);
}

function clientOf({ pid, terms }: Call): Client {
  const { process } = addressOf(pid);
  return { pid, label: process === null ? undefined : process.describe(), stack: terms?.site?.stack };
}
