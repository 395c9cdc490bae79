import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn, Halted } from "../conn/conn.ts";
import { encodeQuery, type Params, type QueryData } from "../conn/query.ts";
import { belowResource, type ResourceOptions, resourceRoutes } from "../phoenix/resources.ts";
import { checkAfterSend, runThrough } from "../pipeline/pipeline.ts";
import { type AfterSend, forwardStep, type PlugFn, stepOf } from "../pipeline/plug.ts";
import { named, Step } from "../pipeline/step.ts";
import { dispatch, ROUTE } from "./dispatch.ts";
import { checkPath, Route } from "./route.ts";
import { RouteTable } from "./route-table.ts";
import type { MatchOptions, RouteOptions, Router, RouterPlug, ScopeOptions } from "./router-types.ts";

export interface RouterOptions {
  /** What errors and telemetry call it. Default `"router"`. */
  readonly name?: string;
  /** What becomes of a request whose pipeline has sent a response and does not halt. Default `"halt"`. */
  readonly afterSend?: AfterSend;
}

export function router({ name = "router", afterSend = "halt" }: RouterOptions = {}): Router<{}, "", never> {
  checkAfterSend("router", afterSend);
  const shared: Shared = { name, afterSend, table: new RouteTable(), paths: new Map() };
  return new Routes(shared, NO_SCOPE) as unknown as Router<{}, "", never>;
}

type Values = Readonly<Record<string, unknown>>;
type AnyAction = (conn: Conn<any>, params: any) => Async<Conn<any> | Halted>;
type AnyRoutes = (scope: any) => unknown;

/** What all scopes of a router share. */
interface Shared {
  readonly name: string;
  readonly afterSend: AfterSend;
  readonly table: RouteTable;
  /** By how they are declared. */
  readonly paths: Map<string, Route>;
}

interface Scope extends ScopeOptions<Values> {
  readonly base: string;
  readonly through: readonly PlugFn<any, any>[];
  readonly steps: readonly Step[];
}

const NO_SCOPE: Scope = { base: "", through: [], steps: [] };

/** The routes of a router or a scope: those of a scope are added to the same table. */
class Routes {
  private readonly shared: Shared;
  private readonly within: Scope;

  constructor(shared: Shared, within: Scope) {
    this.shared = shared;
    this.within = within;
  }

  readonly get = this.verb("get");
  readonly post = this.verb("post");
  readonly put = this.verb("put");
  readonly patch = this.verb("patch");
  readonly delete = this.verb("delete");
  readonly options = this.verb("options");
  readonly head = this.verb("head");

  private verb(via: string) {
    return (path: string, first: RouteOptions<any, any> | AnyAction, last?: AnyAction): any =>
      last === undefined ? this.match(path, { via }, first as AnyAction) : this.match(path, { ...first, via }, last);
  }

  match(path: string, first: MatchOptions<any, any> | AnyAction, last?: AnyAction): any {
    const [options, action] = last === undefined ? [{}, first as AnyAction] : [first as MatchOptions, last];
    if (typeof action !== "function") throw new BadArgument(`expected an action for ${path}, got: ${show(action)}`);
    const route = this.route(path, false);
    this.shared.paths.set(route.path, route);
    return this.add(route, route.path, options, route.path, action);
  }

  forward(path: string, first: MatchOptions<any, any> | PlugFn<any, any>, last?: PlugFn<any, any>): any {
    const [options, target] = last === undefined ? [{}, first as PlugFn<any, any>] : [first as MatchOptions, last];
    if (typeof target !== "function") {
      throw new BadArgument(`expected a plug to forward ${path} to, got: ${show(target)}`);
    }
    const route = this.route(path, true);
    const { depth } = route;
    for (const inner of (target as RouterPlug<string>).paths ?? ["/", "/*path"]) {
      const whole = join(route.path, inner);
      this.shared.paths.set(whole, new Route(whole));
    }
    const step = stepOf(target);
    const label = `forward ${route.path}`;
    return this.add(route, join(route.path, "/*rest"), options, label, (conn) => forwardStep(conn, depth, step));
  }

  scope(path: string, first: ScopeOptions<any> | PlugFn<any, any> | AnyRoutes, last?: AnyRoutes): any {
    const [given, routes] = last === undefined ? [{}, first as AnyRoutes] : [first, last];
    if (typeof routes !== "function") throw new BadArgument(`expected the routes of ${path}, got: ${show(routes)}`);
    if ((typeof given !== "object" || given === null) && typeof given !== "function") {
      throw new BadArgument(`expected a pipeline or options for ${path}, got: ${show(given)}`);
    }
    this.route(path, true);
    const base = path === "/" ? this.within.base : this.within.base + path.replace(/\/$/, "");
    const options = typeof given === "function" ? {} : optionsIn(this.within, given);
    const scope = new Routes(this.shared, { ...this.within, ...options, base });
    routes(typeof given === "function" ? scope.pipeThrough(given as PlugFn<any, any>) : scope);
    return this;
  }

