import { nothing } from "../../runtime/afterlife.ts";
import { NO_OPTIONS, optionsOf } from "../../runtime/caller.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { timeout as timeUp } from "../../runtime/plain-process.ts";
import type { Process } from "../../runtime/process.ts";
import { processOf } from "../../runtime/self.ts";
import { checkDelay, type Timer } from "../../runtime/timers.ts";
import type { Caller, CallOptions, Milliseconds, Protocol, Self, Target, Timeout } from "../../runtime/types.ts";
import {
  type Answered,
  ARRIVED,
  checkRequest,
  DONE,
  isResponse,
  type Outcome,
  Request,
  type Response,
  type SentRequest,
} from "./request.ts";
import { RequestCollection } from "./request-collection.ts";

// Requests whose answers are waited for later, or come as messages (OTP: `gen_server:send_request/2` and its kin).

type Fn = (...args: any[]) => any;
type Sig<T, K extends keyof T> = T[K] extends Fn ? T[K] : never;

/** A message that answers none of the requests in question. */
export interface NoReplyYet {
  readonly tag: "noReply";
}

/** There is no request in the collection. */
export interface NoRequest {
  readonly tag: "noRequest";
}

/** How long to wait: milliseconds, or a moment in the time of `self.now()`. */
export type WaitTime = Milliseconds | "infinity" | { readonly abs: Milliseconds };

/**
 * Sends a request and goes on (OTP: `gen_server:send_request/2`). Never fails: a server that is not there, or ends before
 * it answers, is an outcome. The answer is waited for with {@link waitResponse} or {@link receiveResponse}; if it comes
 * before anybody waits, it is a message (`handleInfo`) of the form {@link Response}. It has no time limit of its own,
 * unless `self.with({ timeout })` gives one.
 *
 * @example
 * const counter = await start(self, Counter, 1);
 * const request = GenServer.sendRequest(self, counter, "add", 2);
 * const answer = await GenServer.receiveResponse(self, request, 1000);
 * expect(answer).toEqual({ tag: "reply", value: 3 });
 */
export function sendRequest<P extends Protocol, K extends keyof P["calls"] & string>(
  by: Caller,
  to: Target<P>,
  request: K,
  ...payload: Parameters<Sig<P["calls"], K>>
): SentRequest<ReturnType<Sig<P["calls"], K>>> {
  const owner = processOf(by);
  if (owner === owner.kernel.root)
    throw new BadArgument("sendRequest: expected a process (self), got: a system, which gets no messages");
  const id = new Request(owner, to as Target, request, owner.kernel.pass(payload[0]));
  if (owner.dead) {
    owner.zombie("sendRequest");
    return id;
  }
  const target = owner.kernel.names.resolve(to as Target);
  const options = optionsOf(by);
  id.sendTo(target, owner, options === NO_OPTIONS ? NO_LIMIT : { ...NO_LIMIT, ...options }, id, sendRequest);
  return id;
}

const NO_LIMIT: CallOptions = { timeout: "infinity" };

type Labelled<T, L> = Outcome<T> & { readonly label: L; readonly request: SentRequest<T> };

/** What to do with a request of a collection that has been answered. */
export interface ResponseOptions {
  /** Takes the request out of the collection. One that stays is never answered again. Default true. */
  readonly delete?: boolean;
}

/**
 * Waits for an answer (OTP: `gen_server:wait_response/2`). When the time is up, the request is still there, and its answer
 * can come yet. Only for the process that made the request.
 */
export function waitResponse<T>(self: Self, request: SentRequest<T>, time?: WaitTime): Promise<Outcome<T> | Timeout>;
export function waitResponse<T, L>(
  self: Self,
  requests: RequestCollection<T, L>,
  time?: WaitTime,
  options?: ResponseOptions,
): Promise<Labelled<T, L> | Timeout | NoRequest>;
export function waitResponse(self: Self, awaited: Awaitable, time?: WaitTime, options?: ResponseOptions) {
  return wait(self, awaited, time, options, false);
}

/**
 * Waits for an answer, and abandons the request, or all of the collection, when the time is up: their answers reach nobody
 * (OTP: `gen_server:receive_response/2`). Only for the process that made the request.
 */
export function receiveResponse<T>(self: Self, request: SentRequest<T>, time?: WaitTime): Promise<Outcome<T> | Timeout>;
export function receiveResponse<T, L>(
  self: Self,
  requests: RequestCollection<T, L>,
  time?: WaitTime,
  options?: ResponseOptions,
): Promise<Labelled<T, L> | Timeout | NoRequest>;
export function receiveResponse(self: Self, awaited: Awaitable, time?: WaitTime, options?: ResponseOptions) {
  return wait(self, awaited, time, options, true);
}

