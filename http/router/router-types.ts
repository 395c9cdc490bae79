import type { Async } from "../../runtime/types.ts";
import type { Conn, Halted } from "../conn/conn.ts";
import type { QueryData } from "../conn/query.ts";
import type { BelowResource, ResourceActions, ResourceOptions, ResourcePaths } from "../phoenix/resources.ts";
import type { PlugFn } from "../pipeline/plug.ts";
import type { Below, GivenParams, Joined, PathParams } from "./path-params.ts";

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
  /** All routes as lines, such as `GET /users/:id`, in the order of their declaration (Phoenix: `mix phx.routes`). */
  readonly routes: readonly string[];
  /** The paths of all routes, in the order of their declaration. */
  readonly paths: readonly Paths[];
  /** The router as a plug. Throws `BadArgument` as long as it has no routes. */
  readonly plug: RouterPlug<Paths>;
}
