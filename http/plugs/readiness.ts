import type { Conn } from "../conn/conn.ts";
import type { Plug } from "../pipeline/plug.ts";
import { isReady } from "../server/servers.ts";

export interface ReadinessOptions {
  /** The path that is asked. Default `"/ready"`. */
  readonly path?: string;
  /** The server that is meant. Default `"http"`. */
  readonly server?: string;
}

/**
 * Answers 200 while the server wants requests, and 503 from the first moment of a drain, when it still accepts them (the
 * readiness probe of Kubernetes; `drain: { readyDelay }` is how long load balancers have to notice). Halts on its path;
 * other requests pass.
 *
 * @example
 * const web = pipeline().plug(plug(Readiness, { path: "/healthz" })).plug(site.plug);
 */
export const Readiness = {
  name: "Readiness",
  init: ({ path = "/ready", server = "http" }: ReadinessOptions = {}) => ({ path, server }),
  call: (conn: Conn<any>, { path, server }: Required<ReadinessOptions>) => {
    if (conn.requestPath !== path) return conn;
    const ready = isReady(conn.self, server);
    return conn
      .putRespHeader("cache-control", "no-store")
      .putRespContentType("text/plain")
      .sendResp(ready ? 200 : 503, ready ? "ready\n" : "not ready\n")
      .halt();
  },
} satisfies Plug<Required<ReadinessOptions>>;
