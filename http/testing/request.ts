import { plainBehaviour, plainState } from "../../runtime/plain-process.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import { ended } from "../../runtime/stopping.ts";
import type { Caller, Reason, Self } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import { Exchange } from "../conn/exchange.ts";
import type { PlugFn } from "../pipeline/plug.ts";
import { Step, showPlug } from "../pipeline/step.ts";
import { sendError, serve, statusOf } from "../server/request.ts";
import { responseOf, type SentResponse } from "./sent.ts";
import { TestAdapter } from "./test-adapter.ts";
import { givenRequest, type TestRequest } from "./test-request.ts";

/** What a request was answered with. */
export interface TestResponse extends SentResponse {
  /** How the request's process ended: `"normal"`, or what it crashed with (the answer is then a 500). */
  readonly reason: Reason;
}

/**
 * Sends a request through a plug without a server: in a process of `by`'s system, as a connection would run it. A crash is
 * answered, as a server does. For a plug alone, and what it does to a conn, there is {@link conn}.
 *
 * @example
 * const answer = await request(sim, site.plug, "GET", "/hello/world");
 * expect(answer.status).toBe(200);
 */
export async function request(
  by: Caller,
  plug: PlugFn<any, any>,
  method: string,
  target: string,
  options: TestRequest = {},
): Promise<TestResponse> {
  const caller = processOf(by);
  const { head, body, peer, settings, prepare } = givenRequest("request", method, target, options);
  const step = new Step((conn: Conn) => plug(prepare(conn)), showPlug(plug), undefined);
  const adapter = new TestAdapter(body, method, peer);
  await carried(caller, "client→server", `${method}_${target}`);
  const exchange: { current?: Exchange } = {};
  const task = plainState((self: Self) => {
    exchange.current = new Exchange(head, adapter, self, settings);
    return serve(exchange.current, step);
  });
  const child: ProcessSelf = caller.kernel.spawn(caller, plainBehaviour, task, {
    link: false,
    label: `${method} ${target}`,
  });
  const reason = await ended(caller, child.pid);
  const { current } = exchange;
  if (current !== undefined && !current.sent) sendError(current, statusOf(reason));
  await carried(caller, "server→client", `${method}_${target}`);
  if (adapter.sent === undefined) {
    throw new Error(`the request was not answered; its process ended with ${String(reason)}`);
  }
  return { ...responseOf(adapter.sent), reason };
}

/** In a simulation, a request or its response may be late, or be lost with the connection. */
function carried({ kernel }: ProcessSelf, wire: string, what: string): Promise<void> {
  return new Promise((arrive, reject) => {
    kernel.transmit(wire, what, arrive, () => reject(new Error(`the connection was lost: ${what} did not arrive`)));
  });
}
