import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Async } from "../runtime/types.ts";
import type { Conn, Halted } from "./conn.ts";
import { dispatch, ROUTE } from "./dispatch.ts";
import type { Below, GivenParams, Joined, PathParams } from "./path-params.ts";
import {
  type BelowResource,
  belowResource,
  type ResourceActions,
  type ResourceOptions,
  type ResourcePaths,
  resourceRoutes,
} from "./phoenix/resources.ts";
import { runThrough } from "./pipeline.ts";
import { type AfterSend, forwardStep, type PlugFn, stepOf } from "./plug.ts";
import { encodeQuery, type Params, type QueryData } from "./query.ts";
import { checkPath, Route } from "./route.ts";
import { RouteTable } from "./route-table.ts";
import { named, Step } from "./step.ts";

export type Action<Assigns extends object, Path extends string> = (
  conn: Conn<Assigns>,
  params: PathParams<Path>,
) => Async<Conn<any> | Halted>;

/** What a route, a forward or a scope may say beside its path. */
export interface ScopeOptions<More extends object = {}> {
  /** Only for this host, or one of these; one that ends with a dot is the beginning of a host: `"api."`. */
  readonly host?: string | readonly string[];
  /** Assigned once the route has matched, before its pipelines. */
  readonly assigns?: More;
  /** The same, for libraries. */
  readonly private?: Readonly<Record<string, unknown>>;
}

export interface RouteOptions<Path extends string = string, More extends object = {}> extends ScopeOptions<More> {
  /** Only for requests of which this is true; others go on to the next routes (Plug: a guard). */
  readonly when?: (conn: Conn, params: PathParams<Path>) => boolean;
  /** What errors and reports call the route. Default `GET /users/:id`. */
  readonly name?: string;
}

export interface MatchOptions<Path extends string = string, More extends object = {}> extends RouteOptions<Path, More> {
  /** These methods, such as `["get", "post"]`. Default: any. */
  readonly via?: string | readonly string[];
}

/** A plug that may be a router's, and then knows the paths of its routes. */
export type RouterPlug<Paths extends string = never> = PlugFn<any, any> & { readonly paths?: readonly Paths[] };

type PathsBelow<Base extends string, Target> = Target extends {
  readonly paths?: readonly (infer Paths extends string)[];
}
  ? Joined<Base, Paths>
  : Base | Joined<Base, "/*path">;

type Through<In extends object, Out extends object> = (conn: Conn<In>) => Async<Conn<Out> | Halted>;

/** Declares routes of one method. */
export interface Verb<Assigns extends object, Base extends string, Paths extends string> {
  <Path extends string>(
    path: Path,
    action: Action<Assigns, `${Base}${Path}`>,
  ): Router<Assigns, Base, Paths | Joined<Base, Path>>;
  <Path extends string, More extends object = {}>(
    path: Path,
    options: RouteOptions<`${Base}${Path}`, More>,
    action: Action<Assigns & Readonly<More>, `${Base}${Path}`>,
  ): Router<Assigns, Base, Paths | Joined<Base, Path>>;
}

/** The parameters of a path, and those of its query; none are needed where the path has none. */
type PathArguments<Path extends string> =
  {} extends GivenParams<Path>
    ? [params?: GivenParams<Path>, query?: QueryData]
    : [params: GivenParams<Path>, query?: QueryData];

/**
 * Routes, tried in the order in which they were declared (Plug: `Plug.Router`; Phoenix: `Phoenix.Router`). Nothing is
 * added by itself: neither HEAD nor OPTIONS nor 405. A request that no route takes is answered with 404.
 *
 * @example
 * const site = router().get("/rooms/:topic", (conn, { topic }) => conn.text(topic));
 */
