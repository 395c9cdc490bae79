import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Level } from "../../runtime/reports.ts";
import type { Conn } from "../conn/conn.ts";
import { showDuration } from "../events.ts";

export interface LoggerOptions {
  /**
   * At which level, or not at all (`false`): the same for all requests, or as a function says, so that a readiness probe
   * need not fill the log. Default `"info"`.
   */
  readonly level?: Level | false | ((conn: Conn<any>) => Level | false);
  /** Says with the response whether the connection stays open. Default false. */
  readonly verbose?: boolean;
}

interface Ready {
  readonly levelOf: (conn: Conn<any>) => Level | false;
  readonly verbose: boolean;
}

const LEVELS: readonly unknown[] = ["debug", "info", "warning", "error", false];

/**
 * Reports a request when it comes (`GET /rooms`) and when its response is about to leave: `Sent 200 in 5ms`, or
 * `Chunked 200 in 5ms` when the first chunk is still to come (Plug: `Plug.Logger`). Put it first, so that its time is that
 * of all plugs. "Sent" is not "closed": the connection stays open for the next request unless `verbose` says otherwise.
 * Reports are events of telemetry, `http.log`.
 *
 * @example
 * pipeline().plug(plug(Logger, { level: (conn) => (conn.requestPath === "/health" ? false : "info") }))
 */
export const Logger = {
  name: "Logger",

  init: ({ level = "info", verbose = false }: LoggerOptions = {}): Ready => {
    if (typeof level === "function") return { levelOf: (conn) => checked(level(conn)), verbose };
    checked(level);
    return { levelOf: () => level, verbose };
  },

  call: <A extends object>(conn: Conn<A>, { levelOf, verbose }: Ready): Conn<A> => {
    const level = levelOf(conn);
    if (level === false) return conn;
    const { exchange } = conn;
    const since = conn.self.now();
    exchange.log(level, `${conn.method} ${conn.requestPath}`);
    return conn.registerBeforeSend((last) => {
      const sent = last.state === "setChunked" ? "Chunked" : "Sent";
      const fate = exchange.adapter.keepsOpen ? " (conn kept open)" : " (conn closes)";
      exchange.log(level, `${sent} ${last.status} in ${showDuration(conn.self.now() - since)}${verbose ? fate : ""}`);
      return last;
    });
  },
};

function checked(level: Level | false): Level | false {
  if (LEVELS.includes(level)) return level;
  throw new BadArgument(`Logger: expected level to be debug, info, warning, error or false, got: ${show(level)}`);
}
