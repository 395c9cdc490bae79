import { BadArgument } from "../../runtime/errors.ts";
import { checkRequest, type SentRequest } from "./request.ts";

/** Requests that are waited for together, each with a label. Made by {@link requestCollection}. It changes; it is not a value. */
export class RequestCollection<T = unknown, L = unknown> {
  /** @internal */
  readonly labels = new Map<SentRequest, L>();

  get size(): number {
    return this.labels.size;
  }

  /** Throws when the request is in it already (OTP: `reqids_add/3`). */
  add<U extends T>(request: SentRequest<U>, label: L): this {
    checkRequest(request);
    if (this.labels.has(request))
      throw new BadArgument(
        `add: expected a request that is not in the collection, got: request ${request.ref}, which is`,
      );
    this.labels.set(request, label);
    return this;
  }

  toList(): readonly (readonly [request: SentRequest<T>, label: L])[] {
    return [...this.labels] as (readonly [SentRequest<T>, L])[];
  }
}

/**
 * A collection of requests, without any yet (OTP: `reqids_new/0`).
 *
 * @example
 * const [one, two] = [await start(self, Counter, 1), await start(self, Counter, 2)];
 * const requests = GenServer.requestCollection<number, string>();
 * requests.add(GenServer.sendRequest(self, one, "add", 10), "one");
 * requests.add(GenServer.sendRequest(self, two, "add", 10), "two");
 * while (requests.size > 0) {
 *   const answer = await GenServer.receiveResponse(self, requests, 1000);
 *   if (answer.tag !== "reply") break;
 *   console.log(answer.label, answer.value);
 * }
 */
export const requestCollection = <T = unknown, L = unknown>(): RequestCollection<T, L> => new RequestCollection<T, L>();
