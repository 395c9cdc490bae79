import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { InitArg } from "../../runtime/protocol.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import { Conn, type Halted } from "../conn/conn.ts";
import { named, Step } from "./step.ts";

/** A function plug: takes a conn, returns one. */
export type PlugFn<In extends object = {}, Out extends object = In> = (conn: Conn<In>) => Async<Conn<Out> | Halted>;

/** A module plug: `init` once, when the pipeline is built; `call` for each request with what `init` returned. */
export interface Plug<Options = any> {
  /** What errors and reports call it. */
  readonly name?: string;
  init(options: any): Options;
  call(conn: Conn<any>, options: Options): Async<Conn<any> | Halted>;
}

/** The function plug that a module plug is with these options. */
export type PlugOf<M extends Plug> = M extends { call(conn: Conn<infer In>, ...rest: any): infer R }
  ? Exclude<Awaited<R>, Halted> extends Conn<infer Out>
    ? PlugFn<In, Out>
    : never
  : never;

/**
 * Makes a function plug of a module plug. `init` runs here, once (Plug: `init_mode: :compile`).
 *
 * @example
 * pipeline().plug(plug(Static, { from: "public" }))
 */
export function plug<M extends Plug>(module: M, ...options: InitArg<M>): PlugOf<M> {
  checkModule(module);
  const ready = module.init((options as readonly unknown[])[0]);
  return named(nameOfPlug(module), (conn: Conn<any>) => module.call(conn, ready)) as PlugOf<M>;
}

/**
 * The same, but `init` runs again for each request: for options that are only known while the program runs (Plug:
 * `init_mode: :runtime`).
 *
 * @example
 * pipeline().plug(plugAtRuntime(RequestId, { header: "x-request-id" }))
 */
export function plugAtRuntime<M extends Plug>(module: M, ...options: InitArg<M>): PlugOf<M> {
  checkModule(module);
  const given = (options as readonly unknown[])[0];
  return named(nameOfPlug(module), (conn: Conn<any>) => module.call(conn, module.init(given))) as PlugOf<M>;
}

function checkModule(module: Plug): void {
  if (typeof module?.init === "function" && typeof module.call === "function") return;
  throw new BadArgument(`expected a plug module with init and call, got: ${show(module)}`);
}

function nameOfPlug(module: Plug): string {
  if (module.name !== undefined && module.name !== "") return module.name;
  return module.call.name !== "" && module.call.name !== "call" ? module.call.name : "a module plug";
}

/**
 * What becomes of a pipeline whose plug has sent a response and does not halt: it stops ("halt"), it goes on and says so
 * ("warn"), or it goes on as in Plug, where sending and halting have nothing to do with each other ("plug").
 */
export type AfterSend = "halt" | "warn" | "plug";

/** Runs one step: says where the request stands, and that what comes back is a conn. */
export function runStep(step: Step, conn: Conn<any>, params?: unknown): Async<Conn<any>> {
  conn.exchange.enter(step, conn);
  const result: unknown = step.run(conn, params);
  if (result instanceof Conn && result.exchange === conn.exchange) return result;
  if (isThenable(result)) return Promise.resolve(result).then((value) => checked(step, conn, value, true));
  return checked(step, conn, result, false);
}

/** Runs steps in order until one halts; synchronous as long as they are. */
export function runSteps(
  steps: readonly Step[],
  start: Conn<any>,
  afterSend: AfterSend = "plug",
  from = 0,
): Async<Conn<any>> {
  let conn = start;
  for (let i = from; i < steps.length && !stops(conn, afterSend, steps.length - i); i++) {
    const next = runStep(steps[i] as Step, conn);
    if (!(next instanceof Conn)) return next.then((settled) => runSteps(steps, settled, afterSend, i + 1));
    conn = next;
  }
  return conn;
}

/** Whether `left` steps that are still to come are not run. */
export function stops(conn: Conn<any>, afterSend: AfterSend, left: number): boolean {
  if (conn.halted) return true;
  const { exchange } = conn;
  if (afterSend === "plug" || !exchange.sent || left === 0) return false;
  exchange.sentBeforeTheEnd(afterSend);
  return afterSend === "halt";
}

function checked(step: Step, given: Conn<any>, result: unknown, awaited: boolean): Conn<any> {
  const isConn = result instanceof Conn;
  if (isConn && result.exchange === given.exchange) return result;
  const got = `${awaited ? "a promise of " : ""}${show(result)}${isConn ? " of another request" : ""}`;
  const hint =
    result === undefined ? "is a return missing?" : "a plug returns the conn that it was given, changed or not";
  throw new BadArgument(`expected plug ${step} to return a conn, got: ${got}; ${hint}`);
}

export function stepOf(plug: PlugFn<any, any>): Step {
  if (typeof plug === "function") return new Step(plug);
  const hint = "a module plug goes in as plug(module, options)";
  throw new BadArgument(`expected a function plug, got: ${show(plug)}; ${hint}`);
}

/**
 * Hands a conn to another plug, which sees the path without its first `depth` segments; when it comes back, path and
 * script name are as before, and everything else is as the plug left it (Plug: `Plug.forward/4`).
 *
 * @example
 * const below = (conn: Conn<any>) => (conn.pathInfo[0] === "api" ? forward(conn, 1, site.plug) : conn.sendResp(404, ""));
 */
export function forward(conn: Conn<any>, depth: number, target: PlugFn<any, any>): Async<Conn<any>> {
  return forwardStep(conn, depth, stepOf(target));
}

export function forwardStep(conn: Conn<any>, depth: number, target: Step): Async<Conn<any>> {
  const returned = runStep(target, conn.enterPath(depth));
  if (returned instanceof Conn) return returned.restorePath(conn);
  return returned.then((settled) => settled.restorePath(conn));
}

/**
 * Puts code around a plug: it runs before and after, and decides whether the plug runs at all. What calls itself
 * middleware elsewhere is this (Plug: an overridden `call/2` with `super`). After `next` the conn may be halted.
 *
 * @example
 * const timed = around(site.plug, async (conn, next) => {
 *   const done = await next(conn);
 *   return done.assign("took", "a while");
 * });
 */
export function around(
  plug: PlugFn<any, any>,
  wrapper: (conn: Conn<any>, next: (conn: Conn<any>) => Async<Conn<any>>) => Async<Conn<any> | Halted>,
): PlugFn<any, any> {
  const step = stepOf(plug);
  return named(step.name, (conn: Conn<any>) => wrapper(conn, (given) => runStep(step, given)));
}

/**
 * A plug that runs only for conns that pass the guard; others go on unchanged (Plug: `plug :name when …`).
 *
 * @example
 * pipeline().plug(when((conn) => conn.method === "POST", plug(Parsers, { parsers: ["json"] })))
 */
export function when<In extends object, Out extends object>(
  guard: (conn: Conn<In>) => boolean,
  plug: PlugFn<In, Out>,
): PlugFn<In, In & Partial<Out>> {
  const step = stepOf(plug);
  const guarded = (conn: Conn<any>) => (guard(conn) ? runStep(step, conn) : conn);
  return named(step.name, guarded) as unknown as PlugFn<In, In & Partial<Out>>;
}
