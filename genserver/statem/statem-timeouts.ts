import type { Process } from "../../runtime/process.ts";
import type { Timer } from "../../runtime/timers.ts";
import { Sign } from "../sys/system-host.ts";
import type { Time } from "./statem-actions.ts";
import { Occurrence } from "./statem-events.ts";

/** The keys of the two timeouts that there is one of; a generic one is kept under its name. */
export const STATE: unique symbol = Symbol("stateTimeout");
export const EVENT: unique symbol = Symbol("eventTimeout");

/** What a callback has asked for. */
export interface TimeoutRequest {
  readonly key: unknown;
  readonly time: Time;
  readonly content: unknown;
  readonly abs: boolean;
}

/** A timeout that runs, and, when its time is up, the message that says so. */
export class Timeout extends Sign {
  readonly key: unknown;
  content: unknown;
  /** Null for one of no time at all: it is in line instead. */
  timer: Timer | null = null;
  constructor(key: unknown, content: unknown) {
    super();
    this.key = key;
    this.content = content;
  }

  describe(): object {
    return this.event.describe();
  }

  get event(): Occurrence {
    if (this.key === STATE) return Occurrence.other("stateTimeout", this.content);
    if (this.key === EVENT) return Occurrence.other("eventTimeout", this.content);
    return Occurrence.other("genericTimeout", this.content, this.key);
  }
}

/** The timeouts of one state machine. */
export class Timeouts {
  private readonly process: Process;
  private readonly running = new Map<unknown, Timeout>();
  /** Those of no time, in the order in which they were asked for: they come before the mailbox. */
  private line: Timeout[] = [];

  constructor(process: Process) {
    this.process = process;
  }

  get inLine(): boolean {
    return this.line.length > 0;
  }

  /** Does what one callback has asked for; of two requests for the same timeout the last counts. */
  request(requests: readonly TimeoutRequest[]): void {
    const last = new Map(requests.map((request) => [request.key, request]));
    for (const request of requests) if (last.get(request.key) === request) this.set(request);
  }

  private set({ key, time, content, abs }: TimeoutRequest): void {
    if (time === "infinity" || time === "cancel") {
      this.cancel(key);
      return;
    }
    const old = this.running.get(key);
    if (time === "update" && old !== undefined) {
      old.content = content;
      return;
    }
    this.cancel(key);
    const timeout = new Timeout(key, content);
    this.running.set(key, timeout);
    if (time === "update" || (time === 0 && !abs)) this.line.push(timeout);
    else this.arm(timeout, abs ? Math.max(0, time - this.process.kernel.driver.now()) : time);
  }

  private arm(timeout: Timeout, delay: number): void {
    const { process } = this;
    timeout.timer = process.kernel.timers.set(delay, () => process.enqueue(timeout), process);
  }

  cancel(key: unknown): void {
    const timeout = this.running.get(key);
    if (timeout === undefined) return;
    this.running.delete(key);
    if (timeout.timer !== null) timeout.timer.cancel();
    else this.line.splice(this.line.indexOf(timeout), 1);
  }

  /** A timeout came by the mailbox. False when it has been cancelled since, or set again. */
  claim(timeout: Timeout): boolean {
    return this.running.get(timeout.key) === timeout && this.running.delete(timeout.key);
  }

  /** Takes the first of those in line. */
  takeInLine(): Timeout | undefined {
    const timeout = this.line.shift();
    if (timeout !== undefined) this.running.delete(timeout.key);
    return timeout;
  }

  /** For a report. */
  list(): object[] {
    return [...this.running.values()].map((timeout) => timeout.describe());
  }
}
