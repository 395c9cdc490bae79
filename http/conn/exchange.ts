import { BadArgument } from "../../runtime/errors.ts";
import type { Level } from "../../runtime/reports.ts";
import { processOf } from "../../runtime/self.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Self } from "../../runtime/types.ts";
import { AlreadySentError, HttpError } from "../errors.ts";
import { Step } from "../pipeline/step.ts";
import type { Adapter, Body, BodyPart, Headers, Output, ReadOptions, RequestHead } from "./adapter.ts";
import { callSite } from "./call-site.ts";
import type { Conn } from "./conn.ts";
import { Lineage } from "./lineage.ts";
import type { Settings } from "./settings.ts";

/** How many of the last steps are remembered. */
const TRAIL = 32;
/** How many there is room for at once: most pipelines are no longer. */
const ROOM = 8;

/** Before the first plug. */
const START = new Step((conn) => conn, "the server", undefined);

/**
 * What is true of a request whichever conn value one holds: who serves it, where it stands in its pipeline, and whether
 * it has been answered. The one mutable cell behind all conns of a request.
 */
export class Exchange {
  declare readonly head: RequestHead;
  declare readonly adapter: Adapter;
  /** What the response goes through. */
  declare private output: Output;
  declare readonly self: Self;
  declare readonly settings: Settings;
  /** The plug that runs, or ran last. */
  declare step: Step;
  /** What it was given: the newest conn that is known when it fails. */
  declare conn: Conn<any> | undefined;
  declare private readonly steps: Step[];
  declare private count: number;
  declare private sentBy: Step | undefined;
  declare private sentAt: string | undefined;
  /** The status that was sent. */
  declare status: number | undefined;
  /** The error that the response is the answer to. */
  declare answered: unknown;
  /** The hooks before the response run. */
  declare sending: boolean;
  /** Nothing of the body is left to be read. */
  declare private bodyRead: boolean;
  /** What reports about the request say with it, such as its id (Plug: `Logger.metadata`). */
  declare private logged: string;
  /** How often a conn was changed; each conn knows how many of these changes it has. */
  declare private changes: number;
  declare private excused: boolean;
  declare private made: Lineage | undefined;
  declare private controller: AbortController | undefined;
  declare private gone: boolean;
  /** What the response waits for, and then its sending. */
  declare held: Promise<unknown> | undefined;

  constructor(head: RequestHead, adapter: Adapter, self: Self, settings: Settings) {
    this.head = head;
    this.adapter = adapter;
    this.output = adapter;
    this.self = self;
    this.settings = settings;
    this.step = START;
    this.conn = undefined;
    this.steps = new Array<Step>(ROOM);
    this.count = 0;
    this.sentBy = undefined;
    this.sentAt = undefined;
    this.status = undefined;
    this.answered = undefined;
    this.sending = false;
    this.bodyRead = false;
    this.logged = "";
    this.changes = 0;
    this.excused = false;
    this.made = undefined;
    this.controller = undefined;
    this.gone = false;
    this.held = undefined;
  }

  private get lineage(): Lineage {
    this.made ??= new Lineage();
    return this.made;
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
    return this.count <= TRAIL
      ? this.steps.slice(0, this.count)
      : [...this.steps.slice(next), ...this.steps.slice(0, next)];
  }

  /** `GET /rooms in plug requireUser`, with what was logged of it. */
  describe(): string {
    const { method, path } = this.head;
    return `${method} ${path} in plug ${this.step.name}${this.logged === "" ? "" : `, ${this.logged}`}`;
  }

  /** From now on reports about this request say `key=value` with it (Plug: `Logger.metadata/1`). */
  putLogMetadata(key: string, value: string): void {
    this.logged = this.logged === "" ? `${key}=${value}` : `${this.logged} ${key}=${value}`;
  }

