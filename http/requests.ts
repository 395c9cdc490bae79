import { plainBehaviour, plainState } from "../runtime/plain-process.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Async, Milliseconds, Pid, Reason } from "../runtime/types.ts";
import type { Adapter, RequestHead } from "./adapter.ts";
import type { RequestInfo } from "./connection-info.ts";
import { Exchange } from "./exchange.ts";
import type { Settings } from "./settings.ts";
import type { Drain } from "./socket-handler.ts";
import "./events.ts";

/** How long a request may take to end once it is told to. */
export const LAST_WORDS: Milliseconds = 5000;

/** A limit that a request has reached. */
type Overdue = "requestTimeout" | "minBodyRate";

/** A request that is being served. `response` is what its answer goes over. */
export interface InFlight<Response> {
  readonly exchange: Exchange;
  readonly response: Response;
  readonly since: Milliseconds;
  /** It has been told that the server drains. */
  notified: boolean;
  /** The limit for which it was told to end, and when. */
  overdue: Overdue | undefined;
  overdueSince: Milliseconds;
}

/** The requests of one connection that are in flight: a process each, linked to that of the connection. */
export class Requests<Response> {
  private readonly process: ProcessSelf;
  private readonly byPid = new Map<Pid, InFlight<Response>>();

  constructor(process: ProcessSelf) {
    this.process = process;
  }

  get size(): number {
    return this.byPid.size;
  }

  values(): Iterable<InFlight<Response>> {
    return this.byPid.values();
  }

  /** Begins a request: `work` is what its process does. */
  start(
    head: RequestHead,
    adapter: Adapter,
    settings: Settings,
    response: Response,
    work: (exchange: Exchange) => Async<void>,
  ): void {
    const { process } = this;
    const task = plainState(() => work(exchange));
    const label = (): string => exchange.describe();
    const child = process.kernel.spawn(process, plainBehaviour, task, { link: true, label });
    const exchange = new Exchange(head, adapter, child, settings);
    const rest = { since: process.now(), notified: false, overdue: undefined, overdueSince: 0 };
    this.byPid.set(child.pid, { exchange, response, ...rest });
    const { telemetry } = process.kernel;
    if (telemetry.has("http.request.start")) {
      telemetry.emit("http.request.start", {}, { pid: child.pid, method: head.method, path: head.path });
    }
  }

  /** The one whose process has ended. */
  take(pid: Pid): InFlight<Response> | undefined {
    const request = this.byPid.get(pid);
    if (request !== undefined) this.byPid.delete(pid);
    return request;
  }

  /** Tells that a request is over. */
  report({ exchange, since }: InFlight<Response>, reason: Reason): void {
    const { telemetry } = this.process.kernel;
    if (!telemetry.has("http.request.stop")) return;
    const { head, status, plug, self } = exchange;
    const metadata = { pid: self.pid, method: head.method, path: head.path, status, plug, reason };
    telemetry.emit("http.request.stop", { duration: this.process.now() - since }, metadata);
  }

  /** All that are left are no requests of this connection any more. */
  release(reason: Reason): void {
    for (const request of this.byPid.values()) this.report(request, reason);
    this.byPid.clear();
  }

  /** Asks all of them to end. */
  exit(reason: Reason): void {
    for (const pid of this.byPid.keys()) this.process.exit(pid, reason);
  }

  /** Ends all of them, whether they trap exits or not. */
  kill(): void {
    for (const { exchange } of this.byPid.values()) processOf(exchange.self).end("killed");
  }

  /** Tells those whose answer has begun, and goes on, that the server drains: each once. */
  notify(): void {
    for (const [pid, request] of this.byPid) {
      if (request.notified || !request.exchange.adapter.begun) continue;
      request.notified = true;
      this.process.send(pid, { tag: "drain" } satisfies Drain);
    }
  }

  /** Ends those whose answer has not begun in time, or that are `tooSlow`; those that do not obey are killed. */
  look(now: Milliseconds, requestTimeout: Milliseconds, tooSlow: (request: InFlight<Response>) => boolean): void {
    for (const [pid, request] of this.byPid) {
      if (request.overdue !== undefined) {
        if (request.overdueSince + LAST_WORDS <= now) this.process.exit(pid, "kill");
      } else if (tooSlow(request)) this.endOverdue(pid, request, "minBodyRate", now);
      else if (request.since + requestTimeout <= now && !request.exchange.adapter.begun) {
        const { head, plug } = request.exchange;
        const metadata = { pid, method: head.method, path: head.path, plug };
        this.process.kernel.telemetry.emit("http.request.timeout", { duration: now - request.since }, metadata);
        this.endOverdue(pid, request, "requestTimeout", now);
      }
    }
  }

  private endOverdue(pid: Pid, request: InFlight<Response>, limit: Overdue, now: Milliseconds): void {
    request.overdue = limit;
    request.overdueSince = now;
    this.process.exit(pid, { shutdown: limit });
  }

  /** What runs, for the report of a drain that took too long. */
  describe(): readonly string[] {
    const now = this.process.now();
    return [...this.byPid].map(
      ([pid, { exchange, since }]) => `${pid} ${exchange.describe()}, for ${Math.round(now - since)} ms`,
    );
  }

  info(now: Milliseconds): readonly RequestInfo[] {
    return [...this.byPid].map(([pid, { exchange, since }]) => ({
      pid,
      method: exchange.head.method,
      path: exchange.head.path,
      plug: exchange.plug,
      age: now - since,
      begun: exchange.adapter.begun,
    }));
  }
}
