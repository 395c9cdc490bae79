import { child as serverChild, startLink as startServerLink } from "../genserver/genserver.ts";
import type { StartOptions } from "../genserver/start-options.ts";
import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { InitArg, ProtocolOf, Ref } from "../runtime/protocol.ts";
import type { Ignore } from "../runtime/results.ts";
import type {
  Async,
  Backoff,
  Caller,
  ChildSpec,
  Name,
  Pid,
  Protocol,
  Self,
  Target,
  WithExtra,
} from "../runtime/types.ts";
import { type ChildTemplate, childSpec, type Spec } from "./child-spec.ts";
import type { ChildCount, ChildInfo } from "./children.ts";
import type { Flags } from "./flags.ts";
import { unwrap } from "./refusal.ts";
import { SupervisorServer } from "./supervisor-server.ts";

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
  init(arg: any, self: Self): Async<SupervisorInit | SimpleInit | Ignore>;
}

interface CommonInit {
  /** More restarts than this within `maxSeconds`, and the supervisor gives up with reason `shutdown`. Default 3. */
  readonly maxRestarts?: number;
  /** Default 5 seconds. */
  readonly maxSeconds?: number;
  /** Whether the supervisor ends when a significant child has ended by itself. Default `"never"`. */
  readonly autoShutdown?: Flags["autoShutdown"];
  /**
   * Restarts wait, each child's the longer the more often it fails; those that its strategy takes along are stopped
   * meanwhile. A restart counts when it is decided, before it waits. Default: restarts do not wait, as in OTP.
   */
  readonly backoff?: Backoff;
}

export interface SupervisorInit extends CommonInit {
  /** Who is restarted together with a child: nobody, everybody, or those started after it. */
  readonly strategy: "oneForOne" | "oneForAll" | "restForOne";
  readonly children: readonly ChildSpec<any, any>[];
}

/**
 * Children of one kind that come and go (OTP: `simple_one_for_one`). They are started by `Supervisor.startChild`, whose
 * arguments the template's start gets behind the parent; they have no ids, are addressed by pid, and stopped at once.
 *
 * @example
 * const Counters = {
 *   init: () => ({
 *     strategy: "simpleOneForOne",
 *     children: [{ id: "counter", start: (parent: Self, from: number) => child(Counter, from).start(parent) }],
 *   }),
 * } satisfies Supervisor;
 * const counters = await Supervisor.startLink(self, Counters);
 * const counter = await Supervisor.startChild(self, counters, 40); // typed: another argument does not compile
 * expect(counter && (await self.call(counter, "add", 2))).toBe(42);
 */
export interface SimpleInit extends CommonInit {
  readonly strategy: "simpleOneForOne";
  /** The template. Its id names it in reports and for `getChildSpec`. */
  readonly children: readonly [ChildTemplate<any, any>];
}

/** A supervisor of one kind of children. */
export interface SimpleSupervisor {
  init(arg: any, self: Self): Async<SimpleInit | Ignore>;
}

type TemplateOf<M> = M extends { init(...args: any): infer I }
  ? Extract<Awaited<I>, SimpleInit> extends { children: readonly [infer T] }
    ? T
    : never
  : never;
/** What the template of a `simpleOneForOne` supervisor wants to know, and what its start gives. */
export type StartArgs<M> = TemplateOf<M> extends { start(parent: any, ...args: infer A): any } ? A : never;
export type StartResult<M> =
  TemplateOf<M> extends { start(...args: any): Promise<infer R> } ? Exclude<R, "ignore"> : never;

type Args<M extends Supervisor> = [...InitArg<M>, options?: StartOptions];

/** The module of which an address is that of a process; unknown where it does not say. */
type ModuleAt<T> = ProtocolAt<T> extends ProtocolOf<infer M> ? M : unknown;
type ProtocolAt<T> = T extends Pid<infer P> ? P : T extends Name<infer P> ? P : never;
/** Of an address that does not say whose it is, anything goes; other supervisors take no arguments. */
type ArgsFor<M> = unknown extends M ? unknown[] : M extends SimpleSupervisor ? StartArgs<M> : [child: never];
type ResultFor<M> = unknown extends M ? any : StartResult<M>;

