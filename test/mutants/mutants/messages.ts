import { of } from "../mutant.ts";

/** Mailboxes, receive, and who handles a message when. */
export const messages = [
  ...of("runtime/queue.ts", {
    "a message that is taken from the middle changes places with the first": [
      "for (let i = found; i > 0; i--) this.ring[this.place(i)] = this.ring[this.place(i - 1)];",
      "this.ring[this.place(found)] = this.ring[this.place(0)];",
    ],
    "a mailbox that grows forgets where it began": [
      "for (let i = head; i < ring.length; i++) bigger[count++] = ring[i];\n    for (let i = 0; i < head; i++) bigger[count++] = ring[i];",
      "for (let i = 0; i < ring.length; i++) bigger[count++] = ring[i];",
    ],
    "a flush does not look at the youngest message": [
      "for (let left = this.count; left > 0; left--) {",
      "for (let left = this.count; left > 1; left--) {",
    ],
  }),
  ...of("runtime/mailbox.ts", {
    "a flush takes one message": [
      "const rest = this.rest === null ? [] : this.rest.takeAll(match);",
      "const rest = this.rest === null || first ? [] : this.rest.takeAll(match);",
    ],
    "of two urgent messages the younger goes first": ["this.urgent.push(message);", "this.urgent.prepend([message]);"],
    "what goes before all others goes behind urgent messages": [
      "this.urgent.prepend(messages);",
      "for (const message of messages) this.urgent.push(message);",
    ],
    "a flush overlooks urgent messages": ["const taken = this.takeUrgent(match);", "const taken: unknown[] = [];"],
  }),
  ...of("runtime/plain-process.ts", {
    "what a receive has passed over comes after what waits in the mailbox": [
      "if (kept !== EMPTY || state.saved === undefined) return kept;",
      "if (kept !== EMPTY || state.saved === undefined || process.messageCount > 0) return kept;",
    ],
    "a receive that has its message keeps its timer": ["state.receiver?.timer?.cancel();", ""],
    "a receive without time does not look into the mailbox": [
      "if (after === 0 && process.messageCount === 0) return timeUp(process, state, receiver);",
      "if (after === 0) return timeUp(process, state, receiver);",
    ],
    "an urgent message that a receive has passed over is an ordinary one": [
      "  if (urgent) {",
      "  if (urgent && false) {",
    ],
    "a message that a receive does not want is lost": ["state.saved.push(message);", ""],
    "a flush does not look at what a receive has passed over": [
      "    saved?.takeAll(match);",
      "    saved?.some(match);",
    ],
    "a receive whose time is up while messages wait for it waits for ever": [
      "if (state.receiver?.overdue && process.messageCount === 0)",
      "if (state.receiver?.overdue && process.messageCount > 0)",
    ],
  }),
  ...of("runtime/scheduler.ts", {
    "a process handles messages while an asynchronous callback is suspended": [
      "if (process.status === READY) process.pause(message);",
      "if (process.status === READY) process.busyWith(message);",
    ],
    "who comes back from an asynchronous callback does not look into the mailbox": [
      "if (process.messageCount > 0) this.ready(process);\n    else process.status = IDLE;",
      "process.status = IDLE;",
    ],
  }),
];
