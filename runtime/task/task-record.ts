import { nothing } from "../afterlife.ts";
import { BadArgument, TaskError } from "../errors.ts";
import { show } from "../inspect.ts";
import { addressOf } from "../pid.ts";
import type { Process } from "../process.ts";
import { processOf } from "../self.ts";
import { DownMessage, signal } from "../signal.ts";
import type { Caller, Milliseconds, Pid, Reason, Shutdown } from "../types.ts";
import { Ending, isDown } from "../watch.ts";
import type { Task, TaskResult } from "./task.ts";
import { endWith, failed, Job, type TaskOutcome } from "./task-process.ts";

type Heard = (task: TaskRecord) => void;

/** A task as its owner holds it. */
export class TaskRecord extends Job implements Task<any> {
  pid: Pid | undefined = undefined;
  outcome: TaskOutcome<any> | undefined = undefined;
  /** Nobody will hear of its end any more: it was ignored, or an await of it has failed. */
  givenUp: "ignore" | "await" | undefined = undefined;
  private readonly linked: boolean;
  /** Whether its end is a message to the owner when nobody waits for it. */
  private announces: boolean;
  private announced = false;
  private waiting: Set<Heard> | null = null;
  private readonly since: Milliseconds;

  constructor(owner: Process, run: unknown, linked: boolean) {
    super(owner, run);
    this.linked = linked;
    this.announces = !linked;
    this.since = owner.kernel.driver.now();
  }

  override started(process: Process): void {
    super.started(process);
    this.pid = process.pid;
    if (this.linked) this.owner.own(this);
  }

  /** Its process, as long as that lives. */
  get process(): Process | null {
    const process = this.pid === undefined ? null : addressOf(this.pid).process;
    return process === null || process.dead ? null : process;
  }

  protected settle(outcome: TaskOutcome<unknown>): void {
    this.outcome = outcome;
    this.owner.disown(this);
    const { waiting } = this;
    this.waiting = null;
    if (waiting !== null && waiting.size > 0) for (const heard of waiting) heard(this);
    else if (this.announces) this.announce(outcome);
  }

  join(heard: Heard): void {
    this.waiting ??= new Set();
    this.waiting.add(heard);
  }

  leave(heard: Heard): void {
    this.waiting?.delete(heard);
  }

  override get awaited(): boolean {
    return this.waiting !== null && this.waiting.size > 0;
  }

  private announce(outcome: TaskOutcome<unknown>): void {
    const { ref, pid } = this;
    this.announced = true;
    this.owner.enqueue(
      failed(outcome)
        ? new DownMessage("down", ref, pid as Pid, undefined, outcome.exit)
        : signal({ tag: "task", ref, value: outcome.ok }),
    );
  }

  /** Whoever asks for the result has it from there: a message that still waits goes. */
  takeMessage(): void {
    if (!this.announced) return;
    this.announced = false;
    this.owner.flush((message) => (isResult(message) || isDown(message)) && message.ref === this.ref);
  }

  giveUp(why: "ignore" | "await"): void {
    // It is not heard of any more, so its process lets its owner go when it ends.
    if (this.detach() && this.linked) this.process?.own({ [Symbol.dispose]: () => this.owner.disown(this) });
    this.takeMessage();
    this.givenUp = why;
    this.outcome = undefined;
  }

  /** Lets the task go: unlinked, unheard, but running. What was known of its end is returned, and forgotten. */
  ignore(): TaskOutcome<any> | undefined {
    const { process, owner, outcome } = this;
    if (process !== null) owner.unlinkFrom(process);
    owner.disown(this);
    this.giveUp("ignore");
    return outcome;
  }

  /** Unlinks the task and tells it to stop (Elixir: `Task.shutdown/2`). `told` hears how it ended, once it has. */
  shutdown(timeout: Shutdown, told: (outcome: TaskOutcome<any> | undefined) => void): void {
    const { process, owner } = this;
    const expected = timeout === "brutalKill" ? "killed" : "shutdown";
    this.announces = false;
    this.takeMessage();
    const tell = (reason: Reason): void => {
      const outcome = this.outcome ?? { exit: reason };
      told(outcome.exit === expected ? undefined : outcome);
    };
    if (process === null) return tell("noproc");
    new Ending(tell).attach(owner, process);
    owner.unlinkFrom(process);
    const kill = () => process.signalled(owner.pid, "kill", false);
    if (timeout === "brutalKill") return kill();
    // The task's own timer: the owner may end meanwhile, and the task must not outlive its time.
    if (timeout !== "infinity") owner.kernel.timers.set(timeout, kill, process);
    process.signalled(owner.pid, "shutdown", false);
  }

  /** The error of an await. */
  failure(reason: Reason): Error {
    if (reason instanceof Error) return reason;
    return new TaskError(reason, `${this}: expected a result, got: ${show(reason)} (it ended)`);
  }

  late(timeout: Milliseconds | "infinity"): TaskError {
    const got = `none yet (it is ${this.age} ms old and goes on)`;
    return new TaskError("timeout", `${this}: expected a result within ${timeout} ms, got: ${got}`);
  }

  get age(): Milliseconds {
    return Math.round(this.owner.kernel.driver.now() - this.since);
  }

  /** The owner ended. A link lets the task live on when that was normal, so its word is replaced. */
  [Symbol.dispose](): void {
    const { owner, process } = this;
    if (owner.reason !== "normal" || process === null) return;
    owner.unlinkFrom(process);
    process.signalled(owner.pid, endWith(owner), true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.owner.dead) return nothing(this.owner, "shutdown");
    if (this.process === null || this.givenUp === "ignore") return;
    const { owner } = this;
    await new Promise((resolve) => this.shutdown(5000, () => owner.kernel.scheduler.settle(owner, resolve, undefined)));
  }

  override toString(): string {
    return this.pid === undefined ? `the completed task ${this.ref}` : `task ${this.pid} (${this.what})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The record of a task that `self` may ask for: a result belongs to the owner (Elixir: an `ArgumentError`). */
export function recordOf(self: Caller, task: Task<any>, operation: string): TaskRecord {
  if (!(task instanceof TaskRecord)) throw new BadArgument(`Task.${operation}: expected a task, got: ${show(task)}`);
  const by = processOf(self);
  if (by === task.owner) return task;
  throw new BadArgument(
    `Task.${operation}: expected ${task} to be asked for by its owner ${task.owner.pid}, got: ${by.pid}`,
  );
}

/** The same, of a task whose result may still be asked for. */
export function askable(self: Caller, task: Task<any>, operation: string): TaskRecord {
  const record = recordOf(self, task, operation);
  if (record.givenUp === undefined) return record;
  const why = record.givenUp === "ignore" ? "which was ignored" : "of which an await has failed";
  throw new TaskError("ignored", `Task.${operation}: expected a task that was not given up, got: ${record}, ${why}`);
}

const isResult = (message: unknown): message is TaskResult<unknown> =>
  typeof message === "object" && message !== null && (message as { tag?: unknown }).tag === "task";
