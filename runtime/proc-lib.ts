import { checkFunction, checkOptions } from "./checks.ts";
import { StartError } from "./errors.ts";
import { plainBehaviour, plainState } from "./plain-process.ts";
import type { Process } from "./process.ts";
import { processOf } from "./self.ts";
import { startFunction } from "./start-function.ts";
import { type StartFlags, type Starting, startProcess } from "./starting.ts";
import type { Async, Caller, ChildSpec, Label, MailboxOptions, Milliseconds, Name, Pid, Self } from "./types.ts";

/** How a process that is being started says what became of it. Only the first word counts. */
export interface Init {
  /** It is up: whoever started it goes on (OTP: `proc_lib:init_ack/1`). */
  ack(): void;
  /** It will not run, and that is no error: the start gives `"ignore"`. The process ends as `normal`. */
  ignore(): void;
  /** The start fails with `reason`, and the process ends as `normal`, before anyone hears of it (`proc_lib:init_fail/2`). */
  fail(reason: unknown): void;
}

export type InitFunction = (self: Self, init: Init) => Async<unknown>;

export interface ProcLibOptions {
  readonly name?: Name;
  readonly label?: Label;
  readonly mailbox?: MailboxOptions;
  /** How long it may take to say that it is up. Then it is killed, and the start fails with `timeout`. Default: no limit. */
  readonly timeout?: Milliseconds | "infinity";
}

/**
 * Starts a process that runs a function, and waits until that says that it is up (OTP: `proc_lib:start/5`): what a
 * supervisor needs of a process that is no server. Rejects with a `StartError`: with what `fail` was given, with what
 * the function threw, with `"normal"` when it returned without a word, with `"ignore"` after `ignore`.
 *
 * @example
 * const ticker = await procLib.start(self, async (self, init) => {
 *   const started = self.now();
 *   init.ack();
 *   await self.receive();
 *   console.log(self.now() - started);
 * });
 * self.send(ticker, "stop");
 */
async function start(by: Caller, run: InitFunction, options: ProcLibOptions = {}): Promise<Pid> {
  return started(await launch(processOf(by), run, options, false), options);
}

/** As {@link start}, linked to `self` (OTP: `proc_lib:start_link/5`). */
async function startLink(self: Self, run: InitFunction, options: ProcLibOptions = {}): Promise<Pid> {
  return started(await launch(processOf(self), run, options, true), options);
}

/** A child spec that starts the function as a process. */
function child(run: InitFunction, options: ProcLibOptions & Partial<Omit<ChildSpec, "start">> = {}): ChildSpec {
  checkFunction("procLib", run);
  const { name, label, mailbox, timeout, ...spec } = checkOptions("procLib.child", options);
  const id = options.id ?? name?.name ?? (run.name || "process");
  const flags = { name, label: label ?? id, mailbox, timeout };
  const start = startFunction({
    behaviour: plainBehaviour,
    flags: { ...flags, link: true },
    state: () => functionState(run),
  });
  return { ...spec, id, start };
}

export const procLib = { start, startLink, child };

function launch(
  by: Process,
  run: InitFunction,
  options: Omit<StartFlags, "link">,
  link: boolean,
): Promise<Pid | "ignore"> {
  checkFunction("procLib", run);
  const { name, label, mailbox, timeout } = checkOptions("procLib", options);
  return startProcess(by, plainBehaviour, functionState(run), { link, name, label, mailbox, timeout });
}

const functionState = (run: InitFunction) => plainState((self) => run(self, new Word(processOf(self))));

function started(pid: Pid | "ignore", { label, name }: ProcLibOptions): Pid {
  if (pid !== "ignore") return pid;
  throw new StartError("ignore", name?.name ?? (typeof label === "string" ? label : "the process"));
}

class Word implements Init {
  private readonly process: Process;
  constructor(process: Process) {
    this.process = process;
  }
  ack(): void {
    this.starting("ack")?.ack();
  }
  ignore(): void {
    this.starting("ignore")?.abandon({ ignore: true }, "normal");
  }
  fail(reason: unknown): void {
    this.starting("fail")?.abandon({ failure: reason }, "normal");
  }
  private starting(word: keyof Init): Starting | null {
    const { process } = this;
    if (!process.dead) return process.starting;
    process.zombie(`init.${word}`);
    return null;
  }
}
