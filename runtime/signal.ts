import { lasting, NOTHING } from "./lasting.ts";
import type { Address } from "./pid.ts";
import type { Down, Exit, Name, Pid, Reason } from "./types.ts";

/** What the library itself puts into a mailbox. No limit of a mailbox keeps it out, or drops it for another message. */
export abstract class Signal {}

/** A message of the library's own, as a signal. */
export const signal = <M extends object>(message: M): M => Object.assign(Object.create(Signal.prototype), message);

/** An exit signal that was trapped. */
export class ExitMessage extends Signal implements Exit {
  readonly tag = "exit";
  readonly pid: Address;
  readonly reason: Reason;
  constructor(pid: Address, reason: Reason) {
    super();
    this.pid = pid;
    this.reason = reason;
  }
}

/** What a monitor says when its target has ended. */
export class DownMessage<Tag> extends Signal implements Down<Tag> {
  readonly tag: Tag;
  readonly ref: number;
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly reason: Reason;
  constructor(tag: Tag, ref: number, pid: Pid, name: Name | undefined, reason: Reason) {
    super();
    this.tag = tag;
    this.ref = ref;
    this.pid = pid;
    this.name = name;
    this.reason = reason;
  }
}

lasting(new ExitMessage(NOTHING, "normal"));
lasting(new DownMessage("down", 0, NOTHING, undefined, "normal"));
