import type { Milliseconds, Pid } from "../../runtime/types.ts";

/** A request that is being served. */
export interface RequestInfo {
  readonly pid: Pid;
  readonly method: string;
  readonly path: string;
  /** The plug that runs, or ran last. */
  readonly plug: string;
  readonly age: Milliseconds;
  /** Whether its response has begun. */
  readonly begun: boolean;
}

/** A connection as `connections` lists it. */
export interface ConnectionInfo {
  /** Undefined for one that waits for its turn, or whose TLS handshake is not done. */
  readonly pid: Pid | undefined;
  readonly protocol: "http/1.1" | "h2" | "websocket" | undefined;
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  /** Since it was accepted, or became a WebSocket. */
  readonly age: Milliseconds;
  /**
   * `"waiting"` for its turn, in its `"handshake"`, `"idle"`, `"reading"` a head, `"running"` requests, `"sending"` what
   * is left of an answer, or a `"websocket"`.
   */
  readonly state: "waiting" | "handshake" | "idle" | "reading" | "running" | "sending" | "websocket";
  /** Those that are in flight. */
  readonly requests: readonly RequestInfo[];
  /** How many it has sent so far. */
  readonly served: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Whether it closes as soon as it may. */
  readonly draining: boolean;
}
