import type { GenServer } from "../../genserver/genserver.ts";
import { unhandled } from "../../genserver/server.ts";
import { noreply, ok, reply } from "../../runtime/results.ts";
import { processOf } from "../../runtime/self.ts";
import type { Down, Reason, Self } from "../../runtime/types.ts";
import { type PoolOptions, ThreadPool } from "./thread-pool.ts";
import type { Job } from "./worker-job.ts";
import type { Task, Thread } from "./worker-thread.ts";

/** What a pool is told by a monitor and by its own timers. */
type Info =
  | Down
  | { readonly tag: "taskTimeout"; readonly job: Job }
  | { readonly tag: "idle"; readonly thread: Thread };

/** The process that owns the threads of a pool. It never waits for a task. */
export const WorkerPoolServer = {
  async init(options: PoolOptions, self: Self<Info>) {
    self.trapExit = true;
    const piscina = await options.load();
    // Owned, so that a pool that is killed takes its threads along.
    return ok(self.own(new ThreadPool(processOf(self), piscina, options)));
  },

  handleCall: {
    run: (task: Task, pool, _, from) => {
      pool.run(task, from);
      return noreply(pool);
    },

    info: (_, pool) => reply(pool.info(), pool),
  },

  handleCast: {
    abandoned: ({ request, reason }: { readonly request: Task; readonly reason: "timeout" | "aborted" }, pool) => {
      pool.abandoned(request, reason);
      return noreply(pool);
    },

    completed: ({ job, value }: { readonly job: Job; readonly value: unknown }, pool) => {
      pool.completed(job, value);
      return noreply(pool);
    },

    failed: ({ job, error }: { readonly job: Job; readonly error: unknown }, pool) => {
      pool.failed(job, error);
      return noreply(pool);
    },

    exited: (thread: Thread, pool) => {
      pool.exited(thread);
      return noreply(pool);
    },
  },

  handleInfo: (message: Info, pool, self) => {
    if (message?.tag === "down") pool.callerDied(message.ref);
    else if (message?.tag === "taskTimeout") pool.overdue(message.job);
    else if (message?.tag === "idle") pool.expired(message.thread);
    else unhandled(processOf(self), message);
    return noreply(pool);
  },

  terminate: (_: Reason, pool: ThreadPool) => pool.close(),
} satisfies GenServer<ThreadPool, Info>;
