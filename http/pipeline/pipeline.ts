import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { processOf } from "../../runtime/self.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn, Halted } from "../conn/conn.ts";
import "../events.ts";
import { type AfterSend, type PlugFn, runSteps, stepOf } from "./plug.ts";
import { named, type Step } from "./step.ts";

export interface PipelineOptions {
  /** What errors and reports call it. Default `"pipeline"`. */
  readonly name?: string;
  /** Reports at this level which plug has halted. Default: not at all. */
  readonly logOnHalt?: "debug" | "info" | "warning" | "error";
  /** Default `"plug"`: as in Plug. Pipelines that a router's scope goes through stop after a response. */
  readonly afterSend?: AfterSend;
}

/**
 * Plugs one after the other, until one halts (Plug: `Plug.Builder`). A pipeline is a plug itself, and it knows what its
 * plugs have assigned: a later plug or route that needs `user` compiles only behind one that assigns it. It is
 * synchronous when all its plugs are.
 *
 * @example
 * const member = pipeline({ name: "member", logOnHalt: "debug" }).plug(plug(RequestId)).plug(requireUser);
 */
export interface Pipeline<Assigns extends object> {
  (conn: Conn<any>): Async<Conn<Assigns> | Halted>;
  plug<Out extends object>(plug: (conn: Conn<Assigns>) => Async<Conn<Out> | Halted>): Pipeline<Assigns & Out>;
}

export function pipeline(options: PipelineOptions = {}): Pipeline<{}> {
  check("pipeline", options);
  return build([], options);
}

/**
 * Runs plugs in order until one halts, without a pipeline: for plugs that are only known while the program runs (Plug:
 * `Plug.run/3`). A conn that is halted already comes back as it is.
 *
 * @example
 * const hello = (conn: Conn<any>) => runPlugs(conn, [requireUser, (it) => it.text("hello")], { logOnHalt: "debug" });
 */
export function runPlugs(
  conn: Conn<any>,
  plugs: readonly PlugFn<any, any>[],
  options: PipelineOptions = {},
): Async<Conn<any>> {
  check("runPlugs", options);
  const { name = "runPlugs" } = options;
  return conn.halted ? conn : runThrough({ name, steps: plugs.map(stepOf), options }, conn);
}

const AFTER_SEND: readonly AfterSend[] = ["halt", "warn", "plug"];

export function checkAfterSend(what: string, afterSend: AfterSend | undefined): void {
  if (afterSend === undefined || AFTER_SEND.includes(afterSend)) return;
  throw new BadArgument(`${what}: expected afterSend to be one of ${AFTER_SEND.join(", ")}, got: ${show(afterSend)}`);
}

function build(steps: readonly Step[], options: PipelineOptions): Pipeline<any> {
  const { name = "pipeline" } = options;
  const run = (conn: Conn<any>): Async<any> => runThrough(run as unknown as Built, conn);
  const built = { steps, options, plug: (plug: any) => build([...steps, stepOf(plug)], options) };
  Object.assign(named(name, run), built);
  return run as unknown as Pipeline<any>;
}

const LEVELS = ["debug", "info", "warning", "error"];

function check(what: string, options: PipelineOptions): void {
  const { afterSend, logOnHalt } = checkOptions(what, options);
  checkAfterSend(what, afterSend);
  if (logOnHalt !== undefined && !LEVELS.includes(logOnHalt)) {
    throw new BadArgument(`${what}: expected logOnHalt to be one of ${LEVELS.join(", ")}, got: ${show(logOnHalt)}`);
  }
}

interface Built {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly options: PipelineOptions;
}

/** Runs the plugs of a pipeline; a router says what becomes of it once a response is sent, unless the pipeline does. */
export function runThrough(pipeline: Built, conn: Conn<any>, afterSend: AfterSend = "plug"): Async<Conn<any>> {
  const { steps, options, name } = pipeline;
  if (conn.halted) return conn;
  const done = runSteps(steps, conn, options.afterSend ?? afterSend);
  const level = options.logOnHalt;
  if (level === undefined) return done;
  if (isThenable(done)) return (done as Promise<Conn<any>>).then((settled) => reportHalt(name, level, settled));
  return reportHalt(name, level, done as Conn<any>);
}

function reportHalt(name: string, level: "debug" | "info" | "warning" | "error", conn: Conn<any>): Conn<any> {
  if (!conn.halted) return conn;
  const { exchange } = conn;
  processOf(exchange.self).kernel.telemetry.emit(
    "http.pipeline.halt",
    {},
    { pid: exchange.self.pid, pipeline: name, plug: String(exchange.step), level },
  );
  return conn;
}
