import type { Process } from "./process.ts";
import type { Reason } from "./types.ts";

/**
 * What a kind of process does with its messages. One object serves all processes of its kind; what differs is in
 * `process.state`. Whatever a method throws, or its promise rejects with, ends the process with that reason.
 */
export interface Behaviour {
  /** What reports call a process that has neither label nor name. */
  readonly kind: string;
  /** The first turn of the process. Without one, it begins with its first message. */
  start?(process: Process): void | Promise<void>;
  /** One message. While a returned promise is pending, messages wait and signals act. */
  receive(process: Process, message: unknown): void | Promise<void>;
  /** Removes the messages that match of those which the behaviour has taken from the mailbox and keeps. */
  flush?(process: Process, match: (message: unknown) => boolean): void;
  /** Whether it keeps messages in their order, those that go before ordinary ones before those: it asks for `urgent`. */
  readonly keepsOrder?: boolean;
  /** How many such messages there are. */
  kept?(process: Process): number;
  /** Ends the process in its order, as if the handling of `message` had thrown `reason`. Default: it crashes at once. */
  terminate?(process: Process, reason: Reason, message: unknown): void | Promise<void>;
  /** Its process has ended, and its peers have heard of it: for whoever started it, who needs no message then. */
  ended?(process: Process): void;
  /** Asks the process to stop in order. Default: the exit signal `reason`. */
  stop?(process: Process, reason: Reason): void;
}
