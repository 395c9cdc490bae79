import { type GenServer, child as serverChild } from "../genserver/genserver.ts";
import { unhandled } from "../genserver/server.ts";
import { isClean, StartError } from "../runtime/errors.ts";
import { noreply, ok, reply, stop } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import { type Exits, takeExits } from "../runtime/stopping.ts";
import type { Caller, ChildSpec, Exit, Name, Pid, Protocol, Reason, Self, Target } from "../runtime/types.ts";
import { checkCount, checkSpec, restarts } from "./child-spec.ts";
import {
  Child,
  type ChildCount,
  type ChildInfo,
  count,
  emit,
  infoOf,
  metadataOf,
  reportExit,
  reportStartError,
  startChild,
  startReason,
  stopChild,
} from "./children.ts";
import { Intensity } from "./intensity.ts";
import { Refusal, SupervisorError } from "./refusal.ts";
import { ask } from "./supervisor.ts";

export interface DynamicOptions {
  /** Without a name: address it by the pid that its start gives. */
  readonly name?: Name;
  /** Default: the name, else `"dynamicSupervisor"`. */
  readonly id?: string;
  /** Default 3 restarts. */
  readonly maxRestarts?: number;
  /** Default 5 seconds. */
  readonly maxSeconds?: number;
  /** Children that may be there at once, those being restarted included. Default: no limit. */
  readonly maxChildren?: number;
}

/** The children of a dynamic supervisor: started on demand, each on its own (Elixir: `DynamicSupervisor`). */
class Brood {
  readonly self: ProcessSelf;
  readonly options: DynamicOptions;
  readonly children = new Set<Child>();
  readonly byPid = new Map<Pid, Child>();
  private readonly intensity: Intensity;
  private readonly limits: { readonly maxRestarts: number; readonly maxSeconds: number };

  constructor(self: ProcessSelf, options: DynamicOptions) {
    const { maxRestarts = 3, maxSeconds = 5, maxChildren = Infinity } = options;
    checkCount("maxRestarts", maxRestarts, 0, { invalidMaxRestarts: maxRestarts });
    checkCount("maxSeconds", maxSeconds, 1, { invalidMaxSeconds: maxSeconds });
    checkCount("maxChildren", maxChildren, 0, { invalidMaxChildren: maxChildren });
    this.self = self;
    this.options = options;
    this.limits = { maxRestarts, maxSeconds };
    this.intensity = new Intensity(maxRestarts, maxSeconds);
  }

  async add(spec: ChildSpec): Promise<Pid | Refusal> {
    const child = new Child(checkSpec(spec, "never"));
    if (this.children.size >= (this.options.maxChildren ?? Infinity)) {
      return new Refusal(new SupervisorError("maxChildren", `startChild ${child.spec.id}`));
    }
    const result = await startChild(this.self, child);
    if ("failure" in result) return new Refusal(result.failure);
    if (result.pid === undefined) return new Refusal(new StartError("ignore", child.spec.id));
    this.children.add(child);
    this.byPid.set(result.pid, child);
    return result.pid;
  }

  async stop(pid: Pid): Promise<boolean> {
    const child = this.byPid.get(pid);
    if (child === undefined) return false;
    const exits = this.exitsOf([child]);
    this.forget(child);
    await stopChild(this.self, child, exits);
    return true;
  }

  /** All at once, each with its own limit: there is no order among them. */
  async stopAll(): Promise<void> {
    const exits = this.exitsOf([...this.children]);
    await Promise.all([...this.children].map((child) => stopChild(this.self, child, exits)));
  }

  private exitsOf(children: readonly Child[]): Exits {
    const exits = new Map<Pid, Reason>();
    takeExits(this.self, new Set(children.map(({ pid }) => pid)), exits);
    return exits;
  }

  /** False when the supervisor gives up. */
  async exited(child: Child, reason: Reason): Promise<boolean> {
    const again = restarts(child.spec, reason);
    if (again || !isClean(reason)) reportExit(this.self, child, reason, again);
    child.last = child.pid;
    child.pid = undefined;
    if (again) return this.restart(child, reason);
    this.forget(child);
    return true;
  }

