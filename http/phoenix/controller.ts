import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import { Conn, type Halted } from "../conn/conn.ts";
import type { Params } from "../conn/query.ts";
import { type Pipeline, pipeline } from "../pipeline/pipeline.ts";
import { runStep, stops, when } from "../pipeline/plug.ts";
import { named, Step } from "../pipeline/step.ts";

/** Which actions a plug of a controller is for: these, or those of which it is true (Phoenix: `when action in […]`). */
export interface PlugGuard {
  readonly when: readonly string[] | ((at: { readonly action: string; readonly conn: Conn<any> }) => boolean);
}

/** Actions by name, for `get("/", Users.index)` and `resources("/users", Users)`; what they need is in the conn's type. */
export type Controller<Assigns extends object, Names extends string> = {
  readonly [K in Names]: (conn: Conn<Assigns>) => Async<Conn<any> | Halted>;
};

export interface ControllerBuilder<Start extends object, Assigns extends object, Value> {
  /** Runs before the actions, or before those that the guard names. */
  plug<Out extends object>(
    plug: (conn: Conn<Assigns>) => Async<Conn<Out> | Halted>,
  ): ControllerBuilder<Start, Assigns & Out, Value>;
  plug<Out extends object>(
    plug: (conn: Conn<Assigns>) => Async<Conn<Out> | Halted>,
    guard: PlugGuard,
  ): ControllerBuilder<Start, Assigns & Partial<Out>, Value>;
  /** Each gets all parameters of the request; {@link action} has them checked and typed. */
  actions<Names extends string>(
    table: {
      readonly [K in Names]: (conn: Conn<Assigns>, params: Params) => Async<Conn<any> | Halted | Value>;
    },
  ): Controller<Start, Names>;
}

export interface ControllerOptions<Value> {
  /** What errors and reports call it. Default `"controller"`. */
  readonly name?: string;
  /**
   * What makes a response of a value that an action returns instead of a conn: with the conn from before the action,
   * because what the action made of it is lost (Phoenix: `action_fallback`).
   */
  readonly fallback?: (conn: Conn<any>, value: Value) => Async<Conn<any> | Halted>;
}

/**
 * Actions that belong together, with plugs of their own (Phoenix: `Phoenix.Controller`). A plug that halts, or sends, is
 * the last that runs. `Assigns` is what the pipelines before it must have assigned.
 *
 * @example
 * const Users = controller<{ user: string }>({ name: "Users" })
 *   .plug((conn) => conn.assign("shout", conn.assigns.user.toUpperCase()))
 *   .actions({ show: (conn) => conn.text(conn.assigns.shout) });
 * const web = router().pipeThrough((conn) => conn.assign("user", "ada")).get("/me", Users.show);
 * expect((await request(sim, web.plug, "GET", "/me")).body).toBe("ADA");
 */
export function controller<Start extends object = {}, Value = never>(
  options: ControllerOptions<Value> = {},
): ControllerBuilder<Start, Start, Value> {
  if (options.fallback !== undefined && typeof options.fallback !== "function") {
    throw new BadArgument(`controller: expected the fallback to be a function, got: ${show(options.fallback)}`);
  }
  return build(options, []);
}

/** The name of the action that runs; undefined before a controller (Phoenix: `action_name/1`). */
export const actionName = (conn: Conn<any>): string | undefined => conn.private[ACTION] as string | undefined;
/** The name of its controller (Phoenix: `controller_module/1`). */
export const controllerName = (conn: Conn<any>): string | undefined => conn.private[CONTROLLER] as string | undefined;

const ACTION = "phoenixAction";
const CONTROLLER = "phoenixController";

type AnyPlug = (conn: Conn<any>) => Async<any>;
type AnyAction = (conn: Conn<any>, params: Params) => unknown;
interface Guarded {
  readonly plug: AnyPlug;
  readonly guard: PlugGuard["when"] | undefined;
}

function build(options: ControllerOptions<any>, plugs: readonly Guarded[]): ControllerBuilder<any, any, any> {
  return {
    plug: (plug: AnyPlug, guard?: PlugGuard) => {
      if (typeof plug !== "function") throw new BadArgument(`controller: expected a plug, got: ${show(plug)}`);
      return build(options, [...plugs, { plug, guard: guard === undefined ? undefined : checkGuard(guard) }]);
    },
    actions: (table: Readonly<Record<string, AnyAction>>): any => {
      const names = Object.keys(table);
      for (const { plug, guard } of plugs) {
        const missing = typeof guard === "object" ? guard.filter((name) => !names.includes(name)) : [];
        if (missing.length === 0) continue;
        throw new BadArgument(
          `controller: expected plug ${plug.name} to be for some of ${names.join(", ")}, got: ${missing.join(", ")}`,
        );
      }
      return Object.fromEntries(names.map((name) => [name, actionOf(options, plugs, name, table[name] as AnyAction)]));
    },
  } as ControllerBuilder<any, any, any>;
}

function checkGuard(guard: PlugGuard): PlugGuard["when"] {
  if (typeof guard?.when === "function" || Array.isArray(guard?.when)) return guard.when;
  throw new BadArgument(`controller: expected { when: names of actions, or a function }, got: ${show(guard)}`);
}

/** An action behind the plugs that are for it. */
function actionOf(
  { name: of = "controller", fallback }: ControllerOptions<any>,
  plugs: readonly Guarded[],
  name: string,
  run: AnyAction,
): AnyPlug {
  if (typeof run !== "function")
    throw new BadArgument(`${of}: expected action ${name} to be a function, got: ${show(run)}`);
  const label = `${of}.${name}`;
  const through = plugs.reduce(
    (line: Pipeline<any>, { plug, guard }) => {
      if (guard === undefined) return line.plug(plug);
      if (typeof guard === "function") return line.plug(when((conn) => guard({ action: name, conn }), plug));
      return guard.includes(name) ? line.plug(plug) : line;
    },
    pipeline({ name: of, logOnHalt: "debug", afterSend: "halt" }),
  );
  const answers = fallback === undefined ? undefined : new Step(fallback, `the fallback of ${of}`);
  const settle = (before: Conn<any>, result: unknown): Async<Conn<any>> => {
    if (result instanceof Conn) return result;
    if (answers === undefined) {
      throw new BadArgument(
        `expected action ${label} to return a conn, got: ${show(result)}; is a return missing, or a fallback?`,
      );
    }
    before.exchange.rewind(before);
    return runStep(answers, before, result);
  };
  const act = (conn: Conn<any>): Async<Conn<any>> => {
    const result = run(conn, conn.params);
    return isThenable(result)
      ? (result as Promise<unknown>).then((value) => settle(conn, value))
      : settle(conn, result);
  };
  const step = new Step(act, label);
  const last = (conn: Conn<any>): Async<Conn<any>> => (stops(conn, "halt", 1) ? conn : runStep(step, conn));
  return named(label, (conn: Conn<any>) => {
    const ready: unknown = through(conn.mergePrivate({ [ACTION]: name, [CONTROLLER]: of }));
    return isThenable(ready) ? (ready as Promise<Conn<any>>).then(last) : last(ready as Conn<any>);
  });
}
