import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { BadArgument } from "../../runtime/errors.ts";
import { deriveKey, type KeyOptions } from "./key-generator.ts";
import { decodeMessage, encodeMessage, type TokenOptions } from "./message.ts";

const CIPHER = "aes-256-gcm";
const KEY = 32;
const NONCE = 12;
const TAG = 16;

/**
 * A token that nobody can read, make or change: AES-256-GCM over the value as JSON and the time, as text that may stand
 * in a URL (Plug: `Plug.Crypto.encrypt`). It needs no signature besides. Its format is hornbeam's own. A value that JSON
 * does not have, a secret below 64 bytes, or a `keyLength` other than 32 is a `BadArgument`.
 *
 * @example
 * const secret = "a".repeat(64);
 * const token = encrypt(secret, "user secret", { id: 7 });
 * expect(decrypt(secret, "user secret", token)).toEqual({ id: 7 });
 */
export function encrypt(secretKeyBase: string, salt: string, value: unknown, options: TokenOptions = {}): string {
  const message = encodeMessage(value, options);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, keyOf(secretKeyBase, salt, options), nonce, { authTagLength: TAG });
  const sealed = [nonce, cipher.update(message, "utf8"), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString("base64url");
}

/**
 * The value of a token made by {@link encrypt} with this secret and salt; `undefined` if it was not, was changed, or is
 * too old (Plug: `Plug.Crypto.decrypt`). It does not throw, whatever the token. Key options must be those of `encrypt`.
 *
 * @example
 * expect(decrypt("a".repeat(64), "user secret", "made-up")).toBeUndefined();
 */
export function decrypt<T = unknown>(
  secretKeyBase: string,
  salt: string,
  token: string | undefined,
  options: TokenOptions = {},
): T | undefined {
  const key = keyOf(secretKeyBase, salt, options);
  const message = typeof token === "string" ? open(key, token) : undefined;
  return message === undefined ? undefined : decodeMessage<T>(message, options);
}

function open(key: Buffer, token: string): string | undefined {
  const sealed = Buffer.from(token, "base64url");
  // Node skips what is not base64url; there is one spelling of a token.
  if (sealed.length < NONCE + TAG || sealed.toString("base64url") !== token) return undefined;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return decipher.update(sealed.subarray(NONCE, -TAG), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return undefined;
  }
}

function keyOf(secretKeyBase: string, salt: string, options: KeyOptions): Buffer {
  const key = deriveKey(secretKeyBase, salt, options);
  if (key.length === KEY) return key;
  throw new BadArgument(`encrypt and decrypt: expected a keyLength of ${KEY} bytes, got: ${key.length}`);
}
