import { BadArgument } from "../runtime/errors.ts";
import { processOf } from "../runtime/self.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async, Self } from "../runtime/types.ts";
import type { Adapter, Body, BodyPart, ReadOptions, RequestHead } from "./adapter.ts";
import { callSite } from "./call-site.ts";
import type { Conn } from "./conn.ts";
import { AlreadySentError } from "./errors.ts";
import type { Settings } from "./settings.ts";
import { Step } from "./step.ts";

/** How many of the last steps are remembered. */
const TRAIL = 32;

/** Before the first plug. */
const START = new Step((conn) => conn, "the server", undefined);

/**
 * What is true of a request whichever conn value one holds: who serves it, where it stands in its pipeline, and whether
 * it has been answered. The one mutable cell behind all conns of a request.
 */
export class Exchange {
  readonly head: RequestHead;
  readonly adapter: Adapter;
  readonly self: Self;
  readonly settings: Settings;
  /** The plug that runs, or ran last. */
  step: Step = START;
  /** What it was given: the newest conn that is known when it fails. */
  conn: Conn<any> | undefined = undefined;
  private readonly steps: Step[] = [];
  private count = 0;
  private sentBy: Step | undefined = undefined;
  private sentAt: string | undefined = undefined;
  /** The status that was sent. */
  status: number | undefined = undefined;
  /** The hooks before the response run. */
  sending = false;
  /** Nothing of the body is left to be read. */
  private bodyRead = false;
  /** How many conns have been made by changing another one; a conn knows which of them it is. */
  private changes = 0;
  private lastChange: string | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  private gone = false;
  /** What the response waits for, and then its sending. */
  held: Promise<unknown> | undefined = undefined;

  constructor(head: RequestHead, adapter: Adapter, self: Self, settings: Settings) {
    this.head = head;
    this.adapter = adapter;
    this.self = self;
    this.settings = settings;
  }

  // ── where it stands ──

  enter(step: Step, conn: Conn<any>): void {
    this.step = step;
    this.conn = conn;
    this.steps[this.count++ % TRAIL] = step;
  }

  /** The plug that runs, or ran last, by its name. */
  get plug(): string {
    return this.step.name;
  }

  /** The plugs that the request has been through, the last ones last. */
  get trail(): readonly Step[] {
    const next = this.count % TRAIL;
    return this.count <= TRAIL ? [...this.steps] : [...this.steps.slice(next), ...this.steps.slice(0, next)];
  }

  /** `GET /rooms in plug requireUser`. */
  describe(): string {
    return `${this.head.method} ${this.head.path} in plug ${this.step.name}`;
  }

  // ── the client ──

  /** Aborted when the client goes away before it has its response, and only then. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.gone) this.controller.abort();
    }
    return this.controller.signal;
  }

  /** The client has gone, and will not get its response. */
  disconnected(): void {
    this.gone = true;
    this.controller?.abort();
  }

  /** A part of the body; once it has been read, reading on is a mistake. */
  async readBody(what: string, options: ReadOptions): Promise<BodyPart> {
    if (this.bodyRead) {
      throw new BadArgument(
        `${what}: the body can be read once, and was; keep what it gave, in an assign for instance`,
      );
    }
    const part = await this.adapter.readBody(options, this.self);
    this.bodyRead = !part.more;
    return part;
  }

  /** What is left of the body is of no use, and the connection ends with the response. */
  abandonBody(): void {
    this.bodyRead = true;
    this.adapter.abandonBody();
  }

  // ── the response ──

  get sent(): boolean {
    return this.sentBy !== undefined;
  }

  markSent(status: number): void {
    this.sentBy = this.step;
    this.status = status;
    if (this.settings.development) this.sentAt = callSite();
  }

  /** The response waits for this, and is not sent if it fails. */
  hold(promise: Promise<unknown>): void {
    this.held = this.held === undefined ? promise : Promise.all([this.held, promise]);
  }

  /** Sends the response, in the way of `deliver`, at once or when nothing holds it any more. */
  send(status: number, deliver: (adapter: Adapter) => Async<void>): Async<void> {
    this.markSent(status);
    if (this.held === undefined) return this.deliver(deliver);
    const delivered = this.held.then(
      () => this.deliver(deliver),
      (error) => {
        this.failedToSend();
        throw error;
      },
    );
    this.held = delivered;
    return delivered;
  }

  private deliver(deliver: (adapter: Adapter) => Async<void>): Async<void> {
    try {
      const sent = deliver(this.adapter);
      if (!isThenable(sent)) return;
      return sent.then(undefined, (error) => this.refuse(error));
    } catch (error) {
      this.refuse(error);
    }
  }

  private refuse(error: unknown): never {
    this.failedToSend();
    throw error;
  }

  chunk(data: Body): Async<"ok" | "closed"> {
    return this.held === undefined ? this.adapter.chunk(data) : this.held.then(() => this.adapter.chunk(data));
  }

  /** Sending failed before anything had left: another response may be sent, to say so. */
  private failedToSend(): void {
    if (this.adapter.begun) return;
    this.sentBy = undefined;
    this.status = undefined;
  }

  checkUnsent(what: string): void {
    if (this.sending && what.startsWith("send")) {
      throw new BadArgument("a beforeSend hook may change the response, but not send it");
    }
    if (this.sentBy !== undefined) this.sentAlready(what);
  }

  private sentAlready(what: string): never {
    const first = this.sentAt === undefined ? String(this.sentBy) : `${this.sentBy?.name} at ${this.sentAt}`;
    const second = callSite();
    const again = second === undefined ? String(this.step) : `${this.step.name} at ${second}`;
    const hint = this.sentBy === this.step ? "" : `; does ${this.sentBy?.name} have to halt()?`;
    const request = `${this.head.method} ${this.head.path}`;
    throw new AlreadySentError(
      `${what}: the response to ${request} was sent already: first by ${first}, and now again by ${again}${hint}`,
    );
  }

  /** Plugs are left although a response was sent, and nothing was halted. */
  sentBeforeTheEnd(afterSend: "halt" | "warn"): void {
    processOf(this.self).kernel.telemetry.emit(
      "http.pipeline.sent",
      {},
      { pid: this.self.pid, request: `${this.head.method} ${this.head.path}`, plug: String(this.sentBy), afterSend },
    );
  }

  /** The pipeline has ended: nothing is added to a response that was sent in chunks. */
  end(): void {
    this.adapter.end();
  }

  // ── conns that are lost ──

  /** A conn is made from another one by a change that will be missed if it is lost. */
  changed(): number {
    if (this.settings.development) this.lastChange = callSite();
    return ++this.changes;
  }

  /** Conns that were made after this one do not count: they are given up on purpose. */
  rewind(conn: Conn<any>): void {
    this.changes = conn.change;
  }

  /** Says so if the response is made from a conn that others were made from: what they changed is lost. */
  checkNewest(conn: Conn<any>): void {
    if (conn.change === this.changes) return;
    const request = `${this.head.method} ${this.head.path}`;
    processOf(this.self).kernel.telemetry.emit(
      "http.conn.stale",
      {},
      { pid: this.self.pid, request, plug: String(this.step), lost: this.lastChange },
    );
  }
}
