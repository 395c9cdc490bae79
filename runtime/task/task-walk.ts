import { nothing } from "../afterlife.ts";
import { BadArgument, TaskError } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Process } from "../process.ts";
import { isThenable } from "../thenable.ts";
import type { Async, ProcessFunction, Reason, Self } from "../types.ts";
import { endWith, failed, Job, type TaskOutcome } from "./task-process.ts";
import type { StreamOptions, StreamResult } from "./task-stream.ts";

/** Starts the process of one task, at once or soon. */
export type Launch = (run: ProcessFunction, job: Job) => void | Promise<unknown>;
export type Source = { next(): Async<IteratorResult<unknown>>; return?(): unknown };
type Request = { readonly resolve: (result: IteratorResult<any>) => void; readonly reject: (error: unknown) => void };
export type StreamRun = (item: any, self: Self) => unknown;
export type WalkOptions = Required<Omit<StreamOptions, "label">>;

/** One item on its way through a stream. */
class StreamJob extends Job {
  private readonly stream: TaskWalk;
  readonly position: number;
  readonly item: unknown;
  /** Its time was up. */
  late = false;

  constructor(stream: TaskWalk, position: number, item: unknown) {
    super(stream.owner, stream.run);
    this.stream = stream;
    this.position = position;
    this.item = item;
  }

  override started(process: Process): void {
    super.started(process);
    this.stream.begun(this, process);
  }

  override get awaited(): boolean {
    return this.stream.awaited;
  }

  protected settle(outcome: TaskOutcome<unknown>): void {
    this.stream.ended(this, outcome);
  }
}

/**
 * One walk over the items. Its owner watches the tasks and is tied to them as by links, without the messages of a link:
 * what Elixir has a process for between the two.
 */
export class TaskWalk implements AsyncIterator<StreamResult<unknown>>, Disposable {
  readonly owner: Process;
  readonly run: StreamRun;
  private readonly source: Source;
  private readonly options: WalkOptions;
  private readonly link: boolean;
  private readonly launch: Launch;
  private readonly requests: Request[] = [];
  /** Tasks that have not ended, with their processes once these are there. */
  private readonly running = new Map<StreamJob, Process | undefined>();
  /** Results that nobody has taken, by the place of their item; without an order, as they came. */
  private readonly ready = new Map<number, StreamResult<unknown>>();
  private taken = 0;
  private delivered = 0;
  private pulling: "item" | "start" | undefined = undefined;
  private owned = false;
  private exhausted = false;
  private closed = false;
  private stepping = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(owner: Process, source: Source, run: StreamRun, options: WalkOptions, link: boolean, launch: Launch) {
    this.owner = owner;
    this.source = source;
    this.run = run;
    this.options = options;
    this.link = link;
    this.launch = launch;
  }

  // ── asked from outside ──

  /** Whether somebody waits for a result. */
  get awaited(): boolean {
    return this.requests.length > 0;
  }

  next(): Promise<IteratorResult<StreamResult<unknown>>> {
    if (this.owner.dead) return nothing(this.owner, "asyncStream");
    if (!this.owned) this.owner.own(this);
    this.owned = true;
    return new Promise((resolve, reject) => {
      this.requests.push({ resolve, reject });
      this.step();
    });
  }

  /** The loop was left. */
  async return(): Promise<IteratorResult<never>> {
    if (this.owner.dead) return nothing(this.owner, "asyncStream");
    await this.close();
    return { done: true, value: undefined };
  }

  /** The owner ended: linked tasks hear of it as by a link. */
  [Symbol.dispose](): void {
    this.closed = true;
    this.requests.length = 0;
    if (!this.link) return;
    for (const process of this.running.values()) process?.signalled(this.owner.pid, endWith(this.owner), true);
  }

  // ── told by the tasks ──

  begun(job: StreamJob, process: Process): void {
    if (this.closed) return process.signalled(this.owner.pid, "kill", false);
    this.running.set(job, process);
    const { timeout } = this.options;
    // The task's own timer: it goes with the task.
    if (timeout !== "infinity") process.kernel.timers.set(timeout, () => this.expire(job, process), process);
  }

  ended(job: StreamJob, outcome: TaskOutcome<unknown>): void {
    if (this.closed) return;
    const process = this.running.get(job);
    this.running.delete(job);
    if (!failed(outcome)) this.ready.set(job.position, outcome);
    else if (!job.late && this.kills(outcome.exit))
      return this.owner.signalled((process as Process).pid, outcome.exit, true);
    else if (this.failure === undefined) {
      const exit = job.late ? "timeout" : outcome.exit;
      this.ready.set(job.position, this.options.zipInputOnExit ? zipped(exit, job.item) : { exit });
    }
    this.step();
  }

  private kills(reason: Reason): boolean {
    return this.link && !this.owner.trapExit && reason !== "normal";
  }

