import type { GenServer } from "../genserver/genserver.ts";
import { child } from "../genserver/genserver.ts";
import type { Drain } from "../http/server/socket-handler.ts";
import { ignore, noreply, ok, stop } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Timer } from "../runtime/timers.ts";
import type { Down, Milliseconds, MonitorRef, Name, Pid, Reason, Self } from "../runtime/types.ts";
import { DynamicSupervisor } from "../supervisor/dynamic-supervisor.ts";
import { type ChannelModule, topicMatches } from "./channel.ts";
import { ChannelServer, type ChannelStart, type Outcome } from "./channel-server.ts";
import { decode, encodeClose, encodeError, encodeReply, type Frame } from "./frame.ts";
import { type Broadcast, PubSub } from "./pubsub.ts";
import type { Socket } from "./socket.ts";
import { type Accept, Gone, type Wire, type WireEvents } from "./wire.ts";
import "./events.ts";

export interface TransportStart {
  readonly accept: Accept;
  readonly socket: Socket<any>;
  readonly id: string | undefined;
  readonly routes: readonly (readonly [pattern: string, channel: ChannelModule])[];
  /** The supervisor of the channels. */
  readonly channels: Name;
  readonly maxChannels: number;
  readonly idleTimeout: Milliseconds;
}

/** How long a channel that is replaced by a second join may take to end, and a client to answer a close. */
const PATIENCE: Milliseconds = 5000;

/** How many messages may wait for one topic to be joined, left or replaced. */
const MAX_WAITING = 1000;

const CLOSED = { tag: "wireClosed" } as const;
const BINARY = { tag: "wireBinary" } as const;
const IDLE = { tag: "idle" } as const;
const CUT_OFF = { tag: "cutOff" } as const;
/** The start of a channel under its supervisor failed. */
interface NotStarted {
  readonly tag: "notStarted";
  readonly join: Frame;
}
type Info =
  | string
  | typeof CLOSED
  | typeof BINARY
  | typeof IDLE
  | typeof CUT_OFF
  | NotStarted
  | Outcome
  | Down
  | Drain
  | Broadcast;

/** A topic on this connection, from its join to its end. What arrives while it is in between waits. */
interface Entry {
  readonly join: Frame;
  /** The join_ref of the channel that this one takes the place of. */
  readonly replaces: unknown;
  phase: "joining" | "joined" | "leaving" | "replaced";
  pid: Pid | undefined;
  monitor: MonitorRef | undefined;
  /** The end of the patience with a channel that is replaced. */
  patience: Timer | undefined;
  readonly waiting: Frame[];
}

/**
 * One client's connection: it decodes what comes, keeps the table of joined topics, and starts and watches a channel
 * process for each. It is never blocked by one of them: what is meant for a topic that is being joined waits for that
 * topic alone.
 */
class Connected {
  private readonly self: ProcessSelf;
  private readonly start: TransportStart;
  private readonly entries = new Map<string, Entry>();
  private readonly wire: Wire;
  private heardAt: Milliseconds;
  /** The goodbye has begun: what the client still says is not heard. */
  private closing = false;

  constructor(self: ProcessSelf, start: TransportStart) {
    this.self = self;
    this.start = start;
    this.heardAt = self.now();
    const events: WireEvents = {
      text: (text) => self.deliver(text),
      binary: () => self.deliver(BINARY),
      closed: () => self.enqueue(CLOSED),
      alive: () => {
        this.heardAt = self.now();
      },
    };
    this.wire = start.accept(events);
    self.own({ [Symbol.dispose]: () => this.wire.terminate() });
    self.sendAfter(IDLE, start.idleTimeout);
    if (start.id !== undefined) PubSub.subscribe(self as Self, start.id);
  }

