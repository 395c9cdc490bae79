import { show, showBrief } from "../inspect.ts";
import { type ProcessSelf, processOf } from "../self.ts";
import type { Milliseconds, Reason, Self } from "../types.ts";
import { AssertionError } from "./assertion-error.ts";
import { matches, type Pattern, showPattern } from "./pattern.ts";
import { fate, isTestProcess, told } from "./test-process.ts";
import { waiting } from "./waiting.ts";

const DEAD = Symbol("dead");

/** One assertion, on its way: by whom it is made, and what it throws. */
export class Assertion {
  readonly process: ProcessSelf;
  /** The function that the test called: its errors have its name, and a stack that begins there. */
  private readonly called: (...args: any[]) => unknown;

  constructor(called: (...args: any[]) => unknown, self: Self) {
    this.called = called;
    this.process = processOf(self);
  }

  /** The first message that matches, or `timeout`. */
  take(match: Pattern, timeout: Milliseconds): Promise<any> {
    return this.whileAlive(this.process.receive((message) => matches(match, message), timeout));
  }

  /** What waits for a dead process waits for ever: a test is to hear of it. */
  async whileAlive<T>(waiting: Promise<T>): Promise<T> {
    const { process } = this;
    if (!isTestProcess(process)) return waiting;
    const { signal } = process;
    const { promise: death, resolve } = Promise.withResolvers<typeof DEAD>();
    const die = () => resolve(DEAD);
    if (signal.aborted) die();
    signal.addEventListener("abort", die);
    const result = await Promise.race([waiting, death]).finally(() => signal.removeEventListener("abort", die));
    if (result !== DEAD) return result;
    told(process);
    throw new AssertionError(fate(process), this.called, process.reason);
  }

  /** The reason, if it is one that was expected. */
  judge(expected: string, pattern: Pattern, reason: Reason): Reason {
    if (pattern === undefined || matches(pattern, reason)) return reason;
    throw this.failed(`${expected} ${showPattern(pattern)}`, showBrief(reason), reason);
  }

  failed(expected: string, got: string, reason?: Reason): AssertionError {
    const message = `${this.called.name}: expected ${expected}, got: ${got}\n${mailbox(this.process)}`;
    return new AssertionError(message, this.called, reason);
  }
}

/** How many messages a failure shows. */
const SHOWN = 10;

function mailbox(process: ProcessSelf): string {
  const messages = waiting(process);
  if (messages.length === 0) return `the mailbox of ${process.describe()} is empty`;
  const shown = messages.slice(0, SHOWN).map((message) => `  ${show(message)}`);
  const more = messages.length > SHOWN ? [`  … and ${messages.length - SHOWN} more`] : [];
  return [`the mailbox of ${process.describe()}, got:`, ...shown, ...more].join("\n");
}
