import type { Conn } from "../conn/conn.ts";

/**
 * Makes GET of HEAD, so that the routes of GET answer both (Plug: `Plug.Head`). The response to HEAD still has no body:
 * that is known from what the client has sent.
 *
 * @example
 * pipeline().plug(plug(Head)).plug(site.plug)
 */
export const Head = {
  name: "Head",
  init: (): undefined => undefined,
  call: <A extends object>(conn: Conn<A>): Conn<A> =>
    conn.method === "HEAD" ? conn.putRequest({ method: "GET" }) : conn,
};
