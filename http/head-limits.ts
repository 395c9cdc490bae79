import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";

/**
 * How much a request's head may be. What is more reaches no plug: it is refused, and its connection closed.
 */
export interface HeadLimits {
  /**
   * The request target as it is sent: path and query, or a whole URL. Default 8000 bytes, the least that RFC 9112 §3
   * recommends (Bandit: 10,000 for the whole request line). Answered with 414 beyond.
   */
  readonly maxUrlLength: number;
  /** How many headers. Default 100 (Cowboy: 100, Bandit: 50). Answered with 431 beyond (RFC 6585 §5). */
  readonly maxHeaders: number;
  /**
   * The request target, the names and the values of all headers together, and the same of the trailers behind a chunked
   * body. Default 16,384 bytes (Node: `maxHeaderSize`). Answered with 431 beyond, or 414 when the target is beyond it
   * by itself.
   */
  readonly maxHeaderSize: number;
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = { maxUrlLength: 8000, maxHeaders: 100, maxHeaderSize: 16_384 };

/** The limits that were given, over the defaults. Throws BadArgument for what is no positive integer. */
export function headLimitsOf(given: Partial<HeadLimits> = {}): HeadLimits {
  const limits = { ...DEFAULT_HEAD_LIMITS };
  for (const name of Object.keys(DEFAULT_HEAD_LIMITS) as (keyof HeadLimits)[]) {
    const limit = given[name] ?? DEFAULT_HEAD_LIMITS[name];
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new BadArgument(`${name}: expected a positive integer, got: ${show(limit)}`);
    }
    limits[name] = limit;
  }
  return limits;
}
