import { timingSafeEqual } from "node:crypto";

/**
 * Whether two texts are the same, in a time that tells nothing but whether they are of one length (Plug:
 * `Plug.Crypto.secure_compare`).
 *
 * @example
 * expect(secureCompare("secret", "sEcret")).toBe(false);
 */
export function secureCompare(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
