import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Async } from "../runtime/types.ts";
import type { Conn, Halted } from "./conn.ts";
import { named, type PlugFn, runPlugs } from "./plug.ts";

/**
 * Plugs one after the other, until one halts (Plug: `Plug.Builder`). A pipeline is a plug itself, and it knows what its
 * plugs have assigned: a later plug or route that needs `user` compiles only behind one that assigns it.
 *
 * @example
 * const member = pipeline().plug(plug(RequestId)).plug(requireUser);
 */
export interface Pipeline<Assigns extends object> {
  (conn: Conn<any>): Async<Conn<Assigns> | Halted>;
  plug<Out extends object>(plug: (conn: Conn<Assigns>) => Async<Conn<Out> | Halted>): Pipeline<Assigns & Out>;
}

export const pipeline = (): Pipeline<{}> => build([]);

function build(plugs: readonly PlugFn<any, any>[]): Pipeline<any> {
  const run = (conn: Conn<any>): Async<any> => runPlugs(plugs, conn);
  return Object.assign(named("pipeline", run), {
    plug: (plug: PlugFn<any, any>) => {
      if (typeof plug !== "function") {
        throw new BadArgument(
          `expected a function plug, got: ${show(plug)}; a module plug goes in as plug(module, options)`,
        );
      }
      return build([...plugs, plug]);
    },
  }) as Pipeline<any>;
}
