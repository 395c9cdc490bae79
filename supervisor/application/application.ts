import { child } from "../../genserver/genserver.ts";
import { nothing } from "../../runtime/afterlife.ts";
import { checkOptions } from "../../runtime/checks.ts";
import { alreadyStarted, BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Failed } from "../../runtime/results.ts";
import { processOf } from "../../runtime/self.ts";
import { ended } from "../../runtime/stopping.ts";
import { systemOf } from "../../runtime/system.ts";
import type { Async, Caller, ChildSpec, Name, Pid, Restart, Self } from "../../runtime/types.ts";
import { BadSpec } from "../bad-spec.ts";
import { ask } from "../supervisor.ts";
import { CONTROLLER, ControllerServer } from "./application-controller.ts";
import { StartOrder } from "./application-entry.ts";
import { clearEnv, type EnvKey, type EnvOf, envOf, hasEnv, readEnv, writeEnv } from "./application-env.ts";
import { ApplicationError } from "./application-error.ts";
import { type ApplicationSpec, specOf, startOrder } from "./application-spec.ts";

interface Callbacks<Env extends object, State> {
  /** One in a system. */
  readonly name: string;
  readonly description?: string;
  /** Those that must run before this one, in order. */
  readonly applications?: readonly Application[];
  /**
   * The top of the tree, which is started under the application's master; with a `state` for `prepStop` and `stop`, or
   * `error(reason)`. Without a `start` the application has no processes: it stands for those that it needs.
   */
  start?(env: Env, self: Self): Async<ChildSpec | ApplicationStart<State> | Failed>;
  /** Before the tree is stopped, or after it has ended by itself. What it returns is the state for `stop`. */
  prepStop?(state: State, self: Self): Async<State>;
  /** After the tree has stopped, however it did. */
  stop?(state: State, self: Self): Async<void>;
}

/** What `start` returns that has something to keep. */
export interface ApplicationStart<State> {
  readonly top: ChildSpec;
  readonly state: State;
}

/**
 * A part of a program that is started and stopped as one: a tree, what must run before it, and its settings (OTP:
 * `application`). `env` has the settings that it comes with; {@link Application.putEnv} overrides them in one system,
 * and `start` reads them as they then are.
 *
 * @example
 * const Numbers = {
 *   name: "numbers",
 *   env: { first: 40 },
 *   start: ({ first }) => supervisor({
 *     init: () => ({ strategy: "oneForOne", children: [child(Counter, first, { name: name("counter") })] }),
 *   }),
 * } satisfies Application<{ first: number }>;
 *
 * Application.putEnv(self, Numbers, "first", 41);
 * await Application.ensureAllStarted(self, Numbers);
 * console.log(await self.call(name<typeof Counter>("counter"), "add", 1)); // 42
 * await Application.stop(self, Numbers);
 */
export type Application<Env extends object = any, State = any> = Callbacks<Env, State> &
  ({} extends Env ? { readonly env?: Env } : { readonly env: Env });

export interface ApplicationOptions {
  /**
   * What the system does when the application ends by itself, or cannot be started. `permanent`: it stops, with all
   * applications. `transient`: it stops unless the reason is `normal`; the `shutdown` of a supervisor that gave up is
   * not. `temporary`, the default: nothing.
   */
  readonly type?: Restart;
}

export interface ApplicationInfo {
  readonly name: string;
  readonly description: string;
  readonly type: Restart;
  /** Its master; undefined for an application without processes. */
  readonly pid: Pid | undefined;
}

const TYPES: readonly unknown[] = ["permanent", "transient", "temporary"];

