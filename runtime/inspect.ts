import { inspect } from "node:util";

const LIMIT = 400;

/** A value for an error message: shallow, bounded, and never throwing, whatever the value's getters do. */
export function show(value: unknown): string {
  try {
    const text = inspect(value, { depth: 2, maxArrayLength: 10, maxStringLength: 200, breakLength: Infinity });
    return text.length > LIMIT ? `${text.slice(0, LIMIT)}…` : text;
  } catch {
    return `[${typeof value} that cannot be inspected]`;
  }
}

/** A reason for a report: an Error with its stack and cause, anything else as a value. */
export function showReason(reason: unknown): string {
  try {
    return inspect(reason, { depth: 4, maxArrayLength: 50, maxStringLength: 2000 });
  } catch {
    return show(reason);
  }
}

/** A reason in one line, for a report beside another that has the stack. */
export function showBrief(reason: unknown): string {
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : show(reason);
}
