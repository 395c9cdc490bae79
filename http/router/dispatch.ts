import { processOf } from "../../runtime/self.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Milliseconds, Pid } from "../../runtime/types.ts";
import { Conn } from "../conn/conn.ts";
import { NoRouteError } from "../errors.ts";
import { type AfterSend, runStep, stops } from "../pipeline/plug.ts";
import type { Step } from "../pipeline/step.ts";
import { decodeSegments } from "./route.ts";
import type { Entry, Matched, RouteTable } from "./route-table.ts";

declare module "../../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** A route has matched, and its pipelines and its action run (Plug: `[:plug, :router_dispatch, …]`). */
    "http.router.dispatch.start": [measurements: {}, metadata: DispatchMetadata];
    "http.router.dispatch.stop": [measurements: { duration: Milliseconds }, metadata: DispatchMetadata];
    "http.router.dispatch.exception": [
      measurements: { duration: Milliseconds },
      metadata: DispatchMetadata & { error: unknown },
    ];
  }
}

interface DispatchMetadata {
  readonly pid: Pid;
  readonly conn: Conn<any>;
  /** The path of the route, through forwards: `/users/:id`. */
  readonly route: string;
  readonly router: string;
}

/** What a router does with a request. */
export interface Dispatch {
  readonly name: string;
  readonly table: RouteTable;
  readonly afterSend: AfterSend;
}

/** Where the routers on the way put the path of the route. */
export const ROUTE = "plugRoute";

/**
 * The path of the route that takes this request, as it is declared, through scopes and forwards: `/users/:id`,
 * `/api/*rest/users` (Plug: `Plug.Router.match_path/1`). Undefined before a router has matched.
 *
 * @example
 * const where = router().get("/users/:id", (conn) => conn.text(matchPath(conn) ?? ""));
 * expect((await request(sim, where.plug, "GET", "/users/7")).body).toBe("/users/:id");
 */
export const matchPath = (conn: Conn<any>): string | undefined => conn.private[ROUTE] as string | undefined;

/** Finds the route of a request; its pipelines run once it is found, and its action last. */
export function dispatch(by: Dispatch, conn: Conn<any>): Async<Conn<any>> {
  const matched = by.table.match(conn, decodeSegments(conn.pathInfo));
  if (matched === undefined) throw noRoute(by, conn);
  const { entry, params } = matched;
  const routed = conn.enterRoute(params, entry.assigns, privateOf(entry, conn));
  const { telemetry } = processOf(conn.exchange.self).kernel;
  const isHeard =
    telemetry.has("http.router.dispatch.stop") ||
    telemetry.has("http.router.dispatch.start") ||
    telemetry.has("http.router.dispatch.exception");
  return isHeard ? spanned(by, routed, matched) : run(by, routed, matched);
}

function privateOf(entry: Entry, conn: Conn<any>): Readonly<Record<string, unknown>> {
  const outer = matchPath(conn);
  if (outer === undefined) return entry.private;
  const inner = entry.private[ROUTE] as string;
  return { ...entry.private, [ROUTE]: inner === "/" ? outer : outer + inner };
}

function noRoute({ table }: Dispatch, conn: Conn<any>): NoRouteError {
  return new NoRouteError(conn.method, conn.requestPath, table.lines, conn.exchange.settings.development);
}

function run(by: Dispatch, conn: Conn<any>, { entry, params }: Matched): Async<Conn<any>> {
  const { through, action } = entry;
  if (through.length === 0) return runStep(action, conn, params);
  return runThrough(through, conn, action, params, by.afterSend, 0);
}

function runThrough(
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
    if (!(next instanceof Conn)) {
      return next.then((ready) => runThrough(through, ready, action, params, afterSend, i + 1));
    }
    conn = next;
  }
  return stops(conn, afterSend, 1) ? conn : runStep(action, conn, params);
}

/** The same, told to whoever listens. */
function spanned(by: Dispatch, conn: Conn<any>, matched: Matched): Async<Conn<any>> {
  const process = processOf(conn.exchange.self);
  const { telemetry } = process.kernel;
  const since = process.now();
  const metadata = { pid: process.pid, route: matchPath(conn) as string, router: by.name };
  const failed = (error: unknown): never => {
    const duration = process.now() - since;
    const last = conn.exchange.conn ?? conn;
    telemetry.emit("http.router.dispatch.exception", { duration }, { ...metadata, conn: last, error });
    throw error;
  };
  const stopped = (done: Conn<any>): Conn<any> => {
    telemetry.emit("http.router.dispatch.stop", { duration: process.now() - since }, { ...metadata, conn: done });
    return done;
  };
  telemetry.emit("http.router.dispatch.start", {}, { ...metadata, conn });
  let done: Async<Conn<any>>;
  try {
    done = run(by, conn, matched);
  } catch (error) {
    return failed(error);
  }
  return isThenable(done) ? (done as Promise<Conn<any>>).then(stopped, failed) : stopped(done as Conn<any>);
}
