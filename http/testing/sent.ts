import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { AssertionError } from "../../runtime/testing/assertion-error.ts";
import type { Headers, Takeover } from "../conn/adapter.ts";
import { Conn } from "../conn/conn.ts";
import { type Sent, TestAdapter } from "./test-adapter.ts";

// What a conn of the test kit was answered with (Plug: `Plug.Test`).

/** A response as its client has it. */
export interface SentResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Headers;
  /** As text; of a response in chunks or of a file, too. */
  readonly body: string;
  readonly bytes: Uint8Array;
  /** The first header of that name, in any case. */
  header(name: string): string | undefined;
  /** The body as JSON has it. */
  json(): any;
}

/**
 * The response to a conn of {@link conn}, however it was sent (Plug: `sent_resp/1`). One that is only set is sent now, as a
 * server does when the pipeline has ended. Throws when there is none.
 *
 * @example
 * const { status, body } = sentResp(await call(site.plug, conn("GET", "/hello/world")));
 * expect([status, body]).toEqual([200, "world"]);
 */
export function sentResp(conn: Conn<any>): SentResponse {
  return sentBy(conn, sentResp);
}

/** As {@link sentResp}, for a helper that a failure is to name. */
export function sentBy(conn: Conn<any>, called: (...args: any[]) => unknown): SentResponse {
  const adapter = adapterOf(called.name, conn);
  if (conn.state === "set" && !conn.exchange.sent) conn.sendResp();
  if (adapter.sent !== undefined) return responseOf(adapter.sent);
  throw new AssertionError(`${called.name}: expected a response, got: ${stateOf(conn, adapter)}`, called);
}

function stateOf(conn: Conn<any>, { upgraded }: TestAdapter): string {
  if (upgraded.length > 0) return `an upgrade to ${upgraded.map(({ protocol }) => protocol).join(", ")}`;
  if (conn.exchange.sent) return "one that is held (holdResponse); await call(plug, conn) first";
  return `none (${conn}), after plug ${conn.exchange.step}`;
}

/**
 * The parts of a response in chunks, as text (Plug: `sent_chunks/1`); those that were empty were not sent.
 *
 * @example
 * const streams = async (it: Conn) => {
 *   const begun = it.sendChunked(200);
 *   for (const part of ["a", "b"]) await begun.chunk(part);
 *   return begun;
 * };
 * expect(sentChunks(await call(streams, conn("GET", "/")))).toEqual(["a", "b"]);
 */
export function sentChunks(conn: Conn<any>): readonly string[] {
  const { sent } = adapterOf("sentChunks", conn);
  if (sent?.chunks !== undefined) return sent.chunks.map(textOf);
  const got = sent === undefined ? "none" : "one that was sent at once";
  throw new AssertionError(`sentChunks: expected a response in chunks, got: ${got}`, sentChunks);
}

/**
 * The informational responses so far (Plug: `sent_informs/1`).
 *
 * @example
 * const hints = (it: Conn) => it.inform(103, [["link", "</app.css>; rel=preload"]]).text("");
 * expect(sentInforms(await call(hints, conn("GET", "/")))).toMatchObject([{ status: 103 }]);
 */
export function sentInforms(conn: Conn<any>): readonly { readonly status: number; readonly headers: Headers }[] {
  return adapterOf("sentInforms", conn).informs.map(([status, headers]) => ({ status, headers }));
}

/**
 * The upgrades that were granted (Plug: `sent_upgrades/1`), each with the response headers of then, and what is to take
 * the connection over, which the test kit does not call.
 *
 * @example
 * const upgrades = (it: Conn) => it.upgrade("websocket", async () => {});
 * expect(sentUpgrades(await call(upgrades, conn("GET", "/")))).toMatchObject([{ protocol: "websocket" }]);
 */
export function sentUpgrades(
  conn: Conn<any>,
): readonly { readonly protocol: string; readonly takeover: Takeover; readonly headers: Headers }[] {
  return [...adapterOf("sentUpgrades", conn).upgraded];
}

/** The adapter of a conn that the test kit has made. */
export function adapterOf(what: string, conn: Conn<any>): TestAdapter {
  const adapter = conn instanceof Conn ? conn.exchange.adapter : undefined;
  if (adapter instanceof TestAdapter) return adapter;
  throw new BadArgument(`${what}: expected a conn of the test kit, got: ${show(conn)}`);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

export function responseOf({ status, headers, bytes }: Sent): SentResponse {
  const body = textOf(bytes);
  return {
    status,
    headers,
    bytes,
    body,
    header: (name) => headers.find(([key]) => key === name.toLowerCase())?.[1],
    json: () => JSON.parse(body),
  };
}
