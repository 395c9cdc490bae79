import type { Behaviour } from "../behaviour.ts";
import { checkOptions } from "../checks.ts";
import { isClean } from "../errors.ts";
import { showBrief } from "../inspect.ts";
import type { Kernel } from "../kernel.ts";
import { PlainState, plainBehaviour } from "../plain-process.ts";
import { BUSY } from "../process.ts";
import { type ProcessSelf, processOf } from "../self.ts";
import { ExitMessage } from "../signal.ts";
import type { Caller, Down, Exit, Pid, Reason, Self } from "../types.ts";
import { isDown } from "../watch.ts";
import { AssertionError } from "./assertion-error.ts";
import { waiting } from "./waiting.ts";

export interface TestProcessOptions {
  /** Exit signals of linked processes arrive as messages, instead of ending it. Default false. */
  readonly trapExit?: boolean;
  /** What messages call it. Default `"test"`. */
  readonly label?: string;
}

/** How a process has ended, for who asks afterwards. */
export interface End {
  readonly label: string;
  readonly reason: Reason;
}

/** The test processes of a system, and the ends that they have seen. */
class Witness {
  readonly processes: ProcessSelf[] = [];
  /** Those of which their tests have been told that they have ended. */
  readonly fallen = new Set<ProcessSelf>();
  readonly ends = new WeakMap<Pid, End>();

  constructor({ telemetry }: Kernel) {
    telemetry.on("process.exit", (_, { pid, label, reason }) => this.ends.set(pid, { label, reason }));
  }
}

const witnesses = new WeakMap<Kernel, Witness>();

/** As that of a process in direct style. Its code runs outside: it has no function, and is never at its end. */
const { start: _, ...direct } = plainBehaviour;
const testBehaviour: Behaviour = { ...direct, kind: "test" };

/**
 * A process that stands for the test: it receives, monitors, links and calls, and the test is its code. It ends with the
 * system, or before it in {@link inVirtualTime} with `strict`. From when it is made, {@link assertDown} knows of each
 * process why it ended.
 *
 * @example
 * await inVirtualTime(async (sim) => {
 *   const me = testProcess(sim, { trapExit: true });
 *   const pid = me.spawnLink((its) => its.send(me.pid, "hello"));
 *   await assertReceive(me, "hello");
 *   await assertExit(me, pid, "normal");
 * });
 */
export function testProcess(by: Caller, options: TestProcessOptions = {}): Self {
  const { trapExit = false, label = "test" } = checkOptions("testProcess", options);
  const { kernel } = processOf(by);
  const witness = witnesses.get(kernel) ?? new Witness(kernel);
  witnesses.set(kernel, witness);
  const process = kernel.spawn(kernel.root, testBehaviour, new PlainState(() => {}), { label, trapExit });
  // Its code runs. Messages wait until it asks for them.
  process.status = BUSY;
  witness.processes.push(process);
  return process as Self;
}

export const isTestProcess = ({ behaviour }: ProcessSelf): boolean => behaviour === testBehaviour;

/** How a process has ended: what a test process saw, or what the news of it in the mailbox say. */
export function endOf(by: ProcessSelf, pid: Pid): End {
  const seen = witnesses.get(by.kernel)?.ends.get(pid);
  return seen ?? { label: String(pid), reason: waiting(by).find((each) => tellsOf(pid, each))?.reason ?? "noproc" };
}

const tellsOf = (pid: Pid, message: unknown): message is Down | Exit =>
  (message instanceof ExitMessage || isDown(message)) && message.pid === pid;

/** Ends the test processes, and with them who is linked to them. Throws when one had failed, and the test was not told. */
export function endTestProcesses(kernel: Kernel): void {
  const { processes = [], fallen = undefined } = witnesses.get(kernel) ?? {};
  const lost = processes.find((process) => process.dead && !isClean(process.reason) && !fallen?.has(process));
  for (const process of processes) process.end("shutdown");
  if (lost !== undefined) throw new AssertionError(fate(lost), endTestProcesses, lost.reason);
}

/** The test has been told of its end. */
export const told = (process: ProcessSelf): unknown => witnesses.get(process.kernel)?.fallen.add(process);

export function fate(process: ProcessSelf): string {
  const { origin } = process.pid;
  const by = origin === null ? "" : `, taken along by ${origin.label}`;
  const got = `it has ended with ${showBrief(process.reason)}${by}`;
  return `expected the process of the test (${process.describe()}) to live, got: ${got}`;
}