/** Starting, stopping and configuring applications (OTP: `application`; Elixir: `Application`). */
export const Application = {
  /** The process that knows the applications of a system; `treeOf` draws all of them from it. */
  controller: CONTROLLER as Name,

  /**
   * Starts an application, and resolves when its tree is up. Rejects with an `ApplicationError` when it runs already,
   * or when one that it needs does not run; with an `ApplicationStartError`, whose `reason` is
   * `{ reason, start: { application, env } }`, when its start fails (OTP: `application:start/2`).
   */
  start: async (by: Caller, app: Application, options: ApplicationOptions = {}): Promise<void> => {
    startOrder([app]);
    await order(by, new StartOrder(app, typeOf(options), false));
  },

  /**
   * Starts applications and before each all that it needs, as far as they do not run. Resolves to the names of those
   * that it started. If one fails, those that were started for it are stopped again (OTP:
   * `application:ensure_all_started/2`). `BadSpec` for applications that need each other in a circle.
   */
  ensureAllStarted: async (
    by: Caller,
    app: Application | readonly Application[],
    options: ApplicationOptions = {},
  ): Promise<readonly string[]> => {
    const type = typeOf(options);
    const started: Application[] = [];
    for (const each of startOrder([app].flat())) {
      try {
        if ((await order(by, new StartOrder(each, type, true))) === "started") started.push(each);
      } catch (error) {
        // What has ended meanwhile needs no stop; the error to tell is the first one.
        for (const done of started.reverse()) await Application.stop(by, done).catch(() => {});
        throw error;
      }
    }
    return started.map(({ name }) => name);
  },

  /**
   * Stops an application: `prepStop`, then its tree, then `stop`. Those that need it run on, and the system does,
   * whatever its type is. Rejects with an `ApplicationError` when it is not started (OTP: `application:stop/1`).
   */
  stop: async (by: Caller, app: Application): Promise<void> => {
    const { name } = specOf(app);
    if (by.whereis(CONTROLLER) === undefined) throw new ApplicationError("notStarted", "stop", name);
    await ask(by, CONTROLLER, "stop", name);
  },

  /** The applications that run, the last started first. */
  whichApplications: async (by: Caller): Promise<readonly ApplicationInfo[]> =>
    by.whereis(CONTROLLER) === undefined ? [] : ask(by, CONTROLLER, "whichApplications"),

  /** What an application says of itself. Throws `BadSpec` when that cannot be. */
  spec: (app: Application): ApplicationSpec => {
    startOrder([app]);
    return specOf(app);
  },

  /** A setting of an application in this system, or `otherwise` where there is none. */
  getEnv: <A extends Application, K extends EnvKey<A>>(
    by: Caller,
    app: A,
    key: K,
    otherwise?: EnvOf<A>[K],
  ): EnvOf<A>[K] => (hasEnv(by, app, key) ? readEnv(by, app, key) : otherwise) as EnvOf<A>[K],

  /** A setting that must be there: throws a `BadArgument` where there is none (Elixir: `fetch_env!/2`). */
  fetchEnv: <A extends Application, K extends EnvKey<A>>(by: Caller, app: A, key: K): NonNullable<EnvOf<A>[K]> => {
    if (hasEnv(by, app, key)) return readEnv(by, app, key) as NonNullable<EnvOf<A>[K]>;
    throw new BadArgument(
      `fetchEnv: expected a key of the environment of application ${show(app.name)}, got: ${show(key)}`,
    );
  },

  /** All settings of an application in this system. */
  getAllEnv: <A extends Application>(by: Caller, app: A): EnvOf<A> => envOf(by, app),

  /** Sets a setting in this system, for the next start and for who reads it (Elixir: `put_env/3`). */
  putEnv: <A extends Application, K extends EnvKey<A>>(by: Caller, app: A, key: K, value: EnvOf<A>[K]): void =>
    writeEnv(by, app, key, value),

  /** Takes back what was put: the setting that the application comes with counts again. */
  deleteEnv: <A extends Application>(by: Caller, app: A, key: EnvKey<A>): void => clearEnv(by, app, key),
};

async function order(by: Caller, start: StartOrder): Promise<"started" | "running"> {
  const caller = processOf(by);
  if (caller.dead) return nothing(caller, "Application.start");
  if (by.whereis(CONTROLLER) === undefined) await startController(by);
  return ask(by, CONTROLLER, "start", start);
}

/** The first application brings the controller along; without it the system cannot go on. */
async function startController(by: Caller): Promise<void> {
  const system = systemOf(by);
  const spec = child(ControllerServer, undefined, { name: CONTROLLER, type: "supervisor", shutdown: "infinity" });
  try {
    const pid = await system.start(spec);
    ended(processOf(system), pid).then(() => system.stop());
  } catch (error) {
    alreadyStarted(error);
  }
}

function typeOf(options: ApplicationOptions): Restart {
  const { type = "temporary" } = checkOptions("Application", options);
  if (TYPES.includes(type)) return type;
  throw new BadSpec(`expected type to be permanent, transient or temporary, got: ${show(type)}`, { invalidType: type });
}
