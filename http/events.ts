import { showReason } from "../runtime/inspect.ts";
import { defineReport, type Level } from "../runtime/reports.ts";
import type { Milliseconds, Pid, Reason } from "../runtime/types.ts";
import type { Alarm } from "./server/alarms.ts";

interface RequestMetadata {
  readonly pid: Pid;
  readonly method: string;
  readonly path: string;
}

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    "http.listener.start": [measurements: {}, metadata: { pid: Pid; scheme: string; host: string; port: number }];
    "http.listener.suspend": [measurements: {}, metadata: { pid: Pid; port: number }];
    /** Accepting has failed so many times since it was last told of. */
    "http.accept.error": [measurements: { count: number }, metadata: { pid: Pid; code: string }];
    "http.connection.refused": [
      measurements: {},
      metadata: { remoteAddress: string; why: "too many wait" | "waited too long" },
    ];
    /** A client has not come to say what it speaks: its TLS handshake failed, or took too long. */
    "http.handshake.error": [measurements: {}, metadata: { remoteAddress: string; error: Error }];
    /** As many connections are open as an alarm was set for. */
    "http.connections.alarm": [measurements: { connections: number }, metadata: { pid: Pid } & Alarm];
    /** A connection has reached a limit, and is closed. */
    "http.connection.timeout": [
      measurements: {},
      metadata: {
        pid: Pid;
        remoteAddress: string;
        limit: "headersTimeout" | "minBodyRate" | "idleTimeout" | "sendTimeout";
      },
    ];
    /** A request has reached its `requestTimeout`, and is told to end. */
    "http.request.timeout": [measurements: { duration: Milliseconds }, metadata: RequestMetadata & { plug: string }];
    "http.connection.start": [measurements: { count: number }, metadata: { pid: Pid; remoteAddress: string }];
    "http.connection.stop": [measurements: { duration: Milliseconds }, metadata: { pid: Pid; reason: Reason }];
    "http.request.start": [measurements: {}, metadata: RequestMetadata];
    /** What a client sent reached no plug, or was no body: `pid` is its connection, `status` the answer to it. */
    "http.request.refused": [
      measurements: {},
      metadata: { pid: Pid; remoteAddress: string; status: number; reason: string },
    ];
    /** A request's process has ended; `status` is what was sent, if anything was. */
    "http.request.stop": [
      measurements: { duration: Milliseconds },
      metadata: RequestMetadata & { status: number | undefined; plug: string; reason: Reason },
    ];
    /** A line of a plug's about its request; `request` is what is known of it: `requestId=…`. */
    "http.log": [measurements: {}, metadata: { pid: Pid; level: Level; text: string; request: string }];
    /**
     * A drain has come to a phase: its servers say that they are not ready; they have stopped to listen; who streams or
     * has a WebSocket is told; the time is up.
     */
    "http.drain.phase": [
      measurements: {},
      metadata: { pid: Pid; phase: "unready" | "suspended" | "notify" | "deadline" },
    ];
    /** A batch of WebSockets is told to go. */
    "http.drain.batch": [
      measurements: { count: number; total: number },
      metadata: { pid: Pid; index: number; rounds: number },
    ];
    "http.pipeline.halt": [measurements: {}, metadata: { pid: Pid; pipeline: string; plug: string; level: Level }];
    /** A plug has sent the response and did not halt, and others were to come. */
    "http.pipeline.sent": [
      measurements: {},
      metadata: { pid: Pid; request: string; plug: string; afterSend: "halt" | "warn" },
    ];
    /** A response was made of a conn that does not have all that was changed; `lost` is what it has not: in development, where. */
    "http.conn.stale": [measurements: {}, metadata: { pid: Pid; request: string; plug: string; lost: string }];
    /** What should have answered a failed request has failed itself: an error handler, or the debugger. */
    "http.rescue.failure": [measurements: {}, metadata: { pid: Pid; request: string; plug: string; error: unknown }];
    "http.drain.start": [
      measurements: { connections: number; requests: number; sockets: number },
      metadata: { pid: Pid },
    ];
    "http.drain.stop": [measurements: { duration: Milliseconds }, metadata: { pid: Pid }];
    /** The time to drain is up, and these still run. */
    "http.drain.timeout": [
      measurements: { duration: Milliseconds },
      metadata: { pid: Pid; running: readonly string[] },
    ];
  }
}