  private expire(job: StreamJob, process: Process): void {
    const { timeout, onTimeout } = this.options;
    job.late = true;
    if (onTimeout === "exit") {
      const text = `task ${process.pid} (${job.what}): expected a result for ${show(job.item)} within ${timeout} ms, got: none`;
      this.failure ??= { error: new TaskError("timeout", text) };
    }
    process.signalled(this.owner.pid, "kill", false);
  }

  // ── going on ──

  /** Starts what may be started and gives out what is there, as long as somebody asks. */
  private step(): void {
    if (this.stepping) return;
    this.stepping = true;
    while (this.requests.length > 0) {
      while (this.wantsMore()) this.pull();
      const result = this.take();
      if (result !== undefined) this.answer({ done: false, value: result });
      else if (this.failure !== undefined) this.fail(this.failure.error);
      else if (!this.isOver()) break;
      else {
        this.stop();
        this.answer({ done: true, value: undefined });
      }
    }
    this.stepping = false;
  }

  private wantsMore(): boolean {
    const { maxConcurrency, ordered, maxBuffered } = this.options;
    const { running, ready } = this;
    if (this.closed || this.exhausted || this.pulling !== undefined || this.failure !== undefined) return false;
    if (running.size >= maxConcurrency) return false;
    if (running.size + ready.size < maxConcurrency) return true;
    // What is ready waits for one that takes longer; the others need not.
    return ordered && !ready.has(this.delivered) && ready.size < maxBuffered;
  }

  private isOver(): boolean {
    return this.closed || (this.exhausted && this.running.size === 0 && this.ready.size === 0);
  }

  private take(): StreamResult<unknown> | undefined {
    const { ready } = this;
    const place = this.options.ordered ? this.delivered : ready.keys().next().value;
    if (place === undefined || !ready.has(place)) return undefined;
    const result = ready.get(place);
    ready.delete(place);
    this.delivered++;
    return result;
  }

  private pull(): void {
    let item: Async<IteratorResult<unknown>>;
    try {
      item = this.source.next();
    } catch (error) {
      return this.broken(error);
    }
    if (this.closed) return;
    if (!isThenable(item)) return this.begin(item);
    this.pulling = "item";
    const arrived = (go: () => void): void => {
      this.pulling = undefined;
      if (this.closed) return;
      go();
      this.step();
    };
    item.then(
      (next) => arrived(() => this.begin(next)),
      (error) => arrived(() => this.broken(error)),
    );
  }

  private begin(item: IteratorResult<unknown>): void {
    if (typeof item !== "object" || item === null) {
      return this.broken(new BadArgument(`asyncStream: expected a result of the iterator, got: ${show(item)}`));
    }
    if (item.done === true) {
      this.exhausted = true;
      return;
    }
    const job = new StreamJob(this, this.taken++, item.value);
    this.running.set(job, undefined);
    const { run } = this;
    const refused = (error: unknown): void => {
      this.running.delete(job);
      this.failure = { error };
    };
    let starting: void | Promise<unknown>;
    try {
      starting = this.launch((self) => run(job.item, self), job);
    } catch (error) {
      return refused(error);
    }
    if (starting === undefined) return;
    this.pulling = "start";
    const settled = (): void => {
      this.pulling = undefined;
      if (!this.closed) this.step();
    };
    starting.then(settled, (error) => {
      refused(error);
      settled();
    });
  }

  /** The items could not be had. */
  private broken(error: unknown): void {
    this.exhausted = true;
    this.failure = { error };
  }

  private answer(result: IteratorResult<unknown>): void {
    const request = this.requests.shift();
    // None is left when the owner ended in the middle of this.
    if (request !== undefined) this.tell(request.resolve, result);
  }

  private tell(settle: (value: any) => void, value: unknown): void {
    this.owner.kernel.scheduler.settle(this.owner, settle, value);
  }

  private fail(error: unknown): void {
    this.failure = undefined;
    const request = this.requests.shift() as Request;
    const reject = (why: unknown): void => this.tell(request.reject, why);
    try {
      const closing = this.close();
      if (isThenable(closing)) closing.then(() => reject(error), reject);
      else reject(error);
    } catch (thrown) {
      reject(thrown);
    }
  }

  /** Kills what still runs. */
  private stop(): void {
    this.closed = true;
    this.owner.disown(this);
    const { running } = this;
    for (const [job, process] of running) {
      job.detach();
      process?.signalled(this.owner.pid, "kill", false);
    }
    running.clear();
    this.ready.clear();
  }

  /** Stops, and lets the source of the items clean up behind itself. */
  private close(): unknown {
    const open = !this.closed && !this.exhausted;
    this.stop();
    if (!open) return undefined;
    const closing = this.source.return?.();
    if (this.pulling !== "item" || !isThenable(closing)) return closing;
    // It is still at the next item, and may be for ever: nobody waits, and what it throws then is its process's.
    closing.then(undefined, (error) => this.owner.crash(error));
    return undefined;
  }
}

const zipped = (exit: Reason, input: unknown): StreamResult<unknown> => ({ exit, input }) as StreamResult<unknown>;
