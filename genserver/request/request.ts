import { Call } from "../../runtime/call.ts";
import { BadArgument, type CallError } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { signal } from "../../runtime/signal.ts";
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

/** Its answer may be a message, so it keeps its place among what else the server sends. */
class RequestCall extends Call {
  protected override tell(_: Process, settle: (value: unknown) => void, value: unknown): void {
    settle(value);
  }
}

/** The one implementation of a {@link SentRequest}. */
export class Request implements SentRequest<any> {
  readonly owner: Process;
  readonly call: Call;
  state: typeof PENDING | typeof ARRIVED | typeof DONE = PENDING;
  waiter: ((answered: Answered) => void) | null = null;

  constructor(owner: Process, to: Target, request: string, payload: unknown) {
    this.owner = owner;
    this.call = new RequestCall(
      owner,
      to,
      request,
      payload,
      (value) => this.settle({ tag: "reply", value }),
      (error) => this.settle({ tag: "error", error: error as CallError }),
    );
  }

  get ref(): number {
    return this.call.ref;
  }

  /** An answer settles who waits for it past the mailbox; when nobody does, it is a message. */
  private settle(outcome: Outcome<any>): void {
    if (this.waiter !== null) return this.waiter({ request: this, outcome });
    this.state = ARRIVED;
    this.owner.enqueue(signal<Response>({ tag: "response", request: this, outcome }));
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
