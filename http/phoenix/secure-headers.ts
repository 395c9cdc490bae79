import type { Headers } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";
import { checkHeader } from "../conn/headers.ts";
import { named } from "../pipeline/step.ts";

/** Those that Phoenix 1.8 puts. */
const DEFAULTS: Headers = [
  ["referrer-policy", "strict-origin-when-cross-origin"],
  ["content-security-policy", "base-uri 'self'; frame-ancestors 'self';"],
  ["x-content-type-options", "nosniff"],
  ["x-permitted-cross-domain-policies", "none"],
];

/**
 * A plug that puts headers which have browsers be careful, where no plug before has put its own; those that are given are
 * put in any case (Phoenix: `put_secure_browser_headers/2`).
 *
 * @example
 * const browser = pipeline().plug(putSecureBrowserHeaders({ "content-security-policy": "default-src 'self'" }));
 */
export function putSecureBrowserHeaders(
  headers: Readonly<Record<string, string>> = {},
): <A extends object>(conn: Conn<A>) => Conn<A> {
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value);
  return named("putSecureBrowserHeaders", <A extends object>(conn: Conn<A>) => {
    const missing = DEFAULTS.filter(([name]) => conn.getRespHeader(name) === undefined);
    return conn.mergeRespHeaders(missing).mergeRespHeaders(headers);
  });
}