  /** Reports a line about this request. */
  log(level: Level, text: string): void {
    const { telemetry } = processOf(this.self).kernel;
    if (telemetry.has("http.log")) {
      telemetry.emit("http.log", {}, { pid: this.self.pid, level, text, request: this.logged });
    }
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
  readBody(what: string, options: ReadOptions): Async<BodyPart> {
    if (this.bodyRead) {
      throw new BadArgument(
        `${what}: the body can be read once, and was; keep what it gave, in an assign for instance`,
      );
    }
    const part = this.adapter.readBody(options, this.self);
    if (isThenable(part)) return part.then((arrived) => this.took(arrived));
    return this.took(part);
  }

  private took(part: BodyPart): BodyPart {
    this.bodyRead = !part.more;
    return part;
  }

  /** The whole body, at once if it is there; 413 beyond `length`, and then nothing more of it is read. */
  readWholeBody(what: string, { length, timeout }: ReadOptions): Async<Uint8Array> {
    const part = this.readBody(what, { length: length + 1, timeout });
    return isThenable(part) ? part.then((arrived) => this.whole(arrived, length)) : this.whole(part, length);
  }

  private whole({ bytes, more }: BodyPart, length: number): Uint8Array {
    if (!more && bytes.byteLength <= length) return bytes;
    this.abandonBody();
    throw new HttpError(413, `the body is longer than ${length} bytes`);
  }

  /** What is left of the body is of no use, and the connection ends with the response. */
  abandonBody(): void {
    this.bodyRead = true;
    this.adapter.abandonBody();
  }

  // ── the response ──

  /** From now on the response goes through `wrap` of what it went through before. */
  sendThrough(wrap: (output: Output) => Output): void {
    this.output = wrap(this.output);
  }

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
  send(status: number, deliver: (output: Output) => Async<void>): Async<void> {
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

  /** As {@link send}, of a whole response: for one that takes its time, it is the end of the pipeline that waits. */
  sendWhole(status: number, headers: Headers, body: Body): void {
    if (this.held !== undefined) {
      this.send(status, (output) => output.send(status, headers, body));
      return;
    }
    this.markSent(status);
    try {
      const sent = this.output.send(status, headers, body);
      if (isThenable(sent)) this.held = sent.then(undefined, (error) => this.refuse(error));
    } catch (error) {
      this.refuse(error);
    }
  }

  private deliver(deliver: (output: Output) => Async<void>): Async<void> {
    try {
      const sent = deliver(this.output);
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
    return this.held === undefined ? this.output.chunk(data) : this.held.then(() => this.output.chunk(data));
  }

  /** Sending failed before anything had left: another response may be sent, to say so. */
  private failedToSend(): void {
    this.excuse();
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
    const hint = this.sentBy === this.step ? "" : `; does ${this.sentBy?.name} have to return conn.halt()?`;
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
  end(): Async<void> {
    return this.output.end();
  }

  // ── conns that are lost ──

  /** A conn was made of another one by a change that will be missed if it is lost. */
  changed(conn: Conn<any>, from: Conn<any>): void {
    this.changes++;
    // Once the response is sent, nobody asks what of it is lost.
    if (this.settings.development && !this.sent) this.lineage.changed(conn, from);
  }

  /** The same, by what nobody will miss. */
  copied(conn: Conn<any>, from: Conn<any>): void {
    if (this.settings.development && !this.sent) this.lineage.copied(conn, from);
  }

  /** Conns that were made after this one do not count: they are given up on purpose, and what a response waited for. */
  rewind(conn: Conn<any>): void {
    this.changes = conn.changes;
    this.held = undefined;
    if (this.settings.development) this.lineage.keep(conn);
  }

  /** A response could not be sent, and who goes on with an older conn has reason to. */
  excuse(): void {
    this.excused = true;
  }

  /** What was changed in this request, and is not in `conn`; undefined if that is nothing. In development it says where. */
  lostIn(conn: Conn<any>): string | undefined {
    if (conn.changes >= this.changes || this.excused) return undefined;
    const sites = this.settings.development ? this.lineage.lost(conn) : [];
    if (sites.length > 0) return `what was changed at ${sites.join(" and at ")} is lost`;
    const count = this.changes - conn.changes;
    return count === 1 ? "a change is lost" : `${count} changes are lost`;
  }

  /** Says so if the response is made of a conn that does not have all that was changed. */
  checkNewest(conn: Conn<any>): void {
    const lost = this.lostIn(conn);
    if (lost === undefined) return;
    const request = `${this.head.method} ${this.head.path}`;
    processOf(this.self).kernel.telemetry.emit(
      "http.conn.stale",
      {},
      { pid: this.self.pid, request, plug: String(this.step), lost },
    );
  }
}