  async restart(child: Child, reason: Reason): Promise<boolean> {
    if (!this.intensity.add(this.self.now())) {
      const metadata = { ...metadataOf(this.self, child), reason };
      this.self.kernel.telemetry.emit("supervisor.giveUp", this.limits, metadata);
      return false;
    }
    const result = await startChild(this.self, child);
    if ("failure" in result) {
      reportStartError(this.self, child.spec.id, result.failure);
      child.restarting = true;
      child.failure = startReason(result.failure) as Reason;
      this.self.cast(this.self.pid, "tryAgain", child);
    } else if (result.pid === undefined) {
      this.forget(child);
    } else {
      this.byPid.delete(child.last as Pid);
      this.byPid.set(result.pid, child);
      emit(this.self, "supervisor.child.restart", child);
    }
    return true;
  }

  private forget(child: Child): void {
    this.children.delete(child);
    for (const pid of [child.pid, child.last]) if (pid !== undefined) this.byPid.delete(pid);
  }
}

const Server = {
  init: (options: DynamicOptions, self: Self<Exit>) => {
    self.trapExit = true;
    return ok(new Brood(processOf(self), options));
  },

  handleCall: {
    startChild: async (child: ChildSpec, brood) =>
      reply(await brood.add(child).catch((error) => new Refusal(error)), brood),

    terminateChild: async (pid: Pid, brood) => {
      const refusal = new Refusal(new SupervisorError("notFound", `terminateChild ${pid}`));
      return reply((await brood.stop(pid)) ? undefined : refusal, brood);
    },

    whichChildren: (_, brood) => {
      const children: ChildInfo[] = [...brood.children].map((child) => infoOf(child, undefined));
      return reply(children, brood);
    },

    countChildren: (_, brood) => reply(count(brood.children), brood),
  },

  handleCast: {
    tryAgain: async (child: Child, brood) => {
      if (!child.restarting || !brood.children.has(child)) return noreply(brood);
      return (await brood.restart(child, child.failure)) ? noreply(brood) : stop("shutdown", brood);
    },
  },

  handleInfo: async (message: Exit, brood, self) => {
    if (message?.tag !== "exit") {
      unhandled(processOf(self), message);
      return noreply(brood);
    }
    const child = brood.byPid.get(message.pid);
    if (child?.pid !== message.pid) return noreply(brood);
    return (await brood.exited(child, message.reason)) ? noreply(brood) : stop("shutdown", brood);
  },

  terminate: (_: Reason, brood: Brood) => brood.stopAll(),
} satisfies GenServer<Brood, Exit>;

/** Children that come and go: `oneForOne`, in no order, addressed by pid. */
export interface DynamicSupervisor {
  /** A child spec that starts the supervisor, without children. */
  child(options?: DynamicOptions): ChildSpec;
  /** Starts `child` under the supervisor; rejects with the start error, also when the start is ignored. */
  startChild<P extends Protocol>(by: Caller, target: Target, child: ChildSpec<P>): Promise<Pid<P>>;
  /** Stops a child for good; rejects with `notFound` when `pid` is not one. */
  terminateChild(by: Caller, target: Target, pid: Pid): Promise<void>;
  whichChildren(by: Caller, target: Target): Promise<readonly ChildInfo[]>;
  countChildren(by: Caller, target: Target): Promise<ChildCount>;
}

export const DynamicSupervisor: DynamicSupervisor = {
  child: (options = {}) => {
    const { name } = options;
    const id = options.id ?? name?.name ?? "dynamicSupervisor";
    return serverChild(
      Server,
      options,
      name === undefined ? { id, type: "supervisor" } : { id, type: "supervisor", name },
    );
  },
  startChild: (by, target, child) => ask(by, target, "startChild", child),
  terminateChild: (by, target, pid) => ask(by, target, "terminateChild", pid),
  whichChildren: (by, target) => ask(by, target, "whichChildren"),
  countChildren: (by, target) => ask(by, target, "countChildren"),
};
