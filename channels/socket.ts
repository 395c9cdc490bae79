import { BadArgument } from "../runtime/errors.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Pid, Self } from "../runtime/types.ts";
import { encodePush } from "./frame.ts";
import { PubSub } from "./pubsub.ts";
import type { Wire } from "./wire.ts";

/** What all values of one socket share: whose it is, and how to reach its client. */
export interface Seat {
  readonly self: Self;
  readonly transportPid: Pid;
  readonly wire: Wire;
  readonly topic: string;
  /** As the client sent it. */
  readonly joinRef: unknown;
}

/**
 * A client's connection to one topic, as an immutable value (Phoenix: `Phoenix.Socket`). `assign` gives another; what is
 * returned from a callback counts.
 */
export class Socket<Assigns extends object = {}> {
  readonly assigns: Readonly<Assigns>;
  /** Whether the join has been answered; before, nothing can be sent to the client. */
  readonly joined: boolean;
  private readonly seat: Seat;

  constructor(seat: Seat, assigns: Assigns, joined: boolean) {
    this.seat = seat;
    this.assigns = assigns;
    this.joined = joined;
  }

  get topic(): string {
    return this.seat.topic;
  }
  get joinRef(): string {
    return this.seat.joinRef as string;
  }
  /** The process that this code runs in. */
  get self(): Self {
    return this.seat.self;
  }
  get transportPid(): Pid {
    return this.seat.transportPid;
  }

  assign<K extends string, V>(key: K, value: V): Socket<Assigns & { readonly [P in K]: V }> {
    const assigns = { ...this.assigns, [key]: value } as unknown as Assigns & { readonly [P in K]: V };
    return new Socket(this.seat, assigns, this.joined);
  }

  /** Sends an event to this client. The payload is an object that JSON has. */
  push(event: string, payload: object): void {
    const process = this.ready("push");
    const frame = encodePush(this.seat.joinRef, this.topic, event, payload);
    if (process.dead) process.zombie("push");
    else this.seat.wire.send(frame);
  }

  /** Sends an event to every client of this topic, this one too. */
  broadcast(event: string, payload: object): void {
    PubSub.broadcast(this.ready("broadcast"), this.topic, event, payload);
  }

  /** Sends an event to every client of this topic but this one. */
  broadcastFrom(event: string, payload: object): void {
    PubSub.broadcastFrom(this.ready("broadcastFrom"), this.topic, event, payload);
  }

  /** The same socket in the hands of another process, or after its join. */
  at(seat: Seat, joined: boolean): Socket<Assigns> {
    return new Socket(seat, this.assigns as Assigns, joined);
  }

  private ready(what: string): ProcessSelf {
    if (this.joined) return processOf(this.self);
    throw new BadArgument(
      `${what}: ${this.topic} is not joined yet; send yourself a message in join, and ${what} when handleInfo gets it`,
    );
  }
}
