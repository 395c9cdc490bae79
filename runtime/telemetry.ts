import { EventEmitter } from "eventemitter3";
import type { Origin } from "./pid.ts";
import type { Pid, Reason } from "./types.ts";

/** Measurements and metadata of each event. Other folders add theirs by declaration merging. */
export interface TelemetryEvents {
  "process.start": [measurements: { count: number }, metadata: { pid: Pid; parent: Pid | undefined }];
  /** `origin` is the process whose end was passed on to this one by links: the first of a cascade. */
  "process.exit": [
    measurements: { count: number },
    metadata: { pid: Pid; label: string; reason: Reason; origin: Origin | undefined },
  ];
  /** An uncaught exception, or an exit of its own with a reason that is not clean. */
  "process.crash": [measurements: {}, metadata: CrashReport];
  /** Code of a process that is dead already did something; it was not obeyed. */
  "process.zombie": [measurements: {}, metadata: { pid: Pid; label: string; operation: string; reason: Reason }];
  /** A resource could not be disposed at the exit of its owner. */
  "process.release.failure": [measurements: {}, metadata: { pid: Pid; label: string; error: unknown }];
  /** A telemetry handler threw; it has been detached. */
  "telemetry.failure": [measurements: {}, metadata: { event: string; error: unknown }];
}

export interface CrashReport {
  readonly pid: Pid;
  readonly label: string;
  readonly reason: Reason;
  /** Who started it with a link. */
  readonly parent: Pid | undefined;
  /** Who started it, who started that one, and so on; the nearest 16. */
  readonly ancestors: readonly Pid[];
  /** Whom its end may take along. */
  readonly links: readonly { readonly pid: Pid; readonly label: string }[];
  /** How many messages it leaves unread. */
  readonly messages: number;
  /** Of a task: who started it, that one's starter, and so on. */
  readonly callers: readonly Pid[];
  /** What the process was doing, where its behaviour knows. */
  readonly doing?: Doing;
}

export interface Doing {
  readonly callback: string;
  readonly message?: unknown;
  readonly state?: unknown;
  /** Of a state machine: its data, what was still to be handled, what was put back, and the timeouts that ran. */
  readonly data?: unknown;
  readonly queue?: readonly unknown[];
  readonly postponed?: readonly unknown[];
  readonly timeouts?: readonly unknown[];
  /** The last events of a process that keeps them. */
  readonly log?: readonly unknown[];
  /** Who waits for the reply, in a crash in a call. */
  readonly client?: Client;
}

export interface Client {
  readonly pid: Pid;
  /** What it is called; `undefined` when it is dead. */
  readonly label: string | undefined;
  /** Where the call was made; only with the system's option `callStacks`. */
  readonly stack: string | undefined;
}

type Handler<E extends keyof TelemetryEvents> = (...args: TelemetryEvents[E]) => void;

/** The event bus of a system. Nothing in the library logs: it emits, and whoever listens decides. */
export class Telemetry {
  private readonly bus = new EventEmitter<string>();
  /** Whether anybody hears of each start and each end: asked so often that a lookup would show. */
  starts = false;
  exits = false;
  /** How often handlers have come and gone. */
  changes = 0;

  /** Attaches a handler, and returns what detaches it. A handler that throws is detached (as in Erlang's telemetry). */
  on<E extends keyof TelemetryEvents>(event: E, handler: Handler<E>): () => void {
    const guarded = (...args: TelemetryEvents[E]): void => {
      try {
        handler(...args);
      } catch (error) {
        off();
        if (event !== "telemetry.failure") this.emit("telemetry.failure", {}, { event, error });
      }
    };
    const off = (): void => {
      this.bus.off(event, guarded as (...args: unknown[]) => void);
      this.notice();
    };
    this.bus.on(event, guarded as (...args: unknown[]) => void);
    this.notice();
    return off;
  }

  private notice(): void {
    this.changes++;
    this.starts = this.has("process.start");
    this.exits = this.has("process.exit");
  }

  /** Whether an event is worth building. */
  has(event: keyof TelemetryEvents): boolean {
    return this.bus.listenerCount(event) > 0;
  }

  emit<E extends keyof TelemetryEvents>(event: E, ...args: TelemetryEvents[E]): void {
    this.bus.emit(event, ...args);
  }
}

/** Whether anybody hears of one of these events: for who asks so often that a lookup each time would show. */
export class Interest {
  private readonly events: readonly (keyof TelemetryEvents)[];
  private telemetry: Telemetry | undefined = undefined;
  private changes = -1;
  private heard = false;

  constructor(...events: readonly (keyof TelemetryEvents)[]) {
    this.events = events;
  }

  in(telemetry: Telemetry): boolean {
    if (telemetry !== this.telemetry || telemetry.changes !== this.changes) {
      this.telemetry = telemetry;
      this.changes = telemetry.changes;
      this.heard = this.events.some((event) => telemetry.has(event));
    }
    return this.heard;
  }
}
