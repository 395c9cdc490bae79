import { checkCount, checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

/** What a server allows the clients that speak HTTP/2, besides its other limits. */
export interface Http2Limits {
  /** Requests in flight on one connection. Default 100. */
  readonly maxConcurrentStreams: number;
  /** What one connection may take of memory, in megabytes. Default 10. */
  readonly maxSessionMemory: number;
  /** How many settings one frame may have. Default 32. */
  readonly maxSettings: number;
  /**
   * Streams that a client may reset at once, and then each second: one that opens and resets them faster is sent away
   * ("rapid reset"). Default 1000 and 33.
   */
  readonly streamResetBurst: number;
  readonly streamResetRate: number;
  /** How many invalid frames a client may send, and how many of its streams may be refused. Default 1000 and 100. */
  readonly maxSessionInvalidFrames: number;
  readonly maxSessionRejectedStreams: number;
}

const DEFAULTS: Http2Limits = {
  maxConcurrentStreams: 100,
  maxSessionMemory: 10,
  maxSettings: 32,
  streamResetBurst: 1000,
  streamResetRate: 33,
  maxSessionInvalidFrames: 1000,
  maxSessionRejectedStreams: 100,
};

export function checkHttp2(given: Partial<Http2Limits> | boolean): Http2Limits | undefined {
  if (typeof given === "boolean") return given ? DEFAULTS : undefined;
  const limits = { ...DEFAULTS, ...checkOptions("http: http2", given) };
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in DEFAULTS)) {
      throw new BadArgument(
        `http: expected limits of http2 among ${Object.keys(DEFAULTS).join(", ")}, got: ${show(name)}`,
      );
    }
    checkCount(`http: ${name} of http2`, value);
  }
  return limits;
}
