import { checkArray } from "../../runtime/checks.ts";
import { CallError } from "../../runtime/errors.ts";
import type { Caller, Protocol, Target } from "../../runtime/types.ts";

type Fn = (...args: any[]) => any;
type Sig<T, K extends keyof T> = T[K] extends Fn ? T[K] : never;

/** What became of a `multiCall`: who answered, and who did not and why; both in the order in which they were asked. */
export interface MultiCall<P extends Protocol, R> {
  readonly replies: readonly (readonly [target: Target<P>, reply: R])[];
  readonly failures: readonly (readonly [target: Target<P>, error: CallError])[];
}

/**
 * Asks several servers at once, and waits for all (OTP: `gen_server:multi_call/2`, with local targets in place of nodes).
 * How long: `self.with({ timeout })`. What comes later reaches nobody.
 *
 * @example
 * const counters = await Promise.all([start(self, Counter, 1), start(self, Counter, 2)]);
 * const { replies } = await GenServer.multiCall(self, counters, "add", 10);
 * expect(replies.map(([, total]) => total)).toEqual([11, 12]);
 */
export async function multiCall<P extends Protocol, K extends keyof P["calls"] & string>(
  by: Caller,
  targets: readonly Target<P>[],
  request: K,
  ...payload: Parameters<Sig<P["calls"], K>>
): Promise<MultiCall<P, ReturnType<Sig<P["calls"], K>>>> {
  const replies: [Target<P>, ReturnType<Sig<P["calls"], K>>][] = [];
  const failures: [Target<P>, CallError][] = [];
  const settled = await Promise.allSettled(
    checkArray("multiCall", targets).map((target) => by.call(target, request, ...payload)),
  );
  for (const [index, result] of settled.entries()) {
    const target = targets[index] as Target<P>;
    if (result.status === "fulfilled") replies.push([target, result.value]);
    else if (result.reason instanceof CallError) failures.push([target, result.reason]);
    else throw result.reason;
  }
  return { replies, failures };
}

/** Casts to several servers; never fails, whoever they are (OTP: `gen_server:abcast/2`). */
export function abcast<P extends Protocol, K extends keyof P["casts"] & string>(
  by: Caller,
  targets: readonly Target<P>[],
  request: K,
  ...payload: Parameters<Sig<P["casts"], K>>
): void {
  for (const target of checkArray("abcast", targets)) by.cast(target, request, ...payload);
}