  /** Undefined to go on, or the reason to stop with. */
  handle(message: Info): Reason | undefined {
    if (typeof message === "string") return this.receive(message);
    switch (message?.tag) {
      case "wireClosed":
        return "normal";
      case "wireBinary":
        return this.drop(1003, "a binary frame: only JSON is spoken here");
      case "idle":
        return this.checkIdle();
      case "cutOff":
        return { shutdown: "closed" };
      case "drain":
        this.close(1012, "the server restarts");
        return undefined;
      case "channel":
        this.outcome(message);
        return undefined;
      case "notStarted":
        this.joinCrashed(message.join);
        return undefined;
      case "down":
        this.down(message);
        return undefined;
      case "broadcast":
        if (message.event === "disconnect") this.close(1001, "disconnected by the server");
        return undefined;
    }
  }

  /** Begins the goodbye; a client that does not answer it is cut off. */
  close(code: number, reason: string): void {
    if (this.closing) return;
    this.closing = true;
    this.wire.close(code, shorten(reason));
    this.self.sendAfter(CUT_OFF, PATIENCE);
  }

  private drop(code: number, reason: string): undefined {
    if (this.closing) return;
    this.self.kernel.telemetry.emit("channels.socket.dropped", {}, { pid: this.self.pid, reason });
    this.close(code, reason);
  }

  private checkIdle(): undefined {
    const left = this.heardAt + this.start.idleTimeout - this.self.now();
    if (left > 0) this.self.sendAfter(IDLE, left);
    else this.drop(1002, `nothing was received for ${this.start.idleTimeout} ms`);
  }

  private receive(text: string): undefined {
    if (this.closing) return;
    let frame: Frame;
    try {
      frame = decode(text);
    } catch (error) {
      return this.drop(1011, (error as Error).message);
    }
    this.route(frame);
  }

  private route(frame: Frame): void {
    const { joinRef, ref, topic, event } = frame;
    if (topic === "phoenix" && event === "heartbeat") {
      this.wire.send(encodeReply(null, ref, topic, "ok", {}));
      return;
    }
    const entry = this.entries.get(topic);
    if (entry === undefined) {
      if (event === "phx_join") this.join(frame, undefined);
      else if (event === "phx_leave") this.wire.send(encodeReply(joinRef, ref, topic, "ok", {}));
      else this.wire.send(encodeReply(null, ref, topic, "error", { reason: "unmatched topic" }));
    } else if (entry.phase !== "joined") this.postpone(entry, frame);
    else if (event === "phx_join") this.replace(entry, frame);
    else if (joinRef === null || joinRef === joinRefOf(entry)) this.forward(entry, frame);
  }

  private postpone({ waiting }: Entry, frame: Frame): void {
    if (waiting.length < MAX_WAITING) waiting.push(frame);
    else this.drop(1008, `more than ${MAX_WAITING} messages wait for a topic that is not joined yet`);
  }

  private forward(entry: Entry, frame: Frame): void {
    const leaving = frame.event === "phx_leave";
    if (leaving) entry.phase = "leaving";
    this.self.cast(entry.pid as Pid, leaving ? "leave" : "push", frame);
  }

  private join(join: Frame, replaces: unknown): void {
    const { topic, joinRef, ref } = join;
    const route = this.start.routes.find(([pattern]) => typeof topic === "string" && topicMatches(pattern, topic));
    if (route === undefined) {
      this.self.kernel.telemetry.emit("channels.unmatched", {}, { pid: this.self.pid, topic });
      this.wire.send(encodeReply(null, ref, topic, "error", { reason: "unmatched topic" }));
      return;
    }
    if (this.entries.size >= this.start.maxChannels) {
      this.wire.send(encodeReply(joinRef, ref, topic, "error", { reason: "too many channels joined" }));
      return;
    }
    const none = { pid: undefined, monitor: undefined, patience: undefined };
    const entry: Entry = { join, replaces, phase: "joining", ...none, waiting: [] };
    this.entries.set(topic, entry);
    this.startChannel(entry, route[1]);
  }

  private startChannel(entry: Entry, module: ChannelModule): void {
    const { self, wire } = this;
    const { join, replaces } = entry;
    const start: ChannelStart = { module, join, socket: this.start.socket, transportPid: self.pid, wire, replaces };
    const spec = child(ChannelServer, start, { id: join.topic, restart: "temporary" });
    DynamicSupervisor.startChild(self, this.start.channels, spec).then(
      (pid) => this.watch(entry, pid),
      () => self.enqueue({ tag: "notStarted", join } satisfies NotStarted),
    );
  }

