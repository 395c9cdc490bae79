import { createHmac } from "node:crypto";
import { deriveKey } from "./key-generator.ts";
import { decodeMessage, encodeMessage, type TokenOptions } from "./message.ts";
import { secureCompare } from "./secure-compare.ts";

/**
 * A token that anybody can read and nobody can make or change: HMAC-SHA256 over the value as JSON and the time, as text
 * that may stand in a URL (Plug: `Plug.Crypto.sign`). Its format is hornbeam's own. A value that JSON does not have, or a
 * secret below 64 bytes, is a `BadArgument`.
 *
 * @example
 * const secret = "a".repeat(64);
 * const token = sign(secret, "user auth", { id: 7 }, { maxAge: 60 });
 * expect(verify(secret, "user auth", token)).toEqual({ id: 7 });
 */
export function sign(secretKeyBase: string, salt: string, value: unknown, options: TokenOptions = {}): string {
  const payload = Buffer.from(encodeMessage(value, options)).toString("base64url");
  return `${payload}.${signatureOf(deriveKey(secretKeyBase, salt, options), payload)}`;
}

/**
 * The value of a token made by {@link sign} with this secret and salt; `undefined` if it was not, was changed, or is too
 * old (Plug: `Plug.Crypto.verify`). It does not throw, whatever the token. Key options must be those of `sign`.
 *
 * @example
 * expect(verify("a".repeat(64), "user auth", "made.up")).toBeUndefined();
 */
export function verify<T = unknown>(
  secretKeyBase: string,
  salt: string,
  token: string | undefined,
  options: TokenOptions = {},
): T | undefined {
  const key = deriveKey(secretKeyBase, salt, options);
  if (typeof token !== "string") return undefined;
  const dot = token.indexOf(".");
  const payload = token.slice(0, Math.max(dot, 0));
  if (!secureCompare(token.slice(dot + 1), signatureOf(key, payload))) return undefined;
  return decodeMessage<T>(Buffer.from(payload, "base64url").toString("utf8"), options);
}

/** What is signed begins with how, so that a key can be used for nothing else by mistake. */
const signatureOf = (key: Buffer, payload: string): string =>
  createHmac("sha256", key).update(`HS256.${payload}`).digest("base64url");
