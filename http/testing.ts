import { plainBehaviour, plainState } from "../runtime/plain-process.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import { ended } from "../runtime/stopping.ts";
import type { Caller, Reason, Self } from "../runtime/types.ts";
import type { Body, Headers, RequestHead } from "./adapter.ts";
import { Exchange } from "./exchange.ts";
import { GivenHead } from "./given-head.ts";
import type { PlugFn } from "./plug.ts";
import { sendError, serve, statusOf } from "./request.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { Step } from "./step.ts";
import { TestAdapter } from "./test-adapter.ts";

// The test kit: the test adapter is an adapter like the one over node:http, and what it runs is the same code.

export interface TestRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** A value that is sent as JSON, with its content type. */
  readonly json?: unknown;
  readonly body?: Body;
  readonly host?: string;
  readonly scheme?: "http" | "https";
  /** What the server would sign and encrypt with: at least 64 bytes. */
  readonly secretKeyBase?: string;
}

/** What a request was answered with. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly bytes: Uint8Array;
  /** How the request's process ended: `"normal"`, or what it crashed with (the answer is then a 500). */
  readonly reason: Reason;
  /** The first header of that name. */
  header(name: string): string | undefined;
  json(): any;
}

/**
 * Sends a request through a plug without a server: in a process of `by`'s system, as a connection would run it.
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
  const step = new Step(plug, undefined, undefined);
  const adapter = new TestAdapter(bytesOf(options), method);
  await carried(caller, "client→server", `${method}_${target}`);
  const exchange: { current?: Exchange } = {};
  const task = plainState((self: Self) => {
    const { secretKeyBase } = options;
    const settings: Settings = { ...TEST_SETTINGS, secretKeyBase };
    exchange.current = new Exchange(headOf(method, target, options), adapter, self, settings);
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
  return responseOf(adapter, reason);
}

/** In tests, errors say where. */
const TEST_SETTINGS: Settings = { ...DEFAULT_SETTINGS, development: true };

/** In a simulation, a request or its response may be late, or be lost with the connection. */
function carried({ kernel }: ProcessSelf, wire: string, what: string): Promise<void> {
  return new Promise((arrive, reject) => {
    kernel.transmit(wire, what, arrive, () => reject(new Error(`the connection was lost: ${what} did not arrive`)));
  });
}

function headOf(
  method: string,
  target: string,
  { headers = {}, json, host, scheme = "http" }: TestRequest,
): RequestHead {
  const at = target.indexOf("?");
  const list = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (json !== undefined && headers["content-type"] === undefined) list.push(["content-type", "application/json"]);
  return new GivenHead({
    method,
    scheme,
    host: host ?? "www.example.com",
    port: scheme === "https" ? 443 : 80,
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? "" : target.slice(at + 1),
    headers: list,
    remoteIp: "127.0.0.1",
  });
}

const bytesOf = ({ json, body = "" }: TestRequest): Uint8Array =>
  Buffer.from(json === undefined ? (body as string) : JSON.stringify(json));

function responseOf({ sent }: TestAdapter, reason: Reason): TestResponse {
  if (sent === undefined) {
    throw new Error(`the request was not answered; its process ended with ${String(reason)}`);
  }
  const { status, headers, bytes } = sent;
  const body = Buffer.from(bytes).toString("utf8");
  return {
    status,
    headers,
    bytes,
    body,
    reason,
    header: (name) => headers.find(([key]) => key === name)?.[1],
    json: () => JSON.parse(body),
  };
}
