import { showReason } from "./inspect.ts";
import type { Client, Telemetry, TelemetryEvents } from "./telemetry.ts";

export type Level = "error" | "warning" | "info" | "debug";

interface Report {
  /** One for all events of the kind, or what each one says. */
  readonly level: Level | ((metadata: any) => Level);
  readonly format: (measurements: any, metadata: any) => string;
}

const reports = new Map<keyof TelemetryEvents, Report>();

/** Says how an event reads as a report. Whoever emits an event defines its report beside it. */
export function defineReport<E extends keyof TelemetryEvents>(
  event: E,
  level: Level | ((metadata: TelemetryEvents[E][1]) => Level),
  format: (...args: TelemetryEvents[E]) => string,
): void {
  reports.set(event, { level, format });
}

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/**
 * Hands the reports of a system to `write`, from a level up: the seam for pino, OpenTelemetry and the like. Events
 * below the level are not listened to, so they are not even built. Returns what detaches it.
 */
export function onReport(
  telemetry: Telemetry,
  write: (level: Level, text: string, event: string) => void,
  from: Level = "info",
): () => void {
  const detach = [...reports]
    .filter(([, { level }]) => typeof level === "function" || RANK[level] >= RANK[from])
    .map(([event, { level, format }]) =>
      telemetry.on(event, (measurements, metadata) => {
        const own = typeof level === "function" ? level(metadata) : level;
        if (RANK[own] >= RANK[from]) write(own, format(measurements, metadata), event);
      }),
    );
  return () => {
    for (const off of detach) off();
  };
}

/** The default handler: prints reports on standard error, with the time. */
export function printReports(telemetry: Telemetry, from: Level = "info"): () => void {
  return onReport(telemetry, (level, text) => console.error(`${new Date().toISOString()} [${level}] ${text}`), from);
}

defineReport("process.crash", "error", (_, report) => {
  const { label, reason, parent, callers, doing, ancestors, links, messages } = report;
  // A supervised task is its supervisor's child, but it was started for somebody else.
  const starter = callers[0] ?? parent;
  const lines = [
    `process ${label} crashed${starter === undefined ? "" : ` (started by ${starter})`}: ${showReason(reason)}`,
  ];
  if (doing !== undefined) {
    lines.push(`  in ${doing.callback}`);
    if ("message" in doing) lines.push(`  last message: ${showReason(doing.message)}`);
    if ("state" in doing) lines.push(`  state: ${showReason(doing.state)}`);
    if ("data" in doing) lines.push(`  data: ${showReason(doing.data)}`);
    for (const rest of ["queue", "postponed", "timeouts"] as const) {
      if (doing[rest] !== undefined && doing[rest].length > 0) lines.push(`  ${rest}: ${showReason(doing[rest])}`);
    }
    for (const event of doing.log ?? []) lines.push(`  log: ${showReason(event)}`);
    if (doing.client !== undefined) lines.push(...showClient(doing.client));
  }
  if (callers.length > 0) lines.push(`  callers: ${callers.join(", ")}`);
  if (ancestors.length > 0) lines.push(`  ancestors: ${ancestors.join(", ")}`);
  if (links.length > 0) lines.push(`  linked to: ${links.map((peer) => peer.label).join(", ")}`);
  if (messages > 0) lines.push(`  messages left unread: ${messages}`);
  return lines.join("\n");
});

/** The stack of a client without its first line, which is no frame. */
function showClient({ pid, label, stack }: Client): readonly string[] {
  if (label === undefined) return [`  client ${pid} is dead`];
  if (stack === undefined) return [`  client ${label}`];
  return [`  client ${label}, called`, ...stack.split("\n").slice(1)];
}

defineReport(
  "process.zombie",
  "warning",
  (_, { label, operation, reason }) =>
    `process ${label} is dead (${showReason(reason)}), but its code goes on: ${operation} was not obeyed`,
);

defineReport(
  "process.release.failure",
  "error",
  (_, { label, error }) => `a resource of process ${label} could not be disposed: ${showReason(error)}`,
);

defineReport(
  "telemetry.failure",
  "error",
  (_, { event, error }) => `a telemetry handler of ${event} threw and was detached: ${showReason(error)}`,
);
