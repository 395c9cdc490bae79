import { show, showReason } from "../runtime/inspect.ts";
import { defineReport } from "../runtime/reports.ts";
import type { Pid, Reason } from "../runtime/types.ts";

declare module "../runtime/telemetry.ts" {
  interface TelemetryEvents {
    "channels.socket.start": [measurements: {}, metadata: { pid: Pid; params: Readonly<Record<string, unknown>> }];
    /** A connection was refused: by its version, its origin, or `connect`. */
    "channels.socket.refused": [measurements: {}, metadata: { reason: unknown }];
    "channels.join": [measurements: {}, metadata: { pid: Pid; topic: string; outcome: "joined" | "refused" }];
    /** No channel is routed to the topic of a join. */
    "channels.unmatched": [measurements: {}, metadata: { pid: Pid; topic: string }];
    /** A channel ended without saying so. */
    "channels.crash": [measurements: {}, metadata: { pid: Pid | undefined; topic: string; reason: Reason }];
    /** A client sent what is not a frame, or went quiet; its connection is closed. */
    "channels.socket.dropped": [measurements: {}, metadata: { pid: Pid; reason: string }];
  }
}

defineReport("channels.socket.refused", "info", (_, { reason }) => `socket refused: ${show(reason)}`);
defineReport("channels.join", "info", (_, { topic, outcome }) => `${outcome} ${topic}`);
defineReport("channels.unmatched", "warning", (_, { topic }) => `nobody serves the topic ${show(topic)}`);
defineReport("channels.socket.dropped", "warning", (_, { pid, reason }) => `socket ${pid} dropped: ${reason}`);
defineReport("channels.crash", "debug", (_, { topic, reason }) => `channel ${topic} crashed: ${showReason(reason)}`);
