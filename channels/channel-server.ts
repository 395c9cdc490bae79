import type { GenServer } from "../genserver/genserver.ts";
import { unhandled } from "../genserver/server.ts";
import { BadReturnValue, isClean, Undefined } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { addressOf } from "../runtime/pid.ts";
import { NONE, noreply, ok, Result, stop } from "../runtime/results.ts";
import { processOf } from "../runtime/self.ts";
import { signal } from "../runtime/signal.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Async, Down, Milliseconds, Pid, Reason, Self } from "../runtime/types.ts";
import { Ending } from "../runtime/watch.ts";
import type { ChannelModule } from "./channel.ts";
import { encodeClose, encodeReply, type Frame, type Status } from "./frame.ts";
import { type Broadcast, subscribe } from "./pubsub.ts";
import type { Seat, Socket } from "./socket.ts";
import type { Wire } from "./wire.ts";

/** How a join went, for the transport's table. */
export interface Outcome {
  readonly tag: "channel";
  /** The join message itself: which join it was. */
  readonly join: Frame;
  readonly pid: Pid;
  readonly event: "joined" | "refused" | "closed";
}

export interface ChannelStart {
  readonly module: ChannelModule;
  readonly join: Frame;
  readonly socket: Socket<any>;
  readonly transportPid: Pid;
  readonly wire: Wire;
  /** The join_ref of the channel that this one takes the place of: its close is told after the answer to this join. */
  readonly replaces: unknown;
}

/** How long a join may go on when its client has gone. */
const PATIENCE: Milliseconds = 5000;

/** The client has gone. */
const CLOSED = { shutdown: "closed" } as const;

/** An end that no code waits for. */
class Vigil extends Ending {
  override get awaited(): boolean {
    return false;
  }
}

/** What a channel process keeps: its socket is the user's state. */
class Session {
  readonly start: ChannelStart;
  readonly self: Self;
  socket: Socket<any>;
  transport: number | undefined;
  /** Whether `terminate` is owed: a join that crashed has nothing to end. */
  entered = false;
  /** Sees to it that a join which takes its time does not outlive its client for long. */
  private readonly vigil: Vigil;

  constructor(start: ChannelStart, self: Self) {
    this.start = start;
    this.self = self;
    this.socket = start.socket.at(this.seat, false);
    const process = processOf(self);
    const transport = addressOf(start.transportPid).process;
    const giveUp = () => process.kernel.timers.set(PATIENCE, () => this.entered || process.end(CLOSED), process);
    this.vigil = new Vigil(giveUp);
    if (transport === null) giveUp();
    else this.vigil.attach(process, transport);
  }

  private get seat(): Seat {
    const { join, transportPid, wire } = this.start;
    return { self: this.self, transportPid, wire, topic: join.topic, joinRef: join.joinRef ?? join.ref };
  }

  /** The answer to the join is the first frame of it; then the end of the channel it replaces, then all else. */
  answerJoin(status: Status, response: unknown): void {
    const { join, wire, replaces } = this.start;
    wire.send(encodeReply(join.joinRef, join.ref, join.topic, status, response));
    if (replaces !== undefined) wire.send(encodeClose(replaces, join.topic));
  }

  accept(socket: Socket<any>, response: unknown): void {
    this.entered = true;
    this.vigil.detach();
    this.socket = socket.at(this.seat, true);
    this.transport = this.self.monitor(this.start.transportPid).ref;
    const { wire, module } = this.start;
    subscribe(processOf(this.self), this.start.join.topic, { wire, intercepts: module.handleOut });
    this.answerJoin("ok", response);
    this.tell("joined");
  }

  reply(ref: unknown, status: Status, response: unknown): void {
    this.start.wire.send(encodeReply(this.socket.joinRef, ref, this.socket.topic, status, response));
  }

  /** A channel that ends well says so before it does, so that what `terminate` pushes comes after. */
  close(): void {
    this.start.wire.send(encodeClose(this.socket.joinRef, this.socket.topic));
    this.tell("closed");
  }

  tell(event: Outcome["event"]): void {
    // A signal, so that the join in it is the very one that the transport sent.
    const outcome = signal<Outcome>({ tag: "channel", join: this.start.join, pid: this.self.pid, event });
    this.self.send(this.start.transportPid, outcome);
  }
}