export interface Router<Assigns extends object = {}, Base extends string = "", Paths extends string = string> {
  readonly get: Verb<Assigns, Base, Paths>;
  readonly post: Verb<Assigns, Base, Paths>;
  readonly put: Verb<Assigns, Base, Paths>;
  readonly patch: Verb<Assigns, Base, Paths>;
  readonly delete: Verb<Assigns, Base, Paths>;
  readonly options: Verb<Assigns, Base, Paths>;
  readonly head: Verb<Assigns, Base, Paths>;
  /** Any method, or those that `via` names. */
  match<Path extends string>(
    path: Path,
    action: Action<Assigns, `${Base}${Path}`>,
  ): Router<Assigns, Base, Paths | Joined<Base, Path>>;
  match<Path extends string, More extends object = {}>(
    path: Path,
    options: MatchOptions<`${Base}${Path}`, More>,
    action: Action<Assigns & Readonly<More>, `${Base}${Path}`>,
  ): Router<Assigns, Base, Paths | Joined<Base, Path>>;
  /**
   * Hands everything below `path` to another plug, which sees the rest of the path; when it comes back, path and script
   * name are as before (Plug: `forward`).
   */
  forward<Path extends string, Target extends PlugFn<Assigns, any>>(
    path: Path,
    target: Target,
  ): Router<Assigns, Base, Paths | PathsBelow<Joined<Base, Path>, Target>>;
  forward<Path extends string, Target extends PlugFn<Assigns & Readonly<More>, any>, More extends object = {}>(
    path: Path,
    options: MatchOptions<`${Base}${Path}`, More>,
    target: Target,
  ): Router<Assigns, Base, Paths | PathsBelow<Joined<Base, Path>, Target>>;
  /** Routes below `path`; through a pipeline, or with options, that are for all of them. */
  scope<Path extends string, Inner extends string>(
    path: Path,
    routes: (scope: Router<Assigns, Below<Base, Path>, never>) => Router<any, any, Inner>,
  ): Router<Assigns, Base, Paths | Inner>;
  scope<Path extends string, More extends object, Inner extends string>(
    path: Path,
    through: Through<Assigns, More>,
    routes: (scope: Router<Assigns & More, Below<Base, Path>, never>) => Router<any, any, Inner>,
  ): Router<Assigns, Base, Paths | Inner>;
  scope<Path extends string, Inner extends string, More extends object = {}>(
    path: Path,
    options: ScopeOptions<More>,
    routes: (scope: Router<Assigns & Readonly<More>, Below<Base, Path>, never>) => Router<any, any, Inner>,
  ): Router<Assigns, Base, Paths | Inner>;
  /**
   * The routes of a resource to the actions of a controller: `index` (GET `/users`), `edit` (GET `/users/:id/edit`),
   * `new` (GET `/users/new`), `show` (GET `/users/:id`), `create` (POST), `update` (PATCH and PUT), `delete` (Phoenix:
   * `resources`). Routes below one of them need its name: with `"user"` they have the parameter `userId`.
   */
  resources<Path extends string, const O extends ResourceOptions = {}, Inner extends string = never>(
    path: Path,
    controller: ResourceActions<Assigns, Base, Path, O>,
    options?: O,
    below?: (scope: Router<Assigns, BelowResource<Base, Path, O>, never>) => Router<any, any, Inner>,
  ): Router<Assigns, Base, Paths | ResourcePaths<Base, Path, O> | Inner>;
  /**
   * The routes that are declared on what this returns go through these pipelines, or plugs, in order, once one of them
   * has matched. The first that halts is the last that runs (Phoenix: `pipe_through`).
   */
  pipeThrough<A extends object>(first: Through<Assigns, A>): Router<Assigns & A, Base, Paths>;
  pipeThrough<A extends object, B extends object>(
    first: Through<Assigns, A>,
    second: Through<Assigns & A, B>,
  ): Router<Assigns & A & B, Base, Paths>;
  pipeThrough<A extends object, B extends object, C extends object>(
    first: Through<Assigns, A>,
    second: Through<Assigns & A, B>,
    third: Through<Assigns & A & B, C>,
  ): Router<Assigns & A & B & C, Base, Paths>;
  /**
   * A path of this router, with its parameters encoded and a query where one is given. One that no route has does not
   * compile, nor does one whose parameters are missing (Phoenix: verified routes, `~p`). Whoever redirects to a path of
   * the router that it is a route of must say what it returns, for otherwise its type would follow from itself.
   *
   * @example
   * const users = router().get("/users/:id", (conn, { id }) => conn.text(id));
   * expect(users.path("/users/:id", { id: "a b" }, { page: 2 })).toBe("/users/a%20b?page=2");
   */
  path<Path extends Paths>(path: Path, ...given: PathArguments<Path>): string;
  /** The paths of all routes, in the order of their declaration. */
  readonly paths: readonly Paths[];
  /** The router as a plug. Throws `BadArgument` as long as it has no routes. */
  readonly plug: RouterPlug<Paths>;
}

export interface RouterOptions {
  /** What errors and telemetry call it. Default `"router"`. */
  readonly name?: string;
  /** What becomes of a request whose pipeline has sent a response and does not halt. Default `"halt"`. */
  readonly afterSend?: AfterSend;
}

export const router = ({ name = "router", afterSend = "halt" }: RouterOptions = {}): Router<{}, "", never> =>
  new Routes({ name, afterSend, table: new RouteTable(), paths: new Map() }, NO_SCOPE) as unknown as Router<
    {},
    "",
    never
  >;

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
