import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { processOf } from "../runtime/self.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async } from "../runtime/types.ts";
import type { Conn, Halted } from "./conn.ts";
import "./events.ts";
import { type AfterSend, runSteps, stepOf } from "./plug.ts";
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
  checkAfterSend("pipeline", options.afterSend);
  return build([], options);
}

const AFTER_SEND: readonly AfterSend[] = ["halt", "warn", "plug"];

export function checkAfterSend(what: string, afterSend: AfterSend | undefined): void {
  if (afterSend === undefined || AFTER_SEND.includes(afterSend)) return;
  throw new BadArgument(`${what}: expected afterSend to be one of ${AFTER_SEND.join(", ")}, got: ${show(afterSend)}`);
}

function build(steps: readonly Step[], options: PipelineOptions): Pipeline<any> {
  const { name = "pipeline", logOnHalt } = options;
  const run = (conn: Conn<any>): Async<any> => runThrough(run as unknown as Built, conn);
  const built = { steps, options, plug: (plug: any) => build([...steps, stepOf(plug)], options) };
  Object.assign(named(name, run), built);
  if (logOnHalt !== undefined) levelOf(logOnHalt);
  return run as unknown as Pipeline<any>;
}

const LEVELS = ["debug", "info", "warning", "error"];

function levelOf(level: string): void {
  if (LEVELS.includes(level)) return;
  throw new BadArgument(`pipeline: expected logOnHalt to be one of ${LEVELS.join(", ")}, got: ${show(level)}`);
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