  private watch(entry: Entry, pid: Pid): void {
    if (entry.monitor !== undefined || this.self.dead || this.entries.get(entry.join.topic) !== entry) return;
    entry.pid = pid;
    entry.monitor = this.self.monitor(pid);
  }

  private outcome({ join, pid, event }: Outcome): void {
    const entry = this.entries.get(join.topic);
    if (entry === undefined || entry.join !== join) return;
    if (event !== "closed") {
      const metadata = { pid, topic: join.topic, outcome: event };
      this.self.kernel.telemetry.emit("channels.join", {}, metadata);
    }
    if (event !== "joined") return this.remove(entry, event === "closed");
    this.watch(entry, pid);
    entry.phase = "joined";
    this.flush(entry);
  }

  /** A channel has ended without saying so: the client hears of it in the way that fits the phase. */
  private down({ ref, pid, reason }: Down): void {
    for (const entry of this.entries.values()) {
      if (entry.monitor?.ref !== ref) continue;
      if (entry.phase === "joining") return this.joinCrashed(entry.join);
      if (entry.phase !== "replaced") {
        this.self.kernel.telemetry.emit("channels.crash", {}, { pid, topic: entry.join.topic, reason });
        this.wire.send(encodeError(joinRefOf(entry), entry.join.topic));
      }
      return this.remove(entry);
    }
  }

  private joinCrashed(join: Frame): void {
    const entry = this.entries.get(join.topic);
    if (entry?.join !== join || entry.phase !== "joining") return;
    this.wire.send(encodeReply(join.joinRef, join.ref, join.topic, "error", { reason: "join crashed" }));
    if (entry.replaces !== undefined) this.wire.send(encodeClose(entry.replaces, join.topic));
    this.remove(entry);
  }

  /** A second join of a topic ends the first channel, waits until it is gone, and then begins. */
  private replace(entry: Entry, join: Frame): void {
    entry.phase = "replaced";
    entry.waiting.push(join);
    const pid = entry.pid as Pid;
    this.self.exit(pid, { shutdown: "duplicate_join" });
    if (!this.self.isAlive(pid)) return;
    entry.patience = this.self.kernel.timers.set(PATIENCE, () => this.self.exit(pid, "kill"), this.self);
  }

  /** The topic is free; what waited for that is looked at again. `told`: the client knows that the channel has closed. */
  private remove(entry: Entry, told = false): void {
    entry.monitor?.cancel({ flush: true });
    entry.patience?.cancel();
    this.entries.delete(entry.join.topic);
    const [first] = entry.waiting;
    if (entry.phase === "replaced" && first !== undefined) {
      entry.waiting.shift();
      this.join(first, told ? undefined : joinRefOf(entry));
    }
    this.flush(entry);
  }

  private flush(entry: Entry): void {
    for (const frame of entry.waiting.splice(0)) this.route(frame);
  }
}

/** A close frame has room for 123 bytes of reason (RFC 6455 §5.5). */
const shorten = (reason: string): string =>
  Buffer.from(reason)
    .subarray(0, 123)
    .toString()
    .replace(/\ufffd+$/, "");

/** A join without a join_ref goes by its ref. */
const joinRefOf = ({ join }: Entry): unknown => join.joinRef ?? join.ref;

export const Transport = {
  init: (start: TransportStart, self: Self) => {
    self.trapExit = true;
    try {
      return ok(new Connected(processOf(self), start));
    } catch (thrown) {
      if (thrown instanceof Gone) return ignore;
      throw thrown;
    }
  },
  handleInfo: (message: Info, connected) => {
    const reason = connected.handle(message);
    return reason === undefined ? noreply(connected) : stop(reason, connected);
  },
  terminate: (reason: Reason, connected: Connected) => {
    if (reason !== "normal") connected.close(1001, "the server stops");
  },
} satisfies GenServer<Connected, Info>;
