import { createHmac, randomBytes } from "node:crypto";
import { deriveKey } from "./key-generator.ts";
import { secureCompare } from "./secure-compare.ts";

// A session has one token. It is never shown as it is: what is compressed together with what a client can choose may be
// guessed by its length (BREACH). So it is shown masked, in another way each time.

/** In bytes: 24 characters of base64url. */
const SIZE = 18;
const TOKEN = 24;
const HIDDEN = 32;

export const newToken = (): string => randomBytes(SIZE).toString("base64url");

/** A session's token, if that is one. */
export const asToken = (value: unknown): string | undefined =>
  typeof value === "string" && value.length === TOKEN ? value : undefined;

/** The token, hidden by a mask, and the mask: 56 characters. */
export function mask(token: string): string {
  const cover = newToken();
  return xor(Buffer.from(token, "latin1"), cover).toString("base64url") + cover;
}

/** Whether a masked token is this one. */
export function isMasked(masked: string, token: string): boolean {
  if (masked.length !== HIDDEN + TOKEN || !/^[\w-]+$/.test(masked)) return false;
  const hidden = Buffer.from(masked.slice(0, HIDDEN), "base64url");
  return secureCompare(xor(hidden, masked.slice(HIDDEN)).toString("latin1"), token);
}

const xor = (bytes: Uint8Array, cover: string): Buffer =>
  Buffer.from(bytes.map((byte, index) => byte ^ cover.charCodeAt(index)));

/** A token for the requests that a form sends to another host, good for that one alone. */
export function hostToken(secretKeyBase: string, token: string, host: string): string {
  const payload = `${newToken()}.${Buffer.from(host).toString("base64url")}`;
  return `${payload}.${signature(secretKeyBase, token, payload)}`;
}

/** For which host a token was made, if it was made here, for this session. */
export function hostOfToken(secretKeyBase: string, token: string, made: string): string | undefined {
  const end = made.lastIndexOf(".");
  const payload = made.slice(0, Math.max(end, 0));
  if (!secureCompare(made.slice(end + 1), signature(secretKeyBase, token, payload))) return undefined;
  return Buffer.from(payload.slice(TOKEN + 1), "base64url").toString("utf8");
}

const signature = (secretKeyBase: string, token: string, payload: string): string =>
  createHmac("sha256", deriveKey(secretKeyBase, "csrf token for a host"))
    .update(`${token}.${payload}`)
    .digest("base64url");
