import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { KeyOptions } from "./key-generator.ts";

export interface TokenOptions extends KeyOptions {
  /**
   * How long the token is good, in seconds, from when it was signed; it stands in the token. Default 86,400: a day.
   * `Infinity` is for ever; 0 is never. Who reads it may give another, which counts then.
   */
  readonly maxAge?: number;
  /** When it is signed, or read, in milliseconds since 1970. Default now. */
  readonly now?: number;
}

const DAY = 86_400;

/** What a token carries: the value, when it was signed (ms since 1970), and for how many seconds it is good. */
type Message = readonly [value: unknown, signedAt: number, maxAge: number | null];

export function encodeMessage(value: unknown, { maxAge = DAY, now = Date.now() }: TokenOptions): string {
  checkAge(maxAge);
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new BadArgument(`expected a value that JSON has, got: ${show(value)}`, { cause: error });
  }
  if (json === undefined) throw new BadArgument(`expected a value that JSON has, got: ${show(value)}`);
  return `[${json},${Math.trunc(now)},${maxAge === Infinity ? null : maxAge}]`;
}

/** The value of a message that is authentic; `undefined` if it is too old. */
export function decodeMessage<T>(text: string, options: TokenOptions): T | undefined {
  const [value, signedAt, lasting] = JSON.parse(text) as Message;
  const maxAge = options.maxAge ?? lasting ?? Infinity;
  checkAge(maxAge);
  return maxAge > 0 && (options.now ?? Date.now()) <= signedAt + maxAge * 1000 ? (value as T) : undefined;
}

function checkAge(maxAge: number): void {
  if (typeof maxAge === "number" && !Number.isNaN(maxAge)) return;
  throw new BadArgument(`expected a maxAge in seconds, or Infinity, got: ${show(maxAge)}`);
}
