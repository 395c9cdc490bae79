import type { ProcessSelf } from "../self.ts";

/** The messages that wait for a process, and stay. */
export function waiting(process: ProcessSelf): readonly unknown[] {
  const messages: unknown[] = [];
  process.flush((message) => messages.push(message) < 0);
  return messages;
}