/** The process of a joined topic. */
export const ChannelServer = {
  init: (start: ChannelStart, self: Self) => ok(new Session(start, self), { continue: "join" }),

  handleContinue: (_: "join", session: Session) => {
    const { module, join } = session.start;
    return run(
      session,
      () => module.source.join(join.topic, join.payload, session.socket),
      (result) => joined(session, result),
    );
  },

  handleCast: {
    push: ({ event, payload, ref }: Frame, session) => {
      const handler = session.start.module.handleIn.get(event);
      if (handler === undefined) {
        const known = [...session.start.module.handleIn.keys()].join(", ") || "none";
        throw new Undefined(`handleIn of ${session.socket.topic} has no ${show(event)}; it has: ${known}`);
      }
      return run(
        session,
        () => handler(payload, session.socket),
        (result) => handled(session, `handleIn.${event}`, result, { ref }),
      );
    },

    leave: ({ ref }: Frame, session) => {
      session.reply(ref, "ok", {});
      session.close();
      return stop({ shutdown: "left" }, session);
    },
  },

  handleInfo: (message: Broadcast | Down, session) => {
    if (isTransportDown(message, session)) {
      const gone = message.reason === "normal" || message.reason === "noproc";
      return stop(gone ? CLOSED : message.reason, session);
    }
    const { handleOut, source } = session.start.module;
    const { handleInfo } = source;
    if (message?.tag === "broadcast" && message.topic === session.socket.topic) {
      const { event, payload } = message;
      const handler = handleOut.get(event);
      if (handler !== undefined) {
        return run(
          session,
          () => handler(payload, session.socket),
          (result) => handled(session, `handleOut.${event}`, result),
        );
      }
      session.socket.push(event, payload as object);
      return noreply(session);
    }
    if (handleInfo === undefined) {
      unhandled(processOf(session.self), message);
      return noreply(session);
    }
    return run(
      session,
      () => handleInfo(message, session.socket),
      (result) => handled(session, "handleInfo", result),
    );
  },

  terminate: (reason: Reason, session: Session) => {
    if (session.entered) return session.start.module.source.terminate?.(reason, session.socket);
  },
} satisfies GenServer<Session>;

const isTransportDown = (message: Broadcast | Down, session: Session): message is Down =>
  message?.tag === "down" && message.ref === session.transport;

/**
 * Runs a callback and goes on with its result; synchronous ones stay so. A result that is thrown counts as returned, and
 * what the code of a dead channel says is not done.
 */
function run<R>(session: Session, callback: () => unknown, go: (result: unknown) => R): Async<R> {
  let result: unknown;
  try {
    result = callback();
  } catch (thrown) {
    return go(returned(thrown));
  }
  if (!isThenable(result)) return go(result);
  const process = processOf(session.self);
  return Promise.resolve(result)
    .catch(returned)
    .then((value) => (process.dead ? (undefined as never) : go(value)));
}

function returned(thrown: unknown): Result {
  if (thrown instanceof Result) return thrown;
  throw thrown;
}

function joined(session: Session, result: unknown) {
  if (result instanceof Result) {
    switch (result.tag) {
      case "ok":
      case "reply":
        session.accept(result.state, result.value);
        return noreply(session);
      case "error":
        session.entered = true;
        session.answerJoin("error", result.reason);
        session.tell("refused");
        return stop("shutdown", session);
    }
  }
  throw new BadReturnValue(`join of ${session.start.join.topic}`, "ok, reply or error", result);
}

/** Does what a callback says. `message` is there when it may be answered. */
function handled(session: Session, callback: string, result: unknown, message?: { readonly ref: unknown }) {
  if (result instanceof Result && (message !== undefined || result.tag === "noreply" || result.tag === "stop")) {
    switch (result.tag) {
      case "reply":
      case "refused":
        session.socket = result.state;
        session.reply(message?.ref, result.tag === "reply" ? "ok" : "error", result.value);
        return noreply(session);
      case "noreply":
        session.socket = result.state;
        return noreply(session, result.next);
      case "stop":
        session.socket = result.state;
        if (message !== undefined && result.value !== NONE) session.reply(message.ref, "ok", result.value);
        if (isClean(result.reason)) session.close();
        return stop(result.reason as Reason, session);
    }
  }
  const expected = message === undefined ? "noreply or stop" : "reply, refuse, noreply or stop";
  throw new BadReturnValue(`${callback} of ${session.socket.topic}`, expected, result);
}
