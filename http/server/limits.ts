import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Milliseconds } from "../../runtime/types.ts";

/** What a server allows its clients. `"infinity"` lifts a limit. */
export interface Limits {
  /**
   * Connections and WebSockets served at once. Soft, as in Ranch: nobody is refused who comes when it is reached; they
   * wait, unread, until another one ends. Default 16,384.
   */
  readonly maxConnections: number | "infinity";
  /** Connections that may wait for their turn; what comes beyond them is closed at once. Default 1024. */
  readonly maxWaiting: number | "infinity";
  /** How long one waits for its turn, before it is closed (Thousand Island: 5 tries in 5 seconds). Default 5000 ms. */
  readonly waitingTimeout: Milliseconds | "infinity";
  /** The answer to so many requests on one connection says `Connection: close` (HTTP/2: GOAWAY). Default `"infinity"`. */
  readonly maxRequestsPerConnection: number | "infinity";
  /**
   * The request target as it is sent: path and query, or a whole URL. Beyond it, 414. Default 8000 bytes, the least that
   * RFC 9112 §3 recommends (Bandit: 10,000 for the request line).
   */
  readonly maxUrlLength: number | "infinity";
  /** How many headers a request may have. Beyond it, 431 (RFC 6585 §5). Default 100 (Cowboy: 100, Bandit: 50). */
  readonly maxHeaders: number | "infinity";
  /**
   * The request target, and the names and the values of all headers; also the names and values of all trailers. Beyond
   * it, 431, or 414 when it is the target. Default 16,384 bytes (Node: `maxHeaderSize`).
   */
  readonly maxHeaderSize: number;
  /** From the first byte of a request to the end of its head, and a TLS handshake: then 408. Default 15,000 ms. */
  readonly headersTimeout: Milliseconds | "infinity";
  /** The slowest that a body may come while a plug waits for it, in bytes a second over 20 seconds: else 408. Default 240. */
  readonly minBodyRate: number;
  /** A connection on which nothing has happened for so long is closed. Default 60,000 ms. */
  readonly idleTimeout: Milliseconds | "infinity";
  /**
   * How long a request may take until its answer begins. Then its process is ended, the client gets 503, and the report
   * names the plug that it was in. What streams is not limited by it. Default 60,000 ms.
   */
  readonly requestTimeout: Milliseconds | "infinity";
  /** A client that takes nothing of its answer for so long is cut off. Default 30,000 ms. */
  readonly sendTimeout: Milliseconds | "infinity";
}

const DEFAULTS: Limits = {
  maxConnections: 16_384,
  maxWaiting: 1024,
  waitingTimeout: 5000,
  maxRequestsPerConnection: "infinity",
  maxUrlLength: 8000,
  maxHeaders: 100,
  maxHeaderSize: 16_384,
  headersTimeout: 15_000,
  minBodyRate: 240,
  idleTimeout: 60_000,
  requestTimeout: 60_000,
  sendTimeout: 30_000,
};

/** The limits as numbers to compare with: `"infinity"` is Infinity. */
export type Bounds = { readonly [L in keyof Limits]: number };

/** The least that a limit may be, for those that may not be 0. */
const LEAST: Partial<Record<keyof Limits, number>> = {
  maxConnections: 1,
  maxRequestsPerConnection: 1,
  maxUrlLength: 1,
  maxHeaders: 1,
  maxHeaderSize: 1,
};

/** Node's parser counts what a head needs, and nobody may make it count for ever. */
const FINITE: readonly (keyof Limits)[] = ["maxHeaderSize"];

/** Fills in the defaults. Throws BadArgument for a name that is no limit, and for a value that makes no sense. */
export function checkLimits(given: Partial<Limits> = {}): Bounds {
  checkOptions("http: limits", given);
  for (const name of Object.keys(given)) {
    if (!(name in DEFAULTS)) {
      throw new BadArgument(`http: expected limits among ${Object.keys(DEFAULTS).join(", ")}, got: ${show(name)}`);
    }
  }
  const bounds: Record<string, number> = {};
  for (const [name, standard] of Object.entries(DEFAULTS)) {
    const value = given[name as keyof Limits] ?? (standard as number | "infinity");
    const least = LEAST[name as keyof Limits] ?? 0;
    const bound = value === "infinity" ? Number.POSITIVE_INFINITY : value;
    if (value === "infinity" && FINITE.includes(name as keyof Limits)) {
      throw new BadArgument(`http: expected ${name} to be a number from ${least} up, got: "infinity"`);
    }
    if (typeof bound !== "number" || !(bound >= least) || (name.startsWith("max") && !isCount(bound))) {
      throw new BadArgument(
        `http: expected ${name} to be a number from ${least} up or "infinity", got: ${show(value)}`,
      );
    }
    bounds[name] = bound;
  }
  return bounds as Bounds;
}

const isCount = (bound: number): boolean => Number.isInteger(bound) || bound === Number.POSITIVE_INFINITY;

/** Limits are looked at now and then, not on the dot: so many times in the shortest of them, and every second at least. */
const LOOKS = 10;
const LONGEST_PAUSE: Milliseconds = 1000;
export const SHORTEST_PAUSE: Milliseconds = 10;

/** How often to look whether a connection has reached a limit: a limit is so much late at most, and never early. */
export function pauseBetweenLooks(...timeouts: readonly Milliseconds[]): Milliseconds {
  return Math.max(SHORTEST_PAUSE, Math.min(LONGEST_PAUSE, ...timeouts.map((timeout) => timeout / LOOKS)));
}
