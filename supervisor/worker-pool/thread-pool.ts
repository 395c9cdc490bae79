import { answer, Call, type From, remind } from "../../runtime/call.ts";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { Milliseconds, TimerRef } from "../../runtime/types.ts";
import { Refusal } from "../refusal.ts";
import { Job } from "./worker-job.ts";
import type { PiscinaModule, WorkerPoolInfo } from "./worker-pool.ts";
import { WorkerPoolError } from "./worker-pool-error.ts";
import "./worker-pool-events.ts";
import { type Task, Thread, type ThreadOptions } from "./worker-thread.ts";

/** The options of a pool with their defaults filled in. */
export interface PoolOptions {
  readonly load: () => Promise<PiscinaModule>;
  readonly filename: string;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly maxQueue: number;
  readonly idleTimeout: Milliseconds;
  readonly taskTimeout: Milliseconds;
  readonly thread: ThreadOptions;
}

/** The threads of a pool, and the tasks that run and wait. A thread counts until it has ended. */
export class ThreadPool implements Disposable {
  private readonly self: ProcessSelf;
  private readonly piscina: PiscinaModule;
  private readonly options: PoolOptions;
  /** With the timer that ends it, of one that is idle. */
  private readonly threads = new Map<Thread, TimerRef | undefined>();
  /** The last one that became idle is the first to work again, so that the others can end. */
  private readonly idle: Thread[] = [];
  private readonly queue = new Set<Job>();
  private readonly jobs = new Map<Task, Job>();
  private readonly monitored = new Map<number, Job>();
  private readonly counts = { completed: 0, failed: 0, cancelled: 0 };
  private closed = false;

  constructor(self: ProcessSelf, piscina: PiscinaModule, options: PoolOptions) {
    this.self = self;
    this.piscina = piscina;
    this.options = options;
    for (let n = 0; n < options.minThreads; n++) this.rest(this.spawn());
  }

  run(request: Task, from: From): void {
    // Its caller has ended, or waits no longer: the cancel that follows has nothing to do.
    if (from instanceof Call && !from.active) return;
    const monitor = this.self.monitor(from.pid);
    const job = new Job(request, from, monitor, this.self.now());
    this.jobs.set(request, job);
    this.monitored.set(monitor.ref, job);
    this.queue.add(job);
    this.pump();
    if (this.queue.size <= this.options.maxQueue || !this.queue.has(job)) return;
    const { maxQueue } = this.options;
    const why = `room in the queue of ${this.self.describe()}, got: ${maxQueue} that wait (maxQueue)`;
    this.fail(job, new WorkerPoolError("queueFull", request.task, why, { limit: maxQueue }));
  }

  /** The caller's time is up, or it has called its task off. */
  abandoned(request: Task, reason: "timeout" | "aborted"): void {
    this.cancel(this.jobs.get(request), reason);
  }

  callerDied(ref: number): void {
    this.cancel(this.monitored.get(ref), "callerDied");
  }

  /** Nobody waits for a task any more. */
  private cancel(job: Job | undefined, reason: "callerDied" | "timeout" | "aborted"): void {
    if (job === undefined) return;
    this.fail(job, reason, "cancelled");
    job.thread?.close();
    this.pump();
  }

  overdue(job: Job): void {
    if (!this.jobs.has(job.request)) return;
    const { taskTimeout } = this.options;
    const why = `a result within ${taskTimeout} ms (taskTimeout), got: none, so its thread ${job.thread?.id} was ended`;
    const more = { limit: taskTimeout, ...(job.thread && { thread: job.thread.id }) };
    this.fail(job, new WorkerPoolError("taskTimeout", job.request.task, why, more));
    job.thread?.close();
  }

  completed(job: Job, value: unknown): void {
    if (!this.forget(job)) return;
    this.counts.completed++;
    const times = this.timesOf(job);
    this.self.telemetry.emit("workerPool.task.stop", times, this.metadataOf(job));
    answer(job.from, value);
    this.release(job);
  }

  failed(job: Job, error: unknown): void {
    if (this.jobs.get(job.request) !== job) return;
    this.fail(job, error);
    this.release(job);
  }

  /** A thread has ended. It is replaced, unless it has done nothing yet: perhaps it cannot even load its file. */
  exited(thread: Thread): void {
    this.threads.get(thread)?.cancel();
    this.threads.delete(thread);
    const index = this.idle.indexOf(thread);
    if (index >= 0) this.idle.splice(index, 1);
    if (!thread.told) {
      const metadata = { ...this.metadata, thread: thread.id, task: thread.task, why: thread.obituary() };
      this.self.telemetry.emit("workerPool.thread.exit", {}, metadata);
    }
    const worked = thread.done > 0 || thread.told;
    if (worked && this.living < this.options.minThreads) this.rest(this.spawn());
    this.pump();
  }