  resources(
    path: string,
    controller: Readonly<Record<string, AnyAction>>,
    options: ResourceOptions = {},
    below?: AnyRoutes,
  ): any {
    checkPath(path);
    for (const { via, path: own, action } of resourceRoutes(path, controller, options))
      this.match(own, { via }, action);
    return below === undefined ? this : this.scope(belowResource(path, options), below);
  }

  pipeThrough(...plugs: readonly PlugFn<any, any>[]): any {
    let { through, steps } = this.within;
    for (const plug of plugs) {
      if (typeof plug !== "function") throw new BadArgument(`expected a pipeline or a plug, got: ${show(plug)}`);
      if (through.includes(plug)) {
        throw new BadArgument(`expected each pipeline once in pipeThrough, got: ${plug.name} twice`);
      }
      through = [...through, plug];
      steps = [...steps, this.step(plug)];
    }
    return new Routes(this.shared, { ...this.within, through, steps });
  }

  path(path: string, params: Params = {}, query?: QueryData): string {
    const route = this.shared.paths.get(path);
    if (route === undefined) {
      throw new BadArgument(`expected one of the router's paths, got: ${path}; they are: ${this.paths.join(", ")}`);
    }
    const text = query === undefined ? "" : encodeQuery(query);
    return text === "" ? route.build(params) : `${route.build(params)}?${text}`;
  }

  get routes(): readonly string[] {
    return this.shared.table.lines;
  }

  get paths(): readonly string[] {
    return [...this.shared.paths.keys()];
  }

  get plug(): RouterPlug<any> {
    const { shared } = this;
    if (shared.table.entries.length === 0) {
      throw new BadArgument(`expected ${shared.name} to have routes before it is used, got: none`);
    }
    return Object.assign(
      named(shared.name, (conn: Conn<any>) => dispatch(shared, conn)),
      { paths: this.paths },
    );
  }

  /** A pipeline as the router runs it: what it does after a response is the router's to say, unless it says so itself. */
  private step(plug: PlugFn<any, any>): Step {
    if (!("steps" in plug)) return stepOf(plug);
    return new Step((conn) => runThrough(plug as never, conn, this.shared.afterSend), plug.name);
  }

  private route(path: string, prefix: boolean): Route {
    checkPath(path);
    return new Route(join(this.within.base, path), prefix);
  }

  private add(route: Route, path: string, options: MatchOptions<any, any>, label: string, action: AnyAction): Routes {
    const { host, assigns, private: values } = optionsIn(this.within, options);
    const methods = options.via === undefined ? undefined : list(options.via).map(methodOf);
    if (options.when !== undefined && typeof options.when !== "function") {
      throw new BadArgument(`expected a guard of ${route.path} to be a function, got: ${show(options.when)}`);
    }
    this.shared.table.add({
      methods,
      route,
      hosts: host === undefined ? undefined : list(host).map(hostOf),
      when: options.when,
      assigns,
      private: Object.freeze({ ...values, [ROUTE]: path }),
      through: this.within.steps,
      action: new Step(
        action,
        options.name ?? `${label.startsWith("/") ? `${methods?.join("|") ?? "*"} ` : ""}${label}`,
      ),
    });
    return this;
  }
}

const join = (base: string, path: string): string => (path === "/" && base !== "" ? base : base + path);
const list = <T>(given: T | readonly T[]): readonly T[] => (Array.isArray(given) ? given : [given as T]);

/** Options in a scope: the inner host counts, and of assigns and private values both. */
function optionsIn(scope: ScopeOptions<any>, options: ScopeOptions<any>): ScopeOptions<Values> {
  const host = options.host === undefined ? scope.host : options.host;
  return {
    ...(host === undefined ? {} : { host }),
    ...((scope.assigns ?? options.assigns) ? { assigns: { ...scope.assigns, ...options.assigns } } : {}),
    private: { ...scope.private, ...options.private },
  };
}

function hostOf(host: string): string {
  if (typeof host === "string" && host !== "") return host.toLowerCase();
  throw new BadArgument(`expected a host such as "example.com", or the beginning of one, "api.", got: ${show(host)}`);
}

function methodOf(method: string): string {
  if (typeof method === "string" && /^[a-z-]+$/i.test(method)) return method.toUpperCase();
  throw new BadArgument(`expected a method such as "get", got: ${show(method)}`);
}
