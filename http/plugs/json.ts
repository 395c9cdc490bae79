import type { Async, Milliseconds } from "../../runtime/types.ts";
import type { Conn } from "../conn.ts";
import { HttpError } from "../errors.ts";
import { emptyParams, type Params } from "../query.ts";

export interface JsonOptions {
  /** The longest body, in bytes; 413 beyond. Default 8,000,000. */
  readonly limit?: number;
  /** How long the body may take to arrive; 408 beyond. Default 15,000 ms. */
  readonly timeout?: Milliseconds;
}

const METHODS = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/**
 * Parses JSON bodies into `bodyParams` (Plug: `Plug.Parsers` with `:json`). An empty body is `{}`, and what is not an
 * object is found under `_json`. A malformed body is a 400; a body of another type a 415.
 *
 * @example
 * pipeline().plug(plug(Json, { limit: 100_000 }))
 */
export const Json = {
  name: "Json",
  init: (options?: JsonOptions): JsonOptions => options ?? {},
  call: <A extends object>(conn: Conn<A>, { limit = 8_000_000, timeout = 15_000 }: JsonOptions): Async<Conn<A>> => {
    if (!METHODS.has(conn.method) || conn.bodyFetched) return conn;
    const type = conn.getReqHeader("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type === undefined) return conn.putBodyParams(emptyParams());
    if (!JSON_TYPE.test(type)) throw new HttpError(415, `expected a body of type application/json, got: ${type}`);
    return conn.readBody({ length: limit, timeout }).then((bytes) => conn.putBodyParams(parse(bytes)));
  },
};

/** Shorter ones are not nested so deep that walking them fails; a walk, such as the one below, refuses others. */
const SHORT = 4096;
/** An escape may spell a letter of it. */
const NAMES_PROTOTYPE = /__proto__|\\u/;
const withoutPrototype = (key: string, inner: unknown): unknown => (key === "__proto__" ? undefined : inner);

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Uint8Array): Params {
  if (bytes.length === 0) return emptyParams();
  let value: unknown;
  try {
    const text = utf8.decode(bytes);
    const isPlain = text.length <= SHORT && !NAMES_PROTOTYPE.test(text);
    value = isPlain ? JSON.parse(text) : JSON.parse(text, withoutPrototype);
  } catch (error) {
    throw new HttpError(400, `the body is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return Object.assign(emptyParams(), { _json: value });
  }
  return Object.assign(emptyParams(), value);
}
