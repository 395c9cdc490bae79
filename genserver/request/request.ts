import { Call } from "../../runtime/call.ts";
import { BadArgument, type CallError } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { Signal } from "../../runtime/signal.ts";
import type { Target } from "../../runtime/types.ts";

// One request that was sent and is waited for later.

/** What became of a request. */
export type Outcome<T = unknown> =
  | { readonly tag: "reply"; readonly value: T }
  | { readonly tag: "error"; readonly error: CallError };

/** The answer to a request that nobody waited for when it came, as a message. */
export interface Response<T = any> {
  readonly tag: "response";
  readonly request: SentRequest<T>;
  readonly outcome: Outcome<T>;
}

class ResponseMessage extends Signal implements Response {
  readonly tag = "response";
  readonly request: Request;
  readonly outcome: Outcome<any>;
  constructor(request: Request, outcome: Outcome<any>) {
    super();
    this.request = request;
    this.outcome = outcome;
  }
}

declare const answered: unique symbol;

/** A request that was sent and not yet answered. `T` is the type of its reply. */
export interface SentRequest<out T = unknown> {
  readonly ref: number;
  readonly [answered]?: T;
}

export const PENDING = 0;
/** The answer went to the mailbox. */
export const ARRIVED = 1;
/** Answered to somebody, or abandoned: nothing comes any more. */
export const DONE = 2;

/**
 * The one implementation of a {@link SentRequest}: the call itself. Its answer may be a message, so it keeps its place
 * among what else the server sends.
 */
export class Request extends Call implements SentRequest<any> {
  declare readonly owner: Process;
  declare state: typeof PENDING | typeof ARRIVED | typeof DONE;
  declare waiter: ((answered: Answered) => void) | null;

  constructor(owner: Process, to: Target, request: string, payload: unknown) {
    super(owner, to, request, payload);
    this.owner = owner;
    this.state = PENDING;
    this.waiter = null;
  }

  protected succeed(_: Process, value: unknown): void {
    this.settle({ tag: "reply", value });
  }

  protected fail(_: Process, error: unknown): void {
    this.settle({ tag: "error", error: error as CallError });
  }

  /** An answer settles who waits for it past the mailbox; when nobody does, it is a message. */
  private settle(outcome: Outcome<any>): void {
    if (this.waiter !== null) return this.waiter({ request: this, outcome });
    this.state = ARRIVED;
    this.owner.enqueue(new ResponseMessage(this, outcome));
  }
}

export interface Answered {
  readonly request: Request;
  readonly outcome: Outcome<any>;
}

export function checkRequest(request: SentRequest): SentRequest {
  if (request instanceof Request) return request;
  throw new BadArgument(`expected a request that was sent with sendRequest, got: ${show(request)}`);
}

export const isResponse = (message: unknown): message is Response =>
  typeof message === "object" && message !== null && (message as Response).tag === "response";