defineReport("http.listener.start", "info", (_, { scheme, host, port }) => {
  const shown = LOCAL.has(host) ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `listening on ${scheme}://${shown}:${port}`;
});

defineReport(
  "http.accept.error",
  "warning",
  ({ count }, { code }) => `could not accept ${count === 1 ? "a connection" : `${count} connections`}: ${code}`,
);

defineReport(
  "http.connection.refused",
  "warning",
  (_, { remoteAddress, why }) => `a connection from ${remoteAddress} was closed unserved: ${why}`,
);

defineReport(
  "http.handshake.error",
  "debug",
  (_, { remoteAddress, error }) => `no handshake with ${remoteAddress}: ${error.message}`,
);

defineReport(
  "http.connections.alarm",
  "warning",
  (measured, { connections }) => `${measured.connections} connections are open; ${connections} are an alarm`,
);

defineReport(
  "http.connection.timeout",
  "debug",
  (_, { remoteAddress, limit }) => `the connection from ${remoteAddress} has reached its ${limit}`,
);

defineReport(
  "http.request.timeout",
  "error",
  ({ duration }, { method, path, plug }) =>
    `${method} ${path} has not begun to answer after ${Math.round(duration)} ms, and is ended; it was in plug ${plug}`,
);

/** Addresses that are easier to read, and to click, by their name. */
const LOCAL = new Set(["127.0.0.1", "::1", "::", "0.0.0.0"]);

defineReport("http.request.stop", "info", ({ duration }, { method, path, status, plug, reason }) => {
  const took = showDuration(duration);
  if (status !== undefined) return `${method} ${path}: sent ${status} in ${took}`;
  return `${method} ${path}: nothing sent after ${took}, in plug ${plug} (${showReason(reason)})`;
});

/** `5ms`, or below one `250µs`. */
export const showDuration = (duration: Milliseconds): string =>
  duration < 1 ? `${Math.round(duration * 1000)}µs` : `${Math.round(duration)}ms`;

defineReport(
  "http.log",
  ({ level }) => level,
  (_, { text, request }) => (request === "" ? text : `${request} ${text}`),
);

defineReport(
  "http.pipeline.halt",
  ({ level }) => level,
  (_, { pipeline, plug }) => `${pipeline} halted in ${plug}`,
);

defineReport(
  "http.pipeline.sent",
  ({ afterSend }) => (afterSend === "halt" ? "debug" : "warning"),
  (_, { request, plug, afterSend }) =>
    `${request}: ${plug} sent the response and did not halt; ${afterSend === "halt" ? "what follows was not run" : "what follows is run"}`,
);

defineReport(
  "http.conn.stale",
  "warning",
  (_, { request, plug, lost }) =>
    `${request}: ${plug} sent a conn that is too old, and ${lost}; go on with the conn that each change returns`,
);

defineReport(
  "http.rescue.failure",
  "error",
  (_, { request, plug, error }) =>
    `${request}: ${plug} failed when it answered an error, and a plain answer was given: ${showReason(error)}`,
);

defineReport(
  "http.drain.start",
  "info",
  ({ connections, requests, sockets }) =>
    `draining: ${count(requests, "request")} in flight on ${count(connections, "connection")}, ${count(sockets, "WebSocket")}`,
);

defineReport("http.drain.phase", "debug", (_, { phase }) => `drain: ${phase}`);

defineReport(
  "http.drain.batch",
  "debug",
  ({ count: told, total }, { index, rounds }) =>
    `telling ${told} of ${count(total, "WebSocket")} to go, batch ${index + 1} of ${rounds}`,
);

defineReport("http.drain.stop", "info", ({ duration }) => `drained in ${Math.round(duration)} ms`);

defineReport("http.drain.timeout", "error", ({ duration }, { running }) =>
  [`not drained after ${Math.round(duration)} ms; cut off:`, ...running.map((what) => `  ${what}`)].join("\n"),
);

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
