import type { Conn } from "../conn/conn.ts";

const METHODS = new Set(["PUT", "PATCH", "DELETE"]);

/**
 * Lets a form choose a method that HTML has not: of a POST whose body has a parameter `_method` with the value PUT, PATCH
 * or DELETE, in any case, it makes that (Plug: `Plug.MethodOverride`). The query does not count. It comes after
 * {@link Parsers} and before the router; of a body that was not parsed it knows nothing.
 *
 * @example
 * pipeline().plug(plug(Parsers, { parsers: ["urlencoded"] })).plug(plug(MethodOverride))
 */
export const MethodOverride = {
  name: "MethodOverride",
  init: (): undefined => undefined,
  call: <A extends object>(conn: Conn<A>): Conn<A> => {
    if (conn.method !== "POST" || !conn.bodyFetched) return conn;
    const { _method } = conn.bodyParams;
    const method = typeof _method === "string" ? _method.toUpperCase() : "";
    return METHODS.has(method) ? conn.putRequest({ method }) : conn;
  },
};
