import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Async } from "../runtime/types.ts";
import { Conn, type Halted, splitPath } from "./conn.ts";
import { NoRouteError } from "./errors.ts";
import type { Pipeline } from "./pipeline.ts";
import { runThrough } from "./pipeline.ts";
import { type AfterSend, forwardStep, type PlugFn, runStep, stepOf, stops } from "./plug.ts";
import { checkPath, Route } from "./route.ts";
import { named, Step } from "./step.ts";

/** A parameter's name ends where its suffix begins, at the first character that no word has: `file-:id.json`. */
type Name<Text extends string> = Text extends `${infer Char}${infer Rest}`
  ? IsWord<Char> extends true
    ? `${Char}${Name<Rest>}`
    : ""
  : "";
type IsWord<Char extends string> =
  Lowercase<Char> extends Uppercase<Char> ? (Char extends `${number}` | "_" ? true : false) : true;
type Part<Segment extends string, Mark extends string> = Segment extends `${string}${Mark}${infer Text}`
  ? Name<Text>
  : never;
type Parts<Path extends string, Mark extends string> = Path extends `${infer Segment}/${infer Rest}`
  ? Part<Segment, Mark> | Parts<Rest, Mark>
  : Part<Path, Mark>;

/** The parameters that a path literal has: strings, and the segments of a `*rest`. Names that begin with `_` match only. */
export type PathParams<Path extends string> = { readonly [K in Exclude<Parts<Path, ":">, `_${string}`>]: string } & {
  readonly [K in Parts<Path, "*">]: readonly string[];
};

export type Action<Assigns extends object, Path extends string> = (
  conn: Conn<Assigns>,
  params: PathParams<Path>,
) => Async<Conn<any> | Halted>;

/**
 * Routes, tried in the order in which they were declared (Plug: `Plug.Router`). Nothing is added by itself: neither HEAD
 * nor OPTIONS nor 405. A request that no route takes is answered with 404.
 *
 * @example
 * const site = router().get("/rooms/:topic", (conn, { topic }) => conn.text(topic));
 */
export interface Router<Assigns extends object = {}> {
  get<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  post<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  put<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  patch<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  delete<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  options<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  head<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  /** Any method. */
  match<Path extends string>(path: Path, action: Action<Assigns, Path>): Router<Assigns>;
  /** Hands everything below `path` to another plug, which sees the rest of the path (Plug: `forward`). */
  forward(path: string, target: PlugFn<Assigns, any>): Router<Assigns>;
  /** Routes below `path` whose requests go through a pipeline first, once one of them has matched. */
  scope<More extends object>(
    path: string,
    through: Pipeline<More>,
    routes: (scope: Router<Assigns & More>) => unknown,
  ): Router<Assigns>;
  /** The router as a plug. */
  readonly plug: PlugFn<any, any>;
}

type AnyAction = (conn: Conn<any>, params: any) => Async<Conn<any> | Halted>;

interface Entry {
  readonly method: string | undefined;
  readonly route: Route;
  readonly through: readonly Step[];
  readonly action: Step;
}

export interface RouterOptions {
  /** What becomes of a request whose pipeline has sent a response and does not halt. Default `"halt"`. */
  readonly afterSend?: AfterSend;
}

export const router = ({ afterSend = "halt" }: RouterOptions = {}): Router => new Routes("", [], [], afterSend);

/** The routes of a router; a scope adds to the same list, behind its path and its pipelines. */
class Routes implements Router<any> {
  private readonly base: string;
  private readonly through: readonly Step[];
  private readonly entries: Entry[];
  private readonly afterSend: AfterSend;
  readonly plug: PlugFn<any, any>;

  constructor(base: string, through: readonly Step[], entries: Entry[], afterSend: AfterSend) {
    this.base = base;
    this.through = through;
    this.entries = entries;
    this.afterSend = afterSend;
    this.plug = named("router", (conn: Conn<any>) => dispatch(entries, conn, afterSend));
  }

  get = (path: string, action: AnyAction) => this.add("GET", path, action);
  post = (path: string, action: AnyAction) => this.add("POST", path, action);
  put = (path: string, action: AnyAction) => this.add("PUT", path, action);
  patch = (path: string, action: AnyAction) => this.add("PATCH", path, action);
  delete = (path: string, action: AnyAction) => this.add("DELETE", path, action);
  options = (path: string, action: AnyAction) => this.add("OPTIONS", path, action);
  head = (path: string, action: AnyAction) => this.add("HEAD", path, action);
  match = (path: string, action: AnyAction) => this.add(undefined, path, action);

  forward(path: string, target: PlugFn<any, any>): Router<any> {
    if (typeof target !== "function")
      throw new BadArgument(`expected a plug to forward ${path} to, got: ${show(target)}`);
    const route = this.route(path, true);
    const depth = splitPath(route.path).length;
    const step = stepOf(target);
    const action = (conn: Conn<any>) => forwardStep(conn, depth, step);
    return this.push(undefined, route, new Step(action, `forward ${route.path}`));
  }

  scope(path: string, through: Pipeline<any>, routes: (scope: Router<any>) => unknown): Router<any> {
    if (typeof through !== "function") throw new BadArgument(`expected a pipeline for ${path}, got: ${show(through)}`);
    this.route(path, true);
    const base = this.base + (path === "/" ? "" : path);
    routes(new Routes(base, [...this.through, scopeStep(through, this.afterSend)], this.entries, this.afterSend));
    return this;
  }

  private add(method: string | undefined, path: string, action: AnyAction): Router<any> {
    if (typeof action !== "function") throw new BadArgument(`expected an action for ${path}, got: ${show(action)}`);
    const route = this.route(path, false);
    return this.push(method, route, new Step(action, `${method ?? "*"} ${route.path}`));
  }

  private route(path: string, prefix: boolean): Route {
    checkPath(path);
    return new Route(path === "/" && this.base !== "" ? this.base : this.base + path, prefix);
  }

  private push(method: string | undefined, route: Route, action: Step): Router<any> {
    this.entries.push({ method, route, through: this.through, action });
    return this;
  }
}

/** A pipeline as the router runs it: what it does after a response is the router's to say, unless it says so itself. */
function scopeStep(through: Pipeline<any>, afterSend: AfterSend): Step {
  return new Step((conn) => runThrough(through as never, conn, afterSend), through.name);
}

/** The pipelines of a route run once it has matched, and its action last. */
function dispatch(entries: readonly Entry[], conn: Conn<any>, afterSend: AfterSend): Async<Conn<any>> {
  for (const { method, route, through, action } of entries) {
    if (method !== undefined && method !== conn.method) continue;
    const match = route.match(conn.pathInfo);
    if (match === undefined) continue;
    const { params } = match;
    const routed = route.hasParams ? conn.putPathParams(params) : conn;
    if (through.length === 0) return runStep(action, routed, params);
    return runRest(through, routed, action, params, afterSend, 0);
  }
  throw new NoRouteError(conn.method, conn.requestPath);
}

function runRest(
  through: readonly Step[],
  start: Conn<any>,
  action: Step,
  params: unknown,
  afterSend: AfterSend,
  from: number,
): Async<Conn<any>> {
  let conn = start;
  for (let i = from; i < through.length && !stops(conn, afterSend, through.length - i + 1); i++) {
    const next = runStep(through[i] as Step, conn);
    if (!(next instanceof Conn)) return next.then((ready) => runRest(through, ready, action, params, afterSend, i + 1));
    conn = next;
  }
  return stops(conn, afterSend, 1) ? conn : runStep(action, conn, params);
}
