import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { InitArg } from "../runtime/protocol.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async } from "../runtime/types.ts";
import { Conn, type Halted } from "./conn.ts";
import type { Params } from "./query.ts";

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
 * Makes a function plug of a module plug. `init` runs here, once.
 *
 * @example
 * pipeline().plug(plug(Static, { from: "public" }))
 */
export function plug<M extends Plug>(module: M, ...options: InitArg<M>): PlugOf<M> {
  if (typeof module?.init !== "function" || typeof module.call !== "function") {
    throw new BadArgument(`expected a plug module with init and call, got: ${show(module)}`);
  }
  const ready = module.init((options as readonly unknown[])[0]);
  const call = (conn: Conn<any>) => module.call(conn, ready);
  return named(nameOfPlug(module), call) as PlugOf<M>;
}

/** Gives a function the name that errors and reports show. */
export function named<F extends object>(name: string, plug: F): F {
  return Object.defineProperty(plug, "name", { value: name, configurable: true });
}

function nameOfPlug(module: Plug): string {
  if (module.name !== undefined && module.name !== "") return module.name;
  return module.call.name !== "" && module.call.name !== "call" ? module.call.name : "a module plug";
}

export const showPlug = (plug: { readonly name: string }): string => plug.name || "an unnamed plug";

type Step = (conn: Conn<any>, params?: any) => Async<Conn<any> | Halted>;

/** Runs one plug, or a route's action: says where the request stands, and that what comes back is a conn. */
export function runPlug(plug: Step, conn: Conn<any>, name = showPlug(plug), params?: Params): Async<Conn<any>> {
  conn.exchange.plug = name;
  const result: unknown = plug(conn, params);
  if (result instanceof Conn) return result;
  if (isThenable(result)) return Promise.resolve(result).then((value) => checked(name, value));
  return checked(name, result);
}

/** Runs plugs in order until one halts; synchronous as long as they are. */
export function runPlugs(plugs: readonly PlugFn<any, any>[], start: Conn<any>, from = 0): Async<Conn<any>> {
  let conn = start;
  for (let i = from; i < plugs.length && !conn.halted; i++) {
    const next = runPlug(plugs[i] as PlugFn<any, any>, conn);
    if (!(next instanceof Conn)) return next.then((settled) => runPlugs(plugs, settled, i + 1));
    conn = next;
  }
  return conn;
}

function checked(name: string, result: unknown): Conn<any> {
  if (result instanceof Conn) return result;
  throw new BadArgument(`expected plug ${name} to return a conn, got: ${show(result)}; is a return missing?`);
}
