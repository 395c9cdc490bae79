import { type StartOptions, child as serverChild, startLink as startServerLink } from "../genserver/genserver.ts";
import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { InitArg } from "../runtime/protocol.ts";
import type { Ignore } from "../runtime/results.ts";
import type { Async, Caller, ChildSpec, Pid, Protocol, Self, Target } from "../runtime/types.ts";
import type { Spec } from "./child-spec.ts";
import type { ChildCount, ChildInfo } from "./children.ts";
import { unwrap } from "./refusal.ts";
import { SupervisorServer } from "./supervisor-server.ts";
import type { Flags } from "./tree.ts";

/**
 * Keeps its children running (OTP: `supervisor`). `init` says how, and which children: they are started in order, and
 * stopped in reverse.
 *
 * @example
 * const App = {
 *   init: () => ({ strategy: "oneForOne", children: [child(Counter, 0, { id: "counter" })] }),
 * } satisfies Supervisor;
 */
export interface Supervisor {
  init(arg: any, self: Self): Async<SupervisorInit | Ignore>;
}

export interface SupervisorInit {
  /** Who is restarted together with a child: nobody, everybody, or those started after it. */
  readonly strategy: Flags["strategy"];
  /** More restarts than this within `maxSeconds`, and the supervisor gives up with reason `shutdown`. Default 3. */
  readonly maxRestarts?: number;
  /** Default 5 seconds. */
  readonly maxSeconds?: number;
  /** Whether the supervisor ends when a significant child has ended by itself. Default `"never"`. */
  readonly autoShutdown?: Flags["autoShutdown"];
  readonly children: readonly ChildSpec[];
}

type Args<M extends Supervisor> = [...InitArg<M>, options?: StartOptions];

/** A child spec that starts a supervisor: `type` is `"supervisor"`, and `shutdown` `"infinity"`, unless said otherwise. */
export function supervisor<M extends Supervisor>(module: M, ...args: Args<M>): ChildSpec {
  const { arg, options } = split(module, args);
  const id = options.id ?? options.name?.name ?? "supervisor";
  return serverChild(SupervisorServer, { module, arg }, { type: "supervisor", ...options, id });
}

/** Starts a supervisor linked to `self` (OTP: `supervisor:start_link/2`). Resolves when all children are up. */
function startLink<M extends Supervisor>(self: Self, module: M, ...args: Args<M>): Promise<Pid> {
  const { arg, options } = split(module, args);
  return startServerLink(self, SupervisorServer, { module, arg }, { id: "supervisor", ...options });
}

/** The administration of a running supervisor. Calls wait as long as the supervisor needs, as in OTP. */
export const Supervisor = {
  startLink,
  child: supervisor,

  /** Adds a child, the last to be stopped first. Resolves to its pid, `undefined` when its start was ignored. */
  startChild: <P extends Protocol>(by: Caller, target: Target, child: ChildSpec<P>): Promise<Pid<P> | undefined> =>
    ask(by, target, "startChild", child),

  /** Stops a child. Its spec stays, unless it is temporary; it is not restarted. */
  terminateChild: (by: Caller, target: Target, id: string): Promise<void> => ask(by, target, "terminateChild", id),

  /** Starts a child again that was stopped. */
  restartChild: (by: Caller, target: Target, id: string): Promise<Pid | undefined> =>
    ask(by, target, "restartChild", id),

  /** Forgets a child that was stopped. */
  deleteChild: (by: Caller, target: Target, id: string): Promise<void> => ask(by, target, "deleteChild", id),

  /** The children, the last started first. */
  whichChildren: (by: Caller, target: Target): Promise<readonly ChildInfo[]> => ask(by, target, "whichChildren"),

  countChildren: (by: Caller, target: Target): Promise<ChildCount> => ask(by, target, "countChildren"),

  /** The spec of a child, with its defaults filled in. */
  getChildSpec: (by: Caller, target: Target, id: string): Promise<Spec> => ask(by, target, "getChildSpec", id),
};

export function ask(by: Caller, target: Target, request: string, ...payload: unknown[]): Promise<any> {
  return unwrap(by.with({ timeout: "infinity" }).call(target as Target, request, ...payload));
}

function split(module: Supervisor, args: readonly unknown[]): { arg: unknown; options: StartOptions } {
  if (typeof module?.init !== "function") {
    throw new BadArgument(`expected a supervisor module with an init, got: ${show(module)}`);
  }
  const lone = args.length === 1 && module.init.length === 0;
  return { arg: lone ? undefined : args[0], options: ((lone ? args[0] : args[1]) ?? {}) as StartOptions };
}
