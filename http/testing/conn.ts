import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { processOf } from "../../runtime/self.ts";
import { LiveSystem } from "../../runtime/system.ts";
import { testProcess } from "../../runtime/testing/test-process.ts";
import { VirtualDriver } from "../../runtime/testing/virtual-driver.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async, Caller, Reason } from "../../runtime/types.ts";
import type { Endpoint, PeerData, SslData } from "../conn/adapter.ts";
import { Conn, type Halted } from "../conn/conn.ts";
import { Exchange } from "../conn/exchange.ts";
import { HttpError } from "../errors.ts";
import { type PlugFn, runStep, stepOf } from "../pipeline/plug.ts";
import { sendError, statusOf } from "../server/request.ts";
import { adapterOf } from "./sent.ts";
import { TestAdapter } from "./test-adapter.ts";
import { givenRequest, type TestRequest } from "./test-request.ts";

/**
 * A conn without a socket (Plug: `Plug.Test.conn/3`), to be passed through any plug: with {@link call}, or directly. The
 * target is a path with a query, or a whole URL.
 *
 * It needs no system: `conn.self` is a process of a virtual one that it has to itself, in which time passes at once. A plug
 * that talks to other processes needs theirs, which goes first: `conn(sim, "GET", "/")`; there the process lives until the
 * system ends, or {@link endRequest}.
 *
 * @example
 * const answer = await call(site.plug, conn("GET", "/hello/world"));
 * expect(textResponse(answer, 200)).toBe("world");
 */
export function conn(method: string, target: string, options?: TestRequest): Conn;
export function conn(by: Caller, method: string, target: string, options?: TestRequest): Conn;
export function conn(...args: any[]): Conn {
  const [by, method, target, options = {}] = typeof args[0] === "string" ? [ownSystem(), ...args] : args;
  if (typeof method !== "string" || typeof target !== "string") {
    throw new BadArgument(`conn: expected a method and a path, got: ${show(method)} and ${show(target)}`);
  }
  const { head, body, peer, settings, prepare } = givenRequest("conn", method, target, options);
  const self = testProcess(by, { label: `${method} ${target}` });
  return prepare(new Conn(new Exchange(head, new TestAdapter(body, method, peer), self, settings)));
}

const ownSystem = (): Caller => new LiveSystem({ driver: new VirtualDriver({}), reports: false, catchStrays: false });

/** Errors of {@link call}, and the requests that they have ended. */
const crashes = new WeakMap<object, Exchange>();

/**
 * Passes a conn through a plug, as a pipeline would, and gives the conn that comes back: at once if the plug does. What the
 * plug throws is thrown; before, its client is answered, as by a server, for {@link assertErrorSent} to see. A response
 * that is held (`holdResponse`) has left when this resolves.
 *
 * @example
 * const checked = await call(plug(RequestId), conn("GET", "/", { headers: { "x-request-id": "0123456789abcdefghij" } }));
 * expect(checked.assigns.requestId).toBe("0123456789abcdefghij");
 */
export function call<In extends object, Out extends object>(
  plug: (conn: Conn<In>) => Conn<Out> | Halted,
  conn: Conn<any>,
): Conn<Out>;
export function call<In extends object, Out extends object>(plug: PlugFn<In, Out>, conn: Conn<any>): Async<Conn<Out>>;
export function call(plug: PlugFn<any, any>, conn: Conn<any>): Async<Conn<any>> {
  const step = stepOf(plug);
  const { exchange } = conn;
  try {
    const done = runStep(step, conn);
    return isThenable(done) ? done.then(left).catch((error) => crashed(exchange, error)) : left(done);
  } catch (error) {
    return crashed(exchange, error);
  }
}

/** Waits for a response that is held, and ends one in chunks, as the end of a pipeline does. */
function left(conn: Conn<any>): Async<Conn<any>> {
  const { held } = conn.exchange;
  return held === undefined ? ended(conn) : held.then(() => ended(conn));
}

function ended(conn: Conn<any>): Async<Conn<any>> {
  const end = conn.state === "chunked" ? conn.exchange.end() : undefined;
  return isThenable(end) ? end.then(() => conn) : conn;
}

function crashed(exchange: Exchange, error: unknown): never {
  const status = statusOf(error as Reason);
  const said = error instanceof HttpError && status < 500 ? error.message : undefined;
  if (!exchange.sent) sendError(exchange, status, said);
  if (typeof error === "object" && error !== null) crashes.set(error, exchange);
  throw error;
}

/** The request that an error of {@link call} has ended. */
export const crashedBy = (error: unknown): Exchange | undefined =>
  typeof error === "object" && error !== null ? crashes.get(error) : undefined;

/**
 * Ends the process that stands for a request, as it ends when a server has answered: what it owns is gone then, such as
 * uploads and timers.
 *
 * @example
 * const served = await call(site.plug, conn(sim, "GET", "/hello/world"));
 * endRequest(served);
 * expect(sim.isAlive(served.owner)).toBe(false);
 */
export function endRequest(conn: Conn<any>): void {
  adapterOf("endRequest", conn);
  processOf(conn.self).end("normal");
}

// What belongs to the connection is the same for all conns of a request.

/** Another protocol, such as `"HTTP/1.0"` (Plug: `put_http_protocol/2`). */
export function putHttpProtocol<A extends object>(conn: Conn<A>, protocol: string): Conn<A> {
  adapterOf("putHttpProtocol", conn).protocol = protocol;
  return conn;
}

/** Another client (Plug: `put_peer_data/2`). */
export function putPeerData<A extends object>(conn: Conn<A>, peer: PeerData): Conn<A> {
  adapterOf("putPeerData", conn).peer = peer;
  return conn;
}

/** Another address of the server (Plug: `put_sock_data/2`). */
export function putSockData<A extends object>(conn: Conn<A>, sock: Endpoint): Conn<A> {
  adapterOf("putSockData", conn).sock = sock;
  return conn;
}

/** TLS, or none (Plug: `put_ssl_data/2`). */
export function putSslData<A extends object>(conn: Conn<A>, ssl: SslData | undefined): Conn<A> {
  adapterOf("putSslData", conn).ssl = ssl;
  return conn;
}