/**
 * Whether a message that came to `handleInfo` is the answer to a request (OTP: `gen_server:check_response/2`). Every
 * other message gives `noReply`.
 *
 * @example
 * const counter = await start(self, Counter, 1);
 * const request = GenServer.sendRequest(self, counter, "add", 2);
 * const message = await self.receive();
 * expect(GenServer.checkResponse(message, request)).toEqual({ tag: "reply", value: 3 });
 * expect(GenServer.checkResponse("hello", request)).toEqual({ tag: "noReply" });
 */
export function checkResponse<T>(message: unknown, request: SentRequest<T>): Outcome<T> | NoReplyYet;
export function checkResponse<T, L>(
  message: unknown,
  requests: RequestCollection<T, L>,
  options?: ResponseOptions,
): Labelled<T, L> | NoReplyYet | NoRequest;
export function checkResponse(message: unknown, awaited: Awaitable, options?: ResponseOptions) {
  if (awaited instanceof RequestCollection) {
    if (awaited.size === 0) return NO_REQUEST;
    if (!isResponse(message) || !awaited.labels.has(message.request as Request)) return NO_REPLY;
  } else if (!isResponse(message) || message.request !== checkRequest(awaited)) return NO_REPLY;
  return result(awaited, { request: message.request as Request, outcome: message.outcome }, options);
}

type Awaitable = SentRequest | RequestCollection<any, any>;

const NO_REQUEST: NoRequest = Object.freeze({ tag: "noRequest" });
const NO_REPLY: NoReplyYet = Object.freeze({ tag: "noReply" });

async function wait(
  self: Self,
  awaited: Awaitable,
  time: WaitTime = "infinity",
  options: ResponseOptions | undefined,
  abandons: boolean,
): Promise<any> {
  const owner = processOf(self);
  const requests = [...requestsOf(awaited).keys()] as Request[];
  for (const request of requests) {
    if (request.owner !== owner) {
      throw new BadArgument(
        `expected the process that made the request, ${request.owner.pid}, to wait for it, got: ${owner.pid}`,
      );
    }
    if (request.waiter !== null) {
      throw new BadArgument(
        `expected a request that nobody waits for, got: request ${request.ref}, which is waited for`,
      );
    }
  }
  const delay = delayOf(owner, time);
  if (owner.dead) return nothing(owner, "waitResponse");
  if (requests.length === 0) return NO_REQUEST;
  const inTime = takeArrived(owner, requests) ?? (await next(owner, requests, delay));
  // An answer may have come after the time was up, and before this is heard.
  const answered = inTime ?? takeArrived(owner, requests);
  if (answered !== undefined) return result(awaited, answered, options);
  if (abandons) for (const request of requests) abandon(request);
  return timeUp;
}

/** The next answer, or `undefined` when the time is up. */
function next(owner: Process, requests: readonly Request[], delay: Milliseconds | "infinity") {
  return new Promise<Answered | undefined>((resolve) => {
    let timer: Timer | undefined;
    const finish = (answered: Answered | undefined): void => {
      timer?.cancel();
      for (const request of requests) request.waiter = null;
      owner.kernel.scheduler.settle(owner, resolve, answered);
    };
    if (delay === 0) return resolve(undefined);
    for (const request of requests) request.waiter = finish;
    if (delay !== "infinity") timer = owner.kernel.timers.set(delay, () => finish(undefined), owner);
  });
}

/** The first answer that waits in the mailbox, taken out of it. */
function takeArrived(owner: Process, requests: readonly Request[]): Answered | undefined {
  const arrived = new Set<SentRequest>(requests.filter(({ state }) => state === ARRIVED));
  if (arrived.size === 0) return undefined;
  let found: Response | undefined;
  owner.flush((message) => {
    if (found !== undefined || !isResponse(message) || !arrived.has(message.request)) return false;
    found = message;
    return true;
  });
  return found === undefined ? undefined : { request: found.request as Request, outcome: found.outcome };
}

function result(awaited: Awaitable, { request, outcome }: Answered, options: ResponseOptions = {}) {
  request.state = DONE;
  if (!(awaited instanceof RequestCollection)) return outcome;
  const label = awaited.labels.get(request);
  if (options.delete !== false) awaited.labels.delete(request);
  return { ...outcome, label, request };
}

function abandon(request: Request): void {
  request.detach();
  request.state = DONE;
}

function requestsOf(awaited: Awaitable): ReadonlyMap<SentRequest, unknown> {
  return awaited instanceof RequestCollection ? awaited.labels : new Map([[checkRequest(awaited), undefined]]);
}

function delayOf(owner: Process, time: WaitTime): Milliseconds | "infinity" {
  if (time === "infinity") return time;
  if (typeof time === "number") {
    checkDelay(time);
    return time;
  }
  if (typeof time?.abs !== "number" || Number.isNaN(time.abs)) {
    throw new BadArgument(`expected a time or a moment ({ abs }), got: ${show(time)}`);
  }
  return Math.max(0, time.abs - owner.kernel.driver.now());
}
