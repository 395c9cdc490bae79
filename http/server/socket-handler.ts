import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Async, ChildSpec, Pid } from "../../runtime/types.ts";
import type { Headers } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";

/** A connection that wants to speak something else from now on. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** What plugs have put for the response, to be sent with the 101. */
  readonly headers: Headers;
  /**
   * Hands the connection to a process of its own, which lives under the server's connections, counts for the drainer,
   * and gets a {@link Drain} message when it is time to say goodbye.
   * Resolves to `"ignore"` when the process found nobody there. Rejects with the start error.
   */
  start(child: ChildSpec): Promise<Pid | "ignore">;
}

/** The drainer's last request to a process that was started by {@link Upgrade.start}: end, within the time to drain. */
export interface Drain {
  readonly tag: "drain";
}

/** What is mounted under `sockets`: it serves the upgrade requests below its path. */
export interface SocketHandler {
  /** Processes that its connections need; started before the listener, under the server. */
  readonly children: readonly ChildSpec[];
  /** Answers a request below its path that is no upgrade; undefined leaves it to the plug. */
  request?(conn: Conn): Conn<any> | undefined;
  /**
   * Decides about one upgrade request, in a process of its own. Starts a process for it and returns nothing, or returns
   * a conn with a response: that is the refusal.
   */
  upgrade(conn: Conn, upgrade: Upgrade): Async<Conn<any> | undefined>;
}
