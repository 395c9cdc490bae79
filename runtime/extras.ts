import type { AliasAddress } from "./alias.ts";
import { EMPTY } from "./mailbox.ts";
import type { Scope } from "./strays.ts";
import type { Timer } from "./timers.ts";
import type { MailboxOptions, Milliseconds, Pid } from "./types.ts";

/** Of a process that works for nobody else. */
export const NO_CALLERS: readonly Pid[] = Object.freeze([]);

/** What only some processes have: made on first use, so that the others stay small. */
export class Extras {
  callers: readonly Pid[] = NO_CALLERS;
  aliases: Set<AliasAddress> | null = null;
  /** While it handles a request that came with a deadline: by when its own calls must be answered. */
  deadline: Milliseconds | null = null;
  /** The limit of its mailbox. */
  bounds: MailboxOptions | null = null;
  /** The message that an asynchronous callback is busy with, or {@link EMPTY}; and since when. */
  current: unknown = EMPTY;
  since: Milliseconds = 0;
  /** Time in its callbacks, where the system keeps account. */
  spent: Milliseconds = 0;
  resources: Set<Disposable> | null = null;
  controller: AbortController | null = null;
  /** Of a process that has ended: when it is told that its code goes on. */
  unfinished: Timer | null = null;
  /** Its code has asked for something after the end, and waits for it for ever. */
  parked = false;
  /** The message that its behaviour looks at went before ordinary ones. */
  urgent = false;
  /** Where its asynchronous code runs. */
  scope: Scope | null = null;
}
