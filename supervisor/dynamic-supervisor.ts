import { type GenServer, child as serverChild, startLink as startServerLink } from "../genserver/genserver.ts";
import { unhandled } from "../genserver/server.ts";
import { START_OPTIONS, type StartOptions } from "../genserver/start-options.ts";
import { checkOptions } from "../runtime/checks.ts";
import { BadArgument, StartError } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { noreply, ok, reply } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type {
  Backoff,
  Caller,
  ChildSpec,
  Exit,
  Pid,
  Protocol,
  Reason,
  Self,
  Target,
  WithExtra,
} from "../runtime/types.ts";
import { BadSpec } from "./bad-spec.ts";
import { Brood } from "./brood.ts";
import { type ChildTemplate, checkCount, checkSpec } from "./child-spec.ts";
import { type Child, type ChildCount, type ChildInfo, count, infoOf } from "./children.ts";
import { reportShutdown } from "./failures.ts";
import { checkLimits } from "./flags.ts";
import type { Leaving } from "./leaving.ts";
import { attempt, Refusal, refuse } from "./refusal.ts";
import { obey } from "./restarts.ts";
import { ask } from "./supervisor.ts";

export interface DynamicOptions extends StartOptions {
  /** Default 3 restarts. */
  readonly maxRestarts?: number;
  /** Default 5 seconds. */
  readonly maxSeconds?: number;
  /** Children that may be there at once, those being restarted included. Default: no limit. */
  readonly maxChildren?: number;
  /** What every child's start gets behind the parent (Elixir: `:extra_arguments`). Default: nothing. */
  readonly extraArguments?: readonly unknown[];
  /** Restarts of its children wait (its own do not: `Supervisor.childSpec`). Default: they do not, as in Elixir. */
  readonly backoff?: Backoff;
}

/** The state of a dynamic supervisor: its children, and what its options say (Elixir: `DynamicSupervisor`). */
class Nursery {
  readonly brood: Brood;
  private readonly self: ProcessSelf;
  private readonly maxChildren: number;
  private readonly extraArguments: readonly unknown[];

  constructor(self: ProcessSelf, options: DynamicOptions) {
    const { maxChildren = Infinity, extraArguments = [] } = options;
    this.self = self;
    this.brood = new Brood(self, checkLimits(options));
    checkCount("maxChildren", maxChildren, 0, { invalidMaxChildren: maxChildren });
    if (!Array.isArray(extraArguments)) {
      const message = `expected extraArguments to be an array, got: ${show(extraArguments)}`;
      throw new BadSpec(message, { invalidExtraArguments: extraArguments });
    }
    this.maxChildren = maxChildren;
    this.extraArguments = extraArguments;
  }

  async startChild(child: ChildTemplate): Promise<unknown> {
    const spec = attempt(() => checkSpec(child, "never"));
    if (spec instanceof Refusal) return spec;
    if (this.brood.size >= this.maxChildren) return refuse("startChild", spec.id, "maxChildren");
    const result = await this.brood.add(spec, this.extraArguments);
    if ("failure" in result) return new Refusal(result.failure);
    if (result.pid === undefined) return new Refusal(new StartError("ignore", spec.id));
    if (spec.restart === "temporary") this.brood.at(result.pid)?.forgetStart();
    return result.value;
  }

  async terminateChild(pid: Pid): Promise<unknown> {
    const child = this.brood.at(pid);
    return child === undefined ? refuse("terminateChild", pid, "notFound") : this.brood.stop(child, this.heard);
  }

  readonly heard = ({ child }: Leaving, reason: Reason): void => reportShutdown(this.self, child, reason);

  exited(pid: Pid, reason: Reason) {
    const child = this.brood.at(pid);
    return child?.pid === pid ? this.brood.exited(child, reason) : "ok";
  }
}

