import { processOf } from "../../runtime/self.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Reason } from "../../runtime/types.ts";
import { Conn, type Halted } from "../conn/conn.ts";
import { finish, sendError, statusOf } from "../server/request.ts";
import { Step } from "./step.ts";

/** What went wrong in a request. */
export interface RequestFailure {
  /** What was thrown: an Error, as a rule. */
  readonly reason: unknown;
  /** The plug that ran when it was: `login at site.ts:12`. */
  readonly plug: string;
  /** The plugs that the request has been through, that one last. */
  readonly trail: readonly string[];
}

/** Answers a request that has failed, with the conn as it was when the plug that failed began. */
export type Rescue = (conn: Conn<any>, failure: RequestFailure) => Async<Conn<any> | Halted>;

/**
 * What fails in `run` is answered by `rescue`, which reports call `name`. Then it goes on to whoever is outside, as it was:
 * the request is still one that crashed. If a response has been sent already there is nothing to answer. A rescue that
 * fails itself is reported, and the answer is a plain one.
 */
export function rescued(name: string, run: (conn: Conn<any>) => Async<Conn<any>>, rescue: Rescue) {
  const rescuer = new Step(rescue as Step["run"], name);
  return (conn: Conn<any>): Async<Conn<any>> => {
    try {
      const done = run(conn);
      return done instanceof Conn ? done : done.then(undefined, (reason) => answer(conn, reason, rescuer));
    } catch (reason) {
      return answer(conn, reason, rescuer);
    }
  };
}

function answer({ exchange }: Conn<any>, reason: unknown, rescuer: Step): Async<never> {
  const { conn: newest, step: failed } = exchange;
  if (exchange.sent || newest === undefined) throw reason;
  const status = statusOf(reason as Reason);
  // The process of this request will end badly, and its connection with it: the answer is to say so.
  if (status >= 500) exchange.abandonBody();
  // What the plug that failed has made of its conn is given up.
  exchange.rewind(newest);
  const end = (): never => {
    // The request is still told by the plug that failed.
    exchange.step = failed;
    exchange.answered = reason;
    throw reason;
  };
  const failedAgain = (own: unknown): never => {
    report(newest, rescuer, own);
    if (!exchange.sent) sendError(exchange, status);
    return end();
  };
  try {
    const conn = newest.putStatus(status);
    const failure: RequestFailure = { reason, plug: String(failed), trail: exchange.trail.map(String) };
    exchange.enter(rescuer, conn);
    const result: unknown = rescuer.run(conn, failure);
    const done = isThenable(result) ? result.then(finish) : finish(result);
    if (isThenable(done)) return done.then(undefined, failedAgain).then(end) as Promise<never>;
  } catch (own) {
    return failedAgain(own);
  }
  return end();
}

function report(conn: Conn<any>, rescuer: Step, error: unknown): void {
  processOf(conn.self).kernel.telemetry.emit(
    "http.rescue.failure",
    {},
    { pid: conn.owner, request: `${conn.method} ${conn.requestPath}`, plug: String(rescuer), error },
  );
}
