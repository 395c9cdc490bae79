import { BadArgument } from "../errors.ts";
import { show, showBrief } from "../inspect.ts";
import { isLinked } from "../links.ts";
import { EMPTY } from "../mailbox.ts";
import { addressOf } from "../pid.ts";
import { timeout as TIMEOUT } from "../plain-process.ts";
import type { Process } from "../process.ts";
import { infoOf } from "../process-info.ts";
import { type ProcessSelf, processOf } from "../self.ts";
import { ExitMessage } from "../signal.ts";
import { ended } from "../stopping.ts";
import type { Milliseconds, Pid, Reason, Self } from "../types.ts";
import { Assertion } from "./assertion.ts";
import { type Pattern, showPattern } from "./pattern.ts";
import { endOf } from "./test-process.ts";

export interface AssertOptions {
  /**
   * How long to wait, in the time of the system: virtual time passes when every process waits, manual time when it is
   * advanced. 0 takes what is there. Default 100 ms.
   */
  readonly timeout?: Milliseconds;
}

const DEFAULT: Milliseconds = 100;

/**
 * Takes the first message that matches out of the mailbox of `self`, or waits for it (ExUnit: `assert_receive`). The others
 * keep their places. `match` is a predicate or a {@link Pattern}. Throws an {@link AssertionError} when none comes in time.
 *
 * @example
 * const me = testProcess(sim);
 * me.send(me.pid, { tag: "joined", who: "ada" });
 * expect(await assertReceive(me, { tag: "joined" })).toEqual({ tag: "joined", who: "ada" });
 */
export function assertReceive<T>(
  self: Self,
  match: (message: any) => message is T,
  options?: AssertOptions,
): Promise<T>;
export function assertReceive<M>(self: Self<M>, match: Pattern, options?: AssertOptions): Promise<M>;
export async function assertReceive(
  self: Self,
  match: Pattern,
  { timeout = DEFAULT }: AssertOptions = {},
): Promise<unknown> {
  const assertion = new Assertion(assertReceive, self);
  const message = await assertion.take(match, timeout);
  if (message !== TIMEOUT) return message;
  throw assertion.failed(`a message that matches ${showPattern(match)} within ${timeout} ms`, "none");
}

/**
 * Waits, and throws an {@link AssertionError} when a message comes that matches, or is there (ExUnit: `refute_receive`). In
 * virtual time the whole time always passes.
 *
 * @example
 * await inVirtualTime(async (sim) => {
 *   const me = testProcess(sim);
 *   me.sendAfter("late", 500);
 *   await refuteReceive(me, "late", { timeout: 499 });
 * });
 */
export async function refuteReceive(
  self: Self,
  match: Pattern,
  { timeout = DEFAULT }: AssertOptions = {},
): Promise<void> {
  const assertion = new Assertion(refuteReceive, self);
  const message = await assertion.take(match, timeout);
  if (message === TIMEOUT) return;
  throw assertion.failed(`no message that matches ${showPattern(match)} within ${timeout} ms`, show(message));
}

/**
 * Takes all messages out of the mailbox of `self` and gives them in the order in which `receive` would. Those that are on
 * their way are not waited for: `sim.idle()` does that.
 *
 * @example
 * const me = testProcess(sim);
 * for (const n of [1, 2, 3]) me.send(me.pid, n);
 * expect(flushMailbox(me)).toEqual([1, 2, 3]);
 */
export function flushMailbox<M>(self: Self<M>): M[] {
  const process = processOf(self);
  const messages: unknown[] = [];
  for (let urgent = process.takeUrgentFirst(undefined); urgent !== EMPTY; urgent = process.takeUrgentFirst(undefined)) {
    messages.push(urgent);
  }
  process.flush((message) => messages.push(message) > 0);
  return messages as M[];
}

/**
 * Waits for the end of a process, past the mailbox, and gives its exit reason. Throws an {@link AssertionError} when it has
 * not ended in time, or for a reason that does not match. Of one that had ended before, the reason is known if there was
 * a {@link testProcess} then, or news of it wait in the mailbox of `self`; else it is `noproc`.
 *
 * @example
 * const me = testProcess(sim);
 * const counter = await start(sim, Counter, 0);
 * sim.exit(counter, "shutdown");
 * await assertDown(me, counter, "shutdown");
 */
export async function assertDown(
  self: Self,
  pid: Pid,
  reason?: Pattern,
  { timeout = DEFAULT }: AssertOptions = {},
): Promise<Reason> {
  const assertion = new Assertion(assertDown, self);
  const { process } = assertion;
  const target = addressOf(pid).process;
  const who = describe(process, pid);
  if (target === null) return assertion.judge(`${who} to have ended with`, reason, endOf(process, pid).reason);
  const got = await assertion.whileAlive(ended(process, pid, timeout));
  if (target.dead) return assertion.judge(`${who} to end with`, reason, got);
  throw assertion.failed(`${who} to end within ${timeout} ms`, doing(target));
}

/**
 * Takes the exit signal of a linked process out of the mailbox of `self`, which must trap exits, or waits for it. Gives its
 * reason. Throws an {@link AssertionError} when none comes in time, or with a reason that does not match.
 *
 * @example
 * const me = testProcess(sim, { trapExit: true });
 * const pid = me.spawnLink(() => exit("done"));
 * await assertExit(me, pid, "done");
 */
export async function assertExit(
  self: Self,
  pid: Pid,
  reason?: Pattern,
  { timeout = DEFAULT }: AssertOptions = {},
): Promise<Reason> {
  const assertion = new Assertion(assertExit, self);
  const { process } = assertion;
  const target = addressOf(pid).process;
  if (!self.trapExit) throw new BadArgument(`assertExit: expected a process that traps exits, got: ${show(self)}`);
  const who = describe(process, pid);
  const linked = target !== null && isLinked(process.links, target);
  const message = await assertion.take((each: unknown) => each instanceof ExitMessage && each.pid === pid, timeout);
  if (message !== TIMEOUT) return assertion.judge(`an exit signal of ${who} with`, reason, message.reason);
  const state = target === null || target.dead ? past(process, pid) : doing(target);
  const got = `${state}, and ${linked ? "linked" : "not linked"} to ${process.describe()}`;
  throw assertion.failed(`an exit signal of ${who} within ${timeout} ms`, got);
}

const describe = (by: ProcessSelf, pid: Pid): string => addressOf(pid).process?.describe() ?? endOf(by, pid).label;

const doing = (process: Process): string => {
  const { status, messages } = infoOf(process);
  return `it is alive (${status}, ${messages} ${messages === 1 ? "message" : "messages"})`;
};

const past = (by: ProcessSelf, pid: Pid): string => `it has ended (${showBrief(endOf(by, pid).reason)})`;