/** A child spec that starts a supervisor: `type` is `"supervisor"`, and `shutdown` `"infinity"`, unless said otherwise. */
export function supervisor<M extends Supervisor>(module: M, ...args: Args<M>): ChildSpec<ProtocolOf<M>> {
  const { arg, options } = split(module, args);
  const id = options.id ?? options.name?.name ?? "supervisor";
  return serverChild(SupervisorServer, { module, arg }, { type: "supervisor", ...options, id }) as ChildSpec;
}

/** Starts a supervisor linked to `self` (OTP: `supervisor:start_link/2`). Resolves when all children are up. */
function startLink<M extends Supervisor>(self: Self, module: M, ...args: Args<M>): Promise<Ref<M>> {
  const { arg, options } = split(module, args);
  const pid: Promise<Pid> = startServerLink(self, SupervisorServer, { module, arg }, { id: "supervisor", ...options });
  return pid;
}

/**
 * Adds a child, the last to be stopped first (OTP: `supervisor:start_child/2`). Resolves to what its start gave: its pid,
 * `{ pid, extra }`, or `undefined` when it was ignored. Rejects with the start error, an `AlreadyStarted`, a `BadSpec`,
 * or `alreadyPresent`.
 */
function startChild<P extends Protocol, R extends Pid | WithExtra = Pid<P>>(
  by: Caller,
  target: Target,
  child: ChildSpec<P, R>,
): Promise<R | undefined>;
/** Of a `simpleOneForOne` supervisor: the arguments of the template's start. What is ignored is not kept. */
function startChild<T extends Target>(
  by: Caller,
  target: T,
  ...args: ArgsFor<ModuleAt<T>>
): Promise<ResultFor<ModuleAt<T>> | undefined>;
function startChild(by: Caller, target: Target, ...args: unknown[]): Promise<any> {
  return ask(by, target, "startChild", args);
}

/**
 * The administration of a running supervisor. Calls wait as long as the supervisor needs, as in OTP, and reject with a
 * `SupervisorError` that says why something was not done. A child is named by its id; under `simpleOneForOne` by its pid.
 *
 * @example
 * await Supervisor.terminateChild(self, app, "counter");
 * expect(await Supervisor.whichChild(self, app, "counter")).toEqual({ id: "counter", pid: undefined, type: "worker" });
 * await Supervisor.restartChild(self, app, "counter");
 */
export const Supervisor = {
  startLink,
  child: supervisor,
  childSpec,
  startChild,

  /**
   * Stops a child. Its spec stays, unless it is temporary; it is not restarted. Under `simpleOneForOne` it is forgotten,
   * and a pid that is dead already is fine.
   */
  terminateChild: (by: Caller, target: Target, child: string | Pid): Promise<void> =>
    ask(by, target, "terminateChild", child),

  /** Starts a child again that was stopped. Resolves to what its start gave: say what, if it gives more than a pid. */
  restartChild: <R extends Pid | WithExtra = Pid>(by: Caller, target: Target, id: string): Promise<R | undefined> =>
    ask(by, target, "restartChild", id),

  /** Forgets a child that was stopped. */
  deleteChild: (by: Caller, target: Target, id: string): Promise<void> => ask(by, target, "deleteChild", id),

  /** One child, as {@link Supervisor.whichChildren} lists it. */
  whichChild: (by: Caller, target: Target, child: string | Pid): Promise<ChildInfo> =>
    ask(by, target, "whichChild", child),

  /** The children, the last started first; under `simpleOneForOne` without ids, and in no order. */
  whichChildren: (by: Caller, target: Target): Promise<readonly ChildInfo[]> => ask(by, target, "whichChildren"),

  countChildren: (by: Caller, target: Target): Promise<ChildCount> => ask(by, target, "countChildren"),

  /** The spec of a child, with its defaults filled in. */
  getChildSpec: (by: Caller, target: Target, child: string | Pid): Promise<Spec> =>
    ask(by, target, "getChildSpec", child),
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
