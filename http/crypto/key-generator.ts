import { pbkdf2Sync } from "node:crypto";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

/** How a key is derived from the secret and a salt. */
export interface KeyOptions {
  /** Default 1,000: the secret is long and random, it needs no stretching. */
  readonly keyIterations?: number;
  /** In bytes. Default 32. */
  readonly keyLength?: number;
  /** Default `"sha256"`. */
  readonly keyDigest?: string;
}

const SHORTEST = 64;
const CACHED = 1000;

const cache = new Map<string, Buffer>();

/**
 * Derives a key for one purpose, its salt, from the one secret that a site has: PBKDF2 (Plug: `Plug.Crypto.KeyGenerator`).
 * The last 1,000 keys are kept. A secret below 64 bytes is a `BadArgument`, which tells how to make one.
 *
 * @example
 * expect(deriveKey("a".repeat(64), "user auth")).toHaveLength(32);
 */
export function deriveKey(secretKeyBase: string, salt: string, options: KeyOptions = {}): Buffer {
  const { keyIterations = 1000, keyLength = 32, keyDigest = "sha256" } = options;
  const id = JSON.stringify([secretKeyBase, salt, keyIterations, keyLength, keyDigest]);
  const known = cache.get(id);
  if (known !== undefined) return known;
  checkSecret(secretKeyBase);
  if (typeof salt !== "string" || salt === "")
    throw new BadArgument(`expected a salt that is not empty, got: ${show(salt)}`);
  const key = pbkdf2Sync(secretKeyBase, salt, keyIterations, keyLength, keyDigest);
  const [oldest] = cache.keys();
  if (cache.size >= CACHED && oldest !== undefined) cache.delete(oldest);
  cache.set(id, key);
  return key;
}

/** Says what is wrong with a secret, and not what it is. */
export function checkSecret(secretKeyBase: unknown): asserts secretKeyBase is string {
  const length = typeof secretKeyBase === "string" ? Buffer.byteLength(secretKeyBase) : 0;
  if (length >= SHORTEST) return;
  const got = typeof secretKeyBase === "string" ? `${length} bytes` : typeof secretKeyBase;
  throw new BadArgument(
    `expected a secretKeyBase of at least ${SHORTEST} bytes, got: ${got}; ` +
      `make one with node -e 'console.log(crypto.randomBytes(48).toString("base64"))' and keep it out of the sources`,
  );
}
