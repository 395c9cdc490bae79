import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";

/** A message as it crosses the wire: `[join_ref, ref, topic, event, payload]` (Phoenix, vsn 2.0.0). */
export interface Frame {
  /** The join that it belongs to; null for none. Echoed as it came, whatever its type. */
  readonly joinRef: unknown;
  readonly ref: unknown;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

/** What a client sent is not a frame. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

export function decode(text: string): Frame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedFrame(`expected a JSON array, got: ${show(text)}`);
  }
  if (!Array.isArray(value) || value.length < 5) {
    throw new MalformedFrame(`expected [join_ref, ref, topic, event, payload], got: ${show(value)}`);
  }
  const [joinRef, ref, topic, event, payload] = value as unknown[];
  checkEcho([joinRef, ref, topic]);
  return { joinRef, ref, topic: topic as string, event: event as string, payload };
}

/** What is sent back as it came must be fit to be sent: JSON can be read at depths at which it cannot be written. */
function checkEcho(parts: readonly unknown[]): void {
  if (parts.every((part) => typeof part !== "object" || part === null)) return;
  try {
    JSON.stringify(parts);
  } catch {
    throw new MalformedFrame("expected a join_ref, a ref and a topic that can be sent back, got: too many levels");
  }
}

const encode = (joinRef: unknown, ref: unknown, topic: string, event: string, payload: unknown): string =>
  JSON.stringify([joinRef ?? null, ref ?? null, topic, event, payload ?? {}]);

export type Status = "ok" | "error";

export const encodeReply = (joinRef: unknown, ref: unknown, topic: string, status: Status, response: unknown): string =>
  encode(joinRef, ref, topic, "phx_reply", { status, response: response ?? {} });

export const encodePush = (joinRef: unknown, topic: string, event: string, payload: unknown): string =>
  encode(joinRef, null, topic, event, checkPayload(event, payload));

export const encodeBroadcast = (topic: string, event: string, payload: unknown): string =>
  encode(null, null, topic, event, checkPayload(event, payload));

/** A channel has ended well: the client does not come back by itself. */
export const encodeClose = (joinRef: unknown, topic: string): string =>
  encode(joinRef, joinRef, topic, "phx_close", {});

/** A channel has crashed: the client joins again. */
export const encodeError = (joinRef: unknown, topic: string): string =>
  encode(joinRef, joinRef, topic, "phx_error", { reason: "channel_crash" });

/** Phoenix: a pushed or broadcast payload is a map. Events `phx_…` belong to the protocol. */
function checkPayload(event: string, payload: unknown): unknown {
  if (typeof event !== "string" || event === "" || event.startsWith("phx_")) {
    throw new BadArgument(`expected an event name that does not begin with phx_, got: ${show(event)}`);
  }
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    throw new BadArgument(`expected the payload of ${event} to be an object, got: ${show(payload)}`);
  }
  return payload;
}