const Server = {
  init: (options: DynamicOptions, self: Self<Exit>) => {
    self.trapExit = true;
    return ok(new Nursery(processOf(self), options));
  },

  handleCall: {
    startChild: async (child: ChildTemplate, nursery) => reply(await nursery.startChild(child), nursery),
    terminateChild: async (pid: Pid, nursery) => reply(await nursery.terminateChild(pid), nursery),
    whichChildren: (_, nursery) => {
      const children: ChildInfo[] = nursery.brood.children().map((child) => infoOf(child, undefined));
      return reply(children, nursery);
    },
    countChildren: (_, nursery) => reply(count(nursery.brood.children()), nursery),
  },

  handleCast: {
    tryAgain: (child: Child, nursery, self) => obey(nursery.brood.again(child), nursery, self, "tryAgain"),
  },

  handleInfo: (message: Exit, nursery, self) => {
    if (message?.tag === "exit") return obey(nursery.exited(message.pid, message.reason), nursery, self, message);
    unhandled(processOf(self), message);
    return noreply(nursery);
  },

  terminate: (_: Reason, nursery: Nursery) => nursery.brood.stopAll(nursery.heard),
} satisfies GenServer<Nursery, Exit>;

/**
 * Children that come and go: `oneForOne`, in no order, addressed by pid.
 *
 * @example
 * const open = (topic: string) => DynamicSupervisor.startChild(self, rooms, child(Room, topic, { restart: "transient" }));
 * const lobby = await open("lobby");
 * expect(await DynamicSupervisor.countChildren(self, rooms)).toMatchObject({ active: 1 });
 * await DynamicSupervisor.terminateChild(self, rooms, lobby);
 */
export interface DynamicSupervisor {
  /** A child spec that starts the supervisor, without children. Its id: `id`, else the name, else `"dynamicSupervisor"`. */
  child(options?: DynamicOptions): ChildSpec;
  /** Starts the supervisor linked to `self` (Elixir: `DynamicSupervisor.start_link/1`). */
  startLink(self: Self, options?: DynamicOptions): Promise<Pid>;
  /**
   * Starts `child` under the supervisor; resolves to what its start gave, a pid or `{ pid, extra }`. Rejects with the
   * start error, also when the start is ignored, with a `BadSpec`, or with `maxChildren`.
   */
  startChild<P extends Protocol, R extends Pid | WithExtra = Pid<P>>(
    by: Caller,
    target: Target,
    child: ChildSpec<P, R>,
  ): Promise<R>;
  /** The same for a child whose start takes the supervisor's `extraArguments`. */
  startChild<R extends Pid | WithExtra>(by: Caller, target: Target, child: ChildTemplate<any, R>): Promise<R>;
  /** Stops a child for good; rejects with `notFound` when `pid` is not one. */
  terminateChild(by: Caller, target: Target, pid: Pid): Promise<void>;
  whichChildren(by: Caller, target: Target): Promise<readonly ChildInfo[]>;
  countChildren(by: Caller, target: Target): Promise<ChildCount>;
}

export const DynamicSupervisor: DynamicSupervisor = {
  child: (options = {}) => {
    const id = checkOptions("DynamicSupervisor.child", options).id ?? options.name?.name ?? "dynamicSupervisor";
    return serverChild(Server, options, { type: "supervisor", ...startOptions(options), id });
  },
  startLink: (self, options = {}) =>
    startServerLink(self, Server, checkOptions("DynamicSupervisor.startLink", options), {
      id: "dynamicSupervisor",
      ...startOptions(options),
    }),
  startChild: (by: Caller, target: Target, child: unknown) => ask(by, target, "startChild", child),
  terminateChild: (by, target, pid) => ask(by, target, "terminateChild", pid),
  whichChildren: (by, target) => ask(by, target, "whichChildren"),
  countChildren: (by, target) => ask(by, target, "countChildren"),
};

const OF_CHILDREN = new Set(["maxRestarts", "maxSeconds", "maxChildren", "extraArguments", "backoff"]);

/** What is said of the supervisor's own process. */
function startOptions(options: DynamicOptions): StartOptions {
  const own = Object.entries(options).filter(([option]) => !OF_CHILDREN.has(option));
  const unknown = own.find(([option]) => !START_OPTIONS.has(option));
  if (unknown === undefined) return Object.fromEntries(own);
  const known = [...new Set([...OF_CHILDREN, ...START_OPTIONS])].join(", ");
  throw new BadArgument(`DynamicSupervisor: expected options (${known}), got: ${show(unknown[0])}`);
}
