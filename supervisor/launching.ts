import { hostOf } from "../genserver/sys/system-host.ts";
import type { ProcessSelf } from "../runtime/self.ts";
import { begin } from "../runtime/start-function.ts";
import type { StartWaiter } from "../runtime/starting.ts";
import type { Async, Pid } from "../runtime/types.ts";
import { type Child, down, type Started, startChild, up } from "./children.ts";
import type { Paused, Verdict } from "./restarts.ts";

/** Who restarts children, and decides what follows. */
interface Restarter {
  restarted(child: Child, result: Started): Async<Verdict>;
}

/**
 * The restart of one child. A supervisor waits for it as for a start by request, but where the library starts the child
 * it does so without a promise: it pauses, is told, and goes on.
 */
export class Launching implements StartWaiter {
  private readonly self: ProcessSelf;
  private readonly restarter: Restarter;
  private child: Child | undefined = undefined;

  constructor(self: ProcessSelf, restarter: Restarter) {
    this.self = self;
    this.restarter = restarter;
  }

  /** Starts the child again. */
  restart(child: Child): Promise<Verdict> | Verdict | Paused {
    this.child = child;
    if (begin(child.spec.start, this.self, this)) return "paused";
    return startChild(this.self, child).then((result) => this.restarter.restarted(child, result));
  }

  started(value: Pid | "ignore"): void {
    const child = this.child as Child;
    this.goOn(child, up(this.self, child, value));
  }

  failed(error: unknown): void {
    const child = this.child as Child;
    this.goOn(child, down(child, error));
  }

  private goOn(child: Child, result: Started): void {
    const { self } = this;
    const verdict = this.restarter.restarted(child, result);
    const pending = verdict instanceof Promise ? verdict.then((known) => obeyed(self, known)) : obeyed(self, verdict);
    self.kernel.scheduler.resumeAfter(self, pending);
  }
}

const obeyed = (self: ProcessSelf, verdict: Verdict): void | Promise<void> =>
  verdict === "shutdown" ? hostOf(self).terminate(self, "shutdown", undefined) : undefined;
