import { Reminder } from "./call.ts";
import { checkOptions } from "./checks.ts";
import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import { EMPTY } from "./mailbox.ts";
import { type Process, START } from "./process.ts";
import { defineReport } from "./reports.ts";
import { Signal } from "./signal.ts";
import type { MailboxOptions, Pid } from "./types.ts";
import { Watch } from "./watch.ts";

declare module "./telemetry.ts" {
  interface TelemetryEvents {
    /** A message found the mailbox of a process full. */
    "process.mailbox.overflow": [
      measurements: { messages: number; limit: number },
      metadata: { pid: Pid; label: string; overflow: MailboxOptions["overflow"]; message: unknown },
    ];
  }
}

defineReport(
  "process.mailbox.overflow",
  "warning",
  ({ limit }, { label, overflow, message }) =>
    `the mailbox of process ${label} is full (limit ${limit}, ${overflow}) at: ${show(message)}`,
);

const POLICIES: readonly unknown[] = ["dropNewest", "dropOldest", "refuse", "exit"];

export function checkMailbox(options: MailboxOptions): MailboxOptions {
  const { limit, overflow } = checkOptions("mailbox", options);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new BadArgument(`expected the limit of a mailbox to be a whole number from 1 up, got: ${show(limit)}`);
  }
  if (!POLICIES.includes(overflow)) {
    throw new BadArgument(`expected the overflow of a mailbox to be ${POLICIES.join(", ")}, got: ${show(overflow)}`);
  }
  return options;
}

/** Whether a message may enter a mailbox that has a limit. Signals and what the runtime sends never come here. */
export function admit(process: Process, { limit, overflow }: MailboxOptions, message: unknown): boolean {
  const messages = process.queueLength;
  if (messages < limit) return true;
  const oldest = overflow === "dropOldest" ? takeOldest(process) : EMPTY;
  const dropped = oldest === EMPTY ? message : oldest;
  const { telemetry } = process.kernel;
  if (telemetry.has("process.mailbox.overflow")) {
    const metadata = { pid: process.pid, label: process.describe(), overflow, message: dropped };
    telemetry.emit("process.mailbox.overflow", { messages, limit }, metadata);
  }
  // Whoever waits for the answer to a message that is dropped hears of it at once.
  if (dropped instanceof Watch && dropped.detach()) dropped.fire("mailboxFull");
  if (overflow === "exit") process.end("mailboxFull");
  return dropped !== message;
}

/** The ordinary message that waits longest: one that the behaviour keeps has waited longer than all in the mailbox. */
function takeOldest(process: Process): unknown {
  let oldest: unknown = EMPTY;
  process.behaviour.flush?.(process, (message) => {
    if (oldest !== EMPTY || !isOrdinary(message)) return false;
    oldest = message;
    return true;
  });
  return oldest === EMPTY ? process.takeOldest(isOrdinary) : oldest;
}

const isOrdinary = (message: unknown): boolean =>
  message !== START && !(message instanceof Signal) && !(message instanceof Reminder);
