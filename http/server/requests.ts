import type { Behaviour } from "../../runtime/behaviour.ts";
import { PlainState, plainBehaviour, startPlain } from "../../runtime/plain-process.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import { runAs, runLastAs } from "../../runtime/strays.ts";
import { Interest } from "../../runtime/telemetry.ts";
import type { Async, Milliseconds, Pid, Reason, Self } from "../../runtime/types.ts";
import type { Adapter, RequestHead } from "../conn/adapter.ts";
import { Exchange } from "../conn/exchange.ts";
import type { Settings } from "../conn/settings.ts";
import type { RequestInfo } from "./connection-info.ts";
import type { Drain } from "./socket-handler.ts";
import "../events.ts";

/** How long a request may take to end once it is told to. */
export const LAST_WORDS: Milliseconds = 5000;

const NO_FLAGS = {};
const STARTS = new Interest("http.request.start");
const STOPS = new Interest("http.request.stop");

/** A limit that a request has reached. */
type Overdue = "requestTimeout" | "minBodyRate";

type Work = (exchange: Exchange) => Async<void>;

/** A request that is being served, which is the state of its process. `response` is what its answer goes over. */
export class InFlight<Response> extends PlainState {
  declare readonly requests: Requests<Response>;
  declare readonly work: Work;
  declare readonly response: Response;
  declare readonly since: Milliseconds;
  declare exchange: Exchange;
  /** It runs in the callback of Node's that has told of it. */
  declare atOnce: boolean;
  /** Where it stands among those of its connection. */
  declare place: number;
  /** It has been told that the server drains. */
  declare notified: boolean;
  /** The limit for which it was told to end, and when. */
  declare overdue: Overdue | undefined;
  declare overdueSince: Milliseconds;

  constructor(requests: Requests<Response>, work: Work, response: Response, since: Milliseconds) {
    super(serveRequest);
    this.requests = requests;
    this.work = work;
    this.response = response;
    this.since = since;
    this.atOnce = false;
    this.place = 0;
    this.notified = false;
    this.overdue = undefined;
    this.overdueSince = 0;
  }

  get pid(): Pid {
    return this.exchange.self.pid;
  }

  /** The label of its process. */
  describe(): string {
    return this.exchange.describe();
  }
}

function serveRequest(self: Self): Async<void> {
  const { work, exchange } = processOf(self).state as InFlight<unknown>;
  return work(exchange);
}

/** A process in direct style, whose connection hears of its end without a message. */
const requestBehaviour: Behaviour = {
  ...plainBehaviour,
  kind: "request",
  start: (process) => startPlain(process, (process.state as InFlight<unknown>).atOnce ? runLastAs : runAs),
  ended(process) {
    const request = process.state as InFlight<unknown>;
    request.requests.ended(request, process.reason as Reason);
  },
};

/**
 * The requests of one connection that are in flight: a process each, which its connection ends when it ends itself.
 * They begin at once, in the middle of nothing; `ended` hears of their end, and must not throw.
 */
export class Requests<Response> {
  readonly ended: (request: InFlight<Response>, reason: Reason) => void;
  private readonly process: ProcessSelf;
  /** In no order: the last one takes the place of one that ends. Most connections have one at a time. */
  private readonly all: InFlight<Response>[] = [];
  /** When the request came that begins right now. */
  private beginning: Milliseconds | undefined = undefined;

  constructor(process: ProcessSelf, ended: (request: InFlight<Response>, reason: Reason) => void) {
    this.process = process;
    this.ended = ended;
  }

  get size(): number {
    return this.all.length;
  }

  values(): Iterable<InFlight<Response>> {
    return this.all;
  }

  /**
   * Begins a request, now, in a callback of Node's and last in it: `work` is what its process does, at once, or in a run that is
   * due already.
   */
  start(
    head: RequestHead,
    adapter: Adapter,
    settings: Settings,
    response: Response,
    work: Work,
    now: Milliseconds,
  ): InFlight<Response> {
    const { process } = this;
    const { scheduler, telemetry } = process.kernel;
    const request = new InFlight(this, work, response, now);
    const entered = scheduler.enter();
    const child = process.kernel.spawn(process, requestBehaviour, request, NO_FLAGS);
    child.label = request;
    request.exchange = new Exchange(head, adapter, child, settings);
    request.place = this.all.push(request) - 1;
    if (STARTS.in(telemetry)) {
      telemetry.emit("http.request.start", {}, { pid: child.pid, method: head.method, path: head.path });
    }
    request.atOnce = entered;
    this.beginning = request.since;
    scheduler.leave(entered);
    this.beginning = undefined;
    return request;
  }

  has(request: InFlight<Response>): boolean {
    return this.all[request.place] === request;
  }

  /** Its process has ended. False when it was no request of this connection any more. */
  take(request: InFlight<Response>): boolean {
    const { all } = this;
    const { place } = request;
    if (all[place] !== request) return false;
    const last = all.pop() as InFlight<Response>;
    if (last !== request) {
      all[place] = last;
      last.place = place;
    }
    return true;
  }

  /** The time, for whoever hears that a request has ended: a look at the clock is not taken twice in one turn. */
  now(): Milliseconds {
    return this.beginning ?? this.process.now();
  }

  /** Tells that a request is over. */
  report({ exchange, since }: InFlight<Response>, reason: Reason): void {
    const { telemetry } = this.process.kernel;
    if (!STOPS.in(telemetry)) return;
    const { head, status, plug, self } = exchange;
    const metadata = { pid: self.pid, method: head.method, path: head.path, status, plug, reason };
    telemetry.emit("http.request.stop", { duration: this.process.now() - since }, metadata);
  }

  /** All that are left are no requests of this connection any more. */
  release(reason: Reason): void {
    for (const request of this.all) this.report(request, reason);
    this.all.length = 0;
  }

  /** Asks all of them to end. */
  exit(reason: Reason): void {
    for (const { pid } of this.all) this.process.exit(pid, reason);
  }

  /** Ends all of them, whether they trap exits or not. */
  kill(): void {
    for (const { exchange } of this.all) processOf(exchange.self).end("killed");
  }

  /** Tells those whose answer has begun, and goes on, that the server drains: each once. */
  notify(): void {
    for (const request of this.all) {
      if (request.notified || !request.exchange.adapter.begun) continue;
      request.notified = true;
      this.process.send(request.pid, { tag: "drain" } satisfies Drain);
    }
  }

  /** Ends those whose answer has not begun in time, or that are `tooSlow`; those that do not obey are killed. */
  look(now: Milliseconds, requestTimeout: Milliseconds, tooSlow: (request: InFlight<Response>) => boolean): void {
    for (const request of this.all) {
      const { pid } = request;
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
    return this.all.map(
      ({ pid, exchange, since }) => `${pid} ${exchange.describe()}, for ${Math.round(now - since)} ms`,
    );
  }

  info(now: Milliseconds): readonly RequestInfo[] {
    return this.all.map(({ pid, exchange, since }) => ({
      pid,
      method: exchange.head.method,
      path: exchange.head.path,
      plug: exchange.plug,
      age: now - since,
      begun: exchange.adapter.begun,
    }));
  }
}
