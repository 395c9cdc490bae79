import { BadArgument } from "../runtime/errors.ts";
import type { Self } from "../runtime/types.ts";
import type { Adapter, RequestHead } from "./adapter.ts";
import { AlreadySentError } from "./errors.ts";

/**
 * What is true of a request whichever conn value one holds: who serves it, where it stands in its pipeline, and whether
 * it has been answered. The one mutable cell behind all conns of a request.
 */
export class Exchange {
  readonly head: RequestHead;
  readonly adapter: Adapter;
  readonly self: Self;
  /** The plug that runs, or ran last. */
  plug = "the pipeline";
  private sentBy: string | undefined;
  /** The hooks before the response run. */
  sending = false;
  bodyTaken = false;
  /** The status that was sent. */
  status: number | undefined;

  constructor(head: RequestHead, adapter: Adapter, self: Self) {
    this.head = head;
    this.adapter = adapter;
    this.self = self;
  }

  get sent(): boolean {
    return this.sentBy !== undefined;
  }

  /** `GET /rooms in plug requireUser`. */
  describe(): string {
    return `${this.head.method} ${this.head.path} in plug ${this.plug}`;
  }

  markSent(status: number): void {
    this.sentBy = this.plug;
    this.status = status;
  }

  /** Sending failed before anything had left: another response may be sent, to say so. */
  failedToSend(): void {
    if (this.adapter.begun) return;
    this.sentBy = undefined;
    this.status = undefined;
  }

  checkUnsent(what: string): void {
    if (this.sending && what.startsWith("send")) {
      throw new BadArgument("a beforeSend hook may change the response, but not send it");
    }
    if (this.sentBy === undefined) return;
    const again = this.sentBy === this.plug ? `${this.plug} itself` : this.plug;
    throw new AlreadySentError(
      `${what}: the response to ${this.head.method} ${this.head.path} was sent already, by ${this.sentBy}, and then again by ${again}; does ${this.sentBy} have to halt()?`,
    );
  }
}
