import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Milliseconds } from "../../runtime/types.ts";
import type { Bounds } from "./limits.ts";

/** How long a body may come as slowly as it likes: longer than `readBody` waits, if it is not told otherwise. */
const BODY_WINDOW: Milliseconds = 20_000;

/** The body that is waited for, and how much of it was there at a moment. */
interface Window {
  readonly request: IncomingMessage;
  readonly read: number;
  readonly since: Milliseconds;
}

/**
 * What looks at a connection, from time to time, have shown: since when it has been doing what it does. So limits cost a
 * connection no timer, and its requests nothing at all.
 */
export class Deadlines {
  /** The last look at which anything had come since the one before. */
  heardAt: Milliseconds;
  /** Since when a head is on its way. */
  readingSince: Milliseconds | undefined;
  private readonly limits: Bounds;
  private read = 0;
  private served = 0;
  private body: Window | undefined;

  constructor(limits: Bounds, now: Milliseconds) {
    this.limits = limits;
    this.heardAt = now;
  }

  /** Looks at what has come. Bytes that are no part of a request which has begun are those of a head. */
  look({ bytesRead }: Socket, served: number, inFlight: number, now: Milliseconds): void {
    const isNew = bytesRead !== this.read;
    if (isNew || served !== this.served) this.heardAt = now;
    if (served !== this.served || inFlight > 0) this.readingSince = undefined;
    else if (isNew) this.readingSince ??= now;
    this.read = bytesRead;
    this.served = served;
  }

  /** Whether too little has come of a body that a plug waits for. */
  isTooSlow(request: IncomingMessage, now: Milliseconds): boolean {
    const { body, read } = this;
    if (request.complete || request.readableFlowing !== true) {
      if (body?.request === request) this.body = undefined;
      return false;
    }
    const elapsed = body?.request === request ? now - body.since : undefined;
    if (elapsed !== undefined && elapsed < BODY_WINDOW) return false;
    const tooSlow =
      body !== undefined && elapsed !== undefined && ((read - body.read) * 1000) / elapsed < this.limits.minBodyRate;
    this.body = { request, read, since: now };
    return tooSlow;
  }
}