  /** Ends a thread that has had nothing to do for long. */
  expired(thread: Thread): void {
    if (this.idle.includes(thread) && this.living > this.options.minThreads) thread.close();
  }

  info(): WorkerPoolInfo {
    const { minThreads, maxThreads, maxQueue } = this.options;
    const now = this.self.now();
    const running = [...this.jobs.values()].filter(({ thread }) => thread !== undefined);
    return {
      ...this.sizes(),
      ...this.counts,
      minThreads,
      maxThreads,
      maxQueue,
      running: running.map(({ request, from, thread, startedAt }) => {
        return {
          task: request.task,
          caller: from.pid,
          thread: thread?.id as number,
          runTime: now - (startedAt ?? now),
        };
      }),
    };
  }

  /** Ends all threads, and resolves when they have ended. Who waits hears of it by the end of this process. */
  async close(): Promise<void> {
    this[Symbol.dispose]();
    await Promise.all([...this.threads.keys()].map(({ exited }) => exited));
  }

  [Symbol.dispose](): void {
    this.closed = true;
    for (const thread of this.threads.keys()) thread.close();
  }

  private pump(): void {
    for (const job of this.queue) {
      const thread = this.threadFor(job);
      if (thread === undefined) break;
      if (thread !== "none") this.assign(job, thread);
    }
    if (this.self.telemetry.has("workerPool.stats")) {
      this.self.telemetry.emit("workerPool.stats", this.sizes(), this.metadata);
    }
  }

  /** A thread that cannot be made is the error of the task that needs it. */
  private threadFor(job: Job): Thread | "none" | undefined {
    try {
      const thread = this.next();
      if (thread !== undefined) this.queue.delete(job);
      return thread;
    } catch (error) {
      this.fail(job, error);
      return "none";
    }
  }

  private next(): Thread | undefined {
    for (let thread = this.idle.pop(); thread !== undefined; thread = this.idle.pop()) {
      this.threads.get(thread)?.cancel();
      if (!thread.dead) return thread;
    }
    return this.threads.size < this.options.maxThreads ? this.spawn() : undefined;
  }

  private assign(job: Job, thread: Thread): void {
    const { self, options } = this;
    job.thread = thread;
    job.startedAt = self.now();
    if (options.taskTimeout !== Infinity) job.timer = self.sendAfter({ tag: "taskTimeout", job }, options.taskTimeout);
    self.telemetry.emit("workerPool.task.start", { queueTime: job.startedAt - job.queuedAt }, this.metadataOf(job));
    thread.run(job.request).then(
      (value) => this.tell("completed", { job, value }),
      (error) => this.tell("failed", { job, error }),
    );
  }

  private spawn(): Thread {
    const thread = new Thread(this.piscina, this.options.filename, this.options.thread);
    this.threads.set(thread, undefined);
    thread.exited.then(() => this.tell("exited", thread));
    return thread;
  }

  private rest(thread: Thread): void {
    const { minThreads, idleTimeout } = this.options;
    this.idle.push(thread);
    const spare = this.living > minThreads && idleTimeout !== Infinity;
    this.threads.set(thread, spare ? this.self.sendAfter({ tag: "idle", thread }, idleTimeout) : undefined);
  }

  /** A job has come to an end on its thread, which has time for another one if it lives. */
  private release({ thread }: Job): void {
    if (thread !== undefined && !thread.dead) this.rest(thread);
    this.pump();
  }

  private fail(job: Job, reason: unknown, count: "failed" | "cancelled" = "failed"): void {
    if (!this.forget(job)) return;
    this.counts[count]++;
    this.self.telemetry.emit("workerPool.task.exception", this.timesOf(job), { ...this.metadataOf(job), reason });
    answer(job.from, new Refusal(reason));
  }

  private forget(job: Job): boolean {
    this.queue.delete(job);
    job.timer?.cancel();
    job.monitor.cancel({ flush: true });
    this.monitored.delete(job.monitor.ref);
    return this.jobs.delete(job.request);
  }

  /** News from a thread, for the process; when that has ended, for nobody. */
  private tell(request: "completed" | "failed" | "exited", payload: unknown): void {
    if (!this.closed) remind(this.self, request, payload);
  }

  /** Threads that are not on their way out. */
  private get living(): number {
    let count = 0;
    for (const thread of this.threads.keys()) if (!thread.dead) count++;
    return count;
  }

  private sizes() {
    const { size: threads } = this.threads;
    return { threads, busy: this.jobs.size - this.queue.size, queued: this.queue.size };
  }

  private timesOf({ queuedAt, startedAt }: Job) {
    const now = this.self.now();
    return { queueTime: (startedAt ?? now) - queuedAt, runTime: startedAt === undefined ? 0 : now - startedAt };
  }

  private get metadata() {
    return { pool: this.self.pid, label: this.self.describe() };
  }

  private metadataOf({ request, thread }: Job) {
    return { ...this.metadata, task: request.task, thread: thread?.id };
  }
}
